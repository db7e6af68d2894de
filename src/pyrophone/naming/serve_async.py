"""A name server in a program with an asyncio loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from ..aio import Daemon
from .service import BaseNameService

__all__ = ["AsyncNameService"]


class AsyncNameService(BaseNameService):
    """A name server in the loop of the program, that others can call and find.

    Arguments, attributes and errors are those of :class:`pyrophone.naming.NameService`. An
    ``async with`` block serves, and ends it; :meth:`serve` waits until it is stopped.
    The names, the answers to broadcasts and the looking after names have threads of their
    own.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._running: list[asyncio.Future[None]] = []
        super().__init__(*args, **kwargs)

    async def serve(self) -> None:
        """Serve until :meth:`stop` is called, or this is cancelled, as by Ctrl-C."""
        async with self:
            await self._daemon.serve()

    async def stop(self, grace: float = 5.0) -> None:
        """End it; return when the calls that run are answered.

        Args:
            grace: How long they may take, in seconds.
        """
        self._silence()
        await self._daemon.stop(grace)
        await asyncio.gather(*self._running)

    async def close(self) -> None:
        """End it without waiting for calls that run."""
        await self.stop(0.0)

    async def __aenter__(self) -> Self:
        if not self._running and not self._daemon.stopping:
            await self._daemon.__aenter__()
            for name, serve in self._helpers:
                self._running.append(_beside(serve, f"pyrophone-{name}"))
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

    def _give_up(self) -> None:
        self._silence()
        self._daemon.listener.close()


def _beside(serve: Callable[[], None], name: str) -> asyncio.Future[None]:
    """Run *serve* in a thread; return what is done when that has ended."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def run() -> None:
        try:
            serve()
        finally:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(_settle, done)

    threading.Thread(target=run, name=name, daemon=True).start()
    return done


def _settle(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
