"""Where what has come waits for who reads it, in a thread or in the loop itself."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import suppress
from typing import Any

__all__ = ["Outlet"]

_ROOM = 500  # what may wait before nothing more is taken from the network


class Outlet:
    """Hands what one loop puts in to who takes it: other threads, or tasks of that loop.

    Who puts in waits while there is no room, so that what is not read stays with the
    service, by whose rules it is kept or dropped.

    Attributes:
        over: Whether nothing more will come.
    """

    def __init__(self) -> None:
        self.over = False
        self._condition = threading.Condition()
        self._items: deque[Any] = deque()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._full: asyncio.Future[None] | None = None
        self._readers: list[asyncio.Future[None]] = []

    async def put(self, items: list[Any]) -> None:
        """Put *items* in; return when there is room for more."""
        self._loop = asyncio.get_running_loop()
        with self._condition:
            self._items.extend(items)
            self._condition.notify_all()
            full = None
            if len(self._items) >= _ROOM:
                full = self._full = self._full or self._loop.create_future()
        self._rouse()
        if full is not None:
            await asyncio.shield(full)

    def end(self, error: BaseException | None = None) -> None:
        """Let the readers end, with *error* if there is one; in the loop."""
        with self._condition:
            self.over = True
            self._error = self._error or error
            self._condition.notify_all()
        self._rouse()

    def drop(self) -> None:
        """Forget what waits, and let the readers end; from any thread."""
        with self._condition:
            self._items.clear()
            self._error = None
            self.over = True
            self._condition.notify_all()
        self._soon(self._rouse)

    def take(self, timeout: float | None) -> Any:
        """Return the next item, in a thread that may wait.

        Args:
            timeout: For how long, in seconds; None is for ever.

        Raises:
            TimeoutError: None came in time.
            StopIteration: There will be none.
            Exception: What ended it.
        """
        with self._condition:
            if not self._items and not self._condition.wait_for(self._ready, timeout):
                raise TimeoutError(f"nothing came within {timeout:g} s")
            return self._next()

    async def take_soon(self) -> Any:
        """Return the next item, in the loop.

        Raises:
            StopAsyncIteration: There will be none.
            Exception: What ended it.
        """
        self._loop = loop = asyncio.get_running_loop()
        while not self._ready():
            reader = loop.create_future()
            self._readers.append(reader)
            try:
                await reader
            finally:
                if reader in self._readers:
                    self._readers.remove(reader)
        try:
            with self._condition:
                return self._next()
        except StopIteration:
            raise StopAsyncIteration from None

    def _ready(self) -> bool:
        return bool(self._items) or self.over

    def _next(self) -> Any:
        """Return the next item, or raise the end; the condition is held."""
        if self._items:
            item = self._items.popleft()
            if not self._items and self._full is not None:
                full, self._full = self._full, None
                self._soon(_settle, full)
            return item
        error, self._error = self._error, None
        if error is not None:
            raise error
        raise StopIteration

    def _rouse(self) -> None:
        """Wake the tasks that wait; in the loop."""
        readers, self._readers = self._readers, []
        for reader in readers:
            _settle(reader)

    def _soon(self, function: Any, *args: Any) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it is closed, and nobody waits there
                self._loop.call_soon_threadsafe(function, *args)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
