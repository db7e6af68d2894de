"""Signs of life on one connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

__all__ = ["Beats"]

_SILENCE = 3  # intervals without a sign of life after which the other side is lost


class Beats:
    """Gives signs of life on a connection that is otherwise quiet, and looks for those.

    Whoever has it keeps :attr:`heard` and :attr:`told` up to date. A loop that was busy or
    stopped for long can't know what came meanwhile, and grants the other side that time.

    Args:
        interval: How often each side says something, in seconds.
        pulse: Sends a sign of life.
        lost: Called, and nothing more, when the other side was silent for too long.

    Attributes:
        heard: When something came last, by ``time.monotonic()``; infinity while nobody
            listens.
        told: When something was sent last.
    """

    __slots__ = ("_interval", "_loop", "_lost", "_pulse", "_timer", "heard", "told")

    def __init__(
        self, interval: float, pulse: Callable[[], object], lost: Callable[[], object]
    ) -> None:
        self.heard = self.told = time.monotonic()
        self._interval = interval
        self._pulse = pulse
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(interval, self._look)

    def stop(self) -> None:
        """End: the connection is gone."""
        self._timer.cancel()

    def _look(self) -> None:
        interval = self._interval
        now = time.monotonic()
        if self._loop.time() - self._timer.when() > interval:
            self.heard = max(now, self.heard)
        if now - self.heard >= _SILENCE * interval:
            self._lost()
            return
        if now - self.told >= interval:
            self._pulse()
            self.told = now
        due = min(self.told + interval, self.heard + _SILENCE * interval)
        self._timer = self._loop.call_later(max(0.001, due - now), self._look)
