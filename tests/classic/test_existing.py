"""One client, over a socket that is connected already."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.svr_existingconn import SocketServer_ExistingConnection
from pyrophone.classic.existing import place


class Echo:
    """Sends back what comes, five bytes at a time."""

    left = 0

    def handleRequest(self, conn: Any) -> None:
        conn.send(conn.recv(5))

    def _clientDisconnect(self, conn: Any) -> None:
        self.left += 1


def test_its_loop_ends_with_the_client_and_the_socket_stays() -> None:
    ours, theirs = socket.socketpair()
    server, daemon = SocketServer_ExistingConnection(), Echo()
    server.init(daemon, ours)
    theirs.sendall(b"hello")
    theirs.shutdown(socket.SHUT_WR)
    server.loop()
    assert theirs.recv(5, socket.MSG_WAITALL) == b"hello"
    assert (daemon.left, ours.fileno() >= 0) == (1, True)
    server.close()
    assert ours.fileno() >= 0
    ours.close()
    theirs.close()


def test_it_can_not_be_combined() -> None:
    server = SocketServer_ExistingConnection()
    for refused in (server.events, server.combine_loop):
        with pytest.raises(errors.PyroError, match="user-supplied connected socket"):
            refused([])


def test_a_socket_has_a_place_in_uris() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert place(ours) == "./u:<<not-bound>>"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert place(listener) == f"127.0.0.1:{listener.getsockname()[1]}"
