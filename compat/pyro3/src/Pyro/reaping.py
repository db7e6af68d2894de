"""The end of objects that nobody uses."""

from __future__ import annotations

import threading
import weakref
from typing import Any

__all__ = ["watch"]

_OFTEN = 0.05  # seconds between two looks, at least


def watch(daemon: Any, age: float, ended: threading.Event) -> None:
    """Look for old objects of *daemon* now and then, until *ended*.

    Args:
        daemon: What has ``reap()``; no more than a weak reference is kept.
        age: Of objects that go, in seconds.
        ended: Says when to stop.
    """
    found = weakref.ref(daemon)
    pause = max(_OFTEN, age / 5)

    def look() -> None:
        while not ended.wait(pause):
            alive = found()
            if alive is None:
                return
            alive.reap()
            del alive

    threading.Thread(target=look, name="Pyro-reaper", daemon=True).start()
