"""Where Pyrophone's errors become those of Pyro4."""

from __future__ import annotations

from pyrophone.classic.border import Border

from . import errors

__all__ = ["refusal", "translated"]

_BORDER = Border(errors)

refusal = _BORDER.refusal


def translated() -> Border:
    """Return a block that raises Pyro4's errors in place of Pyrophone's."""
    return _BORDER
