"""What waits for one subscriber: a bounded queue. Which rule it has is in :mod:`.rules`.

No queue ever makes a publisher wait. What it drops it announces by heads, in the place
where the dropped would have been, so that numbers never go back: see :mod:`.records`.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TypeAlias

from ..errors import EventError
from .records import Entry, Head, pack_head

__all__ = [
    "MAX_GAPS",
    "PORTION_RECORDS",
    "PORTION_SIZE",
    "Gaps",
    "Pair",
    "Queue",
    "Waker",
    "record_of",
    "size_of",
]

MAX_GAPS = 10_000  # publishers and topics whose losses are to be announced, for each queue

PORTION_RECORDS = 500
PORTION_SIZE = 256_000  # bytes

Pair: TypeAlias = tuple[str, str]  # publisher and topic
Waker: TypeAlias = Callable[[bool], object]  # see :class:`.Tap`


class Gaps:
    """What was dropped, in one piece for each publisher and topic.

    Attributes:
        spans: Their first and last numbers, for each.
    """

    __slots__ = ("spans",)

    def __init__(self) -> None:
        self.spans: OrderedDict[Pair, list[int]] = OrderedDict()

    def add(self, entry: Entry) -> None:
        """Note that *entry* was dropped, which is younger than all that were before."""
        first, last = _span(entry)
        span = self.spans.get((entry.publisher, entry.topic))
        if span is not None:
            span[1] = last
            return
        if len(self.spans) >= MAX_GAPS:  # or who invents topics takes all memory
            self.spans.popitem(last=False)
        self.spans[entry.publisher, entry.topic] = [first, last]

    def take(self, most: int) -> list[bytes]:
        """Return up to *most* records that say so."""
        records: list[bytes] = []
        while self.spans and len(records) < most:
            (publisher, topic), (first, last) = self.spans.popitem()
            records.append(pack_head(topic, publisher, last, first - 1))
        return records


class Queue:
    """What waits for one subscriber, oldest first; which rule counts is the subclass's.

    Not safe for threads: the bus sees to that.

    Args:
        events: How many events may wait.
        size: How many bytes of them.

    Attributes:
        waiting: How many events wait.
        size: How many bytes of them.
        dropped: How many were dropped so far.
        problem: Why no more come; else None.
        closed: Whether nobody reads it any more.
        patterns: What was subscribed to; the bus's.
    """

    rule = ""

    def __init__(self, events: int, size: int) -> None:
        self.waiting = 0
        self.size = 0
        self.dropped = 0
        self.problem: EventError | None = None
        self.closed = False
        self.patterns: tuple[str, ...] = ()
        self._most = events
        self._most_size = size
        self._welcome: deque[bytes] = deque()
        self._waker: Waker | None = None

    def put(self, entry: Entry) -> Waker | None:
        """Add *entry*, or drop what the rule says; return who is to be woken, if any."""
        raise NotImplementedError

    def take(self) -> bytes:
        """Return the records of a portion, in order; empty if there are none.

        Raises:
            SubscriberTooSlowError: The rule ended it; all that waited was taken.
        """
        records: list[bytes] = []
        size = 0
        while len(records) < PORTION_RECORDS and size < PORTION_SIZE and self._welcome:
            records.append(self._welcome.popleft())
            size += len(records[-1])
        if not self._welcome:
            self._fill(records, size)
        if not records and self.problem is not None:
            raise self.problem
        return b"".join(records)

    def wait(self, waker: Waker) -> bool:
        """Have *waker* called once something comes; return False if something is there."""
        if self.waiting or self.problem is not None or self.closed:
            return False
        if self._welcome or self._announces():
            return False
        self._waker = waker
        return True

    def welcome(self, records: list[bytes]) -> Waker | None:
        """Have *records* go before all else; return who is to be woken, if any."""
        self._welcome.extend(records)
        return self._woken() if records else None

    def close(self) -> Waker | None:
        """Forget everything; return who is to be woken, if any."""
        self.closed = True
        self._clear()
        self._welcome.clear()
        self.waiting = self.size = 0
        return self._woken()

    def _fill(self, records: list[bytes], size: int) -> None:
        raise NotImplementedError

    def _announces(self) -> bool:
        """Tell whether losses are to be announced."""
        return False

    def _clear(self) -> None:
        raise NotImplementedError

    def _woken(self) -> Waker | None:
        waker, self._waker = self._waker, None
        return waker

    def _fits(self, entry: Entry) -> bool:
        size = size_of(entry)
        return self.waiting < self._most and self.size + size <= self._most_size

    def _count(self, entry: Entry) -> None:
        self.waiting += 1
        self.size += size_of(entry)

    def _discount(self, entry: Entry) -> None:
        self.waiting -= 1
        self.size -= size_of(entry)


def _span(entry: Entry) -> tuple[int, int]:
    """Return the first and the last number that are missing once *entry* is dropped."""
    if isinstance(entry, Head):
        return entry.base + 1, entry.number
    return entry.number, entry.number


def record_of(entry: Entry) -> bytes:
    """Return the record of *entry*."""
    if isinstance(entry, Head):
        return pack_head(entry.topic, entry.publisher, entry.number, entry.base)
    return entry.data


def size_of(entry: Entry) -> int:
    """Return what *entry* counts for in a queue, in bytes."""
    return len(entry.topic) if isinstance(entry, Head) else len(entry.data)
