"""How clients come to a daemon, and what they may cost until they are trusted."""

from __future__ import annotations

import errno
import logging
import socket
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ..net.entrances import Entrance
from ..net.sockets import close_hard, tune
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..wire.dialects import Dialect
from .handing import HandingDaemon
from .link import READ, Link

__all__ = ["AcceptingDaemon"]

_log = logging.getLogger("pyrophone.daemon")

_ACCEPTS = 64  # per round, so that those who are connected get their turn
_PAUSE = 0.2  # seconds without accepting, when the process is out of descriptors
_SCARCE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class AcceptingDaemon(HandingDaemon):
    """A daemon that takes in clients; a subclass serves them, and ends.

    Args:
        entrance: Where they come in.
        settings: See :class:`pyrophone.settings.Settings`.
        classes: Class table to share with others; by default one of its own.
        control: Class of the control object.
        dialects: What else to answer; see :class:`pyrophone.sync.service.BaseDaemon`.
    """

    def __init__(
        self,
        entrance: Entrance,
        settings: Settings,
        classes: ClassTable | None,
        control: Callable[..., Any],
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        super().__init__(
            entrance.where, settings, classes, control, entrance.listener, dialects
        )
        self._entrance = entrance
        self._strangers: dict[Link, None] = {}  # not greeted yet, the oldest first
        self._pause_until = 0.0
        self._next_round = 0.0  # when to look at what is due

    def left(self, link: Link) -> None:
        """Release what belonged to the client of *link*."""
        super().left(link)
        with self._gone:
            self._strangers.pop(link, None)
            self._links.discard(link)
            self._gone.notify_all()

    # What a subclass does.

    def _prepare(self, sock: socket.socket) -> None:
        sock.setblocking(False)

    def _ready(self, link: Link) -> None:
        """Serve a link that has something to read, or can be written to."""
        raise NotImplementedError

    def _end(self, link: Link) -> None:
        """Close a link from the polling thread."""
        raise NotImplementedError

    # The polling thread calls these.

    def _open(self) -> None:
        """Take in clients from now on, or the only one."""
        if self._listener is not None:
            self._poller.watch(self._listener, READ, self._accept)
        elif self._entrance.sock is not None:
            self._adopt(self._entrance.sock, greeted=True)

    def _resume_accepting(self, now: float) -> None:
        """Go on, if it is time to."""
        if self._listener is not None and self._pause_until and now >= self._pause_until:
            self._pause_until = 0.0
            self._poller.watch(self._listener, READ, self._accept)

    def _know(self, link: Link) -> None:
        """Note that the client of *link* is no stranger any more."""
        with self._gone:
            self._strangers.pop(link, None)

    def _accept(self) -> None:
        assert self._listener is not None
        for _ in range(_ACCEPTS):
            try:
                sock, address = self._listener.accept()
            except OSError as error:
                if error.errno in _SCARCE:
                    self._pause_accepting(error)
                return
            if self._welcomes(address):
                tune(sock)
                self._adopt(sock)
            else:
                close_hard(sock)

    def _welcomes(self, address: Any) -> bool:
        try:
            return self.accepts(address)
        except Exception:  # of the program's own method, anything
            _log.exception("error in accepts; the client is refused")
            return False

    def _adopt(self, sock: socket.socket, *, greeted: bool = False) -> None:
        self._prepare(sock)
        link = Link(
            sock,
            self.session(greeted=greeted),
            self,
            keep=greeted,
            tls=self._entrance.tls,
        )
        link.idle_limit = self.settings.idle_timeout
        if not greeted:
            link.deadline = time.monotonic() + self.settings.handshake_timeout
        for stranger in self._enter(link):
            self._end(stranger)
        link.parked = True
        self._poller.watch(sock, READ, partial(self._ready, link))

    def _enter(self, link: Link) -> list[Link]:
        """Add a link; return the strangers that must go for it, the oldest."""
        gone = []
        with self._gone:  # workers take links out at the same time
            self._links.add(link)
            if not link.greeted:
                self._strangers[link] = None
            while len(self._strangers) > self.settings.strangers:
                oldest = next(iter(self._strangers))
                del self._strangers[oldest]
                if not oldest.greeted:  # it may have been, a moment ago
                    gone.append(oldest)
        return gone

    def _pause_accepting(self, error: OSError) -> None:
        assert self._listener is not None
        if not self._pause_until:
            _log.warning("no new clients for now: %s", error)
        self._poller.forget(self._listener)
        self._pause_until = time.monotonic() + _PAUSE
        self._next_round = min(self._next_round, self._pause_until)
