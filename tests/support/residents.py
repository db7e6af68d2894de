"""How much memory this process has in fact, whatever was set aside."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

__all__ = ["measured", "resident"]

_STATE = Path("/proc/self/statm")

# With debug hooks, all memory that is set aside is filled.
measured = pytest.mark.skipif(
    not _STATE.exists()
    or sys.flags.dev_mode
    or "debug" in os.environ.get("PYTHONMALLOC", ""),
    reason="this is not to be measured here",
)


def resident() -> int:
    """Return its bytes."""
    return int(_STATE.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
