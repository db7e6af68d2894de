"""Requests that come over any connection, answered one at a time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from ..context import Client
from ..errors import MessageTooLargeError, ProtocolError, SecurityError
from ..objects.exposure import Instancing
from ..objects.table import ObjectTable
from ..wire.events import Call
from ..wire.framing import CONNECT, INVOKE, PING
from ..wire.server import ServerSession
from ..wire.states import CLOSED
from .connections import remember
from .kit import Kit

__all__ = ["ByHand", "Peer", "Recorder", "address"]

_SHARED = (("instances", "pyroInstances"), ("resources", "tracked_resources"))


class Peer:
    """What a daemon of Pyrophone needs of a connection."""

    calls = None  # no function can be passed over it

    def __init__(self, session: ServerSession, client: Client, greeted: bool) -> None:
        self.session = session
        self.client = client
        client.dialect = session.dialect.name
        self.greeted = greeted
        self.deadline: float | None = None


class Recorder:
    """Reads from a connection, and keeps what came.

    Args:
        conn: The connection.
        limit: How many bytes are read, a header not counted; None is no limit.
    """

    def __init__(self, conn: Any, limit: int | None = None) -> None:
        self._conn = conn
        self._limit = limit
        self.data = bytearray()

    def recv(self, size: int) -> Any:
        if self._limit is not None and self.data and size > self._limit:
            raise MessageTooLargeError(size, self._limit)
        chunk = self._conn.recv(size)
        self.data += chunk
        return chunk


class ByHand:
    """A daemon by hand: everything for a connection that has ``send`` and ``recv``."""

    pyroKit: Kit
    pyroServed: Any

    # Hooks, to be overridden.

    def validateHandshake(self, conn: Any, data: Any) -> Any:
        """Judge what a client greets with; return the answer, or raise to refuse it."""
        return "hello"

    def clientDisconnect(self, conn: Any) -> None:
        """Called once a client is gone."""

    def annotations(self) -> Mapping[str, bytes]:
        """Return annotations to send with every message."""
        return {}

    def housekeeping(self) -> None:
        """Called about once a second while the daemon serves."""

    # What each generation does in its own way.

    def _pyroReceive(self, conn: Any, kinds: list[int]) -> None:
        """Read one message of *conn*; what of it is wrong is an error of the package."""
        raise NotImplementedError

    def _pyroSession(self, start: bytes, greeted: bool) -> ServerSession:
        """Return a session for a conversation that begins with the bytes *start*."""
        session: ServerSession = self.pyroServed.session(greeted=greeted)
        return session

    def _pyroDenial(self, session: ServerSession, reason: str, greeting: Any) -> bytes:
        """Return the bytes that send away who greets well."""
        return session.refuse(reason, greeting, self.pyroServed.annotations())

    # Answering.

    def _handshake(self, conn: Any, denied_reason: str | None = None) -> bool:
        """Read the greeting of a client, and answer it; return whether it may stay.

        Args:
            conn: The connection.
            denied_reason: Why it may not, whatever it says.
        """
        served = self.pyroServed
        generation = self.pyroKit.generation
        client = self._pyroClient(conn)
        recorder = Recorder(conn, served.settings.handshake_size)
        session = None
        try:
            with generation.translated(), _limited(conn, served.settings.handshake_timeout):
                self._pyroReceive(recorder, [CONNECT])
                session = self._pyroSession(bytes(recorder.data), False)
                session.receive(bytes(recorder.data))
                greeting = session.next()
        except (ProtocolError, SecurityError) as error:
            session = session or served.session()
            self.pyroKit.log.debug("handshake failed: %s", error)
            conn.send(session.refuse(str(error), None, served.annotations()))
            return False
        except generation.errors.CommunicationError as error:
            self.pyroKit.log.debug("handshake not received: %s", error)
            return False
        if denied_reason:
            conn.send(self._pyroDenial(session, denied_reason, greeting))
            return False
        peer = Peer(session, client, greeted=False)
        conn.send(served.answer(peer, greeting))
        return peer.greeted

    def handleRequest(self, conn: Any) -> None:
        """Read one request, and answer it.

        Raises:
            ProtocolError: What came is none.
            ConnectionClosedError: Nothing came any more.
            BaseException: What ends the connection, where an error of the call does.
        """
        served = self.pyroServed
        recorder = Recorder(conn)
        self._pyroReceive(recorder, [INVOKE, PING])
        session = self._pyroSession(bytes(recorder.data), True)
        peer = Peer(session, self._pyroClient(conn), greeted=True)
        with self.pyroKit.generation.translated():
            session.receive(bytes(recorder.data))
            event = session.next()
        data = served.answer(peer, event)
        if data:
            conn.send(data)
        if session.state == CLOSED and isinstance(event, Call) and event.problem:
            with self.pyroKit.generation.translated():
                raise event.problem

    def _clientDisconnect(self, conn: Any) -> None:
        """Note that a client is gone."""
        self.pyroServed.refresh()
        self.pyroServed.streams.leave(self._pyroClient(conn), time.monotonic())
        try:
            self.clientDisconnect(conn)
        except Exception:  # of the program's own method, anything
            self.pyroKit.log.exception("error in clientDisconnect")

    def _housekeeping(self) -> None:
        """Drop what is too old, then do what :meth:`housekeeping` says."""
        self.pyroServed.refresh()
        self.pyroServed.streams.expire(time.monotonic())
        self.housekeeping()

    def _getInstance(self, clazz: Any, conn: Any) -> Any:
        """Return the instance of a class that serves who is behind *conn*; make it if due.

        Raises:
            TypeError: The creator gave something that is no instance of the class.
        """
        mode, creator = clazz._pyroInstancing
        instancing = Instancing(mode, creator)
        # Not by its instance, where this method may stand, so that it is asked.
        return ObjectTable.instance_of(
            self.pyroServed.objects, clazz, instancing, self._pyroClient(conn)
        )

    def _pyroClient(self, conn: Any) -> Client:
        """Return the client at the other end of *conn*; the same one each time."""
        known = getattr(conn, "pyroClient", None)
        if isinstance(known, Client):
            return known
        client = Client(address(conn), conn)
        remember(self.pyroKit.generation, client, conn)
        for ours, theirs in _SHARED:
            if getattr(conn, theirs, None) is not None:
                setattr(client, ours, getattr(conn, theirs))
        with suppress(AttributeError):  # a stand-in that takes none
            conn.pyroClient = client
        return client


@contextmanager
def _limited(conn: Any, seconds: float) -> Iterator[None]:
    """Cut a connection if the block takes too long, however slowly its bytes trickle in.

    Args:
        conn: The connection; its own limit, that of each wait, is that of all if it is
            shorter.
        seconds: How long it may take.
    """
    sock = getattr(conn, "sock", None)
    if not isinstance(sock, socket.socket):  # a stand-in
        yield
        return
    timer = threading.Timer(min(sock.gettimeout() or seconds, seconds), _cut, [sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # past TLS, which would take this for its own end
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def address(conn: Any) -> Any:
    """Return where the other end of *conn* is, empty if nobody knows."""
    with suppress(OSError, AttributeError):
        return getattr(conn, "sock", conn).getpeername()
    return ""
