"""Where what has come waits for who reads it, in a thread or in the loop itself."""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress
from typing import Any

__all__ = ["Outlet"]

_ROOM = 500  # what may wait before nothing more is taken from the network
_END = object()  # behind the last item; stays there, so that each reader finds it


class Outlet:
    """Hands what one loop puts in to who takes it: other threads, or tasks of that loop.

    Who puts in waits while there is no room, so that what is not read stays with the
    service, by whose rules it is kept or dropped.

    Attributes:
        over: Whether nothing more will come.
    """

    def __init__(self) -> None:
        self.over = False
        # Held by who puts something in; reentrant, as garbage is collected in between.
        self._lock = threading.RLock()
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._full: asyncio.Future[None] | None = None
        self._readers: list[asyncio.Future[None]] = []

    async def put(self, items: list[Any]) -> None:
        """Put *items* in; return when there is room for more."""
        self._loop = loop = asyncio.get_running_loop()
        with self._lock:
            for item in items:
                if self.over:
                    return
                self._items.put(item)
        self._rouse()
        if self._items.qsize() >= _ROOM:
            full = self._full
            if full is None or full.get_loop() is not loop:  # one that has ended
                full = self._full = loop.create_future()
            self._make_room()  # if it was emptied since a moment: nobody would say so again
            await asyncio.shield(full)

    def end(self, error: BaseException | None = None) -> None:
        """Let the readers end, with *error* if there is one; in the loop."""
        self._finish(error)
        self._rouse()

    def drop(self) -> None:
        """Forget what waits, and let the readers end; from any thread."""
        self._finish(None, dropping=True)
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
        try:
            item = self._items.get(timeout=timeout and max(0.0, timeout))
        except queue.Empty:
            raise TimeoutError(f"nothing came within {timeout:g} s") from None
        return self._given(item)

    async def take_soon(self) -> Any:
        """Return the next item, in the loop.

        Raises:
            StopAsyncIteration: There will be none.
            Exception: What ended it.
        """
        self._loop = loop = asyncio.get_running_loop()
        while True:
            try:
                return self._given(self._items.get_nowait())
            except queue.Empty:
                reader = loop.create_future()
            except StopIteration:
                raise StopAsyncIteration from None
            self._readers.append(reader)
            try:
                await reader
            finally:
                if reader in self._readers:
                    self._readers.remove(reader)

    def _given(self, item: Any) -> Any:
        """Return *item*, which was taken, or raise the end."""
        if item is _END:
            self._items.put(_END)
            with self._lock:
                error, self._error = self._error, None
            raise StopIteration if error is None else error
        if self._full is not None and self._items.empty():
            self._soon(self._make_room)
        return item

    def _finish(self, error: BaseException | None, *, dropping: bool = False) -> None:
        with self._lock:
            if dropping:
                self._error = None
                with suppress(queue.Empty):
                    while True:
                        self._items.get_nowait()
            elif not self.over:
                self._error = error
            self.over = True
            self._items.put(_END)

    def _make_room(self) -> None:
        """Let those go on who wait to put something in; in the loop."""
        full = self._full
        if full is not None and self._items.empty():
            self._full = None
            _settle(full)

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
