"""Events of the topics that somebody wants, from wherever they are published."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Sequence
from typing import Any

from ..errors import EventError, RemoteProtocolError
from ..frontend.forms import codecs_for
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..sync import Proxy
from ..uri import URI
from .event import Event
from .following import target_of
from .losses import Losses
from .reading import Reading
from .records import EventRecord, Head, pack_head, unpack
from .rules import RULES
from .sealed import unseal
from .service import EVENTS_ID
from .topics import Pattern

__all__ = ["Subscription", "subscribe"]

_log = logging.getLogger("pyrophone.events")

_QUIET = 5.0  # seconds between two lines in the log about losses


class Subscription(Reading[Event]):
    """The events of some topics, in the order in which each publisher published them.

    Made by :func:`subscribe`; see :class:`.Reading` for how it is read.
    """

    def __init__(self, source: _Topics, *, reconnect: bool) -> None:
        super().__init__(
            [source], reconnect=reconnect, name=f"subscription to {source.patterns}"
        )
        self._source = source

    @property
    def missed(self) -> int:
        """How many events were lost in all: dropped as too many waited, or lost on the way.

        Also those that no event has told of yet.
        """
        return self._source.losses.missed

    @property
    def patterns(self) -> tuple[str, ...]:
        """What it is subscribed to."""
        return tuple(self._source.patterns)

    def __repr__(self) -> str:
        return f"<Subscription to {', '.join(self.patterns)}, {self.state}>"


def subscribe(
    *patterns: str,
    service: str | URI | None = None,
    full: str = "oldest",
    events: int = 1000,
    bytes: int = 16_000_000,
    kept: bool = True,
    classes: ClassTable | None = None,
    reconnect: bool = True,
    settings: Settings | None = None,
) -> Subscription:
    """Return what gives the events of topics, by ``for`` or ``async for``.

    Args:
        patterns: Names of topics; or ``lab.`` for all below ``lab``; or with ``*`` for any
            text in one part, and ``**`` for any number of parts.
        service: Where the event service is: a URI, or a name; by default the
            name ``Pyrophone.Events``.
        full: What the service does when too many events wait for this one: ``oldest`` or
            ``newest`` drops those; ``latest`` always keeps the last event of each topic
            alone; ``end`` ends the subscription with an error.
        events: How many events may wait there.
        bytes: How many bytes of them.
        kept: Whether to begin with the last values of topics that keep them.
        classes: Which classes values may have.
        reconnect: Whether to go on when the connection is lost, or the service was started
            anew, or is not there yet; what was lost meanwhile is counted. If not, reading
            raises what happened.
        settings: For the connection.

    Raises:
        EventError: A pattern is bad, or *full*, *events* or *bytes*.
        TypeError: There is none.
    """
    if not patterns:
        raise TypeError("subscribe needs at least one topic or pattern")
    for pattern in patterns:
        Pattern(pattern)
    _check_queue(full, events, bytes)
    source = _Topics(patterns, service, settings or Settings(), classes)
    source.rule = (full, events, bytes, kept)
    return Subscription(source, reconnect=reconnect)


def _check_queue(full: Any, events: Any, size: Any) -> None:
    """Complain of what no service takes, before there is one.

    Raises:
        EventError: An argument of :func:`subscribe` is bad.
    """
    if full not in list(RULES):
        raise EventError(f"full is {full!r:.50}, must be one of {', '.join(sorted(RULES))}")
    for name, value in (("events", events), ("bytes", size)):
        if type(value) is not int or value < 1:
            raise EventError(f"{name} is {value!r:.50}, must be a whole number from 1 on")


class _Topics:
    """The topics of one subscription, to be followed; see :class:`.Source`."""

    sparing = True

    def __init__(
        self,
        patterns: Sequence[str],
        service: str | URI | None,
        settings: Settings,
        classes: ClassTable | None,
    ) -> None:
        self.patterns = list(patterns)
        self.target = target_of(service, EVENTS_ID)
        self.settings = settings
        self.classes = classes
        self.handshake: Any = "hello"
        self.rule: tuple[str, int, int, bool] = ("oldest", 1000, 16_000_000, True)
        self.losses = Losses()
        self._begun = False
        self._told = -_QUIET
        self._codecs = codecs_for(Proxy.to, settings, classes)

    async def ask(self, proxy: Any) -> Any:
        """Subscribe, behind what was had."""
        since = None
        if self._begun:
            heads = self.losses.heads()
            since = b"".join(
                pack_head(topic, publisher, number, number)
                for publisher, topic, number in heads
            )
        return await proxy.subscribe(self.patterns, *self.rule, since)

    def read(self, item: Any) -> list[Event]:
        """Return the events of some records.

        Raises:
            RemoteProtocolError: These are none.
        """
        try:
            records = unpack(item)
        except EventError as error:
            raise RemoteProtocolError(str(error)) from None
        self._begun = True
        return [event for record in records if (event := self._event(record)) is not None]

    def _event(self, record: EventRecord | Head) -> Event | None:
        publisher, topic = record.publisher, record.topic
        before = self.losses.missed
        if isinstance(record, Head):
            if record.position:
                self.losses.begin(publisher, topic, record.number)
            else:
                self.losses.head(publisher, topic, record.number, record.base)
            gap = None
        else:
            gap = self.losses.take(publisher, topic, record.number)
        if self.losses.missed > before:
            self._tell(self.losses.missed - before, topic)
        if gap is None or isinstance(record, Head):
            return None
        return Event(
            topic,
            None,
            record.number,
            publisher,
            record.time,
            record.kept,
            gap,
            opened=functools.partial(unseal, record.sealed, self._codecs),
        )

    def _tell(self, lost: int, topic: str) -> None:
        """Say in the log that events were lost, not too often."""
        now = time.monotonic()
        if now - self._told >= _QUIET:
            self._told = now
            _log.warning(
                "events lost: %d of %s, %d in all by now", lost, topic, self.losses.missed
            )
