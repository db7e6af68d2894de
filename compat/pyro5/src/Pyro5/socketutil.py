"""Connections, as Pyro5's hooks see them."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Any, Self

from pyrophone.context import Client
from pyrophone.net.sockets import close_hard

__all__ = ["SocketConnection", "connection_of", "family_str"]

_KEY = "Pyro5.connection"


class SocketConnection:
    """One end of a connection.

    Attributes:
        sock: Its socket.
        objectId: The object that the other side asked for.
        pyroInstances: The instances made for this client, by their class.
        tracked_resources: What is to be closed with the connection.
        keep_open: Whether :meth:`close` leaves the socket open.
    """

    def __init__(
        self, sock: socket.socket, objectId: str | None = None, keep_open: bool = False
    ) -> None:
        self.sock = sock
        self.objectId = objectId
        self.keep_open = keep_open
        self.pyroInstances: Any = {}
        self.tracked_resources: Any = set()

    def close(self) -> None:
        """Close the socket, unless it is to be kept open."""
        if not self.keep_open:
            close_hard(self.sock)

    def fileno(self) -> int:
        """Return the file descriptor of the socket."""
        return self.sock.fileno()

    def family(self) -> str:
        """Return ``IPv4``, ``IPv6`` or ``Unix``."""
        return family_str(self.sock)

    def getpeercert(self) -> Any:
        """Return the certificate of the other side, None without TLS."""
        getter = getattr(self.sock, "getpeercert", None)
        return getter() if getter else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def connection_of(client: Client) -> SocketConnection:
    """Return the connection of a daemon's *client*; the same one each time."""
    connection = client.storage.get(_KEY)
    if connection is None:
        connection = client.storage[_KEY] = SocketConnection(client.connection.sock)
        connection.pyroInstances = client.instances
        connection.tracked_resources = client.resources
    assert isinstance(connection, SocketConnection)
    return connection


def family_str(sock: socket.socket) -> str:
    """Return the name of a socket's family."""
    names = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
    if hasattr(socket, "AF_UNIX"):
        names[socket.AF_UNIX] = "Unix"
    return names.get(sock.family, "???")
