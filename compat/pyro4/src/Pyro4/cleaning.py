"""Names whose daemon is gone go, if NS_AUTOCLEAN says so."""

from __future__ import annotations

from pyrophone.classic import cleaning

from .generation import PYRO4

__all__ = ["AutoCleaner"]


class AutoCleaner(cleaning.AutoCleaner):
    """Drops names whose daemon can't be reached, each NS_AUTOCLEAN seconds.

    Args:
        nameserver: Whose names.

    Raises:
        ValueError: NS_AUTOCLEAN is too small.
    """

    __module__ = "Pyro4.naming"
    generation = PYRO4
