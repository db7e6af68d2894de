"""Answers to those who look for a name server by broadcast."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from ..finding import BROADCAST_QUERY
from ..net.addresses import location
from ..net.beacon import Beacon
from ..uri import URI
from .generation import Generation

__all__ = ["BroadcastServer"]

_PATIENCE = 2.0  # seconds that one look for a request takes at most


class BroadcastServer:
    """Answers broadcasts with the URI of a name server.

    It can be waited for with ``select``, and combined into a daemon.

    Args:
        nsUri: What to answer. The host ``0.0.0.0`` becomes the address of the interface
            towards whoever asks.
        bchost: Address to listen at; None is NS_BCHOST.
        bcport: UDP port; None is NS_BCPORT, 0 any free one.
        ipv6: Listen by IPv6; so it is for a name server that does.

    Attributes:
        generation: Whose broadcasts.
    """

    generation: ClassVar[Generation]

    def __init__(
        self,
        nsUri: Any,
        bchost: str | None = None,
        bcport: int | None = None,
        ipv6: bool = False,
    ) -> None:
        config = self.generation.config
        self.nsUri = nsUri
        self.transportServer = _Transport(self)
        host = bchost or config.NS_BCHOST or ""
        port = config.NS_BCPORT if bcport is None else bcport
        if not host and (ipv6 or ":" in (nsUri.host or "")):
            host = "::"
        self._beacon = Beacon(URI.parse(str(nsUri)), BROADCAST_QUERY, host=host, port=port)
        self.sock = self._beacon.sock
        self.sock.settimeout(_PATIENCE)  # a request that vanishes stops no loop
        address, port = self._beacon.address
        self.locationStr = location(host or address, port)
        self.running = True

    def runInThread(self) -> threading.Thread:
        """Answer in a thread of its own until :meth:`close`; return the thread."""
        thread = threading.Thread(target=self._beacon.serve, daemon=True)
        thread.start()
        return thread

    def processRequest(self) -> None:
        """Wait for one request, two seconds at most, and answer it."""
        self._beacon.answer_one()

    def getPort(self) -> int:
        """Return the UDP port."""
        return self._beacon.address[1]

    def fileno(self) -> int:
        """Return the file descriptor of the socket."""
        return self.sock.fileno()

    def close(self) -> None:
        """Stop answering."""
        self.running = False
        self._beacon.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()


class _Transport:
    """What a daemon needs to serve a broadcast server along with itself.

    Attributes:
        selector: That of the daemon, once it does.
    """

    selector: Any

    def __init__(self, server: BroadcastServer) -> None:
        self.sockets = [server]

    def events(self, eventsockets: Iterable[Any]) -> None:
        """Answer what came to *eventsockets*."""
        for server in eventsockets:
            server.processRequest()
