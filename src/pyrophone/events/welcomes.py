"""What a subscriber is told first: values that are kept, and how far publishers are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .queues import Pair
from .records import EventRecord, as_kept, pack_head
from .topics import Pattern

__all__ = ["Matches", "for_new", "for_returned", "youngest"]


class Matches(dict[str, bool]):
    """Whether one of some patterns matches a topic, found once for each topic."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        super().__init__()
        self._patterns = patterns

    def __missing__(self, topic: str) -> bool:
        found = self[topic] = any(pattern.matches(topic) for pattern in self._patterns)
        return found


def youngest(
    values: Sequence[EventRecord], matches: Mapping[str, bool], most: int, size: int
) -> list[EventRecord]:
    """Return the youngest of *values* that match, oldest first.

    Args:
        values: All that are kept, oldest first.
        matches: Which topics do.
        most: How many at most.
        size: How many bytes of them.
    """
    found: list[EventRecord] = []
    for event in reversed(values):
        if matches[event.topic]:
            size -= len(event.data)
            if size < 0 or len(found) >= most:
                break
            found.append(event)
    return found[::-1]


def for_new(
    heads: Mapping[Pair, tuple[int, int]], values: Sequence[EventRecord]
) -> Iterator[bytes]:
    """Yield what there is for who subscribes for the first time.

    Args:
        heads: Of publishers and topics, the last number, and what was before the first.
        values: That are kept.
    """
    for event in values:
        yield as_kept(event.data)
    for (publisher, topic), (number, _) in heads.items():
        yield pack_head(topic, publisher, number, number, position=True)


def for_returned(
    since: Mapping[Pair, int],
    heads: Mapping[Pair, tuple[int, int]],
    values: Sequence[EventRecord],
) -> Iterator[bytes]:
    """Yield what is news to a subscriber that was here before.

    Losses come first, as far as no value that is kept comes before them, so that the next
    event tells of them.

    Args:
        since: The last numbers that it has.
        heads: As for :func:`for_new`.
        values: Likewise.
    """
    kept = {(event.publisher, event.topic): event for event in values}
    for pair in [*(pair for pair in heads if pair not in kept), *kept]:
        publisher, topic = pair
        event = kept.get(pair)
        if event is None:
            number, base = heads[pair]
        else:
            number, base = heads.get(pair, (event.number, event.number - 1))
        last = since.get(pair, base)
        if event is not None and event.number > last:
            yield pack_head(topic, publisher, event.number - 1, last)
            yield as_kept(event.data)
            last = event.number
        if number > last or pair not in since:  # it counts from there on
            yield pack_head(topic, publisher, number, last)
