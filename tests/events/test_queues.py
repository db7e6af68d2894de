"""What all queues have: gaps, portions, waking. Their rules are in test_rules.py."""

from __future__ import annotations

import pytest

from pyrophone.events.queues import MAX_GAPS, Gaps, Queue, record_of, size_of
from pyrophone.events.records import Head, pack_head, unpack
from readers import event, publisher


def test_gaps_are_one_piece_for_each_publisher_and_topic() -> None:
    gaps = Gaps()
    for entry in unpack(event("a", 3) + event("a", 4) + event("b", 1) + event("a", 7)):
        gaps.add(entry)
    assert gaps.spans == {(publisher(1), "a"): [3, 7], (publisher(1), "b"): [1, 1]}
    assert gaps.take(1) == [pack_head("b", publisher(1), 1, 0)]
    assert gaps.take(9) == [pack_head("a", publisher(1), 7, 2)]
    assert gaps.take(9) == []


def test_gaps_are_bounded_and_forget_the_oldest() -> None:
    gaps = Gaps()
    for number in range(MAX_GAPS + 1):
        gaps.add(Head(f"a{number}", publisher(1), 5, 2))
    assert len(gaps.spans) == MAX_GAPS
    assert (publisher(1), "a0") not in gaps.spans
    assert gaps.spans[publisher(1), "a1"] == [3, 5]


def test_records_and_sizes_of_entries() -> None:
    (entry,) = unpack(event("a", 1, size=9))
    assert (record_of(entry), size_of(entry)) == (event("a", 1, size=9), 41)
    head = Head("abc", publisher(1), 5, 2)
    assert (record_of(head), size_of(head)) == (pack_head("abc", publisher(1), 5, 2), 3)


def test_a_queue_needs_a_rule() -> None:
    queue = Queue(1, 1)
    (entry,) = unpack(event("a", 1))
    with pytest.raises(NotImplementedError):
        queue.put(entry)
    with pytest.raises(NotImplementedError):
        queue.take()
