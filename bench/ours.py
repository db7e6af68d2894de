"""What both of our sides say about themselves."""

from __future__ import annotations

import platform

from pyrophone import __version__
from pyrophone.wire import framing

__all__ = ["describe"]


def describe() -> str:
    """Return version and build of the library, and the Python it runs on."""
    build = "pure" if str(framing.__file__).endswith(".py") else "compiled"
    return f"pyrophone {__version__}, {build}, Python {platform.python_version()}"
