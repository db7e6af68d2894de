"""What the transports have in common: where they listen, and how a connection ends."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..net.addresses import location
from ..net.sockets import remove_socket_file
from .kit import Kit

__all__ = ["UNBOUND", "Transport", "always"]

UNBOUND = "./u:<<not-bound>>"  # where a socket pair is

_ENDING = 5.0  # seconds that a shutdown waits for the loop


def always() -> bool:
    """Go on."""
    return True


class Transport:
    """Where clients of a daemon come in; subclasses serve them.

    Attributes:
        kit: The parts of the package whose it is.
        daemon: Anything with ``_handshake``, ``handleRequest``, ``_clientDisconnect``
            and ``_housekeeping``.
        sock: The socket that listens.
        locationStr: Where that is, as it stands in URIs.
        shutting_down: Whether the loop is to end.
        swallowed: What of the errors of a request ends only its connection.
    """

    kit: Kit
    log: logging.Logger
    swallowed: tuple[type[BaseException], ...] = (Exception,)
    _name = "SocketServer"  # also that of subclasses

    def __init__(self) -> None:
        self.daemon: Any = None
        self.sock: Any = None
        self.locationStr = "<uninitialized>"
        self.shutting_down = False
        self._socket_file: str | None = None
        self._tls: Any = None
        self._looping: int | None = None  # the thread of the loop
        self._ended = threading.Event()
        self._ended.set()

    def listen(self, daemon: Any, host: str, port: int, unixsocket: str | None) -> None:
        """Begin to listen.

        Raises:
            OSError: That is not possible there.
        """
        self.daemon = daemon
        self._tls = self.kit.tls()
        self.sock = self.kit.listen(unixsocket or (host, port))
        self._socket_file = unixsocket
        if unixsocket:
            self.locationStr = f"./u:{unixsocket}"
        else:
            self.locationStr = location(host or "0.0.0.0", self.sock.getsockname()[1])

    def accept(self, wait: float) -> Any:
        """Return a connection; None if nobody comes within so many seconds."""
        try:
            self.sock.settimeout(wait)
            sock, address = self.sock.accept()
        except (OSError, AttributeError) as error:  # it may be closed meanwhile
            self.log.debug("nobody accepted: %s", error)
            return None
        self.log.debug("connected %s", address)
        sock.settimeout(self.config.COMMTIMEOUT or None)
        return (self._wrapped(sock) if self._tls is not None else sock), address

    def _wrapped(self, sock: socket.socket) -> socket.socket:
        """Return *sock* with TLS; who reads first shakes hands, not who accepts."""
        try:
            wrapped: socket.socket = self._tls.wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False
            )
        except (OSError, ValueError) as error:  # it is gone already
            self.log.debug("client is gone: %s", error)
            return sock
        return wrapped

    def wakeup(self) -> None:
        """Have the loop look whether it is to go on."""
        with suppress(OSError, AttributeError):  # it may be closed meanwhile
            where = self.sock.getsockname()
            self.kit.knock(where if isinstance(where, tuple) else self._socket_file)

    @contextmanager
    def looping(self) -> Iterator[None]:
        """Note that this thread runs the loop; Ctrl-C ends it."""
        self._looping = threading.get_ident()
        self._ended.clear()
        try:
            yield
        except KeyboardInterrupt:
            self.log.debug("stopping on break signal")
        finally:
            self._looping = None
            self._ended.set()

    def shutdown(self) -> None:
        """End the loop, and close."""
        self.shutting_down = True
        self.wakeup()
        if self._looping != threading.get_ident():
            self._ended.wait(_ENDING)  # it would not hear of a socket that is closed
        self.close()

    def close(self) -> None:
        """Stop to listen; may be called again."""
        self.shutting_down = True
        sock, self.sock = self.sock, None
        if sock is not None:
            sock.close()
            if self._socket_file:
                remove_socket_file(self._socket_file)

    def __repr__(self) -> str:
        return f"<{self._name} on {self.locationStr}{self._state()}>"

    @property
    def config(self) -> Any:
        """The configuration of the package."""
        return self.kit.generation.config

    @classmethod
    def answered(cls, daemon: Any, conn: Any) -> bool:
        """Have *daemon* answer one request; return whether the connection may go on."""
        try:
            daemon.handleRequest(conn)
            return True
        except cls.swallowed as error:
            cls.note(conn, error)
            return False

    @classmethod
    def note(cls, conn: Any, error: BaseException) -> None:
        """Log what ended a connection; people want to know of what is their own fault."""
        errors = cls.kit.generation.errors
        if isinstance(error, errors.TimeoutError):
            cls.log.warning("client %s was silent: %s", _peer(conn), error)
        elif isinstance(error, (OSError, errors.CommunicationError, errors.SecurityError)):
            cls.log.debug("client %s is gone: %s", _peer(conn), error)
        else:
            lines = cls.kit.show(error)
            cls.log.warning("error during handleRequest: %s; %s", error, "".join(lines))

    def _state(self) -> str:
        return ""


def _peer(conn: Any) -> Any:
    sock: socket.socket | None = getattr(conn, "sock", None)
    with suppress(OSError, AttributeError):
        return sock.getpeername()  # type: ignore[union-attr]
    return conn
