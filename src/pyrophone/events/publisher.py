"""Those who publish: numbers, and calls that are repeated until one is answered."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Iterable
from typing import Any, Self

from ..errors import ConnectionLostError, DeadlineExceeded, EventError, PyrophoneError
from ..frontend.forms import codecs_for
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..sync import Proxy, close, connect, deadline
from ..uri import URI
from .following import is_passing
from .records import pack_event, pack_head
from .sealed import seal
from .service import EVENTS_ID
from .topics import check_topic

__all__ = ["BasePublisher", "Publisher", "Sending"]

_LIMIT = 10.0  # seconds that publishing may take, if the settings have no limit
_FIRST, _LONGEST = 0.05, 1.0  # seconds between attempts
_HEADS = 10_000  # topics of which a service that was started anew is told


class Sending:
    """One call that is repeated until it is answered, or its time is over.

    Args:
        timeout: How long that may take, in seconds.
        known: Whether the service was there before.
    """

    def __init__(self, timeout: float, *, known: bool) -> None:
        self._timeout = timeout
        self._known = known
        self._pause = _FIRST
        self._sent = False
        self._end = time.monotonic() + timeout

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(0.0, self._end - time.monotonic())

    def pause_after(self, error: PyrophoneError) -> float:
        """Return for how many seconds to wait before the next attempt.

        Raises:
            DeadlineExceeded: There is no time for another.
            PyrophoneError: *error*, if trying again is of no use.
        """
        if not is_passing(error, known=self._known):
            raise error
        if isinstance(error, ConnectionLostError):
            self._sent |= getattr(error, "sent", True)
        if self._pause > self.left:
            state = "perhaps published" if self._sent else "not published"
            raise DeadlineExceeded(
                f"{state}, after {self._timeout:g} s: {error}", self._sent
            ) from error
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST)
        return pause


class BasePublisher:
    """A publisher, but for the waiting; see :class:`Publisher`."""

    def __init__(
        self,
        service: str | URI | None = None,
        *,
        keep: bool = False,
        classes: ClassTable | None = None,
        settings: Settings | None = None,
    ) -> None:
        settings = settings or Settings()
        self.id = os.urandom(8).hex()
        self._limit = settings.timeout or _LIMIT
        self._settings = dataclasses.replace(settings, timeout=self._limit)
        self._target: str | URI = service or EVENTS_ID
        self._keep = keep
        self._classes = classes
        self._codecs = codecs_for(Proxy.to, settings, classes)
        self._numbers: dict[str, int] = {}
        self._proxy: Any = None
        self._closed = False
        self._known = False  # whether the service was there before
        self._process = os.getpid()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} at {self._target}>"

    def _pack(
        self, events: Iterable[tuple[str, Any]], keep: bool | None
    ) -> tuple[bytes, dict[str, int]]:
        """Return the records of *events*, and the numbers of the last ones by topic."""
        if self._closed:
            raise EventError("the publisher is closed")
        if self._process != os.getpid():  # a child must not count on where its parent is
            self.id = os.urandom(8).hex()
            self._process, self._numbers, self._proxy = os.getpid(), {}, None
        keep = self._keep if keep is None else keep
        now = time.time()
        numbers: dict[str, int] = {}
        records = []
        for topic, value in events:
            check_topic(topic)
            number = numbers.get(topic, self._numbers.get(topic, 0)) + 1
            numbers[topic] = number
            sealed = seal(value, self._codecs)
            records.append(pack_event(topic, self.id, number, now, sealed, keep=keep))
        return b"".join(records), numbers

    def _use_up(self, numbers: dict[str, int]) -> None:
        """Take note that *numbers* must not be used again."""
        for topic, number in numbers.items():
            self._numbers.pop(topic, None)  # so that it is the newest
            self._numbers[topic] = number

    def _heads(self) -> bytes:
        """Return how far this one has come, for a service that may know nothing of it."""
        newest = list(self._numbers.items())[-_HEADS:]
        return b"".join(
            pack_head(topic, self.id, number, number) for topic, number in newest
        )


class Publisher(BasePublisher):
    """Publishes events; use it from any thread.

    What one publisher publishes about a topic arrives in that order, each event once. It
    connects when the first is published.

    Args:
        service: Where the event service is: a URI, or a name; by default the
            name ``Pyrophone.Events``.
        keep: Whether topics keep their last value for those who subscribe later.
        classes: How values of your classes travel.
        settings: For the connection; its ``timeout`` is how long publishing may take,
            10 s if it has none.

    Attributes:
        id: By which subscribers tell publishers apart, 16 hexadecimal digits.
    """

    def __init__(
        self,
        service: str | URI | None = None,
        *,
        keep: bool = False,
        classes: ClassTable | None = None,
        settings: Settings | None = None,
    ) -> None:
        super().__init__(service, keep=keep, classes=classes, settings=settings)
        self._lock = threading.Lock()

    def publish(self, topic: str, value: Any = None, *, keep: bool | None = None) -> None:
        """Publish one event; return when the service has it.

        When the connection is lost it is made anew and this repeated, without an event
        arriving twice.

        Args:
            topic: What it is about: a name of parts with dots between.
            value: What to tell, as an argument of a call.
            keep: Whether the topic keeps it; as the publisher does by default.

        Raises:
            EventError: The topic is bad, or the event larger than the service takes.
            SerializeError: The value can't travel. Nothing was published.
            DeadlineExceeded: The service did not answer in time; ``sent`` tells whether it
                may have the event all the same. It is counted as lost if not.
        """
        self.publish_many([(topic, value)], keep=keep)

    def publish_many(
        self, events: Iterable[tuple[str, Any]], *, keep: bool | None = None
    ) -> None:
        """Publish several events, pairs of topic and value, in one message.

        Arguments and errors are those of :meth:`publish`; all are published or none.
        """
        with self._lock:
            records, numbers = self._pack(events, keep)
            if not records:
                return
            try:
                self._send(records)
            except EventError:  # the service refused them
                raise
            except BaseException:  # they may be there; if not, they count as lost
                self._use_up(numbers)
                raise
            self._use_up(numbers)

    def close(self) -> None:
        """End it."""
        with self._lock:
            self._closed = True
            self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def _send(self, records: bytes) -> None:
        sending = Sending(self._limit, known=self._known)
        while True:
            try:
                with deadline(sending.left):
                    self._reach().publish(records)
                return
            except EventError:
                raise
            except PyrophoneError as error:
                self._leave()
                pause = sending.pause_after(error)
            time.sleep(pause)

    def _reach(self) -> Any:
        """Return the service, which knows of this one."""
        if self._proxy is None:
            proxy: Any = connect(
                self._target, settings=self._settings, classes=self._classes
            )
            try:
                proxy.hello(self._heads())
            except BaseException:
                close(proxy)
                raise
            self._proxy = proxy
            self._known = True
        return self._proxy

    def _leave(self) -> None:
        proxy, self._proxy = self._proxy, None
        if proxy is not None:
            close(proxy)
