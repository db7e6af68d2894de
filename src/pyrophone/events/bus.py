"""The bus: who gets which event. It waits for nobody, and knows no network."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from ..errors import EventError
from .kept import Kept
from .limits import Limits
from .queues import Pair, Queue, Waker
from .records import Entry, EventRecord, Head
from .rules import RULES, make_queue
from .topics import Pattern
from .welcomes import Matches, for_new, for_returned, youngest

__all__ = ["Bus"]

_AT_ONCE = 500  # events, before others may do something
_MOST_ROUTES = 10_000  # topics of which it is known where their events go
_NEAR = 4  # subscribers who get events from the thread that publishes, if they are no more


class Bus:
    """Hands events to the queues whose patterns match.

    Events of one publisher and topic have rising numbers. One that is not above the last
    is a repetition, and passed over, so a publisher that doesn't know whether an event
    has come through sends it again.

    Args:
        guard: What keeps other threads away; entered once for each method that is called.
        limits: What strangers may take.
    """

    def __init__(
        self, guard: AbstractContextManager[object], limits: Limits | None = None
    ) -> None:
        self.limits = limits or Limits()
        self._guard = guard
        self._subscribers: dict[str, tuple[Pattern, list[Queue]]] = {}  # by pattern
        self._queues: dict[Queue, None] = {}
        self._ended = False
        self._routes: dict[str, tuple[Queue, ...]] = {}
        # Of each publisher and topic the last number, and what was before the first.
        self._heads: OrderedDict[Pair, tuple[int, int]] = OrderedDict()
        self._kept: Kept[EventRecord] = Kept(self.limits.kept, self.limits.kept_size)
        self.published = 0

    def publish(self, entries: Sequence[Entry]) -> None:
        """Hand on events, and heads of what was published elsewhere, in their order.

        Raises:
            EventError: An event is too large; none was handed on.
        """
        most = self.limits.event_size
        for entry in entries:
            if isinstance(entry, EventRecord) and len(entry.data) > most:
                text = f"event of {entry.topic!r}: {len(entry.data)} bytes"
                raise EventError(f"{text}, limit event_size is {most}")
        for start in range(0, len(entries), _AT_ONCE):
            if start:
                time.sleep(0)  # lets those have their turn who wait for the guard
            wakers: list[Waker] = []
            with self._guard:
                for entry in entries[start : start + _AT_ONCE]:
                    self._publish(entry, wakers)
            near = len(wakers) <= _NEAR
            for waker in wakers:
                waker(near)

    def subscribe(
        self,
        patterns: Sequence[str],
        rule: str = "oldest",
        events: int = 1000,
        size: int = 16_000_000,
        *,
        kept: bool = True,
        since: Mapping[Pair, int] | None = None,
    ) -> Queue:
        """Return a queue of what is published from now on.

        First come the values that matching topics keep, the youngest if they are more
        than may wait, then how far publishers are.

        Args:
            patterns: See :mod:`.topics`.
            rule: What becomes of events when the queue is full, see :mod:`.queues`.
            events: How many may wait.
            size: How many bytes of them.
            kept: Whether the values that are kept come first.
            since: The last numbers that the subscriber has got in an earlier
                subscription; None if there was none. Only younger ones are told.

        Raises:
            EventError: A pattern is none, or an argument is over its limit.
        """
        limits = self.limits
        if rule not in RULES:
            raise EventError(f"rule {rule!r:.50} is none of {', '.join(sorted(RULES))}")
        _check_limit("events", events, "queue_events", limits.queue_events)
        _check_limit("bytes", size, "queue_size", limits.queue_size)
        if not 1 <= len(patterns) <= limits.patterns:
            text = f"{len(patterns)} patterns, there must be 1 to {limits.patterns}"
            raise EventError(f"{text} (limit patterns)")
        found = [Pattern(text) for text in dict.fromkeys(patterns)]
        queue = make_queue(rule, events, size)
        queue.patterns = tuple(pattern.text for pattern in found)
        with self._guard:
            if self._ended:
                raise EventError("the event service has ended")
            if len(self._queues) >= limits.subscriptions:
                raise EventError(f"{len(self._queues)} subscriptions (limit subscriptions)")
            self._add(queue, found)
            heads, values = dict(self._heads), self._kept.values()
        # Others go on meanwhile: there may be many to be looked at. What is published
        # now waits in the queue, behind.
        matches = Matches(found)
        told = {pair: heads[pair] for pair in heads if matches[pair[1]]}
        chosen = youngest(values, matches, events, size) if kept else []
        news = for_new(told, chosen) if since is None else for_returned(since, told, chosen)
        records = list(news)
        with self._guard:
            queue.welcome(records)
        return queue

    def unsubscribe(self, queue: Queue) -> None:
        """Let nothing more come to *queue*; once is enough."""
        with self._guard:
            if queue.closed:
                return
            waker = queue.close()
            del self._queues[queue]
            for text in queue.patterns:
                queues = self._subscribers[text][1]
                queues.remove(queue)
                if not queues:
                    del self._subscribers[text]
            self._routes.clear()
        if waker is not None:
            waker(True)

    def close(self) -> None:
        """End all subscriptions, and take no more."""
        with self._guard:
            self._ended = True
            queues = list(self._queues)
        for queue in queues:
            self.unsubscribe(queue)

    def take(self, queue: Queue, waker: Waker) -> bytes:
        """Return the next portion of *queue*; if it is empty, *waker* is called later.

        Raises:
            SubscriberTooSlowError: Its rule has ended it.
        """
        with self._guard:
            data = queue.take()
            if not data and not queue.wait(waker):
                data = queue.take()
            return data

    def forget(self, topic: str) -> bool:
        """Keep no value of *topic* any more; tell whether there was one."""
        with self._guard:
            return self._kept.forget(topic)

    def topics(self, pattern: str, most: int = 1000) -> list[str]:
        """Return up to *most* topics that match, of which something was published."""
        wanted = Pattern(pattern)
        with self._guard:
            known = {topic for _, topic in self._heads} | {*self._kept.topics()}
        return sorted(topic for topic in known if wanted.matches(topic))[:most]

    def describe(self) -> dict[str, int]:
        """Return how much there is of what."""
        with self._guard:
            return {
                "published": self.published,
                "subscriptions": len(self._queues),
                "waiting": sum(queue.waiting for queue in self._queues),
                "dropped": sum(queue.dropped for queue in self._queues),
                "heads": len(self._heads),
                "kept": len(self._kept),
            }

    def _publish(self, entry: Entry, wakers: list[Waker]) -> None:
        pair = entry.publisher, entry.topic
        before = self._heads.get(pair)
        if before is not None and entry.number <= before[0]:
            return
        if isinstance(entry, EventRecord) and entry.kept and self._has_younger(entry):
            entry = Head(entry.topic, entry.publisher, entry.number, entry.number)
        if isinstance(entry, Head):
            base = entry.number if before is None else before[1]
            last = entry.number if before is None else before[0]
            entry = Head(entry.topic, entry.publisher, entry.number, last)
        else:
            base = entry.number - 1 if before is None else before[1]
            self.published += 1
            if entry.keep:
                self._kept.keep(entry.topic, entry, len(entry.data))
        self._heads[pair] = entry.number, base
        self._heads.move_to_end(pair)
        if len(self._heads) > self.limits.heads:
            self._heads.popitem(last=False)
        routes = self._routes.get(entry.topic)
        if routes is None:
            routes = self._find_routes(entry.topic)
        for queue in routes:
            waker = queue.put(entry)
            if waker is not None:
                wakers.append(waker)

    def _find_routes(self, topic: str) -> tuple[Queue, ...]:
        queues: dict[Queue, None] = {}
        for pattern, group in self._subscribers.values():
            if pattern.matches(topic):
                queues.update(dict.fromkeys(group))
        if len(self._routes) >= _MOST_ROUTES:
            self._routes.clear()
        routes = self._routes[topic] = tuple(queues)
        return routes

    def _add(self, queue: Queue, patterns: Iterable[Pattern]) -> None:
        self._queues[queue] = None
        for pattern in patterns:
            self._subscribers.setdefault(pattern.text, (pattern, []))[1].append(queue)
        self._routes.clear()

    def _has_younger(self, event: EventRecord) -> bool:
        """Tell whether another publisher has set the value of the topic since."""
        kept = self._kept.get(event.topic)
        return kept is not None and kept.time > event.time


def _check_limit(what: str, value: int, limit: str, most: int) -> None:
    if not 1 <= value <= most:
        raise EventError(f"{what} is {value}, must be 1 to {most} (limit {limit})")
