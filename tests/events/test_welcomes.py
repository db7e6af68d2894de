"""What subscribers are told first, whether they are new or were here before."""

from __future__ import annotations

from pyrophone.events.records import EventRecord, Head, unpack
from pyrophone.events.topics import Pattern
from pyrophone.events.welcomes import Matches, for_new, for_returned, youngest
from readers import Pair, event, publisher


def kept(topic: str, number: int, by: int = 1) -> EventRecord:
    (entry,) = unpack(event(topic, number, by, keep=True))
    assert isinstance(entry, EventRecord)
    return entry


def told(records: list[bytes]) -> list[tuple[object, ...]]:
    entries = unpack(b"".join(records))
    return [
        (entry.topic, entry.number, entry.base, entry.position)
        if isinstance(entry, Head)
        else (entry.topic, entry.number, entry.kept)
        for entry in entries
    ]


A: Pair = (publisher(1), "a")
B: Pair = (publisher(1), "b")


def test_who_is_new_has_lost_nothing() -> None:
    records = for_new({A: (7, 0), B: (2, 1)}, [kept("a", 5)])
    assert told([*records]) == [("a", 5, True), ("a", 7, 7, True), ("b", 2, 2, True)]


def test_who_was_here_is_told_of_what_it_has_not() -> None:
    heads = {A: (7, 0), B: (3, 1)}
    assert told([*for_returned({A: 7, B: 3}, heads, [kept("a", 5)])]) == []
    assert told([*for_returned({A: 4, B: 2}, heads, [kept("a", 5)])]) == [
        ("b", 3, 2, False),
        ("a", 4, 4, False),
        ("a", 5, True),
        ("a", 7, 5, False),
    ]


def test_who_was_here_before_a_publisher_was_has_lost_all_that_it_has_published() -> None:
    assert told([*for_returned({}, {B: (3, 1)}, [])]) == [("b", 3, 1, False)]


def test_a_value_of_a_publisher_that_is_forgotten_is_told_with_no_loss() -> None:
    records = [*for_returned({}, {}, [kept("a", 5)])]
    assert told(records) == [("a", 4, 4, False), ("a", 5, True), ("a", 5, 5, False)]
    assert told([*for_returned({A: 5}, {}, [kept("a", 5)])]) == []


def test_of_the_values_that_match_the_youngest_are_told() -> None:
    values = [kept(topic, 1) for topic in ("a", "b", "x", "c")]
    matches = Matches([Pattern("a"), Pattern("b"), Pattern("c")])
    size = len(values[0].data)
    assert [one.topic for one in youngest(values, matches, 9, 9 * size)] == ["a", "b", "c"]
    assert [one.topic for one in youngest(values, matches, 2, 9 * size)] == ["b", "c"]
    assert [one.topic for one in youngest(values, matches, 9, 3 * size - 1)] == ["b", "c"]
