"""Asynchronous iterators for who waits in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import suppress
from typing import Any

__all__ = ["Bridge"]


class Bridge(Iterator[Any]):
    """An iterator over the items of an asynchronous one, which goes on in its loop.

    For streams that clients fetch item by item, and so in threads of the pool. Made in
    the loop.

    Attributes:
        gi_running: Whether somebody waits for an item, under the name that generators
            have for it.
    """

    def __init__(self, items: AsyncIterator[Any]) -> None:
        self._items = items
        self._loop = asyncio.get_running_loop()
        self.gi_running = False

    def __next__(self) -> Any:
        """Return the next item; in a thread that may wait."""
        self.gi_running = True
        try:
            return self._wait(self._next())
        except StopAsyncIteration:
            raise StopIteration from None
        finally:
            self.gi_running = False

    def close(self) -> None:
        """Close the iterator, if it can be; nobody waits for that."""
        close = getattr(self._items, "aclose", None)
        if close is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._loop.create_task, _closing(close))

    async def _next(self) -> Any:
        return await self._items.__anext__()

    def _wait(self, step: Coroutine[Any, Any, Any]) -> Any:
        try:
            future = asyncio.run_coroutine_threadsafe(step, self._loop)
        except RuntimeError:
            step.close()
            raise
        return future.result()


async def _closing(close: Any) -> None:
    with suppress(Exception):  # the user's code, and nobody is left to be told
        await close()
