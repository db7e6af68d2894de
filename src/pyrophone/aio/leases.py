"""Who uses a connection, and whose turn it is."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .connection import Connection

__all__ = ["Lease", "Place"]


class Lease:
    """The use of a connection by one line. It ends when nobody has it any more."""

    __slots__ = ("__weakref__", "_loop", "busy", "connection")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.busy = False
        self._loop = connection.loop
        connection.leases += 1

    def end(self) -> None:
        """Do without the connection from now on; to be called in its loop."""
        if self._loop is not None:
            self._loop = None
            self.connection.leave()

    def __del__(self) -> None:
        # Perhaps in another thread, or in a child that has the loop of its parent.
        loop = self._loop
        connection = self.connection
        if loop is not None and connection.open and connection.here():
            with suppress(RuntimeError):  # the loop is closed, and so is all it had
                loop.call_soon_threadsafe(self.connection.leave)


class Place:
    """The connections of one line in one loop.

    Towards a daemon that carries many calls on a connection it is one; else there are
    more, and callers that find all of them busy wait.
    """

    def __init__(self, most: int) -> None:
        self.lock = asyncio.Lock()
        self.leases: list[Lease] = []
        self._most = most
        self._opening = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    def one(self) -> Lease | None:
        """Return the oldest connection that is still open, None if there is none."""
        self.leases = [lease for lease in self.leases if lease.connection.open]
        return self.leases[0] if self.leases else None

    def idle(self) -> Lease | None:
        """Return the oldest connection without a call, None if there is none."""
        self.one()
        return next((lease for lease in self.leases if not lease.busy), None)

    async def take(self, connect: Callable[[], Any]) -> Lease:
        """Wait for a connection without a call, and take it; *connect* makes another."""
        while (lease := self.idle()) is None:
            if len(self.leases) + self._opening < self._most:
                self._opening += 1
                try:
                    lease = await connect()
                finally:
                    self._opening -= 1
                self.leases.append(lease)
                break
            turn = asyncio.get_running_loop().create_future()
            self._queue.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._next()
                raise
            finally:
                if turn in self._queue:
                    self._queue.remove(turn)
        lease.busy = True
        return lease

    def give(self, lease: Lease) -> None:
        """Give back what was taken."""
        lease.busy = False
        self._next()

    def _next(self) -> None:
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
