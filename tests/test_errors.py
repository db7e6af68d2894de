from __future__ import annotations

import inspect
import pickle

import pytest

from pyrophone import errors
from pyrophone.errors import (
    CallTimeoutError,
    CommunicationError,
    ConnectError,
    MessageTooLargeError,
    NotExposedError,
    PyrophoneError,
    RemoteError,
    UnknownNameError,
)

CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, Exception)
}


def tree() -> dict[str, str]:
    """Return parent by name, as the picture on top of the module shows them."""
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        name = line.lstrip(" │├└─").partition(" ")[0]
        if name in CLASSES:
            depth = (len(line) - len(line.lstrip(" │├└─"))) // 4 - 1
            above[depth:] = [name]
            parents[name] = above[depth - 1] if depth else "Exception"
    return parents


def test_the_picture_shows_every_error_at_its_place() -> None:
    drawn = tree()
    assert len(drawn) == 27
    assert sorted([*drawn, "RemoteError"]) == errors.__all__ == sorted(CLASSES)
    for name, parent in drawn.items():
        assert CLASSES[name].__bases__[0].__name__ == parent


def test_what_the_remote_method_raised_is_none_of_our_errors() -> None:
    assert RemoteError.__bases__ == (Exception,)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (NotExposedError, AttributeError),
        (ConnectError, ConnectionError),
        (CallTimeoutError, TimeoutError),
        (UnknownNameError, LookupError),
        (errors.InvalidURIError, ValueError),
    ],
)
def test_errors_are_what_python_calls_such_a_thing(
    error: type[Exception], builtin: type[Exception]
) -> None:
    with pytest.raises(builtin):
        raise error("text")


def test_a_timeout_can_be_caught_as_a_lost_conversation() -> None:
    assert issubclass(CallTimeoutError, CommunicationError)


def test_too_large_a_message_tells_both_sizes() -> None:
    error = MessageTooLargeError(5, 4)
    assert str(error) == "message too large (5 bytes, max=4)"
    assert (error.size, error.limit, error.args) == (5, 4, (5, 4))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RemoteError("lab.OverheatError"), "lab.OverheatError"),
        (RemoteError("lab.OverheatError", (99,), "99 °C"), "lab.OverheatError: 99 °C"),
    ],
)
def test_a_remote_error_shows_class_and_text(error: RemoteError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize(
    "error",
    [
        *(CLASSES[name]("text") for name in tree() if name != "MessageTooLargeError"),
        MessageTooLargeError(5, 4),
        RemoteError("lab.OverheatError", (99,), "99 °C"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (copy.args, vars(copy), str(copy)) == (error.args, vars(error), str(error))


def test_every_error_of_ours_can_be_caught_at_once() -> None:
    assert all(issubclass(CLASSES[name], PyrophoneError) for name in tree())
