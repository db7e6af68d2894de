"""An event service in a program with an asyncio loop."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from types import TracebackType
from typing import Any, Self

from ..aio import Daemon
from .hosting import BaseEventService

__all__ = ["AsyncEventService"]

_LONGEST = 5.0  # seconds for the name to be withdrawn, where a name server hangs


class AsyncEventService(BaseEventService):
    """Events for all programs around, served in the loop of this one.

    Arguments, attributes and errors are those of :class:`pyrophone.events.EventService`. An
    ``async with`` block serves, and ends it; :meth:`serve` waits until it is stopped. The
    name is looked after by a thread of its own.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._threads: list[threading.Thread] = []
        super().__init__(*args, **kwargs)

    async def serve(self) -> None:
        """Serve until :meth:`stop` is called, or this is cancelled, as by Ctrl-C."""
        async with self:
            await self._daemon.serve()

    async def stop(self, grace: float = 5.0) -> None:
        """End it and all subscriptions; return when the calls that run are answered.

        Args:
            grace: How long they may take, in seconds.
        """
        self._silence()
        await self._daemon.stop(grace)
        for thread in self._threads:
            await asyncio.to_thread(thread.join, _LONGEST)

    async def close(self) -> None:
        """End it without waiting for calls that run."""
        await self.stop(0.0)

    async def __aenter__(self) -> Self:
        if not self._threads and not self._daemon.stopping:
            await self._daemon.__aenter__()
            for name, serve in self._helpers:
                make = partial(threading.Thread, name=f"pyrophone-{name}", daemon=True)
                self._threads.append(make(target=serve))
                self._threads[-1].start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _make_daemon(self, host: str, port: int, **options: Any) -> Daemon:
        return Daemon(host, port, **options)
