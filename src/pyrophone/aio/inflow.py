"""Where the items of a stream come in, until they are read."""

from __future__ import annotations

import asyncio
from collections import deque

from ..wire.events import Portion

__all__ = ["Inflow"]


class Inflow:
    """What came of one stream and was not read yet.

    It holds no more messages than were asked for.

    Args:
        error: Why nothing comes any more, if that is so.

    Attributes:
        portions: The messages.
        error: Likewise.
    """

    __slots__ = ("_waiter", "error", "portions")

    def __init__(self, error: Exception | None = None) -> None:
        self.portions: deque[Portion] = deque()
        self.error = error
        self._waiter: asyncio.Future[None] | None = None

    def put(self, portion: Portion) -> None:
        """Take in what came."""
        self.portions.append(portion)
        self._wake()

    def lose(self, error: Exception) -> None:
        """Note that nothing more comes, because of *error*."""
        self.error = error
        self._wake()

    async def wait(self) -> None:
        """Return when there is something to read, or nothing more comes."""
        while not self.portions and self.error is None:
            if self._waiter is None:
                self._waiter = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._waiter)

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.set_result(None)
