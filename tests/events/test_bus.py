"""The bus: each subscriber has each matching event once and in order, or its loss."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyrophone.errors import EventError, SubscriberTooSlowError
from pyrophone.events.bus import Bus
from pyrophone.events.limits import Limits
from pyrophone.events.queues import Queue
from pyrophone.events.records import Head, as_kept, pack_event, unpack
from pyrophone.events.rules import RULES
from pyrophone.events.topics import Pattern
from readers import Reader, event, publisher


def make(**limits: int) -> Bus:
    return Bus(nullcontext(), Limits(**limits))


def publish(bus: Bus, *records: bytes) -> None:
    bus.publish(unpack(b"".join(records)))


def nobody(near: bool) -> None:
    """Wake nobody."""


def drain(bus: Bus, queue: Queue, reader: Reader | None = None) -> Reader:
    reader = reader or Reader()
    while data := bus.take(queue, nobody):
        reader.read(data)
    return reader


def test_events_go_where_patterns_match() -> None:
    bus = make()
    queues = [bus.subscribe([pattern]) for pattern in ("lab.", "lab.*.t", "x", "**")]
    publish(bus, event("lab.a.t", 1), event("lab.b", 1), event("x", 1))
    got = [sorted(topic for _, topic in drain(bus, queue).got) for queue in queues]
    assert got == [["lab.a.t", "lab.b"], ["lab.a.t"], ["x"], ["lab.a.t", "lab.b", "x"]]


def test_several_patterns_give_an_event_once() -> None:
    bus = make()
    queue = bus.subscribe(["lab.", "lab.*", "lab.a", "lab.a"])
    publish(bus, event("lab.a", 1))
    assert queue.waiting == 1
    bus.unsubscribe(queue)
    bus.unsubscribe(queue)
    publish(bus, event("lab.a", 2))
    assert queue.waiting == 0
    assert bus.describe()["subscriptions"] == 0


def test_what_comes_again_is_passed_over() -> None:
    bus = make()
    queue = bus.subscribe(["a"])
    publish(bus, event("a", 1), event("a", 2))
    publish(bus, event("a", 2), event("a", 3), event("a", 1), event("a", 2, by=2))
    reader = drain(bus, queue)
    assert reader.got == {(publisher(1), "a"): [1, 2, 3], (publisher(2), "a"): [2]}
    assert bus.describe()["published"] == 4


def test_kept_values_come_first_and_once_for_each_topic() -> None:
    bus = make()
    publish(bus, event("a", 1, keep=True), event("b", 1), event("a", 2, keep=True))
    publish(bus, event("a", 3), event("c", 4, by=2, keep=True))
    queue = bus.subscribe(["**"])
    entries = unpack(bus.take(queue, nobody))
    shown = [
        (e.topic, e.number, type(e).__name__, getattr(e, "kept", None)) for e in entries
    ]
    assert shown == [
        ("a", 2, "EventRecord", True),
        ("c", 4, "EventRecord", True),
        ("b", 1, "Head", None),
        ("a", 3, "Head", None),
        ("c", 4, "Head", None),
    ]
    assert drain(bus, bus.subscribe(["**"])).total == 0
    without = drain(bus, bus.subscribe(["**"], kept=False))
    assert without.got == {}
    assert bus.forget("a")
    assert not bus.forget("a")
    assert [t for _, t in drain(bus, bus.subscribe(["**"])).got] == ["c"]


def test_kept_values_have_limits_of_number_and_size() -> None:
    bus = make(kept=2)
    publish(bus, *(event(topic, 1, keep=True) for topic in "abc"))
    assert [topic for _, topic in drain(bus, bus.subscribe(["**"])).got] == ["b", "c"]
    size = len(event("a", 1))
    bus = make(kept_size=2 * size)
    publish(bus, *(event(topic, 1, keep=True) for topic in "abc"))
    assert bus.describe()["kept"] == 2
    publish(bus, event("d", 1, size=size, keep=True))
    assert [topic for _, topic in drain(bus, bus.subscribe(["**"])).got] == ["d"]


def test_a_subscriber_is_given_no_more_kept_values_than_may_wait() -> None:
    bus = make()
    publish(bus, *(event(f"a{n}", 1, keep=True) for n in range(9)))
    few = drain(bus, bus.subscribe(["**"], events=2))
    assert [topic for _, topic in few.got] == ["a7", "a8"]
    small = drain(bus, bus.subscribe(["**"], size=3 * len(event("a0", 1))))
    assert [topic for _, topic in small.got] == ["a6", "a7", "a8"]


def test_who_comes_back_is_told_what_was_lost_since() -> None:
    bus = make()
    first = bus.subscribe(["a"])
    publish(bus, event("a", 1), event("a", 2))
    reader = drain(bus, first)
    bus.unsubscribe(first)
    publish(bus, event("a", 3), event("a", 4), *(event("a", n, by=2) for n in (1, 2)))
    back = bus.subscribe(["a"], since=reader.known)
    drain(bus, back, reader)
    assert reader.missed == {(publisher(1), "a"): 2, (publisher(2), "a"): 2}
    publish(bus, event("a", 5))
    assert drain(bus, back, reader).got == {(publisher(1), "a"): [1, 2, 5]}
    assert reader.total == 4


def test_who_comes_back_is_told_of_losses_before_the_values_that_are_kept() -> None:
    bus = make()
    reader = drain(bus, bus.subscribe(["**"]))
    publish(bus, event("a", 1, keep=True), event("b", 1), event("b", 2), event("a", 2))
    entries = unpack(bus.take(bus.subscribe(["**"], since=reader.known), nobody))
    told = [(entry.topic, entry.number, isinstance(entry, Head)) for entry in entries]
    assert told == [("b", 2, True), ("a", 0, True), ("a", 1, False), ("a", 2, True)]


def test_a_fresh_subscriber_has_lost_nothing() -> None:
    bus = make()
    publish(bus, *(event("a", n) for n in range(1, 9)))
    queue = bus.subscribe(["a"])
    publish(bus, event("a", 9), event("a", 11))
    reader = drain(bus, queue)
    assert (reader.got, reader.total) == ({(publisher(1), "a"): [9, 11]}, 1)


def test_heads_of_a_publisher_tell_what_was_lost_with_another_service() -> None:
    bus = make()
    old, new = bus.subscribe(["a"], since={(publisher(1), "a"): 5}), bus.subscribe(["a"])
    publisher_is_at = Reader()
    publisher_is_at.known[publisher(1), "a"] = 7
    publish(bus, publisher_is_at.since())
    publish(bus, event("a", 8))
    reader = Reader()
    reader.known[publisher(1), "a"] = 5
    drain(bus, old, reader)
    assert (reader.got, reader.total) == ({(publisher(1), "a"): [8]}, 2)
    assert drain(bus, new).total == 0


def test_an_event_that_is_too_large_is_refused_with_all_of_its_call() -> None:
    size = len(event("a", 1))
    bus = make(event_size=size)
    queue = bus.subscribe(["**"])
    publish(bus, event("a", 1))
    with pytest.raises(EventError, match=rf"'b': {size + 1} bytes, limit event_size is"):
        publish(bus, event("a", 2), event("b", 1, size=1))
    assert drain(bus, queue).got == {(publisher(1), "a"): [1]}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"patterns": []}, "0 patterns, there must be 1 to 3"),
        ({"patterns": ["a"] * 4}, "4 patterns, there must be 1 to 3"),
        ({"patterns": ["a", "b..c"]}, "bad pattern 'b..c'"),
        ({"rule": "all"}, "rule 'all' is none of end, latest, newest, oldest"),
        ({"events": 0}, r"events is 0, must be 1 to 5 \(limit queue_events\)"),
        ({"events": 6}, r"events is 6, must be 1 to 5 \(limit queue_events\)"),
        ({"size": -1}, r"bytes is -1, must be 1 to 50 \(limit queue_size\)"),
        ({"size": 51}, r"bytes is 51, must be 1 to 50 \(limit queue_size\)"),
    ],
)
def test_what_is_over_a_limit_is_refused_by_its_name(
    arguments: dict[str, Any], problem: str
) -> None:
    bus = make(patterns=3, queue_events=5, queue_size=50)
    given = {"patterns": ["a", "b", "c"], "events": 5, "size": 50, **arguments}
    with pytest.raises(EventError, match=problem):
        bus.subscribe(**given)
    assert bus.describe()["subscriptions"] == 0
    bus.subscribe(["a", "b", "c"], events=5, size=50)


def test_subscriptions_are_limited_in_all() -> None:
    bus = make(subscriptions=2)
    one = bus.subscribe(["a"])
    bus.subscribe(["a"])
    with pytest.raises(EventError, match=r"2 subscriptions \(limit subscriptions\)"):
        bus.subscribe(["a"])
    bus.unsubscribe(one)
    bus.subscribe(["a"])


def test_positions_are_kept_of_the_youngest_only() -> None:
    bus = make(heads=2)
    publish(bus, event("a", 1), event("b", 1), event("a", 2), event("c", 1))
    assert bus.topics("**") == ["a", "c"]
    assert bus.describe()["heads"] == 2


def test_topics_are_listed_by_pattern_and_not_without_end() -> None:
    bus = make()
    publish(bus, *(event(f"lab.t{n}", 1) for n in range(1001)), event("x", 1, keep=True))
    assert bus.topics("x*") == ["x"]
    assert len(bus.topics("**")) == 1000
    with pytest.raises(EventError, match="bad pattern"):
        bus.topics("a..b")


def test_who_waits_is_woken_after_the_lock_is_free() -> None:
    lock = threading.Lock()
    bus = Bus(lock)
    queue = bus.subscribe(["a"])
    woken = []
    assert bus.take(queue, lambda _: woken.append(lock.locked())) == b""
    publish(bus, event("a", 1), event("a", 2))
    assert woken == [False]
    assert len(unpack(bus.take(queue, nobody))) == 2
    assert bus.take(queue, lambda _: woken.append(lock.locked())) == b""
    bus.unsubscribe(queue)
    assert woken == [False, False]


@pytest.mark.parametrize(("count", "near"), [(4, True), (5, False)])
def test_a_thread_that_publishes_has_the_time_to_send_to_a_few(
    count: int, near: bool
) -> None:
    bus = Bus(threading.Lock())
    told: list[bool] = []
    for _ in range(count):
        assert bus.take(bus.subscribe(["a"]), told.append) == b""
    bus.publish(unpack(event("a", 1)))
    assert told == [near] * count


def test_many_topics_are_no_burden() -> None:
    bus = make()
    queue = bus.subscribe(["lab."], events=5)
    for start in range(0, 30_000, 500):
        publish(bus, *(event(f"lab.{n}", 1) for n in range(start, start + 500)))
    reader = drain(bus, queue)
    assert sum(map(len, reader.got.values())) == 5
    assert bus.describe()["heads"] == 10_000


TOPICS = ["a.a", "a.b", "b"]
PATTERNS = [["a."], ["**"], ["b"], ["a.a", "*"]]


class Subscriber:
    """A reader, what it reads, and what it should have heard of."""

    def __init__(self, patterns: list[str], rule: str, events: int, size: int) -> None:
        self.patterns = [Pattern(text) for text in patterns]
        self.arguments: Any = (patterns, rule, events, size)
        self.limit = events
        self.size = size
        self.reader = Reader()
        self.queue: Queue | None = None
        self.begun: dict[tuple[str, str], int] = {}  # the last number before it began
        self.ended = False
        self.came = False  # whether it has got its first portion

    def hears(self, topic: str) -> bool:
        return any(pattern.matches(topic) for pattern in self.patterns)


class Conversation(RuleBasedStateMachine):
    """Publishers, subscribers that come and go, and a service that is started anew."""

    def __init__(self) -> None:
        super().__init__()
        self.bus = make()
        self.numbers: dict[tuple[str, str], int] = {}
        self.subscribers: list[Subscriber] = []

    @rule(
        by=st.integers(1, 2),
        topic=st.sampled_from(TOPICS),
        size=st.integers(0, 20),
        keep=st.booleans(),
        lost=st.integers(0, 2),
        again=st.booleans(),
    )
    def publish(
        self, by: int, topic: str, size: int, keep: bool, lost: int, again: bool
    ) -> None:
        pair = publisher(by), topic
        # What never came to the service is a loss, too, once a number is known.
        if pair in self.numbers:
            self.numbers[pair] += lost
        number = self.numbers[pair] = self.numbers.get(pair, 0) + 1
        record = event(topic, number, by, size, keep)
        publish(self.bus, *([record] * (1 + again)))

    @rule(
        patterns=st.sampled_from(PATTERNS),
        kind=st.sampled_from([*RULES]),
        events=st.integers(1, 4),
        size=st.integers(30, 200),
    )
    def subscribe(self, patterns: list[str], kind: str, events: int, size: int) -> None:
        one = Subscriber(patterns, kind, events, size)
        self._subscribe(one)
        self.subscribers.append(one)

    def _subscribe(self, one: Subscriber) -> None:
        if one.came:
            one.queue = self.bus.subscribe(*one.arguments, since=one.reader.known)
            return
        one.begun = {
            pair: number for pair, number in self.numbers.items() if one.hears(pair[1])
        }
        one.queue = self.bus.subscribe(*one.arguments)

    @precondition(lambda self: self.subscribers)
    @rule(which=st.integers(0, 20))
    def read(self, which: int) -> None:
        one = self.subscribers[which % len(self.subscribers)]
        if one.queue is None or one.ended:
            return
        one.came = True
        try:
            one.reader.read(self.bus.take(one.queue, nobody))
        except SubscriberTooSlowError:
            one.ended = True

    @precondition(lambda self: self.subscribers)
    @rule(which=st.integers(0, 20))
    def leave(self, which: int) -> None:
        one = self.subscribers[which % len(self.subscribers)]
        if one.queue is not None:
            self.bus.unsubscribe(one.queue)
            one.queue, one.ended = None, False

    @precondition(lambda self: self.subscribers)
    @rule(which=st.integers(0, 20))
    def come_back(self, which: int) -> None:
        one = self.subscribers[which % len(self.subscribers)]
        if one.queue is None:
            self._subscribe(one)

    @rule()
    def restart(self) -> None:
        for one in self.subscribers:
            if one.queue is not None and not one.ended:
                self._drain(one)
        for one in self.subscribers:
            one.queue, one.ended = None, False
            # Of whom it has never heard, it can't know how much it has lost now.
            for pair, number in self.numbers.items():
                if one.hears(pair[1]) and pair not in one.reader.known:
                    one.begun[pair] = number
        self.bus = make()
        self._say_hello()

    @rule()
    def say_hello(self) -> None:
        """Let publishers tell how far they are, which is no news."""
        self._say_hello()

    def _say_hello(self) -> None:
        position = Reader()
        position.known = self.numbers
        publish(self.bus, position.since())

    def _drain(self, one: Subscriber) -> None:
        assert one.queue is not None
        one.came = True
        try:
            drain(self.bus, one.queue, one.reader)
        except SubscriberTooSlowError:
            one.ended = True

    @invariant()
    def nothing_grows(self) -> None:
        for one in self.subscribers:
            if one.queue is not None:
                assert one.queue.waiting <= one.limit
                assert one.queue.size <= one.size

    @invariant()
    def nothing_comes_twice_or_late(self) -> None:
        for one in self.subscribers:
            for got in one.reader.got.values():
                assert got == sorted(set(got))

    def teardown(self) -> None:
        """Read what is left: then each has what was published, or knows that it has not."""
        self._say_hello()
        for one in self.subscribers:
            if one.queue is None or one.ended:
                self._subscribe(one)
            self._drain(one)
            if one.ended:
                self._subscribe(one)
                self._drain(one)
            for pair, number in self.numbers.items():
                if not one.hears(pair[1]):
                    assert pair not in one.reader.known
                    continue
                got = len(one.reader.got.get(pair, ()))
                # A kept value may be older than when it began.
                early = [
                    n for n in one.reader.got.get(pair, ()) if n <= one.begun.get(pair, 0)
                ]
                missed = one.reader.missed.get(pair, 0)
                assert got - len(early) + missed == number - one.begun.get(pair, 0), (
                    pair,
                    one.reader.got.get(pair),
                    missed,
                )


TestConversation = Conversation.TestCase


def test_a_head_in_between_is_told_to_those_who_know_less() -> None:
    bus = make()
    queue = bus.subscribe(["a"])
    publish(bus, event("a", 1))
    reader = drain(bus, queue)
    position = Reader()
    position.known[publisher(1), "a"] = 4
    publish(bus, position.since())
    (head,) = unpack(bus.take(queue, nobody))
    assert isinstance(head, Head)
    assert (head.number, head.base) == (4, 1)
    assert reader.total == 0


def test_an_end_ends_all_subscriptions_and_lets_none_begin() -> None:
    bus = make()
    queues = [bus.subscribe(["a"]) for _ in range(3)]
    woken = []
    assert bus.take(queues[0], lambda _: woken.append(1)) == b""
    bus.close()
    assert [queue.closed for queue in queues] == [True] * 3
    assert woken == [1]
    with pytest.raises(EventError, match="the event service has ended"):
        bus.subscribe(["a"])
    publish(bus, event("a", 1))


def test_who_comes_back_counts_also_from_where_publishers_were() -> None:
    bus = make()
    position = Reader()
    position.known[publisher(1), "a"] = 4
    publish(bus, position.since())
    queue = bus.subscribe(["a"], since={})  # it was here, and heard of nobody
    publish(bus, event("a", 7))
    reader = drain(bus, queue)
    assert (reader.got, reader.total) == ({(publisher(1), "a"): [7]}, 2)


def test_more_events_than_are_handed_on_at_once_all_come_in_order() -> None:
    bus = make()
    queue = bus.subscribe(["a"], events=2000)
    publish(bus, *(event("a", number) for number in range(1, 1202)))
    assert drain(bus, queue).got == {(publisher(1), "a"): [*range(1, 1202)]}


def test_a_value_that_a_publisher_still_knows_does_not_replace_a_younger_one() -> None:
    def offered(by: int, number: int, moment: float) -> bytes:
        return as_kept(pack_event("a", publisher(by), number, moment, b"", keep=True))

    bus = make()
    queue = bus.subscribe(["a"], since={(publisher(1), "a"): 2})
    publish(bus, offered(2, 1, 9.0))
    publish(bus, offered(1, 3, 8.0))
    reader = Reader()
    reader.known[publisher(1), "a"] = 2
    drain(bus, queue, reader)
    assert reader.got == {(publisher(2), "a"): [1]}
    assert reader.missed[publisher(1), "a"] == 1
    publish(bus, offered(3, 1, 9.5))
    assert drain(bus, bus.subscribe(["a"])).got == {(publisher(3), "a"): [1]}
