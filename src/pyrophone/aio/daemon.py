"""A daemon that serves in an asyncio loop."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress
from types import AsyncGeneratorType
from typing import Any, Self, cast

from ..context import Client, serving
from ..frontend.control import Control
from ..frontend.dialects import find_dialects
from ..frontend.host import Host
from ..net.entrances import Entrance
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..wire.dialects import Dialect
from .ending import EndingDaemon

__all__ = ["Daemon"]

_log = logging.getLogger("pyrophone.daemon")

_ROUND = 1.0  # seconds between looks at deadlines, at most


class Daemon(EndingDaemon):
    """A daemon that serves in the loop of the program.

    It listens from the start. An ``async with`` block serves, and closes it at the end;
    :meth:`serve` waits until it is stopped. Methods that are ``async def`` run as tasks of
    the loop, others in threads, so that the loop goes on. To be used in one loop.

    Arguments and errors are those of :class:`pyrophone.sync.LoopDaemon`; but *sock* can't
    have TLS.

    Attributes:
        stopping: Whether :meth:`stop` was called.
    """

    def __init__(
        self,
        host: str = "localhost",
        port: int = 0,
        *,
        unix_socket: str | None = None,
        sock: socket.socket | None = None,
        public: str | None = None,
        tls: ssl.SSLContext | None = None,
        settings: Settings | None = None,
        classes: ClassTable | None = None,
        control: Callable[..., Any] = Control,
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        if isinstance(sock, ssl.SSLSocket):
            raise OSError("a loop can't serve a socket that has TLS already")
        settings = settings or Settings()
        spoken = find_dialects(settings.dialects if dialects is None else dialects)
        entrance = Entrance(
            host,
            port,
            unix_socket=unix_socket,
            sock=sock,
            public=public,
            tls=tls,
            version=settings.ip_version,
        )
        super().__init__(entrance, settings, classes, control, spoken)
        self._started = False
        self._keeping: asyncio.Task[None] | None = None

    @property
    def listener(self) -> socket.socket | None:
        """The socket that new clients come by; None if there is none, or no more."""
        return None if self._closed.is_set() else self._entrance.listener

    @property
    def clients(self) -> list[Client]:
        """Those who are connected."""
        return [link.client for link in self._links]

    async def serve(self) -> None:
        """Serve until :meth:`stop` is called, or this is cancelled, as by Ctrl-C.

        That ends the daemon.
        """
        self._start()
        try:
            await self._closed.wait()
        finally:
            await self.close()

    async def stop(self, grace: float = 5.0) -> None:
        """End the daemon: answer the calls that run, take no new ones.

        Within a method this returns at once, and the rest is done behind its answer.
        Otherwise it returns when all is done. Methods that run on after the grace are
        cancelled, those in threads left to themselves.

        Args:
            grace: How long running calls may take to end, in seconds.
        """
        ending = self._begin_to_end(grace)
        context = serving.get()
        if context is None or context.client.connection not in self._links:
            await asyncio.shield(ending)

    async def close(self) -> None:
        """End the daemon without waiting for calls that run."""
        await self.stop(grace=0.0)

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(self, *what: object) -> None:
        await self.close()

    def reconfigure(self, settings: Settings) -> None:
        """Use other settings from now on, with clients that are connected, too.

        Where it listens, its threads and how it greets stay as they are.
        """
        super().reconfigure(settings)
        for link in self._links:
            link.server.adapt(
                self.codecs_in(link.server.dialect),
                max_size=settings.max_message_size,
                compress=settings.compression,
            )

    def __repr__(self) -> str:
        state = f"at {self.location}, {len(self.objects.ids)} objects"
        if self._closed.is_set():
            state = "closed"
        return f"<{type(self).__module__}.{type(self).__name__} {state}>"

    def _start(self) -> None:
        if self._started or self.stopping:
            return
        self._started = True
        loop = asyncio.get_running_loop()
        entrance = self._entrance
        if entrance.listener is not None:
            self._accepting = loop.create_task(self._accept(entrance.listener))
        else:
            assert entrance.sock is not None
            copy = entrance.sock.dup()
            copy.setblocking(False)
            self._spawn(self._adopt(copy, "", greeted=True))
        self._round = loop.call_later(self._interval, self._look_after)
        self._guard = cast("AsyncGeneratorType[None, None]", _guard(self))
        with suppress(StopIteration):
            self._guard.asend(None).send(None)

    # Looking after what is due.

    @property
    def _interval(self) -> float:
        settings = self.settings
        limits = (settings.handshake_timeout, settings.send_timeout)
        return max(0.01, min(_ROUND, *limits, settings.idle_timeout or _ROUND))

    def _look_after(self) -> None:
        now = time.monotonic()
        idle = self.settings.idle_timeout
        for link in list(self._links):
            quiet = (
                idle is not None
                and link.greeted
                and not link.answering.count
                and now >= link.used + idle
            )
            if quiet or (link.deadline is not None and now >= link.deadline):
                _log.info("client %s disconnected: it was silent", link.client.address)
                link.abort()
        if self._keeping is None or self._keeping.done():
            self._keeping = self._spawn(self._keep_house(now))
        loop = asyncio.get_running_loop()
        self._round = loop.call_later(self._interval, self._look_after)

    async def _keep_house(self, now: float) -> None:
        try:
            if self.streams:
                await self._apart(self.streams.expire, now)
            if type(self).housekeeping is not Host.housekeeping:
                await self._call(self.housekeeping)
        except Exception:  # of the program's own method, anything
            _log.exception("error in housekeeping")


async def _guard(daemon: Daemon) -> AsyncGenerator[None, None]:
    """Close a daemon that was forgotten, when its loop ends.

    ``asyncio.run`` and its like finish the asynchronous generators last.
    """
    try:
        yield
    finally:
        with suppress(asyncio.CancelledError):  # its end was cancelled with all tasks
            if daemon.listener is not None or daemon.clients:
                await daemon.close()
