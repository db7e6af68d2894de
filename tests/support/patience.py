"""To wait for what nothing tells of."""

from __future__ import annotations

import time
from collections.abc import Callable

from running import LIMIT

__all__ = ["wait_until"]


def wait_until(holds: Callable[[], object]) -> None:
    """Look again and again until something is so; fail if it never is."""
    end = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)
