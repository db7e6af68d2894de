"""Whose a proxy is."""

from __future__ import annotations

import threading
from typing import Any

try:
    from greenlet import getcurrent  # type: ignore[import-untyped]
except ImportError:
    getcurrent = None

__all__ = ["identity"]


def identity() -> Any:
    """Return what tells the callers of proxies apart: the thread, or the greenlet."""
    return threading.get_ident() if getcurrent is None else getcurrent()
