"""Daemons that wait together, for sockets of others too, and change while they do."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from patience import wait_until
from pyrophone import URI, Settings, expose
from pyrophone.context import Client
from pyrophone.errors import MessageTooLargeError
from pyrophone.net.beacon import Beacon
from pyrophone.sync import Daemon, LoopDaemon, connect
from running import LIMIT, running


@expose
class Echo:
    def echo(self, value: Any) -> Any:
        return value

    def sized(self, size: int) -> str:
        return "x" * size


@pytest.fixture(params=[Daemon, LoopDaemon])
def kind(request: pytest.FixtureRequest) -> type[LoopDaemon]:
    cls: type[LoopDaemon] = request.param
    return cls


@pytest.mark.parametrize("ends", ["one that serves", "the other one"])
def test_combined_daemons_are_served_by_one_and_end_alone(
    kind: type[LoopDaemon], ends: str
) -> None:
    first, second = kind(), LoopDaemon()
    uris = [daemon.register(Echo()) for daemon in (first, second)]
    first.combine(second)
    first.combine(second)
    assert first.selector is second.selector
    with running(first), connect(uris[0]) as one, connect(uris[1]) as two:
        assert (one.echo(1), two.echo(2)) == (1, 2)
        if ends == "the other one":
            second.stop()
            assert one.echo(3) == 3
            return
        first.stop()
        with running(second):
            assert two.echo(3) == 3


def test_a_beacon_answers_while_its_daemon_is_served() -> None:
    uri = URI.parse("PYRO:x@somewhere:1")
    with LoopDaemon() as daemon, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        beacon = Beacon(uri, b"where?", host="127.0.0.1", port=0)
        daemon.combine(beacon)
        assert (beacon.sock, None) in daemon.sources
        with running(daemon):
            asker.settimeout(LIMIT)
            asker.sendto(b"where?", beacon.address)
            assert asker.recv(100) == b"PYRO:x@somewhere:1"
        daemon.unwatch(beacon.sock)
        beacon.close()


def test_what_watches_a_socket_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    here, there = socket.socketpair()
    with LoopDaemon() as daemon, here, there:
        daemon.watch(here, lambda: here.recv(9) and 1 / 0)
        there.send(b"x")
        daemon.process(LIMIT)
        daemon.unwatch(here)
        assert here not in daemon.sockets
        assert (here, None) not in daemon.sources
    assert "ZeroDivisionError" in caplog.text


def test_given_sockets_alone_are_processed() -> None:
    with LoopDaemon() as daemon:
        listener = daemon.listener
        assert listener is not None
        with socket.create_connection(listener.getsockname()):
            daemon.process(LIMIT, [])
            assert daemon.clients == []
            daemon.process(LIMIT, [listener])
            assert [type(client) for client in daemon.clients] == [Client]
            (first, nobody), (second, client) = daemon.sources
            assert (first, nobody, client) == (listener, None, *daemon.clients)
            assert second.getsockname() == listener.getsockname()
    assert daemon.listener is None


def test_settings_can_be_changed_while_clients_are_connected(
    kind: type[LoopDaemon],
) -> None:
    plain = Settings(values=False)
    with (
        running(kind()) as daemon,
        connect(daemon.register(Echo()), settings=plain) as proxy,
    ):
        assert proxy.echo(b"\0") == {"data": "AA==", "encoding": "base64"}
        daemon.reconfigure(
            Settings(bytes_repr=True, max_message_size=3000, stream_linger=7)
        )
        assert proxy.echo({"data": "AA==", "encoding": "base64"}) is not None
        assert len(proxy.sized(2500)) == 2500
        with pytest.raises(MessageTooLargeError, match="3000"):
            proxy.sized(3000)
        assert (daemon.streams.linger, daemon.settings.stream_linger) == (7, 7)
        daemon.reconfigure(Settings(idle_timeout=0.05, linger=0.01))
        assert proxy.echo(1) == 1
        wait_until(lambda: not daemon.clients)
