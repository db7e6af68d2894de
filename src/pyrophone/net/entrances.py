"""Where clients come in: how a daemon listens, and what it leaves behind."""

from __future__ import annotations

import socket
import ssl

from ..uri import URI
from .addresses import advertised
from .sockets import listen_tcp, listen_unix, remove_socket_file
from .tunnels import check_server

__all__ = ["Entrance"]


class Entrance:
    """A socket at which a daemon listens, or one that is connected to its only client.

    Args:
        host: Where to listen: a name or address; ``""`` is all interfaces.
        port: TCP port, 0 for any free one.
        unix_socket: Listen at this Unix socket instead, a NUL first if abstract.
        sock: Listen nowhere: this one is connected. It stays its owner's.
        public: ``host`` or ``host:port`` to put into URIs, behind NAT.
        tls: What to serve with; None is without TLS.
        version: Of the Internet Protocol, 0 for what *host* has.

    Attributes:
        where: Where it can be reached, a URI of no object.
        listener: The socket that listens, and does not block; None if none does.
        sock: That which is connected, or None.
        tls: What to serve with.

    Raises:
        OSError: It can't listen there; or there is to be TLS, and *sock* has none.
        ValueError: *tls* is a context for clients.
        InvalidURIError: *public* is no place.
    """

    __slots__ = ("_file", "_timeout", "listener", "sock", "tls", "where")

    def __init__(
        self,
        host: str,
        port: int,
        *,
        unix_socket: str | None,
        sock: socket.socket | None,
        public: str | None,
        tls: ssl.SSLContext | None,
        version: int = 0,
    ) -> None:
        check_server(tls, sock)
        self.tls = tls
        self.sock = sock
        self.listener: socket.socket | None = None
        self.where = URI("PYRO", "x", unix_socket)
        self._file = unix_socket
        self._timeout = None if sock is None else sock.gettimeout()
        if sock is not None:
            self.where = URI("PYRO", "x")
            return
        if unix_socket is not None:
            self.listener = listen_unix(unix_socket)
        else:
            self.listener = listen_tcp(host, port, version)
            try:
                self.where = advertised(host, self.listener.getsockname()[1], public)
            except BaseException:
                self.listener.close()
                raise
        self.listener.setblocking(False)

    def close(self) -> None:
        """Listen no more; the file of a Unix socket goes, too."""
        if self.listener is not None:
            self.listener.close()
            if self._file is not None:
                remove_socket_file(self._file)

    def give_back(self) -> None:
        """Leave the connected socket to its owner, as it was."""
        if self.sock is not None and self.sock.fileno() >= 0:
            self.sock.settimeout(self._timeout)
