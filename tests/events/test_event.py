from __future__ import annotations

from typing import Any

import pytest

from pyrophone.errors import SerializeError
from pyrophone.events import Event

A = "00112233aabbccdd"


def test_events_are_equal_if_what_was_published_is() -> None:
    event = Event("lab.a", [1], 3, A, 5.0)
    assert event == Event("lab.a", [1], 3, A, 5.0, kept=True, missed=2)
    assert hash(event) == hash(Event("lab.a", [1], 3, A, 5.0))
    assert event != Event("lab.a", [2], 3, A, 5.0)
    assert event != Event("lab.a", [1], 4, A, 5.0)
    assert event != Event("lab.b", [1], 3, A, 5.0)
    assert event != Event("lab.a", [1], 3, A[::-1], 5.0)
    assert event != "lab.a"


def test_it_shows_what_matters_to_people() -> None:
    event = Event("lab.a", {"x": 1}, 3, A, 0.25, kept=True, missed=2)
    assert repr(event).startswith("<Event lab.a {'x': 1} #3 at ")
    assert repr(event).endswith(".250 kept missed=2>")
    assert "kept" not in repr(Event("lab.a", 1, 3, A, 0.25))


def test_a_value_is_opened_once_and_when_it_is_asked_for() -> None:
    opened: list[int] = []

    def open_it() -> str:
        opened.append(1)
        return "value"

    event = Event("lab.a", None, 1, A, 0.0, opened=open_it)
    assert opened == []
    assert (event.value, event.value, opened) == ("value", "value", [1])


def test_a_value_that_cannot_be_read_raises_each_time_and_can_be_shown() -> None:
    def open_it() -> Any:
        raise SerializeError("unknown class")

    event = Event("lab.a", None, 1, A, 0.0, opened=open_it)
    for _ in range(2):
        with pytest.raises(SerializeError, match="unknown class"):
            _ = event.value
    assert "(SerializeError: unknown class)" in repr(event)


def test_any_time_that_a_publisher_says_can_be_shown() -> None:
    assert repr(Event("a", 1, 1, A, 1e300)) == "<Event a 1 #1 at 1e+300>"
