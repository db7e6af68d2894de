"""A worker thread for each connection."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from Pyro5 import config
from Pyro5.svr_threads import SocketServer_Threadpool

LIMIT = 10.0


class Echo:
    """Sends back what comes, five bytes at a time."""

    def __init__(self) -> None:
        self.denied: list[str] = []
        self.left = threading.Event()

    def _handshake(self, conn: Any, denied_reason: Any = None) -> bool:
        if denied_reason:
            self.denied.append(denied_reason)
            return False
        return True

    def handleRequest(self, conn: Any) -> None:
        conn.send(conn.recv(5))

    def _clientDisconnect(self, conn: Any) -> None:
        self.left.set()

    def _housekeeping(self) -> None:
        pass


def test_each_client_has_a_worker_and_one_too_many_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config, "THREADPOOL_SIZE_MIN", 1)
    monkeypatch.setattr(config, "THREADPOOL_SIZE", 1)
    server, daemon = SocketServer_Threadpool(), Echo()
    server.init(daemon, "localhost", 0)
    loop = threading.Thread(target=server.loop)
    loop.start()
    place = server.sock.getsockname()
    with socket.create_connection(place, LIMIT) as first:
        first.sendall(b"hello")
        assert first.recv(5, socket.MSG_WAITALL) == b"hello"
        with socket.create_connection(place, LIMIT) as second:
            assert second.recv(1) == b""
        assert daemon.denied == ["no free workers, increase server threadpool size"]
    assert daemon.left.wait(LIMIT)
    server.shutdown()
    loop.join(LIMIT)
    assert not loop.is_alive()
    assert not server.housekeeper or server.housekeeper.stop.is_set()
