"""An object whose methods wait until they are let go, and tell how they ended."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from gates import Gate
from pyrophone import current, expose
from pyrophone.errors import CallCancelledError, DeadlineExceeded
from running import LIMIT

__all__ = ["Sleeper"]

_LOOK = 0.002  # seconds between two looks of a plain method at its token


@expose
class Sleeper:
    """Methods that wait.

    Attributes:
        started: Opened once a method waits.
        go: Opened by a test, to let them return.
        ended: Opened once a method knows that nobody waits for it.
        runs: How many calls ran, quick ones too.
        longest: Seconds that tasks wait to be let go, at most.
    """

    def __init__(self) -> None:
        self.started = Gate()
        self.go = Gate()
        self.ended = Gate()
        self.runs = 0
        self.longest = LIMIT
        self._lock = threading.Lock()

    def quick(self, value: Any = None) -> Any:
        with self._lock:
            self.runs += 1
        return value

    def hold(self, value: Any = None) -> Any:
        """Wait in a thread; look whether anybody still wants the answer."""
        self.quick()
        self.started.open()
        context = current()
        while not self.go.wait(_LOOK):
            try:
                context.check()
            except (CallCancelledError, DeadlineExceeded):
                self.ended.open()
                raise
        return value

    async def hold_soon(self, value: Any = None) -> Any:
        """Wait in a task."""
        self.quick()
        self.started.open()
        try:
            await self.go.passed(self.longest)
        except asyncio.CancelledError:
            self.ended.open()
            raise
        return value

    def stubborn(self, value: Any = None) -> Any:
        """Wait, and look at nothing."""
        self.quick()
        self.started.open()
        self.go.wait()
        return value

    def left(self) -> float | None:
        """Return how much of the caller's time is left."""
        return current().remaining()

    async def left_soon(self) -> float | None:
        """Likewise."""
        return current().remaining()
