"""Pyrophone's errors become those of a generation, at its border."""

from __future__ import annotations

import copy
import pickle
from types import ModuleType

import pytest

import Pyro4.errors
import Pyro5.errors
from pyrophone import RemoteError
from pyrophone import errors as ours
from pyrophone.classic.border import Border

BOTH = pytest.mark.parametrize("errors", [Pyro4.errors, Pyro5.errors])


def lost() -> ours.ConnectError:
    error = ours.ConnectError("no greeting")
    error.__cause__ = ours.ConnectionLostError("gone")
    return error


@BOTH
@pytest.mark.parametrize(
    ("error", "name", "text"),
    [
        (ours.CallTimeoutError("x"), "TimeoutError", "receiving: timeout"),
        (ours.ConnectionLostError("x"), "ConnectionClosedError", "x"),
        (ours.RemoteProtocolError("x"), "ProtocolError", "x"),
        (ours.RefusedError("x"), "CommunicationError", "x"),
        (lost(), "ConnectionClosedError", "gone"),
        (
            ours.MessageTooLargeError(5, 4),
            "MessageTooLargeError",
            "message too large (5, max=4)",
        ),
        (ours.NoSuchObjectError("x"), "DaemonError", "x"),
        (ours.UnknownNameError("x"), "NamingError", "x"),
        (ours.SerializeError("x"), "SerializeError", "x"),
        (ours.SecurityError("x"), "SecurityError", "x"),
        (ours.StreamError("x"), "PyroError", "x"),
        (
            RemoteError("lab.Hot", (), "x"),
            "SerializeError",
            "unsupported serialized class: lab.Hot: x",
        ),
    ],
)
def test_each_error_has_its_like(
    errors: ModuleType, error: Exception, name: str, text: str
) -> None:
    error.detail = 3  # type: ignore[attr-defined]
    with pytest.raises(getattr(errors, name)) as caught, Border(errors):
        raise error
    assert (type(caught.value).__name__, str(caught.value)) == (name, text)
    assert error.__cause__ is not None or caught.value.detail == 3


@BOTH
def test_the_cause_stays_the_cause(errors: ModuleType) -> None:
    error = ours.NamingError("x")
    error.__cause__ = OSError("unreachable")
    with pytest.raises(errors.NamingError) as caught, Border(errors):
        raise error
    assert caught.value.__cause__ is error.__cause__


@BOTH
def test_what_is_not_exposed_is_an_attribute_error(errors: ModuleType) -> None:
    with pytest.raises(AttributeError, match="x") as caught, Border(errors):
        raise ours.NotExposedError("x")
    assert type(caught.value) is AttributeError


@BOTH
def test_other_errors_pass(errors: ModuleType) -> None:
    for error in (errors.NamingError("x"), KeyError("x"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught, Border(errors):
            raise error
        assert caught.value is error


@BOTH
def test_a_refusal_can_be_caught_in_three_ways(errors: ModuleType) -> None:
    border = Border(errors)
    refusal = border.refusal(ours.SerializeError("no"))
    for kind in (errors.SerializeError, TypeError, ValueError):
        assert isinstance(refusal, kind)
    named = f"{type(refusal).__module__}.{type(refusal).__qualname__}"
    assert named == f"{errors.__name__}.SerializeError"
    for twin in (copy.copy(refusal), pickle.loads(pickle.dumps(refusal))):
        assert (type(twin), str(twin)) == (errors.SerializeError, "no")
    assert str(border.refusal(ours.SerializeError("no"), "never")) == "never"


@BOTH
def test_the_refusal_of_what_is_unsafe_is_a_security_error(errors: ModuleType) -> None:
    border = Border(errors)
    assert type(border.refusal(ours.SecurityError("no"))) is errors.SecurityError
    theirs = errors.SecurityError("no")
    assert border.refusal(theirs) is theirs
