"""TLS on a daemon's side, where nobody may wait for a client.

A :class:`Filter` only computes. A :class:`Tunnel` puts it between a socket and whoever
reads and writes that. A :class:`Wrapped` is the same for a socket that has TLS already.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Any

from .sockets import peer_name, wait_limit_reached

__all__ = ["Filter", "Tunnel", "Wrapped", "check_server", "tunnel"]

_log = logging.getLogger("pyrophone.daemon")

_RECORDS = 65536  # bytes of plain data made into records at a time
_PATIENCE = 0.5  # seconds for one answer of many pieces, before others get their turn


class Filter:
    """The server's end of TLS, without I/O: bytes go in, bytes come out.

    Attributes:
        established: Whether the handshake is done.
        ended: Whether the client has said that it will send no more.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.established = False
        self.ended = False

    def open(self, data: bytes) -> bytes:
        """Take in what came; return all plain bytes that are in it, maybe none.

        Ask :meth:`own` afterwards, also if this raised.

        Raises:
            ssl.SSLError: It is no TLS, or not what was agreed on.
        """
        self._incoming.write(data)
        parts = []
        with suppress(ssl.SSLWantReadError):
            if not self.established:
                self._tls.do_handshake()
                self.established = True
            while part := self._tls.read(_RECORDS):
                parts.append(part)
            self.ended = True
        return b"".join(parts)

    def seal(self, data: bytes | memoryview) -> bytes:
        """Return the bytes to send for plain *data*, and those TLS itself has to send."""
        self._tls.write(data)
        return self._outgoing.read()

    def own(self) -> bytes:
        """Return the bytes that TLS itself has to send: handshakes, alerts."""
        return self._outgoing.read()

    def close(self) -> bytes:
        """Return the bytes that tell the client that no more will come."""
        with suppress(ssl.SSLError):  # it has not said the same yet
            self._tls.unwrap()
        return self._outgoing.read()

    def certificate(self) -> Any:
        """Return the client's certificate as a dict, None if there is none."""
        return self._tls.getpeercert() if self.established else None


class Tunnel:
    """A client's socket behind TLS, for who waits for sockets himself.

    The socket does not block, or its waits are limited; what it raises then is passed
    on. A handshake that fails is not an error here: the client is told, and what else
    it sends is dropped until it closes or is closed. One thread may read it while others
    write.
    """

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self._sock = sock
        self._filter = Filter(context)
        self._sealed: bytes | memoryview = b""  # what the socket did not take yet
        self._content = 0  # how many plain bytes are in that
        self._failed = False
        self._lock = threading.RLock()  # for all but waiting for the client

    @property
    def stuck(self) -> bool:
        """Whether something has to be sent before anything can be read."""
        return len(self._sealed) > 0

    @property
    def over(self) -> bool:
        """Whether nothing will come any more."""
        return self._filter.ended

    def recv(self, size: int) -> bytes:
        """Read *size* bytes at most, once; return all plain bytes in them.

        Raises:
            BlockingIOError: There was none.
            OSError: The connection is lost, or its bytes were tampered with.
        """
        with self._lock:
            if not self._content:  # else it is the sender's, who counts what has gone
                self._push()
            if self.over:
                return b""
        data = self._sock.recv(size)
        if not data:
            return b""
        with self._lock:
            plain = b"" if self._failed else self._open(data)
        if plain or self.over:
            return plain
        raise BlockingIOError

    def send(self, data: bytes | memoryview, flags: int = 0) -> int:
        """Send some of *data*; return how much. What is not sent must be given again.

        Args:
            data: What is to be sent.
            flags: Those of the socket.

        Raises:
            OSError: The connection is lost, or takes nothing for now.
        """
        with self._lock:
            return self._send(data, flags)

    def _send(self, data: bytes | memoryview, flags: int) -> int:
        until = time.monotonic() + _PATIENCE
        view = memoryview(data)
        done = 0
        while True:
            if not self._sealed and done < len(view):
                piece = view[done : done + _RECORDS]
                self._sealed = self._filter.seal(piece)
                self._content = len(piece)
            content = self._content
            try:
                self._push(flags)
            except OSError as error:
                if done and wait_limit_reached(error):
                    return done
                raise
            done += content
            if done == len(view) or time.monotonic() > until:
                return done

    def peer_certificate(self) -> Any:
        """Return the client's certificate as a dict, None if it gave none."""
        return self._filter.certificate()

    def close(self) -> None:
        """Tell the client that no more will come, if it takes that at once."""
        with suppress(OSError):
            self._sock.setblocking(False)
            self._push()
            self._sock.send(self._filter.close())

    def _open(self, data: bytes) -> bytes:
        try:
            plain = self._filter.open(data)
        except ssl.SSLError as error:
            _log.info("TLS with client %s failed: %s", peer_name(self._sock), error)
            self._fail()
            if self._filter.established:
                raise
            return b""
        # The next call of send or recv sends this, and waits with its own if it can't.
        if own := self._filter.own():
            self._sealed = b"".join((self._sealed, own))
        if not self._content:
            with suppress(BlockingIOError):
                self._push()
        return plain

    def _fail(self) -> None:
        self._failed = True
        with suppress(OSError):
            if alert := self._filter.own():
                self._sock.send(alert)
            # Closing with bytes unread would reset the connection, and the reset could
            # overtake the alert.
            self._sock.shutdown(socket.SHUT_WR)

    def _push(self, flags: int = 0) -> None:
        """Send what is sealed.

        Raises:
            BlockingIOError: The socket did not take all of it.
            OSError: As the socket does.
        """
        if self._sealed:
            sent = self._sock.send(self._sealed, flags)
            if sent < len(self._sealed):
                self._sealed = memoryview(self._sealed)[sent:]
                raise BlockingIOError
            self._sealed = b""
        self._content = 0


class Wrapped:
    """A socket that its owner has put behind TLS, for who waits for sockets himself.

    It has the same methods as a :class:`Tunnel`. The socket is made not to block.
    """

    stuck = False
    over = False

    def __init__(self, sock: ssl.SSLSocket) -> None:
        sock.setblocking(False)
        self._sock = sock

    def recv(self, size: int) -> bytes:
        """Read *size* bytes at most, and what else of their record nobody would report."""
        try:
            data = self._sock.recv(size)
            while left := self._sock.pending():
                data += self._sock.recv(left)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            raise BlockingIOError from error
        return data

    def send(self, data: bytes | memoryview, flags: int = 0) -> int:
        """Send some of *data*; return how much. What is not sent must be given again."""
        until = time.monotonic() + _PATIENCE
        view = memoryview(data)
        done = 0
        while done < len(view) and time.monotonic() <= until:
            try:
                done += self._sock.send(view[done : done + _RECORDS])
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break  # it wants the very same piece again
        return done

    def peer_certificate(self) -> Any:
        """Return the client's certificate as a dict, None if it gave none."""
        return self._sock.getpeercert()

    def close(self) -> None:
        """Leave the socket to its owner."""


def check_server(context: ssl.SSLContext | None, sock: socket.socket | None) -> None:
    """Make sure that a daemon can serve with *context*, and *sock* if it is given one.

    Raises:
        ValueError: The context is for clients.
        OSError: The socket has no TLS, and none can be begun in the middle.
    """
    if context is None:
        return
    if context.protocol == ssl.PROTOCOL_TLS_CLIENT:
        raise ValueError("this TLS context is for clients, a daemon needs one for servers")
    if sock is not None and not isinstance(sock, ssl.SSLSocket):
        raise OSError("there is to be TLS, but the connected socket has none")


def tunnel(sock: socket.socket, context: ssl.SSLContext | None) -> Tunnel | Wrapped | None:
    """Return what is to read and write *sock* in its place, None if it has no TLS.

    Args:
        sock: Of a daemon's client.
        context: For daemons; None if there is to be no TLS.
    """
    if isinstance(sock, ssl.SSLSocket):
        return Wrapped(sock)
    return Tunnel(sock, context) if context is not None else None
