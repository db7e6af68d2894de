"""How clients come to a daemon of threads, and what they may cost before they are known."""

from __future__ import annotations

import logging
import resource
import socket
from typing import Any

import pytest

from pyrophone import Settings, expose
from pyrophone.errors import ConnectError
from pyrophone.sync import Daemon, LoopDaemon, connect
from running import LIMIT, running


@expose
class Echo:
    def echo(self, value: Any) -> Any:
        return value


@pytest.fixture(params=[Daemon, LoopDaemon])
def kind(request: pytest.FixtureRequest) -> type[LoopDaemon]:
    cls: type[LoopDaemon] = request.param
    return cls


def test_silent_strangers_are_disconnected_after_their_time(kind: type[LoopDaemon]) -> None:
    with running(kind(settings=Settings(handshake_timeout=0.05))) as daemon:
        uri = daemon.register(Echo())
        with (
            connect(uri) as proxy,
            socket.create_connection(("127.0.0.1", uri.port)) as silent,
        ):
            silent.settimeout(LIMIT)
            silent.send(b"PYRO")
            assert silent.recv(1) == b""
            assert proxy.echo(1) == 1


def test_more_strangers_than_allowed_push_out_the_oldest(kind: type[LoopDaemon]) -> None:
    with running(kind(settings=Settings(strangers=2))) as daemon:
        uri = daemon.register(Echo())
        address = ("127.0.0.1", uri.port)
        with connect(uri) as proxy:
            assert proxy.echo(1) == 1
            with socket.create_connection(address) as oldest:
                oldest.settimeout(LIMIT)
                with socket.create_connection(address), socket.create_connection(address):
                    assert oldest.recv(1) == b""
                    assert proxy.echo(2) == 2


def test_clients_can_be_refused_by_their_address(
    kind: type[LoopDaemon], caplog: pytest.LogCaptureFixture
) -> None:
    class Picky(kind):  # type: ignore[misc, valid-type]
        asked: list[Any] = []  # noqa: RUF012

        def accepts(self, address: Any) -> bool:
            self.asked.append(address[0])
            if len(self.asked) == 1:
                raise ValueError("can't judge")
            return len(self.asked) > 2

    with running(Picky()) as daemon:
        uri = daemon.register(Echo())
        for _ in range(2):
            with pytest.raises(ConnectError):
                connect(uri)
        with connect(uri) as proxy:
            assert proxy.echo(1) == 1
        assert daemon.asked == ["127.0.0.1"] * 3
        assert "can't judge" in caplog.text


@pytest.mark.slow
def test_running_out_of_descriptors_pauses_accepting_and_recovers(
    kind: type[LoopDaemon], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with running(kind()) as daemon:
        uri = daemon.register(Echo())
        with connect(uri) as proxy:
            waiting = [socket.socket() for _ in range(20)]
            with socket.socket() as probe:  # has the lowest number that is free
                free = probe.fileno()
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (free + 3, hard))
                for sock in waiting:
                    sock.settimeout(LIMIT)
                    sock.connect(("127.0.0.1", uri.port))
                assert proxy.echo(1) == 1
                while "no new clients for now" not in caplog.text:
                    assert proxy.echo(2) == 2
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                for sock in waiting:
                    sock.close()
        with connect(uri) as proxy:
            assert proxy.echo(3) == 3
