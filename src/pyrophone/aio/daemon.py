"""A daemon that serves in an asyncio loop."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import suppress
from types import AsyncGeneratorType, TracebackType
from typing import Any, Self, cast

from ..context import Client, serving
from ..frontend.dialects import find_dialects
from ..frontend.host import Host
from ..net.addresses import advertised
from ..net.sockets import listen_tcp, listen_unix, remove_socket_file
from ..net.tunnels import check_server
from ..objects.control import DaemonObject
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import Dialect
from .accepting import AcceptingDaemon
from .drive import drive
from .link import Link

__all__ = ["Daemon"]

_log = logging.getLogger("pyrophone.daemon")

_ROUND = 1.0  # seconds between looks at deadlines, at most
_FAREWELL = 1.0  # seconds that clients may take to read what was written, at the end
_ENDING = 0.2  # seconds that tasks and threads may take to end, past their calls


class Daemon(AcceptingDaemon):
    """A daemon that serves in the loop of the program.

    It listens from the start. An ``async with`` block serves, and closes it at the end;
    :meth:`serve` waits until it is stopped. Methods that are ``async def`` run as tasks of
    the loop, others in threads, so that the loop goes on. To be used in one loop.

    Args:
        host: Where to listen: a name or address; ``""`` is all interfaces.
        port: TCP port, 0 for any free one.
        unix_socket: Listen at this Unix socket instead, a NUL first if abstract.
        sock: Serve just this connected socket, whose peer does not greet; it is not
            closed.
        public: ``host`` or ``host:port`` to put into URIs, behind NAT.
        tls: What to serve with; None is without TLS. See
            :func:`pyrophone.net.tls.server_context`.
        settings: See :class:`pyrophone.settings.Settings`.
        classes: Class table to share with others; by default one of its own.
        control: Class of the control object.
        dialects: What else clients may speak on the same port, by name or as it is; by
            default what the settings say.

    Attributes:
        stopping: Whether :meth:`stop` was called.

    Raises:
        OSError: It can't listen there; or there is to be TLS, and *sock* has none; or
            it has, which only daemons for threads can serve.
        ValueError: *tls* is a context for clients.
        DaemonError: There is no dialect of that name.
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
        control: Callable[..., Any] = DaemonObject,
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        check_server(tls, sock)
        if isinstance(sock, ssl.SSLSocket):
            raise OSError("a loop can't serve a socket that has TLS already")
        settings = settings or Settings()
        spoken = find_dialects(settings.dialects if dialects is None else dialects)
        listener: socket.socket | None = None
        if sock is not None:
            where = URI("PYRO", "x")
        elif unix_socket is not None:
            listener = listen_unix(unix_socket)
            where = URI("PYRO", "x", unix_socket)
        else:
            listener = listen_tcp(host, port, settings.ip_version)
            where = advertised(host, listener.getsockname()[1], public)
        super().__init__(where, settings, classes, control, spoken, tls)
        self._listener = listener
        self._socket_file = unix_socket
        self._kept = sock  # the user's, to be left open
        self._kept_timeout = sock.gettimeout() if sock is not None else None
        self._left: set[Link] = set()  # gone, and one-way calls of them still run
        self._started = False
        self._closed = asyncio.Event()
        self._changed = asyncio.Event()
        self._until: float | None = None  # when calls that run have to end
        self._ending: asyncio.Task[None] | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._round: asyncio.TimerHandle | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._guard: AsyncGeneratorType[None, None] | None = None
        if listener is not None:
            listener.setblocking(False)

    @property
    def listener(self) -> socket.socket | None:
        """The socket that new clients come by; None if there is none, or no more."""
        return None if self._closed.is_set() else self._listener

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

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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

    # What links call.

    def left(self, link: Link) -> None:
        """Release what belonged to the client of *link*."""
        super().left(link)
        if link.answering.count:
            self._left.add(link)
        self._spawn(self._let_go(link))
        self._changed.set()
        if self._kept is not None and not self.stopping:
            self._begin_to_end(0.0)  # there will be no other client

    def rested(self, link: Link) -> None:
        """Note that a call of *link* has ended, or of one who is gone."""
        if not link.answering.count:
            self._left.discard(link)
        self._changed.set()

    def _start(self) -> None:
        if self._started or self.stopping:
            return
        self._started = True
        loop = asyncio.get_running_loop()
        if self._listener is not None:
            self._accepting = loop.create_task(self._accept(self._listener))
        elif self._kept is not None:
            copy = self._kept.dup()
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
        except Exception:
            _log.exception("error in housekeeping")

    # Ending.

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
            if self._listener is not None:
                self._listener.close()
            for link in list(self._links):  # this may have been cancelled
                link.abort()
            if self._kept is not None and self._kept.fileno() >= 0:
                self._kept.settimeout(self._kept_timeout)
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
        if self._listener is not None:
            self._listener.close()
            if self._socket_file is not None:
                remove_socket_file(self._socket_file)

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
        while self.pool.alive and time.monotonic() < until:
            await asyncio.sleep(0.001)


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


async def _within(work: Awaitable[object], seconds: float) -> None:
    """Wait for *work*, not longer than that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await work
