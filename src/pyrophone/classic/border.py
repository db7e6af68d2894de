"""Where Pyrophone's errors become those of an older generation."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from .. import errors as ours
from ..errors import RemoteError

__all__ = ["Border"]

# The first row that fits counts, so the special ones come before the general.
_TABLE = (
    (ours.CallTimeoutError, "TimeoutError"),
    (ours.ConnectionLostError, "ConnectionClosedError"),
    (ours.ProtocolError, "ProtocolError"),
    (ours.CommunicationError, "CommunicationError"),
    (ours.NoSuchObjectError, "DaemonError"),
    (ours.DaemonError, "DaemonError"),
    (ours.NamingError, "NamingError"),
    (ours.SerializeError, "SerializeError"),
    (ours.SecurityError, "SecurityError"),
    (ours.PyrophoneError, "PyroError"),
)


class Border:
    """A block that raises a package's errors in place of Pyrophone's.

    One will do for all threads, and for blocks inside of blocks.

    Args:
        errors: The package's module of errors, each derived from ours where one fits.
    """

    __slots__ = ("_errors", "_refused")

    def __init__(self, errors: Any) -> None:
        self._errors = errors
        self._refused = _refused_class(errors)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception) and self.to_be_translated(error):
            raise self.translate(error) from error.__cause__

    def to_be_translated(self, error: Exception) -> bool:
        """Tell whether *error* is one of Pyrophone's, and none of the package's."""
        theirs = isinstance(error, self._errors.PyroError)
        return isinstance(error, (ours.PyrophoneError, RemoteError)) and not theirs

    def refusal(self, error: Exception, text: str | None = None) -> Exception:
        """Return what the package's serializers raise where Pyrophone's raise *error*."""
        if isinstance(error, ours.SecurityError):
            theirs = isinstance(error, self._errors.SecurityError)
            return error if theirs else self.translate(error)
        new: Exception = self._refused(text or str(error))
        vars(new).update(vars(error))
        return new

    def translate(self, error: Exception) -> Exception:
        """Return what the package raises where Pyrophone raises *error*.

        Attributes are kept.
        """
        new: Exception
        errors = self._errors
        if isinstance(error, RemoteError):
            new = errors.SerializeError(f"unsupported serialized class: {error}")
        elif isinstance(error, ours.ConnectError) and isinstance(
            error.__cause__, ours.ConnectionLostError
        ):  # the greeting was not answered
            return self.translate(error.__cause__)
        elif isinstance(error, ours.MessageTooLargeError):
            text = f"message too large ({error.size}, max={error.limit})"
            new = errors.MessageTooLargeError(text)
        elif isinstance(error, ours.NotExposedError):
            new = AttributeError(str(error))
        else:
            name = next(name for kind, name in _TABLE if isinstance(error, kind))
            late = name == "TimeoutError"
            new = getattr(errors, name)("receiving: timeout" if late else str(error))
        vars(new).update(vars(error))
        return new


def _refused_class(errors: Any) -> Any:
    """Return the class for a value that can't be written, or bytes that can't be read.

    The old packages raise one or the other of its bases, as it comes; who catches either
    is served. On the wire, and for whoever looks, it is a SerializeError first of all.
    """

    def reduce(self: Exception) -> Any:
        return errors.SerializeError, self.args, vars(self) or None

    bases = (errors.SerializeError, TypeError, ValueError)
    inside = {"__module__": errors.__name__, "__reduce__": reduce, "__doc__": None}
    return type("SerializeError", bases, inside)
