"""Those who publish: numbers, and calls that are repeated until one is answered."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Self

from ..errors import EventError, PyrophoneError, RemoteProtocolError, SerializeError
from ..frontend.forms import codecs_for
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..sync import Proxy, close, connect, deadline
from ..uri import URI
from .following import target_of
from .kept import Kept
from .limits import Limits
from .records import as_kept, pack_event, pack_head, publisher_of
from .sealed import seal
from .sending import Sending
from .service import EVENTS_ID
from .topics import check_topic

__all__ = ["BasePublisher", "Publisher", "read_hello"]

_LIMIT = 10.0  # seconds that publishing may take, if the settings have no limit
_HEADS = 10_000  # topics of which a service that was started anew is told
_KEPT = Limits()  # what of the values of topics it is told


class Packed:
    """Events as they travel.

    Attributes:
        records: All of them.
        numbers: Of the last one of each topic.
        kept: What a topic is to keep, as it is told to who comes later.
    """

    __slots__ = ("kept", "numbers", "records")

    def __init__(
        self, records: bytes, numbers: dict[str, int], kept: dict[str, bytes]
    ) -> None:
        self.records = records
        self.numbers = numbers
        self.kept = kept


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
        self._limit = settings.timeout or _LIMIT
        self._settings = dataclasses.replace(settings, timeout=self._limit)
        self._target = target_of(service, EVENTS_ID)
        self._keep = keep
        self._classes = classes
        self._codecs = codecs_for(Proxy.to, settings, classes)
        self._closed = False
        self._known = False  # whether the service was there before
        self._begin()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} at {self._target}>"

    def _begin(self) -> None:
        """Be one that has published nothing yet."""
        self._process = os.getpid()
        self._key = os.urandom(16)
        self.id = publisher_of(self._key)
        self._numbers: dict[str, int] = {}
        # Records of topics whose last event is to be kept: a service that was started anew
        # has them from here.
        self._kept: Kept[bytes] = Kept(_KEPT.kept, _KEPT.kept_size)
        self._epoch = ""  # of the service that has them
        self._proxy: Any = None

    def _pack(self, events: Iterable[tuple[str, Any]], keep: bool | None) -> Packed:
        """Return *events* as they travel."""
        if self._closed:
            raise EventError("the publisher is closed")
        if self._process != os.getpid():  # a child must not count on where its parent is
            self._begin()
        keep = self._keep if keep is None else keep
        now = time.time()
        numbers: dict[str, int] = {}
        last: dict[str, bytes] = {}
        records = []
        for event in events:
            topic, value = _pair(event)
            check_topic(topic)
            number = numbers.get(topic, self._numbers.get(topic, 0)) + 1
            numbers[topic] = number
            try:
                sealed = seal(value, self._codecs)
            except SerializeError as error:
                problem = str(error).removeprefix("result")
                text = f"event of {topic!r}: value{problem} can't be sent"
                raise SerializeError(f"{text}; publish what it is made of") from error
            record = pack_event(topic, self.id, number, now, sealed, keep=keep)
            records.append(record)
            if keep:
                last[topic] = as_kept(record)
        return Packed(b"".join(records), numbers, last)

    def _use_up(self, packed: Packed, *, published: bool) -> None:
        """Take note that the numbers of *packed* must not be used again.

        Args:
            packed: The events.
            published: Whether the service has them, for sure.
        """
        for topic, number in packed.numbers.items():
            self._numbers.pop(topic, None)  # so that it is the newest
            self._numbers[topic] = number
            self._kept.forget(topic)
            if published and topic in packed.kept:
                record = packed.kept[topic]
                self._kept.keep(topic, record, len(record))

    def _heads(self) -> bytes:
        """Return how far this one has come, for a service that may know nothing of it."""
        newest = list(self._numbers.items())[-_HEADS:]
        return b"".join(
            pack_head(topic, self.id, number, number) for topic, number in newest
        )

    def _news(self, epoch: str, most: int) -> bytes:
        """Return what to tell a service: how far this one is, and values if it has none.

        Args:
            epoch: Of the service.
            most: How many bytes an event may have there.
        """
        if epoch == self._epoch:
            return self._heads()
        values = [record for record in self._kept.values() if len(record) <= most]
        return b"".join([*values, self._heads()])


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
        self._turns: dict[int, threading.Lock] = {}

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
        with self._turn:
            packed = self._pack(events, keep)
            if not packed.records:
                return
            try:
                self._send(packed.records)
            except EventError:  # the service refused them
                raise
            except BaseException:  # they may be there; if not, they count as lost
                self._use_up(packed, published=False)
                raise
            self._use_up(packed, published=True)
            if self._proxy is None:
                with suppress(PyrophoneError):  # the next one tries again
                    self._reach()

    def close(self) -> None:
        """End it."""
        with self._turn:
            self._closed = True
            self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    @property
    def _turn(self) -> threading.Lock:
        """What is held by who publishes; another one in a child of fork.

        That of the parent may have been held when it forked, and then for ever.
        """
        return self._turns.setdefault(os.getpid(), threading.Lock())

    def _send(self, records: bytes) -> None:
        sending = Sending(self._limit, known=self._known)
        while True:
            try:
                with deadline(sending.left):
                    epoch = self._reach().publish(records, self._key)
                if epoch != self._epoch:  # connected anew unseen, to one that knows nothing
                    self._leave()
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
                epoch, most = read_hello(proxy.hello())
                if self._numbers:
                    proxy.hello(self._news(epoch, most), self._key)
            except BaseException:
                close(proxy)
                raise
            self._proxy, self._epoch, self._known = proxy, epoch, True
        return self._proxy

    def _leave(self) -> None:
        proxy, self._proxy = self._proxy, None
        if proxy is not None:
            close(proxy)


def _pair(event: Any) -> tuple[Any, Any]:
    if isinstance(event, tuple | list) and len(event) == 2:
        return event[0], event[1]
    raise TypeError(f"publish_many takes pairs of topic and value, not {event!r:.50}")


def read_hello(answer: Any) -> tuple[str, int]:
    """Return the epoch of a service, and how many bytes an event may have there.

    Raises:
        RemoteProtocolError: It is no event service of ours.
    """
    try:
        return str(answer["epoch"]), int(answer["event_size"])
    except (TypeError, KeyError, ValueError) as error:
        raise RemoteProtocolError(f"bad hello of an event service: {error!r}") from None
