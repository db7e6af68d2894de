"""What waits for one subscriber: a bounded queue, with a rule for when it is full.

No queue ever makes a publisher wait. What it drops it announces by heads, in the place
where the dropped would have been, so that numbers never go back: see :mod:`.records`.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from types import MappingProxyType
from typing import TypeAlias

from ..errors import EventError, SubscriberTooSlowError
from .records import Entry, EventRecord, Head, pack_head

__all__ = ["MAX_GAPS", "RULES", "Queue", "make_queue"]

MAX_GAPS = 10_000  # publishers and topics whose losses are to be announced, for each queue

_PORTION_RECORDS = 500
_PORTION_SIZE = 256_000  # bytes

Pair: TypeAlias = tuple[str, str]  # publisher and topic


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
        self._waker: Callable[[], object] | None = None

    def put(self, entry: Entry) -> Callable[[], object] | None:
        """Add *entry*, or drop what the rule says; return who is to be woken, if any."""
        raise NotImplementedError

    def take(self) -> bytes:
        """Return the records of a portion, in order; empty if there are none.

        Raises:
            SubscriberTooSlowError: The rule ended it; all that waited was taken.
        """
        records: list[bytes] = []
        size = 0
        while len(records) < _PORTION_RECORDS and size < _PORTION_SIZE and self._welcome:
            records.append(self._welcome.popleft())
            size += len(records[-1])
        if not self._welcome:
            self._fill(records, size)
        if not records and self.problem is not None:
            raise self.problem
        return b"".join(records)

    def wait(self, waker: Callable[[], object]) -> bool:
        """Have *waker* called once something comes; return False if something is there."""
        if self.waiting or self.problem is not None or self.closed:
            return False
        if self._welcome or self._announces():
            return False
        self._waker = waker
        return True

    def welcome(self, records: list[bytes]) -> Callable[[], object] | None:
        """Have *records* go before all else; return who is to be woken, if any."""
        self._welcome.extend(records)
        return self._woken() if records else None

    def close(self) -> Callable[[], object] | None:
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

    def _woken(self) -> Callable[[], object] | None:
        waker, self._waker = self._waker, None
        return waker

    def _fits(self, entry: Entry) -> bool:
        size = _size(entry)
        return self.waiting < self._most and self.size + size <= self._most_size

    def _count(self, entry: Entry) -> None:
        self.waiting += 1
        self.size += _size(entry)

    def _discount(self, entry: Entry) -> None:
        self.waiting -= 1
        self.size -= _size(entry)


class DropOldest(Queue):
    """Drops what has waited longest."""

    rule = "oldest"

    def __init__(self, events: int, size: int) -> None:
        super().__init__(events, size)
        self._gaps = Gaps()  # all of them before what waits
        self._entries: deque[Entry] = deque()

    def put(self, entry: Entry) -> Callable[[], object] | None:
        while not self._fits(entry) and self._entries:
            oldest = self._entries.popleft()
            self._discount(oldest)
            self._drop(oldest)
        if self._fits(entry):
            self._entries.append(entry)
            self._count(entry)
        else:  # larger than all that may wait
            self._drop(entry)
        return self._woken()

    def _drop(self, entry: Entry) -> None:
        self.dropped += isinstance(entry, EventRecord)
        self._gaps.add(entry)

    def _announces(self) -> bool:
        return bool(self._gaps.spans)

    def _clear(self) -> None:
        self._entries.clear()
        self._gaps.spans.clear()

    def _fill(self, records: list[bytes], size: int) -> None:
        records += self._gaps.take(_PORTION_RECORDS - len(records))
        entries = self._entries
        if self._gaps.spans:
            return
        while entries and len(records) < _PORTION_RECORDS and size < _PORTION_SIZE:
            entry = entries.popleft()
            self._discount(entry)
            records.append(_record(entry))
            size += _size(entry)


class DropNewest(Queue):
    """Takes nothing in until there is room."""

    rule = "newest"

    def __init__(self, events: int, size: int) -> None:
        super().__init__(events, size)
        self._entries: deque[Entry | Gaps] = deque()
        self._gaps = 0  # those between entries, that were added up

    def put(self, entry: Entry) -> Callable[[], object] | None:
        if self._fits(entry):
            self._entries.append(entry)
            self._count(entry)
            return self._woken()
        self.dropped += isinstance(entry, EventRecord)
        entries = self._entries
        if not entries or not isinstance(entries[-1], Gaps):
            entries.append(Gaps())
        gaps = entries[-1]
        assert isinstance(gaps, Gaps)
        before = len(gaps.spans)
        # Of what can't be announced, the next event of that publisher and topic tells.
        if self._gaps < MAX_GAPS or (entry.publisher, entry.topic) in gaps.spans:
            gaps.add(entry)
        self._gaps += len(gaps.spans) - before
        return self._woken()

    def _announces(self) -> bool:
        return bool(self._entries)

    def _clear(self) -> None:
        self._entries.clear()

    def _fill(self, records: list[bytes], size: int) -> None:
        entries = self._entries
        while entries and len(records) < _PORTION_RECORDS and size < _PORTION_SIZE:
            entry = entries[0]
            if isinstance(entry, Gaps):
                told = entry.take(_PORTION_RECORDS - len(records))
                self._gaps -= len(told)
                records += told
                if entry.spans:
                    return
                entries.popleft()
                continue
            entries.popleft()
            self._discount(entry)
            records.append(_record(entry))
            size += _size(entry)


class EndWhenFull(DropNewest):
    """Ends the subscription; what waits is still to be had."""

    rule = "end"

    def put(self, entry: Entry) -> Callable[[], object] | None:
        if self.problem is not None:
            return None
        if self._fits(entry):
            return super().put(entry)
        self.problem = SubscriberTooSlowError(
            f"the subscription has ended: {self.waiting} events of {self.size} bytes "
            f"waited, limits are {self._most} events and {self._most_size} bytes"
        )
        return self._woken()


class KeepLatest(Queue):
    """Keeps the last event of each topic, whether there is room or not."""

    rule = "latest"

    def __init__(self, events: int, size: int) -> None:
        super().__init__(events, size)
        self._gaps = Gaps()
        # By topic, heads by publisher, too.
        self._entries: OrderedDict[str | Pair, Entry] = OrderedDict()

    def put(self, entry: Entry) -> Callable[[], object] | None:
        entries = self._entries
        key: str | Pair = entry.topic
        if isinstance(entry, Head):
            key = (entry.publisher, entry.topic)
        before = entries.pop(key, None)
        if before is not None:
            self._discount(before)
            if isinstance(entry, Head) and isinstance(before, Head):  # they become one
                entry = Head(entry.topic, entry.publisher, entry.number, before.base)
            else:
                self._drop(before)
        while not self._fits(entry) and entries:
            oldest = entries.popitem(last=False)[1]
            self._discount(oldest)
            self._drop(oldest)
        if self._fits(entry):
            entries[key] = entry
            self._count(entry)
        else:
            self._drop(entry)
        return self._woken()

    def _drop(self, entry: Entry) -> None:
        self.dropped += isinstance(entry, EventRecord)
        self._gaps.add(entry)

    def _announces(self) -> bool:
        return bool(self._gaps.spans)

    def _clear(self) -> None:
        self._entries.clear()
        self._gaps.spans.clear()

    def _fill(self, records: list[bytes], size: int) -> None:
        records += self._gaps.take(_PORTION_RECORDS - len(records))
        entries = self._entries
        if self._gaps.spans:
            return
        while entries and len(records) < _PORTION_RECORDS and size < _PORTION_SIZE:
            entry = entries.popitem(last=False)[1]
            self._discount(entry)
            records.append(_record(entry))
            size += _size(entry)


RULES = MappingProxyType(
    {kind.rule: kind for kind in (DropOldest, DropNewest, KeepLatest, EndWhenFull)}
)


def make_queue(rule: str, events: int, size: int) -> Queue:
    """Return a queue of that rule; see :class:`Queue`."""
    return RULES[rule](events, size)


def _span(entry: Entry) -> tuple[int, int]:
    """Return the first and the last number that are missing once *entry* is dropped."""
    if isinstance(entry, Head):
        return entry.base + 1, entry.number
    return entry.number, entry.number


def _record(entry: Entry) -> bytes:
    if isinstance(entry, Head):
        return pack_head(entry.topic, entry.publisher, entry.number, entry.base)
    return entry.data


def _size(entry: Entry) -> int:
    return len(entry.topic) if isinstance(entry, Head) else len(entry.data)
