"""The object that an event service exposes."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

from ..context import Client, serving
from ..errors import EventError
from ..objects.exposure import expose
from ..objects.streams import Tap
from ..wire.features import FLOW
from ..wire.framing import BATCH, ONEWAY
from .bus import Bus
from .limits import Limits
from .queues import Queue, Waker
from .records import Entry, EventRecord, Head, publisher_of, unpack
from .topics import check_topic

__all__ = ["EVENTS_ID", "EventBus"]

EVENTS_ID = "Pyrophone.Events"  # of the object, and its name in name servers


@expose
class EventBus:
    """Takes events from publishers, and gives them to subscribers.

    An ordinary object: any daemon can serve it, those of asyncio, too. It is made to be
    used by :class:`pyrophone.events.Publisher` and :func:`pyrophone.events.subscribe`;
    what its methods take and give are records, see :mod:`pyrophone.events.records`.

    Args:
        limits: What strangers may take of it.

    Attributes:
        bus: What it does that with, for the program that serves it; ``bus.close()`` ends
            all subscriptions.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.bus = Bus(threading.Lock(), limits)
        self._epoch = uuid.uuid4().hex
        self._alarms = _Alarms()
        # How many subscriptions each has, and how many patterns.
        self._clients: dict[Client | None, tuple[int, int]] = {}
        self._counting = threading.Lock()

    def hello(self, heads: bytes = b"", key: bytes = b"") -> dict[str, Any]:
        """Return what publishers and subscribers should know.

        That is ``epoch``, 32 hexadecimal digits that are others once the service was
        started anew and has forgotten everything, and the limits by their names.

        Args:
            heads: How far a publisher has come, for each topic; so that a service that
                was started anew can tell subscribers what was lost with the old one.
                Before them the values that its topics kept there.
            key: Of the publisher, see :func:`.publisher_of`.

        Raises:
            EventError: These are no heads, or of another publisher.
        """
        entries = self._records(heads, key)
        if not all(isinstance(entry, Head) or entry.kept for entry in entries):
            raise EventError("there are events among the heads")
        self.bus.publish(entries)
        limits = self.bus.limits
        names = ("event_size", "queue_events", "queue_size", "patterns")
        return {"epoch": self._epoch, **{name: getattr(limits, name) for name in names}}

    def publish(self, events: bytes, key: bytes = b"") -> str:
        """Hand on events, in their order; return the epoch, see :meth:`hello`.

        What has come already is passed over. So it may be repeated, as long as there is
        one call of a publisher at a time.

        Args:
            events: Of one publisher.
            key: Which shows that it is this one, see :func:`.publisher_of`. Not needed
                within the program.

        Raises:
            EventError: A record is malformed, or of another publisher, or an event too
                large; none was handed on.
        """
        entries = self._records(events, key)
        if not all(isinstance(entry, EventRecord) for entry in entries):
            raise EventError("there are heads among the events")
        self.bus.publish(entries)
        return self._epoch

    def subscribe(
        self,
        patterns: Sequence[str],
        full: str = "oldest",
        events: int = 1000,
        bytes: int = 16_000_000,
        kept: bool = True,
        since: Any = None,
    ) -> AsyncIterator[bytes]:
        """Return a stream of records; each item has as many as there are, up to 500.

        The first comes at once, and may be empty: nothing that is published from then on
        is missed without notice.

        Args:
            patterns: Which topics; see :mod:`pyrophone.events.topics`.
            full: What becomes of events when too many wait: ``oldest`` or ``newest`` are
                dropped, ``latest`` keeps the last one of each topic and no others, ``end``
                ends the stream with an error.
            events: How many may wait.
            bytes: How many bytes of them.
            kept: Whether to begin with the values that matching topics keep.
            since: Heads of what the subscriber has got in an earlier stream; None if
                there was none.

        Raises:
            EventError: An argument is bad, or over a limit.
        """
        _check("patterns", patterns, list, tuple)
        for text in patterns:
            _check("a pattern", text, str)
        _check("full", full, str)
        _check("events", events, int)
        _check("bytes", bytes, int)
        _check("kept", kept, bool)
        known = None if since is None else unpack(since, self.bus.limits.records)
        client = _client_that_can_read()
        self._count(client, len(patterns))
        try:
            queue = self.bus.subscribe(
                patterns,
                full,
                events,
                bytes,
                kept=kept,
                since=None
                if known is None
                else {(entry.publisher, entry.topic): entry.number for entry in known},
            )
        except BaseException:
            self._discount(client, len(patterns))
            raise
        ended = partial(self._discount, client, len(patterns))
        feed = _Feed(self.bus, queue, self._alarms, ended)
        if client is not None:
            client.track(feed)
        return feed

    def topics(self, pattern: str = "**") -> list[str]:
        """Return the topics of which something was published, 1000 at most."""
        return self.bus.topics(pattern)

    def forget(self, topic: str) -> bool:
        """Keep no value of *topic* any more; tell whether there was one."""
        return self.bus.forget(check_topic(topic))

    def describe(self) -> dict[str, Any]:
        """Return how much there is of what, for people."""
        return {"epoch": self._epoch, **self.bus.describe()}

    def _records(self, data: bytes, key: bytes) -> list[Entry]:
        """Return what *data* is, which is of the publisher who has *key*."""
        entries = unpack(data, self.bus.limits.records)
        if serving.get() is None:  # the program itself
            return entries
        if not isinstance(key, bytes | bytearray):
            raise EventError(f"a key is bytes, not {type(key).__name__}")
        owner = publisher_of(key)
        for entry in entries:
            if entry.publisher != owner:
                raise EventError(f"this is not the key of publisher {entry.publisher}")
        return entries

    def _count(self, client: Client | None, patterns: int) -> None:
        limits = self.bus.limits
        with self._counting:
            count, before = self._clients.get(client, (0, 0))
            if client is not None and count >= limits.client_subscriptions:
                text = f"{count} subscriptions on one connection"
                raise EventError(f"{text} (limit client_subscriptions)")
            if client is not None and before + patterns > limits.client_patterns:
                text = f"{before} and {patterns} more patterns on one connection"
                text += f", limit client_patterns is {limits.client_patterns}"
                raise EventError(text)
            self._clients[client] = count + 1, before + patterns

    def _discount(self, client: Client | None, patterns: int) -> None:
        with self._counting:
            count, before = self._clients.pop(client)
            if count > 1:
                self._clients[client] = count - 1, before - patterns


class _Feed(Tap):
    """The records of one queue, portion by portion."""

    def __init__(
        self, bus: Bus, queue: Queue, alarms: _Alarms, ended: Callable[[], None]
    ) -> None:
        self._bus = bus
        self._queue = queue
        self._alarms = alarms
        self._ended = ended
        self._begun = False
        self._over = False

    async def __anext__(self) -> bytes:
        loop = asyncio.get_running_loop()
        while True:
            woken = loop.create_future()
            try:
                data = self.draw(lambda near: self._alarms.ring(loop, woken))  # noqa: B023
            except StopIteration:
                raise StopAsyncIteration from None
            if data is not None:
                return data
            await woken

    def draw(self, waker: Waker) -> bytes | None:
        """Return the next portion, None if there is none; see :class:`.Tap`."""
        data = self._bus.take(self._queue, waker)
        # The first one comes even if it is empty: from now on nothing is missed.
        if data or not (self._begun or self._queue.closed):
            self._begun = True
            return data
        if self._queue.closed:  # also if it was a moment ago, and wakes nobody any more
            raise StopIteration
        return None

    async def aclose(self) -> None:
        """End it; once is enough."""
        self.close()

    def close(self) -> None:
        """Likewise, from any thread."""
        if not self._over:
            self._over = True
            self._bus.unsubscribe(self._queue)
            self._ended()


class _Alarms:
    """Wakes those who wait in a loop from other threads, many of them at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[asyncio.AbstractEventLoop, deque[asyncio.Future[None]]] = {}

    def ring(self, loop: asyncio.AbstractEventLoop, woken: asyncio.Future[None]) -> None:
        """Have *woken* be done soon, which is of *loop*."""
        with self._lock:
            waiting = self._waiting.get(loop)
            if waiting is not None:
                waiting.append(woken)
                return
            self._waiting[loop] = deque([woken])
        try:
            loop.call_soon_threadsafe(self._wake, loop)
        except RuntimeError:  # the loop is closed, and nobody waits
            with self._lock:
                del self._waiting[loop]

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            waiting = self._waiting.pop(loop)
        for woken in waiting:
            if not woken.done():
                woken.set_result(None)


def _check(what: str, value: Any, *kinds: type) -> None:
    if type(value) not in kinds:
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise EventError(f"{what}: {wanted} expected, not {type(value).__name__}")


def _client_that_can_read() -> Client | None:
    """Return whose call is being served, None if it is a call within the program.

    Raises:
        EventError: It can't read a stream that flows: it would make a thread wait for
            each item, or never ask for one.
    """
    context = serving.get()
    if context is None:
        return None
    session = getattr(context.client.connection, "session", None)
    if session is not None and FLOW not in (session.features or ()):
        raise EventError("subscribing needs a client of Pyrophone: one that knows flow")
    if context.flags & (BATCH | ONEWAY):
        raise EventError("subscribing is no part of a batch, and no one-way call")
    return context.client
