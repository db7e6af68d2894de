"""A transport that does everything in the thread of its loop.

Daemons run on Pyrophone's own, which nobody can hold up; those that override how
requests are handled run on this one.
"""

from __future__ import annotations

import selectors
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from .transports import Transport, always

__all__ = ["MultiplexTransport"]

_GREETING = 5.0  # seconds that a client may hold up the others with its greeting
_ROUND = 0.05  # seconds; a socket that is reported has something, or did a moment ago


class MultiplexTransport(Transport):
    """Waits for all connections with one selector."""

    _name = "SocketServer_Multiplex"

    def __init__(self) -> None:
        super().__init__()
        self._selector: Any = selectors.DefaultSelector()
        self._served: Any = None  # the connection of the request that is under way

    def init(
        self, daemon: Any, host: str, port: int, unixsocket: str | None = None
    ) -> None:
        """Begin to listen.

        Raises:
            OSError: That is not possible there.
        """
        self.listen(daemon, host, port, unixsocket)
        self.selector.register(self.sock, selectors.EVENT_READ, self)

    def loop(self, loopCondition: Callable[[], bool] = always) -> None:
        """Serve until the condition fails, the server is shut down, or Ctrl-C."""
        with self.looping():
            while not self.shutting_down and loopCondition():
                ready = self._select(self.config.POLLTIMEOUT)
                for server in {id(key.data): key.data for key in ready}.values():
                    server.events([k.fileobj for k in ready if k.data is server])
                if not ready and not self.shutting_down:
                    self.daemon._housekeeping()

    def events(self, eventsockets: Iterable[Any]) -> None:
        """Accept a client, or answer a request, for each of the sockets."""
        for sock in list(eventsockets):
            if self.shutting_down:
                return
            if sock is self.sock:
                self._welcome()
            elif not self._answered(sock):
                self._drop(sock)
        self.daemon._housekeeping()

    @property
    def selector(self) -> Any:
        """What it waits with."""
        return self._selector

    @selector.setter
    def selector(self, selector: Any) -> None:
        self._selector = selector

    @property
    def sockets(self) -> list[Any]:
        """What a loop of one's own waits for, of all servers combined."""
        keys = self.selector.get_map()
        return [key.fileobj for key in keys.values()] if keys is not None else []

    def combine_loop(self, server: Any) -> None:
        """Serve *server* along with this one.

        Raises:
            TypeError: That is one of another kind.
        """
        for key in list(_keys_of(server)):
            self.selector.register(key[0], selectors.EVENT_READ, key[1])
        server.selector = self.selector

    def close(self) -> None:
        """Stop to listen, and hang up on the clients; others that are combined go on.

        A request that is under way, maybe one to close, is answered yet.
        """
        spared = (self.sock, self._served)
        for key in self._mine():
            with suppress(KeyError, ValueError, OSError):
                self.selector.unregister(key.fileobj)
            if key.fileobj not in spared:
                self._farewell(key.fileobj)
        super().close()
        if not self.selector.get_map():
            self.selector.close()

    def _answered(self, conn: Any) -> bool:
        """Answer a request, and what else TLS has decrypted, that no selector sees."""
        self._served = conn
        try:
            while self.answered(self.daemon, conn) and not self.shutting_down:
                if not getattr(getattr(conn, "sock", None), "pending", int)():
                    return True
            return False
        finally:
            self._served = None

    def _select(self, timeout: float) -> list[Any]:
        try:
            return [key for key, _ in self.selector.select(timeout)]
        except (OSError, ValueError):
            if not self.shutting_down:  # by another thread, at this moment
                raise
            return []

    def _welcome(self) -> None:
        accepted = self.accept(_ROUND)
        if accepted is None:
            return
        sock, address = accepted
        conn = self.kit.connection(sock)
        try:
            conn.timeout = min(self.config.COMMTIMEOUT or _GREETING, _GREETING)
            if self.daemon._handshake(conn):
                conn.timeout = self.config.COMMTIMEOUT or None
                self.selector.register(conn, selectors.EVENT_READ, self)
                return
        except Exception:  # of the program's own methods, too
            self.log.exception("error during the handshake with %s", address)
        conn.close()

    def _drop(self, conn: Any) -> None:
        with suppress(KeyError, ValueError):
            self.selector.unregister(conn)
        self._farewell(conn)

    def _farewell(self, conn: Any) -> None:
        try:
            self.daemon._clientDisconnect(conn)
        except Exception:  # of the program's own methods, too
            self.log.exception("error in _clientDisconnect")
        conn.close()

    def _mine(self) -> list[Any]:
        keys = self.selector.get_map()
        return [key for key in list(keys.values()) if key.data is self] if keys else []

    def _state(self) -> str:
        count = sum(1 for key in self._mine() if key.fileobj is not self.sock)
        return f"; {count} connections"


def _keys_of(server: Any) -> list[tuple[Any, Any]]:
    """Return what *server* waits for, and who is to be told."""
    if hasattr(server, "nest"):  # it waits in a way of its own
        return [(server.nest(), server.nest())]
    if not hasattr(server, "selector"):
        return [(sock, server) for sock in server.sockets]
    keys = [(key.fileobj, key.data) for key in server.selector.get_map().values()]
    return [(fileobj, data or server) for fileobj, data in keys]
