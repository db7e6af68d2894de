"""Errors from here and from afar."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro5.api
import pyrophone
from Pyro5 import errors


class UnheardError(Exception):
    """A class that no client knows."""


@Pyro5.api.expose
class Failing:
    """Raises what it is told to."""

    def __init__(self) -> None:
        self.calls = 0

    def fail(self, kind: str) -> None:
        """Raise one of the errors below."""
        self.calls += 1
        raise FAILURES[kind]

    def leave(self, name: str) -> None:
        """Raise what ends a process at home."""
        endings = {
            "exit": SystemExit(3),
            "keys": KeyboardInterrupt(),
            "gen": GeneratorExit(),
        }
        raise endings[name]

    def attribute(self) -> None:
        """Raise an error that carries something."""
        error = ValueError("late")
        error.minutes = 5  # type: ignore[attr-defined]
        error.add_note("not again")
        raise error

    def lock(self) -> Any:
        """Return what can't travel."""
        return [threading.Lock()]

    def echo(self, value: Any) -> Any:
        """Return what came."""
        return value

    @Pyro5.api.callback
    def called_back(self) -> None:
        """Fail, and be logged."""
        raise RuntimeError("in the callback")


FAILURES = {
    "value": ValueError("no", 7),
    "naming": errors.NamingError("no such name"),
    "closed": errors.ConnectionClosedError("elsewhere"),
    "timeout": errors.TimeoutError("elsewhere too"),
    "security": errors.SecurityError("not here"),
    "large": errors.MessageTooLargeError("huge"),
    "unheard": UnheardError("what?", 8),
    "unicode": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
}


@pytest.fixture
def failing() -> Failing:
    """The object behind the proxy."""
    return Failing()


@pytest.fixture
def proxy(serve: Callable[..., Any], failing: Failing) -> Iterator[Any]:
    """A proxy for it."""
    with Pyro5.api.Proxy(serve(failing)) as proxy:
        yield proxy


def test_the_tree_is_that_of_pyro5_and_hangs_below_pyrophones() -> None:
    parents = {
        errors.PyroError: Exception,
        errors.NamingError: errors.PyroError,
        errors.DaemonError: errors.PyroError,
        errors.SecurityError: errors.PyroError,
        errors.CommunicationError: errors.PyroError,
        errors.ConnectionClosedError: errors.CommunicationError,
        errors.TimeoutError: errors.CommunicationError,
        errors.ProtocolError: errors.CommunicationError,
        errors.MessageTooLargeError: errors.ProtocolError,
        errors.SerializeError: errors.ProtocolError,
    }
    for cls, parent in parents.items():
        assert issubclass(cls, parent)
        assert issubclass(cls, pyrophone.PyrophoneError)
        assert not issubclass(cls, OSError)
        assert cls("text", 1).args == ("text", 1)


@pytest.mark.parametrize(
    "kind", ["value", "naming", "closed", "timeout", "security", "large"]
)
def test_what_a_method_raises_arrives_as_it_was(proxy: Any, kind: str) -> None:
    with pytest.raises(type(FAILURES[kind])) as caught:
        proxy.fail(kind)
    assert type(caught.value) is type(FAILURES[kind])
    assert caught.value.args == FAILURES[kind].args
    lines = caught.value._pyroTraceback  # type: ignore[attr-defined]
    assert lines[0] == "Traceback (most recent call last):\n"
    assert "in fail\n" in lines[1]
    assert proxy._pyroConnection is not None


def test_bytes_in_an_error_arrive(proxy: Any) -> None:
    with pytest.raises(UnicodeDecodeError) as caught:
        proxy.fail("unicode")
    assert caught.value.object == b"\xff"


def test_attributes_and_notes_of_an_error_arrive(proxy: Any) -> None:
    with pytest.raises(ValueError, match="late") as caught:
        proxy.attribute()
    assert caught.value.minutes == 5  # type: ignore[attr-defined]
    assert caught.value.__notes__[0] == "not again"


def test_a_lost_connection_that_a_method_reports_is_not_retried(
    proxy: Any, failing: Failing
) -> None:
    proxy._pyroMaxRetries = 3
    with pytest.raises(errors.ConnectionClosedError, match="elsewhere"):
        proxy.fail("closed")
    assert failing.calls == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("exit", "SystemExit: 3"),
        ("keys", "KeyboardInterrupt: "),
        ("gen", "GeneratorExit: "),
    ],
)
def test_what_ends_a_process_is_an_answer_that_ends_nobody(
    proxy: Any, name: str, text: str
) -> None:
    with pytest.raises(errors.PyroError) as caught:
        proxy.leave(name)
    assert str(caught.value) == text
    assert proxy.echo(1) == 1


def test_an_unknown_class_is_a_serialize_error_that_keeps_text_and_traceback(
    proxy: Any,
) -> None:
    with pytest.raises(errors.SerializeError) as caught:
        proxy.fail("unheard")
    name = f"{UnheardError.__module__}.UnheardError"
    assert str(caught.value) == f"unsupported serialized class: {name}: ('what?', 8)"
    assert "in fail\n" in caught.value._pyroTraceback[1]  # type: ignore[attr-defined]
    line = proxy._pyroConnection
    assert proxy.echo(2) == 2
    assert proxy._pyroConnection is line


def test_what_cannot_travel_is_an_error_and_the_next_call_works(proxy: Any) -> None:
    with pytest.raises(errors.SerializeError, match=r"result\[0\]: lock object"):
        proxy.lock()
    line = proxy._pyroConnection
    with pytest.raises(errors.SerializeError, match="lock object"):
        proxy.echo(threading.Lock())
    assert proxy.echo(1) == 1
    assert proxy._pyroConnection is line


def test_a_message_that_is_too_large_is_an_error_of_its_own(proxy: Any) -> None:
    Pyro5.config.MAX_MESSAGE_SIZE = 1000
    with Pyro5.api.Proxy(proxy._pyroUri) as small:
        with pytest.raises(errors.MessageTooLargeError, match="message too large"):
            small.echo("x" * 1000)
        assert small.echo(1) == 1


def test_the_text_of_a_traceback_has_the_remote_part(proxy: Any) -> None:
    try:
        proxy.fail("value")
    except ValueError:
        lines = errors.get_pyro_traceback()
    text = "".join(lines)
    local, head, remote = text.partition(
        " +--- This exception occurred remotely (Pyro) - Remote traceback:\n"
    )
    assert head
    assert local.startswith("Traceback (most recent call last):\n")
    assert local.endswith("ValueError: ('no', 7)\n")
    assert "Remote traceback" not in local
    assert remote.startswith(" | Traceback (most recent call last):\n |   File ")
    assert remote.endswith(" | ValueError: ('no', 7)\n +--- End of remote traceback\n")


def test_the_text_of_a_local_error_is_pythons_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        _ = 1 // 0
    except ZeroDivisionError as error:
        lines = errors.get_pyro_traceback()
        errors.excepthook(type(error), error, error.__traceback__)
    assert capsys.readouterr().err == "".join(lines)
    assert lines[-1] == "ZeroDivisionError: integer division or modulo by zero\n"
    assert len(lines) == 3
    assert errors.get_pyro_traceback() == ["NoneType: None\n"]
    with pytest.raises(TypeError):
        errors.get_pyro_traceback(ValueError("x"))  # type: ignore[arg-type]


def test_the_detailed_text_shows_local_values() -> None:
    def inner(number: int) -> float:
        return 1 / number

    try:
        inner(0)
    except ZeroDivisionError:
        text = "".join(errors.format_traceback(detailed=True))
    rule = "-" * 52
    headline = " EXCEPTION <class 'ZeroDivisionError'>: division by zero"
    assert text.startswith(
        f"{rule}\n{headline}\n Extended stacktrace follows (most recent call"
    )
    assert "Source code:\n    return 1 / number\nLocal values:\n    number = 0\n" in text
    assert text.endswith(f"{rule}\n{headline}\n{rule}\n")


def test_an_error_of_a_callback_is_logged_where_it_happens(
    proxy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(RuntimeError, match="in the callback"),
    ):
        proxy.called_back()
    assert "in the callback" in caplog.text
