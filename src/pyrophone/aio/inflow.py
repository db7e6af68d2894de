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

    __slots__ = ("_waiters", "error", "portions")

    def __init__(self, error: Exception | None = None) -> None:
        self.portions: deque[Portion] = deque()
        self.error = error
        self._waiters: list[asyncio.Future[None]] = []

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
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)  # one for each, which may be cancelled
            await waiter

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
