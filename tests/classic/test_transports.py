"""What all transports have in common."""

from __future__ import annotations

import logging
import socket

import pytest

from Pyro5 import config, errors
from Pyro5.svr_multiplex import SocketServer_Multiplex


def test_it_listens_until_it_is_closed() -> None:
    server = SocketServer_Multiplex()
    server.listen(None, "localhost", 0, None)
    place = server.sock.getsockname()
    assert server.locationStr == f"localhost:{place[1]}"
    with socket.create_connection(place):
        accepted = server.accept(5.0)
        assert accepted is not None
        accepted[0].close()
    server.close()
    assert server.accept(0.01) is None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place)


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (errors.TimeoutError("slow"), logging.WARNING),
        (errors.ConnectionClosedError("gone"), logging.DEBUG),
        (ZeroDivisionError("ours"), logging.WARNING),
    ],
)
def test_what_ends_a_connection_is_logged_by_whose_fault_it_is(
    caplog: pytest.LogCaptureFixture, error: Exception, level: int
) -> None:
    class Daemon:
        def handleRequest(self, conn: object) -> None:
            raise error

    with caplog.at_level(logging.DEBUG, "Pyro5.multiplexserver"):
        assert not SocketServer_Multiplex.answered(Daemon(), object())
    assert [record.levelno for record in caplog.records] == [level]


def test_the_configuration_is_that_of_its_package() -> None:
    assert SocketServer_Multiplex().config is config
