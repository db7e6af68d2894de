"""A daemon that waits: for sockets, its own and others', with other daemons if need be."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ..context import Client
from ..net.beacon import Beacon
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import Dialect
from .group import Group
from .link import READ, Link
from .poller import Poller
from .service import BaseDaemon

__all__ = ["WaitingDaemon", "guarded"]

_log = logging.getLogger("pyrophone.daemon")
_ROUND = 1.0  # seconds between looks at deadlines, at most


class WaitingDaemon(BaseDaemon):
    """A daemon that waits alone or along with others; a subclass accepts and ends.

    Args:
        location: Where it can be reached, a URI with the object left empty.
        settings: See :class:`pyrophone.settings.Settings`.
        classes: Class table to share with others; by default one of its own.
        control: Class of the control object.
        listener: The socket that new clients come by, or None.
        dialects: What else to answer; see :class:`pyrophone.sync.service.BaseDaemon`.

    Attributes:
        stopping: Whether it is to end.
        interval: Longest wait, in seconds, between two looks at what is due. At first
            it is as short as the limits in the settings need.
        tick: Longest wait while there is something to watch over, else None.
    """

    def __init__(
        self,
        location: URI,
        settings: Settings,
        classes: ClassTable | None,
        control: Callable[..., Any],
        listener: socket.socket | None,
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        super().__init__(location, settings, classes, control, dialects)
        self._listener = listener
        self._group = Group()
        self._group.members.append(self)
        self._gone = threading.Condition()
        self._links: set[Link] = set()
        self.stopping = False
        self.tick: float | None = None
        self.interval = _interval(self.settings)
        self._closed = threading.Event()

    @property
    def sockets(self) -> list[socket.socket]:
        """What to wait for; changes with every :meth:`process`."""
        return self._poller.sockets

    @property
    def sources(self) -> list[tuple[Any, Client | None]]:
        """What is waited for, of all daemons combined, each with the client behind it.

        There is none where clients come in, and where :meth:`watch` was called.
        """
        found: list[tuple[Any, Client | None]] = []
        for member in self._group.members:
            if isinstance(member, WaitingDaemon):
                if member.listener is not None:
                    found.append((member.listener, None))
                found += [(client.connection.sock, client) for client in member.clients]
        return found + [(sock, None) for sock in self._group.watched if sock.fileno() >= 0]

    @property
    def listener(self) -> socket.socket | None:
        """The socket that new clients come by; None if there is none, or no more."""
        return None if self._closed.is_set() else self._listener

    @property
    def selector(self) -> selectors.BaseSelector:
        """What does the waiting, one for all daemons combined; to be looked at only."""
        return self._poller.selector

    @property
    def clients(self) -> list[Client]:
        """Those who are connected."""
        with self._gone:
            return [link.client for link in self._links]

    def process(
        self, timeout: float = 0.0, sockets: Iterable[socket.socket] | None = None
    ) -> None:
        """Do what is there to do; wait for it up to *timeout* seconds.

        Args:
            timeout: In seconds.
            sockets: Do without waiting what is to be done for these alone, and what
                is due. Others than those of :attr:`sockets` are passed over.
        """
        if not self._closed.is_set():
            self._group.process(timeout, sockets)

    def combine(self, other: WaitingDaemon | Beacon) -> None:
        """Serve *other* along with this one, wherever this one is served.

        Of daemons that are combined, any can be served for all of them. Each ends on
        its own; none may be served by another thread meanwhile.

        Args:
            other: Another daemon, with what was combined with it; or a beacon.
        """
        if not isinstance(other, WaitingDaemon):
            self.watch(other.sock, other.answer_one)
        elif other._group is not self._group:
            self._group.absorb(other._group)
            for member in other._group.members:
                if isinstance(member, WaitingDaemon):
                    member._group = self._group

    def watch(self, sock: Any, act: Callable[[], object]) -> None:
        """Call *act* whenever *sock* can be read, from the thread that serves.

        Args:
            sock: A socket, or anything with a ``fileno()``.
            act: An error of it is logged.
        """
        self._poller.watch(sock, READ, partial(guarded, act))
        self._group.watched.append(sock)

    def unwatch(self, sock: Any) -> None:
        """Undo :meth:`watch`."""
        self._poller.forget(sock)
        self._group.watched = [one for one in self._group.watched if one is not sock]

    def wake(self) -> None:
        """Have the thread that serves ask its condition, from any thread."""
        self._poller.wake()

    def reconfigure(self, settings: Settings) -> None:
        """Use other settings from now on, with clients that are connected, too.

        Where it listens, its threads, and how it greets stay as they are. How long a
        client may be idle counts from its next call on.
        """
        super().reconfigure(settings)
        self.interval = _interval(settings)
        with self._gone:
            links = list(self._links)
        for link in links:
            link.session.adapt(
                self.codecs_in(link.session.dialect),
                max_size=settings.max_message_size,
                compress=settings.compression,
            )
            link.idle_limit = settings.idle_timeout
            with contextlib.suppress(OSError):  # it is being closed
                self._limit_waits(link.sock)

    def look_after(self, now: float) -> None:
        """See to what is due; a subclass says what that is."""

    def finish(self) -> None:
        """End, now; a subclass says how."""

    def _limit_waits(self, sock: socket.socket) -> None:
        """Say how long a worker may wait for a client, if there are workers."""

    @property
    def _poller(self) -> Poller:
        return self._group.poller


def _interval(settings: Settings) -> float:
    limits = (
        settings.handshake_timeout,
        settings.send_timeout,
        settings.idle_timeout or _ROUND,
    )
    return max(0.01, min(_ROUND, *limits))


def guarded(act: Callable[[], object]) -> None:
    """Call *act*; an error of it is logged."""
    try:
        act()
    except Exception:  # of what others gave, anything
        _log.exception("error in what the loop was to do")
