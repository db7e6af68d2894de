"""A daemon's end of one connection."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from ..context import Client
from ..errors import ProtocolError, SecurityError
from ..net.sockets import close_hard, peer_name, wait_limit_reached
from ..net.tunnels import tunnel
from ..wire.events import Call, Greeting, Ping
from ..wire.server import ServerSession
from ..wire.states import CLOSED, NEW, OPEN

__all__ = ["MORE", "READ", "WRITE", "Link", "Service"]

READ = 1  # the same numbers as in selectors
WRITE = 2
MORE = 4

_CHUNK = 65536  # bytes per read


class Service(Protocol):
    """What a link needs from its daemon.

    Attributes:
        stopping: Whether no new call is to be started.
    """

    stopping: bool

    def answer(self, link: Link, event: Call | Greeting | Ping) -> bytes:
        """Return the bytes that answer *event*."""

    def left(self, link: Link) -> None:
        """Note that the link was closed."""

    def annotations(self) -> Mapping[str, bytes]:
        """Return chunks to send with every message."""

    def session_for(self, start: bytes, *, greeted: bool = False) -> ServerSession | None:
        """Return the session of a client whose conversation begins so, or None."""


class Link:
    """One connection: its socket, its session, its client.

    Served by one thread at a time. The socket either does not block at all, or
    its waits are limited. It is closed with the link, unless it is to be kept. What is
    read and written may go through TLS.

    Attributes:
        idle_limit: How long it may be quiet, in seconds; None is for ever.
        deadline: When it is to be closed if nothing happens, by the daemon's
            clock; None is never.
        parked: Whether it waits in the daemon's selector.
        greeted: Whether the client's greeting was accepted.
    """

    __slots__ = (
        "_channel",
        "_keep",
        "_rest",
        "_service",
        "_tls",
        "client",
        "closed",
        "deadline",
        "greeted",
        "idle_limit",
        "parked",
        "session",
        "sock",
    )

    def __init__(
        self,
        sock: socket.socket,
        session: ServerSession,
        service: Service,
        *,
        keep: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._keep = keep
        self.sock = sock
        self._tls = tunnel(sock, tls)
        self._channel = self._tls or sock
        self.session = session
        self.client = Client(peer_name(sock), self)
        self.client.dialect = session.dialect.name
        self.idle_limit: float | None = None
        self.deadline: float | None = None
        self.parked = False
        self.greeted = session.state == OPEN
        self.closed = False
        self._service = service
        self._rest: bytes | memoryview = b""  # what the client did not take yet

    def peer_certificate(self) -> Any:
        """The client's TLS certificate as a dict, None without TLS."""
        return self._tls.peer_certificate() if self._tls is not None else None

    def serve(self) -> int:
        """Do what can be done: send what is left, read once, answer what came.

        Returns:
            MORE if something came and was answered, READ or WRITE for what to wait
            for, 0 if the link is now closed.
        """
        if self._rest and not (self._flush() and self._answer()):
            return 0 if self.closed else WRITE
        if self.closed:
            return 0
        try:
            data = self._channel.recv(_CHUNK)
        except OSError as error:
            if wait_limit_reached(error):
                return WRITE if self._tls is not None and self._tls.stuck else READ
            data = b""
        if not data:
            self.close()
            return 0
        self.session.receive(data)
        state = MORE if self._answer() else WRITE
        if self._tls is not None and self._tls.over and state == MORE:
            self.close()
        return 0 if self.closed else state

    def close(self) -> None:
        """Close the connection and tell the daemon, once."""
        if not self.closed:
            self.closed = True
            self.session.close()
            if not self._keep:
                if self._tls is not None:
                    self._tls.close()
                close_hard(self.sock)
            self._service.left(self)

    def stop_reading(self) -> None:
        """Let the call under way be answered, and nothing more be read."""
        if not self._keep:  # for its owner; and TLS would go on without encryption
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RD)

    def give_up(self) -> None:
        """Cut the connection, if it is not to be kept, under whoever serves it."""
        if not self._keep:
            close_hard(self.sock)

    def _answer(self) -> bool:
        """Answer what has come; return False if the client takes no more for now."""
        session = self.session
        service = self._service
        while not self.closed:
            try:
                event = session.next()
            except (ProtocolError, SecurityError) as error:
                if self._change_session():
                    session = self.session
                    continue
                self._refuse(str(error))
                return True
            if event is None:
                return True
            if service.stopping:
                self.close()
                return True
            data = service.answer(self, event)
            if data:
                self._rest = data
                if not self._flush():
                    return False
            if session.state == CLOSED:
                self.close()
        return True

    def _change_session(self) -> bool:
        """Go on in the dialect that the client speaks; return False if it is none of ours.

        It shows in the first bytes. Where nobody greets, there is no first message to
        look at alone; but there the peer was chosen by whoever gave us the socket.
        """
        session = self.session
        if session.state != NEW and not self._keep:
            return False
        start = session.unread()
        other = self._service.session_for(start, greeted=self._keep)
        if other is None or other.dialect.version == session.dialect.version:
            return False
        other.receive(start)
        self.session = other
        self.client.dialect = other.dialect.name
        return True

    def _refuse(self, reason: str) -> None:
        if self.session.state == NEW:
            with suppress(OSError):
                self._channel.send(
                    self.session.refuse(reason, None, self._service.annotations())
                )
            self._drain()
        self.close()

    def _drain(self) -> None:
        # Unread bytes make the system reset the connection, and the reset can
        # overtake the refusal: read what is there, then say that nothing follows.
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)
            self.sock.setblocking(False)
            for _ in range(16):
                if not self.sock.recv(_CHUNK):
                    break

    def _flush(self) -> bool:
        """Send what is left; return False if the client does not take all of it."""
        try:
            sent = self._channel.send(self._rest)
        except OSError as error:
            if not wait_limit_reached(error):
                self.close()
            return False
        if sent < len(self._rest):
            self._rest = memoryview(self._rest)[sent:]
            return False
        self._rest = b""
        return True
