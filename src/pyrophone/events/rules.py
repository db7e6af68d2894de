"""What becomes of events when too many wait for a subscriber."""

from __future__ import annotations

from collections import OrderedDict, deque
from types import MappingProxyType

from ..errors import SubscriberTooSlowError
from .queues import (
    MAX_GAPS,
    PORTION_RECORDS,
    PORTION_SIZE,
    Gaps,
    Pair,
    Queue,
    Waker,
    record_of,
    size_of,
)
from .records import Entry, EventRecord, Head

__all__ = ["RULES", "make_queue"]


class Dropping(Queue):
    """Drops some of what waits; all that was dropped is told before what is left."""

    _entries: deque[Entry] | OrderedDict[str | Pair, Entry]  # the oldest first

    def __init__(self, events: int, size: int) -> None:
        super().__init__(events, size)
        self._gaps = Gaps()

    def _leave_out(self, entry: Entry) -> None:
        """Take *entry*, which waited, as dropped."""
        self._discount(entry)
        self._drop(entry)

    def _drop(self, entry: Entry) -> None:
        self.dropped += isinstance(entry, EventRecord)
        self._gaps.add(entry)

    def _announces(self) -> bool:
        return bool(self._gaps.spans)

    def _clear(self) -> None:
        self._gaps.spans.clear()
        self._entries.clear()

    def _fill(self, records: list[bytes], size: int) -> None:
        records += self._gaps.take(PORTION_RECORDS - len(records))
        if self._gaps.spans:
            return
        while self.waiting and len(records) < PORTION_RECORDS and size < PORTION_SIZE:
            entry = self._oldest()
            self._discount(entry)
            records.append(record_of(entry))
            size += size_of(entry)

    def _make_room(self, entry: Entry) -> bool:
        """Drop what has waited longest until *entry* fits; or *entry*, if nothing helps."""
        while not self._fits(entry) and self._entries:
            self._leave_out(self._oldest())
        if self._fits(entry):
            self._count(entry)
            return True
        self._drop(entry)  # larger than all that may wait
        return False

    def _oldest(self) -> Entry:
        """Return what has waited longest, which waits no more."""
        raise NotImplementedError


class DropOldest(Dropping):
    """Drops what has waited longest."""

    rule = "oldest"

    def __init__(self, events: int, size: int) -> None:
        super().__init__(events, size)
        self._entries: deque[Entry] = deque()

    def put(self, entry: Entry) -> Waker | None:
        if self._make_room(entry):
            self._entries.append(entry)
        return self._woken()

    def _oldest(self) -> Entry:
        return self._entries.popleft()


class DropNewest(Queue):
    """Takes nothing in until there is room."""

    rule = "newest"

    def __init__(self, events: int, size: int) -> None:
        super().__init__(events, size)
        self._entries: deque[Entry | Gaps] = deque()
        self._gaps = 0  # those between entries, that were added up

    def put(self, entry: Entry) -> Waker | None:
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
        while entries and len(records) < PORTION_RECORDS and size < PORTION_SIZE:
            entry = entries[0]
            if isinstance(entry, Gaps):
                told = entry.take(PORTION_RECORDS - len(records))
                self._gaps -= len(told)
                records += told
                if entry.spans:
                    return
                entries.popleft()
                continue
            entries.popleft()
            self._discount(entry)
            records.append(record_of(entry))
            size += size_of(entry)


class EndWhenFull(DropNewest):
    """Ends the subscription; what waits is still to be had."""

    rule = "end"

    def put(self, entry: Entry) -> Waker | None:
        if self.problem is not None:
            return None
        if self._fits(entry):
            return super().put(entry)
        self.problem = SubscriberTooSlowError(
            f"the subscription has ended: {self.waiting} events of {self.size} bytes "
            f"waited, limits are {self._most} events and {self._most_size} bytes"
        )
        return self._woken()


class KeepLatest(Dropping):
    """Keeps the last event of each topic, whether there is room or not."""

    rule = "latest"

    def __init__(self, events: int, size: int) -> None:
        super().__init__(events, size)
        # By topic, heads by publisher, too.
        self._entries: OrderedDict[str | Pair, Entry] = OrderedDict()

    def put(self, entry: Entry) -> Waker | None:
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
        if self._make_room(entry):
            entries[key] = entry
        return self._woken()

    def _oldest(self) -> Entry:
        return self._entries.popitem(last=False)[1]


RULES = MappingProxyType(
    {kind.rule: kind for kind in (DropOldest, DropNewest, KeepLatest, EndWhenFull)}
)


def make_queue(rule: str, events: int, size: int) -> Queue:
    """Return a queue of that rule; see :class:`Queue`."""
    return RULES[rule](events, size)
