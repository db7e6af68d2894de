"""Which transport a daemon gets."""

from __future__ import annotations

import socket
from typing import Any

import pytest

import Pyro5.api
from Pyro5 import config
from pyrophone.classic.engines import Engine, ExistingEngine


class Asked(Pyro5.api.Daemon):
    """Has its own way to answer."""

    def handleRequest(self, conn: Any) -> None:
        super().handleRequest(conn)


@pytest.mark.parametrize("kind", ["thread", "multiplex"])
def test_who_answers_itself_is_asked(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(config, "SERVERTYPE", kind)
    with Pyro5.api.Daemon() as plain, Asked() as asked:
        assert isinstance(plain.transportServer, Engine)
        assert not isinstance(asked.transportServer, Engine)
        names = [type(one.transportServer).__name__ for one in (plain, asked)]
        assert names[0] == names[1]


def test_a_connected_socket_is_served_alone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Pyro5.api.Daemon(connected_socket=ours) as daemon:
        assert isinstance(daemon.transportServer, ExistingEngine)


def test_it_needs_tls_where_the_configuration_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "SSL", True)
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(OSError, match="must be an ssl socket"):
        Pyro5.api.Daemon(connected_socket=ours)
