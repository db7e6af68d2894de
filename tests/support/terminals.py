"""Programs that print as they do in a terminal, though into a pipe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["as_in_terminal"]

_FOLDER = Path(__file__).parent / "terminal"  # what each process imports first


def as_in_terminal(environment: Mapping[str, str]) -> dict[str, str]:
    """Return *environment* for a Python whose lines come at once, and whole."""
    others = environment.get("PYTHONPATH", "")
    path = f"{_FOLDER}{os.pathsep}{others}" if others else str(_FOLDER)
    return {**environment, "PYTHONPATH": path, "PYTHONUNBUFFERED": ""}
