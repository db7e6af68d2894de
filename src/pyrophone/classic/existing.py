"""A transport for one client, over a socket that is connected already."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from .transports import UNBOUND, Transport, always

__all__ = ["ExistingTransport", "place"]


class ExistingTransport(Transport):
    """Serves the one client that there is, in the thread of the loop."""

    _name = "SocketServer_ExistingConnection"

    def __init__(self) -> None:
        super().__init__()
        self.conn: Any = None

    def init(self, daemon: Any, connected_socket: Any) -> None:
        """Serve who is at the other end of *connected_socket*; it is left open.

        Raises:
            OSError: SSL is on, and the socket has none.
        """
        if self.config.SSL and not hasattr(connected_socket, "getpeercert"):
            raise OSError("user supplied socket must be an ssl socket")
        self.daemon = daemon
        self.sock = connected_socket
        self.conn = self.kit.connection(connected_socket, keep_open=True)
        self.locationStr = place(connected_socket)

    def loop(self, loopCondition: Callable[[], bool] = always) -> None:
        """Serve until the client goes, the condition fails, or Ctrl-C."""
        with self.looping():
            while self.conn is not None and not self.shutting_down and loopCondition():
                if not self._answered():
                    self.daemon._clientDisconnect(self.conn)
                    return

    def events(self, eventsockets: Iterable[Any]) -> NoReturn:
        """Refuse: its loop is the only one."""
        raise self.kit.generation.errors.PyroError(
            "cannot combine events when using user-supplied connected socket"
        )

    @property
    def sockets(self) -> list[Any]:
        """The one socket."""
        return [self.sock] if self.sock is not None else []

    @property
    def selector(self) -> Any:
        """There is none."""
        raise TypeError("single-connection server doesn't have multiplexing selector")

    def combine_loop(self, server: Any) -> NoReturn:
        """Refuse: its loop is the only one."""
        raise self.kit.generation.errors.PyroError(
            "cannot combine servers when using user-supplied connected socket"
        )

    def wakeup(self) -> None:
        """Do nothing: it notices with the next request."""

    def close(self) -> None:
        """Serve no more; the socket stays open."""
        self.shutting_down = True
        self.conn = self.sock = None

    def _answered(self) -> bool:
        waiting = getattr(self.sock, "pending", int)()  # decrypted already, with TLS
        if (
            not waiting
            and not select.select([self.sock], [], [], self.config.POLLTIMEOUT)[0]
        ):
            return True
        try:
            self.daemon.handleRequest(self.conn)
        except self.kit.generation.errors.TimeoutError:
            return True  # the rest may still come
        except self.swallowed as error:
            self.note(self.conn, error)
            return False
        return True


def place(sock: Any) -> str:
    """Return where a connected socket is, as it stands in URIs."""
    name = sock.getsockname()
    if isinstance(name, tuple):
        return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    return f"./u:{text}" if text else UNBOUND
