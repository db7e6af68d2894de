"""Something to wait for, from threads and from tasks alike."""

from __future__ import annotations

import asyncio
import threading

from running import LIMIT

__all__ = ["Gate"]


class Gate:
    """Is opened once; whoever waits for that goes on, in a thread or on any event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened = threading.Event()
        self._tasks: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    @property
    def is_open(self) -> bool:
        """Whether it was opened."""
        return self._opened.is_set()

    def open(self) -> None:
        """Let all go on, those who come later too."""
        with self._lock:
            self._opened.set()
            waiting, self._tasks = self._tasks, []
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def wait(self, limit: float = LIMIT) -> bool:
        """Block until it is open; return whether it was in time."""
        return self._opened.wait(limit)

    async def passed(self, limit: float = LIMIT) -> None:
        """Return once it is open; nothing else on the loop is held up."""
        event = asyncio.Event()
        with self._lock:
            if self._opened.is_set():
                return
            self._tasks.append((asyncio.get_running_loop(), event))
        async with asyncio.timeout(limit):
            await event.wait()
