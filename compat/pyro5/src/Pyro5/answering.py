"""Requests that come over any connection, answered one at a time."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from typing import Any

from pyrophone.context import CallContext, Client, serving
from pyrophone.errors import ProtocolError as AnyProtocolError
from pyrophone.objects.exposure import Instancing
from pyrophone.wire.server import ServerSession

from .border import translated
from .connections import KEY
from .errors import CommunicationError
from .protocol import MSG_CONNECT, MSG_INVOKE, MSG_PING, recv_stub

__all__ = ["Answering"]

_SHARED = (("instances", "pyroInstances"), ("resources", "tracked_resources"))

_log = logging.getLogger("Pyro5.server")


class _Peer:
    """What a daemon of Pyrophone needs of a connection."""

    def __init__(self, session: ServerSession, client: Client, greeted: bool) -> None:
        self.session = session
        self.client = client
        self.greeted = greeted
        self.deadline: float | None = None


class _Recorder:
    """Reads from a connection, and keeps what came."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self.data = bytearray()

    def recv(self, size: int) -> Any:
        chunk = self._conn.recv(size)
        self.data += chunk
        return chunk


class Answering:
    """A daemon by hand: everything for a connection that has ``send`` and ``recv``."""

    pyroServed: Any

    def _handshake(self, conn: Any, denied_reason: str | None = None) -> bool:
        """Read the greeting of a client, and answer it; return whether it may stay.

        Args:
            conn: The connection.
            denied_reason: Why it may not, whatever it says.
        """
        served = self.pyroServed
        client = self._pyroClient(conn)
        session = served.session()
        peer = _Peer(session, client, greeted=False)
        recorder = _Recorder(conn)
        try:
            with translated():
                recv_stub(recorder, [MSG_CONNECT])
                session.receive(bytes(recorder.data))
                greeting = session.next()
        except AnyProtocolError as error:
            _log.debug("handshake failed: %s", error)
            conn.send(session.refuse(str(error), None, served.annotations()))
            return False
        except CommunicationError as error:
            _log.debug("handshake not received: %s", error)
            return False
        if denied_reason:
            conn.send(session.refuse(denied_reason, greeting, served.annotations()))
            return False
        conn.send(served.answer(peer, greeting))
        return peer.greeted

    def handleRequest(self, conn: Any) -> None:
        """Read one request, and answer it.

        Raises:
            ProtocolError: What came is none.
            ConnectionClosedError: Nothing came any more.
        """
        served = self.pyroServed
        recorder = _Recorder(conn)
        recv_stub(recorder, [MSG_INVOKE, MSG_PING])
        session = served.session(greeted=True)
        peer = _Peer(session, self._pyroClient(conn), greeted=True)
        with translated():
            session.receive(bytes(recorder.data))
            event = session.next()
        data = served.answer(peer, event)
        if data:
            conn.send(data)

    def clientDisconnect(self, conn: Any) -> None:
        """Called once a client is gone."""

    def housekeeping(self) -> None:
        """Called about once a second while the daemon serves."""

    def _clientDisconnect(self, conn: Any) -> None:
        """Note that a client is gone."""
        self.pyroServed.refresh()
        self.pyroServed.streams.leave(self._pyroClient(conn), time.monotonic())
        try:
            self.clientDisconnect(conn)
        except Exception:
            _log.exception("error in clientDisconnect")

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
        return self.pyroServed.objects.instance_of(
            clazz, instancing, self._pyroClient(conn)
        )

    def _pyroClient(self, conn: Any) -> Client:
        """Return the client at the other end of *conn*; the same one each time."""
        known = getattr(conn, "pyroClient", None)
        if isinstance(known, Client):
            return known
        client = Client(_address(conn), conn)
        client.storage[KEY] = conn
        for ours, theirs in _SHARED:
            if getattr(conn, theirs, None) is not None:
                setattr(client, ours, getattr(conn, theirs))
        with suppress(AttributeError):  # a stand-in that takes none
            conn.pyroClient = client
        return client


class _OnewayCallThread(threading.Thread):
    """Makes one call in a thread of its own, in the context of the one that started it."""

    def __init__(
        self,
        pyro_method: Any,
        vargs: Any,
        kwargs: Any,
        pyro_daemon: Any,
        pyro_client_sock: Any,
    ) -> None:
        super().__init__(name="oneway-call", daemon=True)
        self._call = (pyro_method, vargs, kwargs)
        self._daemon = pyro_daemon
        self._client = pyro_client_sock
        self._context: CallContext | None = serving.get()

    def run(self) -> None:
        """Make the call; nobody gets the result."""
        method, args, kwargs = self._call
        serving.set(self._context)
        try:
            method(*args, **kwargs)
        except Exception as error:
            self._daemon.methodcall_error_handler(
                self._daemon, _address(self._client), method, args, kwargs, error
            )


def _address(conn: Any) -> Any:
    with suppress(OSError, AttributeError):
        return getattr(conn, "sock", conn).getpeername()
    return ""
