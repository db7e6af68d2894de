"""How a daemon in a loop ends: calls, clients, tasks and threads, in this order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from types import AsyncGeneratorType
from typing import Any

from .accepting import AcceptingDaemon
from .drive import drive
from .link import Link

__all__ = ["EndingDaemon"]

_FAREWELL = 1.0  # seconds that clients may take to read what was written, at the end
_ENDING = 0.2  # seconds that tasks and threads may take to end, past their calls


class EndingDaemon(AcceptingDaemon):
    """A daemon that ends with care; a subclass begins.

    Arguments are those of :class:`.AcceptingDaemon`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left: set[Link] = set()  # gone, and one-way calls of them still run
        self._closed = asyncio.Event()
        self._changed = asyncio.Event()
        self._until: float | None = None  # when calls that run have to end
        self._ending: asyncio.Task[None] | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._round: asyncio.TimerHandle | None = None
        self._guard: AsyncGeneratorType[None, None] | None = None

    # What links call.

    def left(self, link: Link) -> None:
        """Release what belonged to the client of *link*."""
        super().left(link)
        if link.answering.count:
            self._left.add(link)
        self._spawn(self._let_go(link))
        self._changed.set()
        if self._entrance.sock is not None and not self.stopping:
            self._begin_to_end(0.0)  # there will be no other client

    def rested(self, link: Link) -> None:
        """Note that a call of *link* has ended, or of one who is gone."""
        if not link.answering.count:
            self._left.discard(link)
        self._changed.set()

    # In this order.

    def _begin_to_end(self, grace: float) -> asyncio.Task[None]:
        until = time.monotonic() + grace
        self._until = until if self._until is None else min(self._until, until)
        self.stopping = True
        self._changed.set()
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._end())
        return self._ending

    async def _end(self) -> None:
        try:
            await self._stop_accepting()
            await self._withdraw()
            await self._settle_calls()
            await self._drop_links()
            await self._await_tasks()
            if self.streams:
                await _within(self._apart(self.streams.clear), _ENDING)
        finally:
            self.retire()
            self.pool.close()
            self.study.close()
            self._entrance.close()
            for link in list(self._links):  # this may have been cancelled
                link.abort()
            self._entrance.give_back()
            self._closed.set()
        await self._await_threads()
        if self._guard is not None and not self._guard.ag_running:
            await self._guard.aclose()

    async def _stop_accepting(self) -> None:
        if self._round is not None:
            self._round.cancel()
        if self._accepting is not None:
            self._accepting.cancel()
            with suppress(asyncio.CancelledError):
                await self._accepting
        self._entrance.close()

    async def _withdraw(self) -> None:
        if self._names:
            await drive(self._withdrawing(), self._withdraw_settings)

    async def _settle_calls(self) -> None:
        """Wait for calls that run; cancel those that don't end within the grace."""
        while self._busy():
            assert self._until is not None
            left = self._until - time.monotonic()
            if left <= 0:
                break
            await self._change(left)
        for link in [*self._links, *self._left]:
            link.answering.give_up()
        until = time.monotonic() + _ENDING
        while self._tasks_run() and time.monotonic() < until:
            await self._change(until - time.monotonic())

    def _busy(self) -> bool:
        return any(link.answering.busy for link in [*self._links, *self._left])

    def _tasks_run(self) -> bool:
        return any(link.answering.tasks for link in [*self._links, *self._left])

    async def _change(self, wait: float) -> None:
        """Wait until something has changed."""
        self._changed.clear()
        await _within(self._changed.wait(), wait)

    async def _drop_links(self) -> None:
        for link in list(self._links):
            link.close()
        until = time.monotonic() + _FAREWELL
        while self._links and time.monotonic() < until:
            await self._change(until - time.monotonic())
        for link in list(self._links):
            link.abort()
        while self._links:
            await self._change(_FAREWELL)

    async def _await_tasks(self) -> None:
        """Wait for what lets go of clients."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_FAREWELL)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_ENDING)

    async def _await_threads(self) -> None:
        """Wait for the threads that have no call to end any more."""
        until = time.monotonic() + _ENDING
        while (self.pool.alive or self.study.alive) and time.monotonic() < until:
            await asyncio.sleep(0.001)


async def _within(work: Awaitable[object], seconds: float) -> None:
    """Wait for *work*, not longer than that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await work
