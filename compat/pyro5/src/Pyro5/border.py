"""Where Pyrophone's errors become those of Pyro5."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from pyrophone import RemoteError
from pyrophone import errors as ours

from . import errors

__all__ = ["refusal", "translated"]

# The first row that fits counts, so the special ones come before the general.
_TABLE: tuple[tuple[type[Exception], type[Exception]], ...] = (
    (ours.CallTimeoutError, errors.TimeoutError),
    (ours.ConnectionLostError, errors.ConnectionClosedError),
    (ours.ProtocolError, errors.ProtocolError),
    (ours.CommunicationError, errors.CommunicationError),
    (ours.NotExposedError, AttributeError),
    (ours.NoSuchObjectError, errors.DaemonError),
    (ours.DaemonError, errors.DaemonError),
    (ours.NamingError, errors.NamingError),
    (ours.SerializeError, errors.SerializeError),
    (ours.SecurityError, errors.SecurityError),
    (ours.PyrophoneError, errors.PyroError),
)


class _RefusedError(errors.SerializeError, TypeError, ValueError):
    """A value that can't be written, or bytes that can't be read.

    Pyro5 raises one or the other, as it comes; who catches either is served.
    """

    # On the wire, and for whoever looks, it is what it is first of all.
    __module__ = errors.__name__
    __qualname__ = "SerializeError"

    def __reduce__(self) -> Any:
        return errors.SerializeError, self.args, vars(self) or None


_RefusedError.__name__ = "SerializeError"


def refusal(error: Exception, text: str | None = None) -> Exception:
    """Return what a serializer of Pyro5 raises where Pyrophone's raises *error*."""
    if isinstance(error, ours.SecurityError):
        return error if isinstance(error, errors.SecurityError) else _translate(error)
    new = _RefusedError(text or str(error))
    vars(new).update(vars(error))
    return new


class translated:
    """A block that raises Pyro5's errors in place of Pyrophone's."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        theirs = isinstance(error, errors.PyroError)
        if isinstance(error, (ours.PyrophoneError, RemoteError)) and not theirs:
            raise _translate(error) from error.__cause__


def _translate(error: Exception) -> Exception:
    """Return what Pyro5 raises where Pyrophone raises *error*; attributes are kept."""
    new: Exception
    if isinstance(error, RemoteError):
        new = errors.SerializeError(f"unsupported serialized class: {error}")
    elif isinstance(error, ours.ConnectError) and isinstance(
        error.__cause__, ours.ConnectionLostError
    ):  # the greeting was not answered
        return _translate(error.__cause__)
    elif isinstance(error, ours.MessageTooLargeError):
        text = f"message too large ({error.size}, max={error.limit})"
        new = errors.MessageTooLargeError(text)
    else:
        cls = next(theirs for kind, theirs in _TABLE if isinstance(error, kind))
        new = cls("receiving: timeout" if cls is errors.TimeoutError else str(error))
    vars(new).update(vars(error))
    return new
