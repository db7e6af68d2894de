"""Pyrophone's daemons look like transports."""

from __future__ import annotations

import pytest

import Pyro5.api
from looping import looping
from Pyro5 import config


class Clock:
    """Something to call."""

    @Pyro5.api.expose
    def hour(self) -> int:
        return 11


@pytest.mark.parametrize("kind", ["thread", "multiplex"])
def test_a_client_counts_as_a_worker_or_a_connection(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(config, "SERVERTYPE", kind)
    with Pyro5.api.Daemon() as daemon, looping() as loop:
        uri = daemon.register(Clock())
        loop(daemon)
        with Pyro5.api.Proxy(uri) as proxy:
            assert proxy.hour() == 11
            server = daemon.transportServer
            if kind == "thread":
                assert len(server.pool.busy) == 1
                assert "busy" in repr(server.pool)
            else:
                assert repr(server).endswith("; 1 connections>")
    assert daemon.sock is None


def test_it_passes_for_the_transport_in_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "SERVERTYPE", "multiplex")
    with Pyro5.api.Daemon() as daemon:
        assert type(daemon.transportServer).__name__ == "SocketServer_Multiplex"
