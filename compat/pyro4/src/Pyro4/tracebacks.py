"""Texts that show where an exception happened, on the other side too."""

from __future__ import annotations

import sys
from types import TracebackType

from pyrophone.classic import tracebacks

from .configuration import config

__all__ = ["excepthook", "formatTraceback", "getPyroTraceback"]

# With one "r", as tutorials print it.
_HEADLINE = " +--- This exception occured remotely (Pyro) - Remote traceback:"


def getPyroTraceback(
    ex_type: type[BaseException] | None = None,
    ex_value: BaseException | None = None,
    ex_tb: TracebackType | None = None,
) -> list[str]:
    """Return the lines of a traceback, and those of the remote one behind it.

    Args:
        ex_type: Class of the exception; without any argument it is the one in flight.
        ex_value: The exception.
        ex_tb: Where it happened.

    Raises:
        TypeError: The exception was given in the place of its class.
    """
    detailed = config.DETAILED_TRACEBACK
    return tracebacks.joined_traceback(_HEADLINE, detailed, ex_type, ex_value, ex_tb)


def formatTraceback(
    ex_type: type[BaseException] | None = None,
    ex_value: BaseException | None = None,
    ex_tb: TracebackType | None = None,
    detailed: bool = False,
) -> list[str]:
    """Return the lines of a traceback.

    Args:
        ex_type: Class of the exception; without any argument it is the one in flight.
        ex_value: The exception.
        ex_tb: Where it happened.
        detailed: With the local variables of each frame.

    Raises:
        TypeError: The exception was given in the place of its class.
    """
    tracebacks.check_type(ex_type)
    return tracebacks.format_traceback(ex_type, ex_value, ex_tb, detailed)


def excepthook(
    ex_type: type[BaseException], ex_value: BaseException, ex_tb: TracebackType | None
) -> None:
    """Print an exception with its remote traceback; for ``sys.excepthook``."""
    sys.stderr.write("".join(getPyroTraceback(ex_type, ex_value, ex_tb)))
