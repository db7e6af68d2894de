"""What commands share: texts for people, settings, signals."""

from __future__ import annotations

import signal
import threading

import pytest

from pyrophone import Settings
from pyrophone.cli.common import (
    CommandError,
    describe,
    explain,
    printable,
    remote_traceback,
    settings,
    until_told_to_end,
)
from pyrophone.errors import ConnectError, RefusedError, UnknownNameError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain é€😀 text", "plain é€😀 text"),
        ("a\nb\tc\\", "a\\nb\\tc\\"),
        ("\x1b[31m\x07\x9b\u202e\ud800", "\\x1b[31m\\x07\\x9b\\u202e\\ud800"),
    ],
)
def test_what_could_harm_a_terminal_is_written_out(text: str, expected: str) -> None:
    assert printable(text) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UnknownNameError("no x"), "no x; 'pyrophone names list' shows what is registered"),
        (ConnectError("nobody"), "nobody; is its server running?"),
        (RefusedError("no"), "no"),
        (CommandError("wrong"), "wrong"),
        (ValueError("bad"), "ValueError: bad"),
        (KeyError(), "KeyError"),
    ],
)
def test_an_error_says_what_to_do_next(error: Exception, expected: str) -> None:
    assert explain(error) == expected


def test_an_error_is_described_by_class_and_text() -> None:
    assert describe(OSError(2, "gone")) == "FileNotFoundError: [Errno 2] gone"


def test_a_remote_traceback_is_found_among_notes() -> None:
    error = ValueError("bad")
    assert remote_traceback(error) is None
    error.add_note("something else")
    assert remote_traceback(error) is None
    error.add_note("Remote traceback:\nline")
    assert remote_traceback(error) == "Remote traceback:\nline"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYROPHONE_TIMEOUT", "2.5")
    assert settings().timeout == 2.5
    assert isinstance(settings(), Settings)
    monkeypatch.setenv("PYROPHONE_TIMEOUT", "soon")
    with pytest.raises(CommandError, match="in the environment: PYROPHONE_TIMEOUT='soon'"):
        settings()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_block_and_nothing_else(number: signal.Signals) -> None:
    before = signal.getsignal(signal.SIGTERM)
    done = []
    with until_told_to_end():
        signal.raise_signal(number)
        done.append("never")
    assert done == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_errors_go_through_and_the_handler_is_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match="bad"):
        with until_told_to_end():
            raise ValueError("bad")
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_other_threads_signals_are_left_alone() -> None:
    done = []

    def work() -> None:
        with until_told_to_end():
            done.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [before]
