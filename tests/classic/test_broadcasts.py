"""Who looks for a name server by broadcast gets its URI."""

from __future__ import annotations

import select
import socket

import pytest

from Pyro5 import config
from Pyro5.generation import PYRO5
from pyrophone.classic import broadcasts

LIMIT = 10.0
URI = "PYRO:Pyro.NameServer@example.org:9090"


class BroadcastServer(broadcasts.BroadcastServer):
    """Of a generation."""

    generation = PYRO5


def ask(port: int) -> socket.socket:
    """Return a socket that has asked at *port*."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(LIMIT)
    sock.sendto(b"GET_NSURI", ("127.0.0.1", port))
    return sock


def test_a_loop_can_wait_for_it() -> None:
    with BroadcastServer(URI, "127.0.0.1", 0) as server, ask(server.getPort()) as sock:
        assert select.select([server], [], [], LIMIT)[0] == [server]
        server.transportServer.events([server])
        assert sock.recv(100) == URI.encode()
    assert server.fileno() == -1


def test_a_thread_can_answer() -> None:
    with BroadcastServer(URI, "127.0.0.1", 0) as server:
        thread = server.runInThread()
        with ask(server.getPort()) as sock:
            assert sock.recv(100) == URI.encode()
    thread.join(LIMIT)
    assert not thread.is_alive()


def test_the_configuration_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "NS_BCHOST", "127.0.0.1")
    monkeypatch.setattr(config, "NS_BCPORT", 0)
    with BroadcastServer(URI) as server:
        assert server.locationStr == f"127.0.0.1:{server.getPort()}"
