"""Texts that show where an exception happened, on the other side too."""

from __future__ import annotations

import sys
from types import TracebackType

from pyrophone.classic.tracebacks import format_traceback, joined_traceback

from .configure import global_config as config

__all__ = ["excepthook", "format_traceback", "get_pyro_traceback"]

_HEADLINE = " +--- This exception occurred remotely (Pyro) - Remote traceback:"


def get_pyro_traceback(
    ex_type: type[BaseException] | None = None,
    ex_value: BaseException | None = None,
    ex_tb: TracebackType | None = None,
) -> list[str]:
    """Return the lines of a traceback, and those of the remote one behind it."""
    detailed = config.DETAILED_TRACEBACK
    return joined_traceback(_HEADLINE, detailed, ex_type, ex_value, ex_tb)


def excepthook(
    ex_type: type[BaseException], ex_value: BaseException, ex_tb: TracebackType | None
) -> None:
    """Print an exception with its remote traceback; for ``sys.excepthook``."""
    sys.stderr.write("".join(get_pyro_traceback(ex_type, ex_value, ex_tb)))
