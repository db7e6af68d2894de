"""What programs see of a connection, and what belongs to it."""

from __future__ import annotations

import time
from typing import Any

from pyrophone.context import Client
from pyrophone.errors import RemoteProtocolError

__all__ = ["KEY", "Greeting", "LocalStorage", "TCPConnection", "packed"]

KEY = "Pyro.connection"  # in the storage of a client


class LocalStorage:
    """Whatever a program wants to keep for a connection, and who calls.

    Attributes:
        caller: The connection of the client that is being served.
    """

    caller: TCPConnection | None = None


class TCPConnection:
    """A client's connection. Programs may put attributes of their own on it.

    Attributes:
        addr: Host and port of the client.
        connected: Whether it still is.
        admitted: Whether the client has proved who it is, as far as that is asked for.
        challenge: What it has to answer, None once it has tried.
        since: When it came, by the monotonic clock.
        storage: Its local storage, None before the first call.
    """

    def __init__(self, client: Client) -> None:
        self.addr: Any = tuple(client.address)[:2] if client.address else ("", 0)
        self.connected = 1
        self.admitted = False
        self.challenge: Any = None
        self.since = time.monotonic()
        self.storage: LocalStorage | None = None
        self._client = client

    @property
    def sock(self) -> Any:
        """The socket."""
        return self._client.connection.sock

    @property
    def certificate(self) -> Any:
        """The certificate of the client, as a mapping; None without TLS."""
        return self._client.connection.peer_certificate()

    def fileno(self) -> int:
        """Return the number of the socket."""
        return int(self.sock.fileno())

    def shutdown(self) -> None:
        """Have the connection closed."""
        self.close()

    def close(self) -> None:
        """Have the connection closed; who serves it sees to it."""
        self.connected = 0
        self.admitted, self.challenge = False, None  # what is on its way comes too late
        self._client.connection.stop_reading()

    def __str__(self) -> str:
        return f"TCPConnection with {self.addr} connected={self.connected}"


class Greeting:
    """What a daemon answered to the greeting of a new connection.

    It is apart from the adapter so that a proxy which nobody has any more closes its
    connection at once: the connection knows this, and this does not know the adapter.

    Attributes:
        fresh: Whether a connection was made since somebody looked.
        challenge: What the daemon asks, None if it does not, or has been answered.
    """

    __slots__ = ("challenge", "fresh")

    def __init__(self) -> None:
        self.fresh = False
        self.challenge: Any = None

    def take(self, answer: Any) -> None:
        """Note the answer of a daemon.

        Raises:
            RemoteProtocolError: It is malformed.
        """
        self.fresh = True
        try:
            form = answer.get("challenge") if isinstance(answer, dict) else None
            self.challenge = _unpacked(form)
        except ValueError as error:
            raise RemoteProtocolError(str(error)) from error


def packed(challenge: Any) -> Any:
    """Return how a challenge travels: with the greeting, which has no bytes."""
    if isinstance(challenge, (bytes, bytearray)):
        return ["hex", bytes(challenge).hex()]
    return ["text", str(challenge)]


def _unpacked(form: Any) -> Any:
    """Return the challenge that travelled so; None is none.

    Raises:
        ValueError: It is malformed.
    """
    match form:
        case None:
            return None
        case ["hex", str() as text] | ("hex", str() as text):
            return bytes.fromhex(text)
        case ["text", str() as text] | ("text", str() as text):
            return text
    raise ValueError("malformed challenge")
