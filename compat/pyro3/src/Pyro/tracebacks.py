"""Texts that show where an exception happened, on the other side too."""

from __future__ import annotations

import sys
from types import TracebackType

from pyrophone.classic import tracebacks

from . import config

__all__ = ["excepthook", "formatTraceback", "getPyroTraceback"]

# With one "r", as programs print it.
_HEADLINE = " +--- This exception occured remotely (Pyro) - Remote traceback:"


def getPyroTraceback(
    exc_obj: BaseException | None = None,
    exc_type: type[BaseException] | None = None,
    exc_trb: TracebackType | None = None,
) -> list[str]:
    """Return the pieces of a traceback, and of the remote one behind it.

    Args:
        exc_obj: The exception; without it, the one that is being handled.
        exc_type: Its class.
        exc_trb: Where it happened here.
    """
    if exc_obj is None:
        exc_obj = sys.exc_info()[1]
    if exc_obj is None:
        return []
    kind = exc_type or type(exc_obj)
    place = exc_trb or exc_obj.__traceback__
    detailed = bool(config.PYRO_DETAILED_TRACEBACK)
    return tracebacks.joined_traceback(_HEADLINE, detailed, kind, exc_obj, place)


def formatTraceback(
    ex_type: type[BaseException] | None = None,
    ex_value: BaseException | None = None,
    tb: TracebackType | None = None,
) -> list[str]:
    """Return the lines of a traceback, with local values if the configuration says so."""
    detailed = bool(config.PYRO_DETAILED_TRACEBACK)
    return tracebacks.format_traceback(ex_type, ex_value, tb, detailed)


def excepthook(
    ex_type: type[BaseException], ex_value: BaseException, ex_tb: TracebackType | None
) -> None:
    """Print an exception with its remote traceback; for ``sys.excepthook``."""
    sys.stderr.write("".join(getPyroTraceback(ex_value, ex_type, ex_tb)))
