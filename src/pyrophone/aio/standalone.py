"""A service with a daemon of its own, in a loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Self

from .daemon import Daemon

__all__ = ["Standalone"]


class Standalone:
    """A service with a daemon in the loop of the program, and helpers in threads beside.

    An ``async with`` block serves, and ends it; :meth:`serve` waits until it is stopped.
    What is served, a second base says, as with :class:`pyrophone.sync.Standalone`.
    """

    _daemon: Any
    _helpers: list[tuple[str, Callable[[], None]]]
    _silence: Callable[[], None]
    _longest: float | None
    _running: Sequence[asyncio.Future[None]] = ()

    async def serve(self) -> None:
        """Serve until :meth:`stop` is called, or this is cancelled, as by Ctrl-C."""
        async with self:
            await self._daemon.serve()

    async def stop(self, grace: float = 5.0) -> None:
        """End it, and what has no end, such as subscriptions.

        Returns when the calls that run are answered.

        Args:
            grace: How long they may take, in seconds.
        """
        self._silence()
        await self._daemon.stop(grace)
        if self._running:
            await asyncio.wait(self._running, timeout=self._longest)

    async def close(self) -> None:
        """End it without waiting for calls that run."""
        await self.stop(0.0)

    async def __aenter__(self) -> Self:
        if not self._running and not self._daemon.stopping:
            await self._daemon.__aenter__()
            self._running = [
                _beside(serve, f"pyrophone-{name}") for name, serve in self._helpers
            ]
        return self

    async def __aexit__(self, *what: object) -> None:
        await self.close()

    def _make_daemon(self, host: str, port: int, **options: Any) -> Daemon:
        return Daemon(host, port, **options)


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
