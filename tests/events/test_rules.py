"""Queues: bounded, each with its rule, and exact about what it has dropped."""

from __future__ import annotations

import pytest

from pyrophone.errors import SubscriberTooSlowError
from pyrophone.events.queues import MAX_GAPS, Queue
from pyrophone.events.records import unpack
from pyrophone.events.rules import RULES, make_queue
from readers import Reader, event, publisher

SIZE = len(event("a", 1))
MANY = 1 << 20
LOSSY = ["oldest", "newest", "latest"]


def put(queue: Queue, *records: bytes) -> None:
    for entry in unpack(b"".join(records)):
        queue.put(entry)


def drain(queue: Queue, reader: Reader | None = None) -> Reader:
    reader = reader or Reader()
    while data := queue.take():
        reader.read(data)
    return reader


def numbers(queue: Queue) -> list[tuple[str, int]]:
    """Return topics and numbers of what is taken, heads with a minus."""
    found = []
    while data := queue.take():
        for entry in unpack(data):
            sign = 1 if hasattr(entry, "sealed") else -1
            found.append((entry.topic, sign * entry.number))
    return found


@pytest.mark.parametrize("rule", RULES)
def test_what_there_is_room_for_comes_in_order(rule: str) -> None:
    queue = make_queue(rule, 4, MANY)
    put(queue, event("a", 1), event("b", 1), event("c", 1), event("d", 1))
    assert (queue.waiting, queue.dropped) == (4, 0)
    assert numbers(queue) == [("a", 1), ("b", 1), ("c", 1), ("d", 1)]
    assert (queue.waiting, queue.size) == (0, 0)


def test_oldest_drops_the_oldest_and_says_so_in_front() -> None:
    queue = make_queue("oldest", 2, MANY)
    put(queue, event("a", 1), event("b", 1), event("a", 2), event("b", 2))
    assert (queue.waiting, queue.dropped) == (2, 2)
    assert sorted(numbers(queue)[:2]) == [("a", -1), ("b", -1)]
    put(queue, *(event("a", n) for n in range(3, 8)))
    assert numbers(queue) == [("a", -5), ("a", 6), ("a", 7)]


def test_newest_drops_the_newest_and_says_so_behind() -> None:
    queue = make_queue("newest", 2, MANY)
    put(queue, event("a", 1), event("a", 2), event("a", 3), event("b", 1), event("a", 4))
    assert (queue.waiting, queue.dropped) == (2, 3)
    found = numbers(queue)
    assert found[:2] == [("a", 1), ("a", 2)]
    assert sorted(found[2:]) == [("a", -4), ("b", -1)]
    put(queue, event("a", 5))
    assert numbers(queue) == [("a", 5)]


def test_latest_keeps_the_last_of_each_topic_at_its_place_in_time() -> None:
    queue = make_queue("latest", 10, MANY)
    put(queue, event("a", 1), event("b", 1), event("a", 2), event("a", 9, by=2))
    assert (queue.waiting, queue.dropped) == (2, 2)
    assert numbers(queue) == [("a", -2), ("b", 1), ("a", 9)]


def test_latest_drops_the_oldest_topic_when_there_are_too_many() -> None:
    queue = make_queue("latest", 2, MANY)
    put(queue, event("a", 1), event("b", 1), event("c", 1))
    assert numbers(queue) == [("a", -1), ("b", 1), ("c", 1)]


def test_end_gives_what_waited_and_then_ends() -> None:
    queue = make_queue("end", 2, MANY)
    put(queue, *(event("a", n) for n in range(1, 9)))
    assert queue.waiting == 2
    assert [entry.number for entry in unpack(queue.take())] == [1, 2]
    with pytest.raises(SubscriberTooSlowError, match="2 events of 64 bytes waited"):
        queue.take()
    put(queue, event("a", 9))
    assert queue.waiting == 0
    assert not queue.wait(lambda _: None)


@pytest.mark.parametrize("rule", LOSSY)
def test_bytes_are_a_limit_too_and_it_is_inclusive(rule: str) -> None:
    queue = make_queue(rule, 100, 3 * SIZE)
    put(queue, event("a", 1), event("b", 1), event("c", 1))
    assert (queue.waiting, queue.size) == (3, 3 * SIZE)
    put(queue, event("d", 1))
    assert (queue.waiting, queue.size, queue.dropped) == (3, 3 * SIZE, 1)
    put(queue, event("e", 1, size=1000))
    reader = drain(queue)
    assert queue.size == 0
    assert sum(map(len, reader.got.values())) + reader.total == 5


@pytest.mark.parametrize("rule", LOSSY)
def test_an_event_larger_than_all_that_may_wait_is_told_as_lost(rule: str) -> None:
    queue = make_queue(rule, 100, SIZE)
    put(queue, event("a", 1, size=1))
    reader = drain(queue)
    assert (reader.got, reader.total, queue.dropped) == ({}, 1, 1)


@pytest.mark.parametrize("rule", LOSSY)
def test_who_invents_topics_takes_no_more_memory_than_is_allowed(rule: str) -> None:
    queue = make_queue(rule, 1, MANY)
    for number in range(MAX_GAPS + 50):
        put(queue, event(f"a{number}", 1))
    reader = drain(queue)
    assert reader.total == MAX_GAPS
    assert queue.dropped == MAX_GAPS + 49
    put(queue, event("b", 1), event("c", 1))  # and it can count anew
    assert drain(queue).total == 1


def test_a_portion_is_bounded_by_records_and_by_bytes() -> None:
    queue = make_queue("oldest", 2000, 1 << 30)
    put(queue, *(event("a", n) for n in range(1, 1201)))
    assert [len(unpack(queue.take())) for _ in range(4)] == [500, 500, 200, 0]
    put(queue, *(event("a", n, size=100_000) for n in range(1201, 1207)))
    assert [len(unpack(queue.take())) for _ in range(3)] == [3, 3, 0]


@pytest.mark.parametrize("rule", LOSSY)
def test_announcements_and_a_welcome_come_in_bounded_portions_too(rule: str) -> None:
    queue = make_queue(rule, 1, MANY)
    queue.welcome([event("w", n) for n in range(1, 601)])
    put(queue, *(event(f"a{n}", 1) for n in range(701)))
    portions = []
    while data := queue.take():
        portions.append(unpack(data))
    assert max(map(len, portions)) <= 500
    assert sum(map(len, portions)) == 600 + 701
    assert [entry.topic for entry in portions[0]] == ["w"] * 500


def test_who_waits_is_woken_once_and_not_if_something_is_there() -> None:
    queue = make_queue("newest", 1, MANY)
    (one,), (two,) = unpack(event("a", 1)), unpack(event("a", 2))

    def waker(near: bool) -> None: ...

    assert queue.wait(waker)
    assert queue.put(one) is waker
    assert queue.put(two) is None
    assert not queue.wait(waker)
    queue.take()
    assert not queue.take()
    assert queue.wait(waker)
    assert queue.welcome([event("a", 3)]) is waker
    assert not queue.wait(waker)
    queue.take()
    assert queue.wait(waker)
    assert queue.close() is waker
    assert not queue.wait(waker)


@pytest.mark.parametrize("rule", LOSSY)
def test_a_loss_wakes_too(rule: str) -> None:
    queue = make_queue(rule, 1, SIZE)
    (large,) = unpack(event("a", 1, size=1))

    def waker(near: bool) -> None: ...

    assert queue.wait(waker)
    assert queue.put(large) is waker
    assert not queue.wait(waker)
    assert numbers(queue) == [("a", -1)]


@pytest.mark.parametrize("rule", RULES)
def test_what_is_closed_holds_nothing(rule: str) -> None:
    queue = make_queue(rule, 1, MANY)
    queue.welcome([event("w", 1)])
    put(queue, event("a", 1), event("a", 2))
    queue.close()
    assert (queue.closed, queue.waiting, queue.size) == (True, 0, 0)
    queue.problem = None
    assert queue.take() == b""


def test_heads_of_one_publisher_and_topic_become_one_where_the_latest_counts() -> None:
    queue = make_queue("latest", 10, MANY)
    reader = Reader()
    reader.known[publisher(1), "a"] = 2
    from_hello = unpack(event("a", 3))
    queue.put(from_hello[0])
    put_head(queue, 5, 3)
    put_head(queue, 8, 5)
    drain(queue, reader)
    assert reader.got == {(publisher(1), "a"): [3]}
    assert reader.total == 5


def put_head(queue: Queue, number: int, base: int) -> None:
    from_publisher = Reader()
    from_publisher.known[publisher(1), "a"] = number
    (head,) = unpack(from_publisher.since())
    head.base = base  # type: ignore[union-attr]
    queue.put(head)
