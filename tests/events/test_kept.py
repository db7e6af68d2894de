"""Values are kept for as many topics, and in as many bytes, as there may be."""

from __future__ import annotations

from pyrophone.events.kept import Kept


def test_the_last_value_of_each_topic_is_kept() -> None:
    kept: Kept[int] = Kept(9, 99)
    for number, topic in enumerate("abac"):
        kept.keep(topic, number, 1)
    assert (kept.topics(), kept.values(), len(kept)) == (["b", "a", "c"], [1, 2, 3], 3)
    assert (kept.get("a"), kept.get("x")) == (2, None)
    assert (kept.forget("a"), kept.forget("a"), kept.get("a")) == (True, False, None)


def test_what_is_too_much_goes_with_the_oldest() -> None:
    kept: Kept[int] = Kept(2, 10)
    for number, topic in enumerate("abc"):
        kept.keep(topic, number, 5)
    assert kept.topics() == ["b", "c"]
    kept.keep("c", 3, 6)
    assert kept.topics() == ["c"]
    kept.keep("d", 4, 11)  # more than all may have
    assert (kept.topics(), len(kept)) == ([], 0)
    kept.keep("e", 5, 10)
    assert kept.topics() == ["e"]
