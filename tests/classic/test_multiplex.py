"""All connections in one thread."""

from __future__ import annotations

import socket
from typing import Any

from Pyro5.svr_multiplex import SocketServer_Multiplex


class Echo:
    """Sends back what comes, five bytes at a time."""

    left = 0

    def _handshake(self, conn: Any, denied_reason: Any = None) -> bool:
        return True

    def handleRequest(self, conn: Any) -> None:
        conn.send(conn.recv(5))

    def _clientDisconnect(self, conn: Any) -> None:
        self.left += 1

    def _housekeeping(self) -> None:
        pass


def test_a_loop_of_ones_own_serves_by_its_sockets() -> None:
    server, daemon = SocketServer_Multiplex(), Echo()
    server.init(daemon, "localhost", 0)
    with socket.create_connection(server.sock.getsockname(), 5) as client:
        server.events([server.sock])
        (conn,) = [one for one in server.sockets if one is not server.sock]
        client.sendall(b"hello")
        server.events([conn])
        assert client.recv(5, socket.MSG_WAITALL) == b"hello"
    server.events([conn])
    assert (daemon.left, server.sockets) == (1, [server.sock])
    server.close()
    assert server.sockets == []


def test_combined_servers_wait_with_one_selector() -> None:
    first, second = SocketServer_Multiplex(), SocketServer_Multiplex()
    for server in (first, second):
        server.init(Echo(), "localhost", 0)
    first.combine_loop(second)
    assert second.selector is first.selector
    assert set(first.sockets) == {first.sock, second.sock}
    second.close()
    assert first.sockets == [first.sock]
    first.close()
