"""Tracebacks of both sides in one text."""

from __future__ import annotations

from typing import Any

import pytest

from pyrophone.classic.tracebacks import format_traceback, joined_traceback


class Fragile:
    """Has no repr."""

    def __repr__(self) -> str:
        raise ValueError("no")

    def fail(self) -> None:
        local = 5
        raise KeyError(local)


def caught(**attributes: object) -> KeyError:
    """Return an error that was raised two frames deep."""
    try:
        Fragile().fail()
    except KeyError as error:
        vars(error).update(attributes)
        return error
    raise AssertionError


def lines_of(error: BaseException, *, detailed: bool = False) -> list[str]:
    return joined_traceback("HEAD:", detailed, type(error), error, error.__traceback__)


def test_the_remote_lines_stand_behind_bars_after_the_local_ones() -> None:
    error = caught(_pyroTraceback=["Traceback:\n", "  there\n  twice\n", "E: x\n"])
    lines = lines_of(error)
    local = format_traceback(type(error), error, error.__traceback__)
    assert lines[: len(local)] == local
    assert local[0] == "Traceback (most recent call last):\n"
    assert "".join(lines[len(local) :]) == (
        "HEAD:\n | Traceback:\n |   there\n |   twice\n | E: x\n"
        " +--- End of remote traceback\n"
    )


def test_pyrophones_own_note_is_not_shown_besides() -> None:
    error = caught(_pyroTraceback=["x\n"])
    error.add_note("Remote traceback:\nx")
    error.add_note("another")
    text = "".join(lines_of(error))
    assert "Remote traceback:\nx" not in text
    assert "another\n" in text


def test_without_arguments_it_is_the_error_in_flight() -> None:
    try:
        raise KeyError("now")
    except KeyError:
        assert joined_traceback("", False, None, None, None)[-1] == "KeyError: 'now'\n"
        assert format_traceback()[-1] == "KeyError: 'now'\n"
    assert format_traceback() == ["NoneType: None\n"]


def test_an_instance_in_the_place_of_the_class_is_refused() -> None:
    with pytest.raises(TypeError, match="ex_type should be an exception type"):
        joined_traceback("", False, KeyError(), None, None)  # type: ignore[arg-type]


def test_the_detailed_text_shows_values_but_for_the_outermost_frame() -> None:
    lines = lines_of(caught(), detailed=True)
    rule = "-" * 52 + "\n"
    headline = " EXCEPTION <class 'KeyError'>: 5\n"
    assert lines[:2] == [rule, headline]
    assert lines[-3:] == [rule, headline, rule]
    assert "    raise KeyError(local)\n" in lines
    assert lines.count("Local values:\n") == 1
    assert "    local = 5\n" in lines
    assert "    self = <ERROR>\n" in lines


def test_an_error_without_text_is_shown_in_the_plain_form() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError("mute")

    try:
        raise MuteError
    except MuteError as error:
        lines = lines_of(error, detailed=True)
    assert "MuteError" in lines[-1]


@pytest.mark.parametrize("remote", [5, "text", [1, None], [["a"]], {"a": 1}])
def test_what_a_peer_sends_as_its_traceback_may_be_anything(remote: object) -> None:
    lines = lines_of(caught(_pyroTraceback=remote))
    assert lines[-1] == "\n +--- End of remote traceback\n"


def test_an_error_that_python_can_not_show_is_shown_shortly() -> None:
    source: Any = 5  # should be a text
    error = SyntaxError("bad", ("file", 1, 1, source))
    assert format_traceback(SyntaxError, error, None) == [
        "SyntaxError: bad (file, line 1)\n"
    ]
