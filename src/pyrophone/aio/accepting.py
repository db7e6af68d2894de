"""How clients come to a daemon in a loop, and what they may cost until they are trusted."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import DeadlockError
from ..frontend.chains import shown
from ..frontend.host import Host
from ..net.entrances import Entrance
from ..net.sockets import close_hard, tune
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..wire.dialects import Dialect
from ..wire.events import Call
from .hosting import HostingDaemon
from .link import Link
from .reading import reader_for

__all__ = ["AcceptingDaemon"]

_log = logging.getLogger("pyrophone.daemon")

_ACCEPTS = 64  # in a row, so that those who are connected get their turn
_PAUSE = 0.2  # seconds without accepting, when the process is out of descriptors
_SCARCE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class AcceptingDaemon(HostingDaemon):
    """A daemon that takes in clients; a subclass begins and ends.

    Args:
        entrance: Where they come in.
        settings: See :class:`pyrophone.settings.Settings`.
        classes: Class table to share with others; by default one of its own.
        control: Class of the control object.
        dialects: What else to answer; see :class:`.hosting.HostingDaemon`.

    Attributes:
        stopping: Whether it is to end.
    """

    def __init__(
        self,
        entrance: Entrance,
        settings: Settings,
        classes: ClassTable | None,
        control: Callable[..., Any],
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        super().__init__(entrance.where, settings, classes, control, dialects)
        self.stopping = False
        self._entrance = entrance
        self._links: set[Link] = set()
        self._strangers: dict[Link, None] = {}  # not greeted yet, the oldest first

    def admit(self, call: Call) -> None:
        """Return if there is a thread left for *call*.

        Raises:
            DeadlockError: All of them wait for it.
        """
        path = call.path
        if self.location not in path:
            return
        most = self.settings.workers
        if sum(link.answering.holding(path) for link in self._links) >= most:
            chain = shown(path, self.location, call.object_id, call.method)
            raise DeadlockError(
                f"the call would wait for itself, all {most} threads wait for it: {chain}"
            )

    def greeted(self, link: Link) -> None:
        """Note that the client of *link* is no stranger any more."""
        self._strangers.pop(link, None)

    def left(self, link: Link) -> None:
        """Note that *link* is gone."""
        self._links.discard(link)
        self._strangers.pop(link, None)

    def rested(self, link: Link) -> None:
        """Note that a call of *link* has ended."""

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        scarce = False
        while True:
            for _ in range(_ACCEPTS):
                if listener.fileno() < 0:
                    return
                try:
                    sock, address = await loop.sock_accept(listener)
                except OSError as error:
                    if error.errno in _SCARCE:
                        if not scarce:
                            _log.warning("no new clients for now: %s", error)
                        scarce = True
                        await asyncio.sleep(_PAUSE)
                    continue
                scarce = False
                tune(sock)
                self._spawn(self._adopt(sock, address))
            await asyncio.sleep(0)

    async def _adopt(
        self, sock: socket.socket, address: Any, *, greeted: bool = False
    ) -> None:
        """Serve a new client."""
        if self.stopping or not (greeted or await self._welcomes(address)):
            close_hard(sock)
            return
        link = Link(sock, self.session(greeted=greeted), self, keep=greeted)
        self._enter(link)
        options: dict[str, Any] = {}
        if self._entrance.tls is not None and not greeted:
            limit = max(self.settings.handshake_timeout, 0.001)
            options = {"ssl": self._entrance.tls, "ssl_handshake_timeout": limit}
        try:
            loop = asyncio.get_running_loop()
            reader = reader_for(link, loop)
            await loop.connect_accepted_socket(lambda: reader, sock, **options)
        except (OSError, asyncio.CancelledError) as error:
            _log.info("client %s disconnected: %s", link.client.address, error)
            link.abort()
            sock.close()

    async def _welcomes(self, address: Any) -> bool:
        if type(self).accepts is Host.accepts:
            return True
        try:
            verdict = self.accepts(address)
            return bool(await verdict if hasattr(verdict, "__await__") else verdict)
        except Exception:  # of the program's own method, anything
            _log.exception("error in accepts; the client is refused")
            return False

    def _enter(self, link: Link) -> None:
        """Add a link; the oldest strangers may have to go for it."""
        self._links.add(link)
        if link.greeted:
            return
        link.deadline = time.monotonic() + self.settings.handshake_timeout
        self._strangers[link] = None
        while len(self._strangers) > self.settings.strangers:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.abort()
