"""A cable that can be cut: it passes bytes between clients and a daemon, or drops them."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from contextlib import suppress
from typing import Self

from running import LIMIT

__all__ = ["Relay"]


class Relay:
    """Listens on a port of its own, and passes on what comes to *target* and back.

    Args:
        target: "host:port" of the daemon.
        up: Cut every connection after so many bytes to the daemon; None is never.
        down: Likewise, bytes to the client.

    Attributes:
        swallows_up: Take what clients send, and drop it. No end is told.
        swallows_down: Likewise, what the daemon sends.
        location: Where clients find it.
    """

    def __init__(
        self, target: str, *, up: int | None = None, down: int | None = None
    ) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host.strip("[]"), int(port))
        self._limits = (up, down)
        self.swallows_up = False
        self.swallows_down = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.location = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._passed: dict[socket.socket, int] = {}
        self._other: dict[socket.socket, socket.socket] = {}
        self._clients: set[socket.socket] = set()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="relay")
        self._thread.start()

    def swallow(self, *, up: bool = True, down: bool = True) -> None:
        """From now on let nothing through; nobody is told."""
        self.swallows_up, self.swallows_down = up, down

    def uri(self, object_id: str) -> str:
        """Return the URI of an object, reached through here."""
        return f"PYRO:{object_id}@{self.location}"

    def close(self) -> None:
        """End it, and all connections."""
        self._ending = True
        with suppress(OSError):  # the thread may have seen it without
            self._wake.send(b"x")
        self._thread.join(LIMIT)
        self._wake.close()
        assert not self._thread.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def _run(self) -> None:
        while not self._ending:
            for key, _ in self._selector.select():
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                if sock is self._listener:
                    self._accept()
                elif sock in self._other:
                    self._pass(sock)
        for sock in [*self._other, self._listener, self._woken]:
            sock.close()
        self._selector.close()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(self._target)
        except OSError:
            client.close()
            return
        self._clients.add(client)
        for one, other in ((client, server), (server, client)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._other[one], self._passed[one] = other, 0
            self._selector.register(one, selectors.EVENT_READ)
        if 0 in self._limits:
            self._cut(client)

    def _pass(self, sock: socket.socket) -> None:
        upwards = sock in self._clients
        try:
            data = sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._cut(sock)
            return
        if self.swallows_up if upwards else self.swallows_down:
            return
        limit = self._limits[0 if upwards else 1]
        if limit is not None:
            data = data[: limit - self._passed[sock]]
        self._passed[sock] += len(data)
        with suppress(OSError):  # it has left; its own end is read next
            self._other[sock].sendall(data)
        if self._passed[sock] == limit:
            self._cut(sock)

    def _cut(self, sock: socket.socket) -> None:
        """Close both ends, hard; but no end hears of it where bytes are swallowed."""
        other = self._other[sock]
        heard = other not in self._clients  # which way the news would go
        if self.swallows_up if heard else self.swallows_down:
            self._selector.unregister(sock)
            return
        for one in (sock, other):
            with suppress(KeyError):
                self._selector.unregister(one)
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
            self._other.pop(one, None)
