"""Pyrophone's errors as those of Pyro 3."""

from __future__ import annotations

import re

from pyrophone import errors as core

from .constants import TRACEBACK_ATTRIBUTE, deniedReasons
from .errors import (
    ConnectionClosedError,
    ConnectionDeniedError,
    NoModuleError,
    ProtocolError,
    PyroError,
    TimeoutError,
)

__all__ = ["DENIED", "LOST", "NOT_ADMITTED", "as_ours", "marked", "unknown"]

DENIED = "denied {}: {}"  # how a refusal travels: code, and text
NOT_ADMITTED = "this connection has not been admitted"
LOST = "connection lost"
_FAILED = "connection failed"
_UNKNOWN = "unknown object ID"
_REFUSAL = re.compile(r"\bdenied (\d{1,9}): (.*)", re.DOTALL)


def as_ours(error: core.PyrophoneError) -> Exception:
    """Return what programs know for an error of Pyrophone."""
    text = str(error)
    match error:
        case core.RefusedError():
            return _refused(text)
        case core.ConnectError():
            cause = error.__cause__
            late = isinstance(cause, core.CallTimeoutError) or (
                isinstance(cause, OSError) and "timed out" in text
            )
            return TimeoutError("connection timeout") if late else ProtocolError(_FAILED)
        case core.CallTimeoutError():
            return TimeoutError("connection timeout")
        case core.ConnectionLostError():
            return ConnectionClosedError(LOST)
        case core.NoSuchObjectError():
            return ProtocolError(_UNKNOWN)
        case core.SecurityError() if text == NOT_ADMITTED:
            return ConnectionClosedError(LOST)
        case core.SecurityError():
            return NoModuleError(text)
        case core.CommunicationError() | core.DeadlockError():
            return ProtocolError(text)
        case _:
            return PyroError(text)


def _refused(text: str) -> Exception:
    if "unknown object" in text:
        return ProtocolError(_UNKNOWN)
    match = _REFUSAL.search(text)
    if match is None:
        return ConnectionDeniedError(text)
    return ConnectionDeniedError(deniedReasons.get(int(match[1]), match[2]))


def unknown(error: core.RemoteError) -> Exception:
    """Return what is raised for an exception whose class is not known here."""
    ours = NoModuleError(f"{error.class_name}: {error.text}" if error.text else str(error))
    vars(ours).update(vars(error))
    marked(ours)
    return ours


def marked(error: BaseException) -> None:
    """Give an exception from afar its remote traceback under the name programs know."""
    lines = vars(error).get("_pyroTraceback")  # no code of its class runs
    if isinstance(lines, (list, tuple)):
        object.__setattr__(error, TRACEBACK_ATTRIBUTE, list(lines))
