"""One end of a connection, as Pyro5's programs see it."""

from __future__ import annotations

from typing import Any

from pyrophone.classic import connections
from pyrophone.classic.connections import Connection, ServedConnection, family_str
from pyrophone.context import Client

from .generation import PYRO5

__all__ = ["SocketConnection", "connection_of", "family_str"]


class SocketConnection(Connection):
    """One end of a connection. Nobody holds it any more: then it is closed."""

    __module__ = "Pyro5.socketutil"
    generation = PYRO5

    def settimeout(self, timeout: float | None) -> None:
        """Set how long to wait for the other side, in seconds; None is for ever."""
        self.timeout = timeout

    def gettimeout(self) -> float | None:
        """Return how long to wait for the other side."""
        return self.timeout


class _Served(ServedConnection, SocketConnection):
    """The connection of a daemon's client, whose socket the daemon closes."""


def connection_of(client: Client) -> Any:
    """Return the connection of a daemon's *client*; the same one each time."""
    return connections.connection_of(client, _Served)
