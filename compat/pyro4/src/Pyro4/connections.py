"""One end of a connection, as Pyro4's programs see it."""

from __future__ import annotations

from typing import Any

from pyrophone.classic import connections
from pyrophone.classic.connections import Connection, ServedConnection, family_str
from pyrophone.context import Client

from .generation import PYRO4
from .transfers import receiveData

__all__ = ["SocketConnection", "connection_of", "family_str"]


class SocketConnection(Connection):
    """One end of a connection. Nobody holds it any more: then it is closed."""

    __module__ = "Pyro4.socketutil"
    generation = PYRO4

    def recv(self, size: int) -> bytes:
        """Return exactly *size* bytes."""
        return receiveData(self.sock, size)

    def setTimeout(self, timeout: float | None) -> None:
        """Set how long to wait for the other side, in seconds; None is for ever."""
        self.timeout = timeout

    def getTimeout(self) -> float | None:
        """Return how long to wait for the other side."""
        return self.timeout


class _Served(ServedConnection, SocketConnection):
    """The connection of a daemon's client, whose socket the daemon closes."""


def connection_of(client: Client) -> Any:
    """Return the connection of a daemon's *client*; the same one each time."""
    return connections.connection_of(client, _Served)
