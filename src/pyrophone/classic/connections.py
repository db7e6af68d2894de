"""One end of a connection, as programs see it."""

from __future__ import annotations

import socket
import weakref
from contextlib import suppress
from typing import Any, ClassVar, Self

from ..context import Client
from .generation import Generation
from .transfers import receive_data, send_data

__all__ = ["Connection", "ServedConnection", "connection_of", "family_str", "remember"]


class Connection:
    """One end of a connection. Nobody holds it any more: then it is closed.

    Attributes:
        generation: Whose errors are raised.
        sock: Its socket; stays there when it is closed.
        objectId: The object that the other side asked for.
        pyroInstances: The instances made for this client, by their class.
        tracked_resources: What is to be closed with the connection, if it is there still.
        keep_open: Whether :meth:`close` leaves all as it is.
    """

    generation: ClassVar[Generation]

    def __init__(
        self, sock: socket.socket, objectId: str | None = None, keep_open: bool = False
    ) -> None:
        self.sock = sock
        self.objectId = objectId
        self.keep_open = keep_open
        self.pyroInstances: Any = {}
        self.tracked_resources: Any = weakref.WeakSet()

    def send(self, data: bytes) -> None:
        """Send all of *data*."""
        send_data(self.generation, self.sock, data)

    def recv(self, size: int) -> bytes:
        """Return exactly *size* bytes."""
        return receive_data(self.generation, self.sock, size)

    def close(self) -> None:
        """Close the socket, and what is tracked with it; may be called again."""
        if self.keep_open:
            return
        with suppress(Exception):  # of stand-ins, too, and while Python ends
            self.sock.shutdown(socket.SHUT_RDWR)
        with suppress(Exception):
            self.sock.close()
        self.pyroInstances.clear()
        for resource in list(self.tracked_resources):
            with suppress(Exception):  # the program's own matter
                resource.close()
        self.tracked_resources.clear()

    def fileno(self) -> int:
        """Return the file descriptor of the socket."""
        return self.sock.fileno()

    def family(self) -> str:
        """Return ``IPv4``, ``IPv6`` or ``Unix``."""
        return family_str(self.sock)

    @property
    def timeout(self) -> float | None:
        """How long to wait for the other side, in seconds; None is for ever."""
        return self.sock.gettimeout()

    @timeout.setter
    def timeout(self, timeout: float | None) -> None:
        self.sock.settimeout(timeout)

    def getpeercert(self) -> Any:
        """Return the certificate of the other side, None without TLS."""
        getter = getattr(self.sock, "getpeercert", None)
        return getter() if getter else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def __del__(self) -> None:
        if "tracked_resources" in vars(self):  # else it was never quite made
            self.close()


class ServedConnection(Connection):
    """The connection of a daemon's client, whose socket the daemon closes."""

    def __init__(self, client: Client) -> None:
        super().__init__(client.connection.sock)
        self._client = weakref.ref(client)

    def getpeercert(self) -> Any:
        """Return the certificate of the client, None without TLS."""
        client = self._client()
        return client.connection.peer_certificate() if client is not None else None

    def __del__(self) -> None:
        """Do nothing."""


def connection_of(client: Client, served: type[ServedConnection]) -> Any:
    """Return the connection of a daemon's *client*; the same one each time.

    Args:
        client: The client.
        served: Its class, of the package that asks.
    """
    connection = client.storage.get(_key(served.generation))
    if connection is None:
        connection = served(client)
        connection.pyroInstances = client.instances
        connection.tracked_resources = client.resources
        remember(served.generation, client, connection)
    return connection


def remember(generation: Generation, client: Client, connection: Any) -> None:
    """Let :func:`connection_of` return *connection* for *client*."""
    client.storage[_key(generation)] = connection


def _key(generation: Generation) -> str:
    return f"{generation.name}.connection"


def family_str(sock: socket.socket) -> str:
    """Return the name of a socket's family."""
    names = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
    if hasattr(socket, "AF_UNIX"):
        names[socket.AF_UNIX] = "Unix"
    return names.get(sock.family, "???")
