"""Sockets are opened where they should be, and failures say where and why."""

from __future__ import annotations

import errno
import select
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from pyrophone import URI
from pyrophone.errors import ConnectError
from pyrophone.net.sockets import (
    close_hard,
    connect_socket,
    is_stale,
    limit_waits,
    listen_tcp,
    listen_unix,
    peer_name,
    remove_socket_file,
    tune,
    wait_for,
    wait_limit_reached,
)


def uri_of(listener: socket.socket, host: str) -> URI:
    return URI("PYRO", "x", None, host, listener.getsockname()[1])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_what_listens_can_be_connected_to(host: str) -> None:
    with (
        listen_tcp(host, 0) as listener,
        connect_socket(uri_of(listener, host), 5.0) as sock,
    ):
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.gettimeout() == 5.0


def test_localhost_reaches_a_server_on_ipv6_only() -> None:
    with (
        listen_tcp("::1", 0) as listener,
        connect_socket(uri_of(listener, "localhost")) as sock,
    ):
        assert sock.family == socket.AF_INET6


def test_all_interfaces_can_be_listened_at() -> None:
    with listen_tcp("", 0) as listener, connect_socket(uri_of(listener, "127.0.0.1")):
        assert listener.getsockname()[0] == "0.0.0.0"


def test_a_port_in_use_is_named() -> None:
    with listen_tcp("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1:{port}") as caught:
            listen_tcp("127.0.0.1", port)
        assert caught.value.errno == errno.EADDRINUSE


def test_nobody_there_is_an_error_that_says_where() -> None:
    with listen_tcp("127.0.0.1", 0) as listener:
        uri = uri_of(listener, "127.0.0.1")
    with pytest.raises(
        ConnectError, match=f"cannot connect to 127.0.0.1:{uri.port}: .*refused"
    ):
        connect_socket(uri)
    with pytest.raises(ConnectError, match=f"cannot connect to localhost:{uri.port}"):
        connect_socket(URI("PYRO", "x", None, "localhost", uri.port))


@pytest.mark.parametrize("host", ["no such host", "x" * 300, "\x00"])
def test_an_impossible_host_is_the_same_error(host: str) -> None:
    with pytest.raises(ConnectError, match="cannot connect to"):
        connect_socket(URI("PYRO", "x", None, host, 9))


@pytest.mark.parametrize("port", [-1, 99999])
def test_an_impossible_port_is_the_same_error(port: int) -> None:
    with pytest.raises(ConnectError, match="cannot connect to"):
        connect_socket(URI("PYRO", "x", None, "127.0.0.1", port))


def test_a_port_too_large_is_not_another_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1] + 65536
        with pytest.raises(ConnectError, match=f"port must be 0-65535, not {port}"):
            connect_socket(URI("PYRO", "x", None, "localhost", port))


def test_a_unix_socket_and_its_file(tmp_path: Path) -> None:
    path = str(tmp_path / "a socket")
    with listen_unix(path), connect_socket(URI("PYRO", "x", path), 5.0):
        assert Path(path).is_socket()
        with pytest.raises(OSError, match="a socket"):
            listen_unix(path)
    assert Path(path).exists()
    with listen_unix(path):  # nobody listens at the old one any more
        remove_socket_file(path)
    assert not Path(path).exists()
    remove_socket_file(path)
    with pytest.raises(ConnectError, match=r"cannot connect to \./u:"):
        connect_socket(URI("PYRO", "x", path))


def test_a_file_that_is_no_socket_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("precious")
    with pytest.raises(OSError, match="data"):
        listen_unix(str(path))
    assert path.read_text() == "precious"


def test_an_abstract_unix_socket_has_no_file() -> None:
    name = f"\0pyrophone-test-{threading.get_native_id()}"
    with listen_unix(name), connect_socket(URI("PYRO", "x", name)):
        remove_socket_file(name)


def fill(sock: socket.socket) -> None:
    while True:
        sock.send(b"x" * 100_000)


def test_waits_of_a_blocking_socket_end_after_their_limit() -> None:
    here, there = socket.socketpair()
    with here, there:
        limit_waits(here, receive=0.001, send=0.001)
        with pytest.raises(OSError) as caught:  # noqa: PT011 - its errno is what counts
            here.recv(1)
        assert wait_limit_reached(caught.value)
        with pytest.raises(OSError) as caught:  # noqa: PT011
            fill(here)
        assert wait_limit_reached(caught.value)
        assert not wait_limit_reached(ConnectionResetError())
        there.sendall(b"y")
        assert here.recv(1) == b"y"


def test_a_connection_is_stale_once_its_peer_is_gone_or_spoke_unasked() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(3.0)
        assert not is_stale(here)
        assert here.gettimeout() == 3.0
        there.sendall(b"x")
        assert is_stale(here)
        assert here.recv(1) == b"x"
        there.close()
        assert is_stale(here)
    assert is_stale(here)


def test_peer_names() -> None:
    here, there = socket.socketpair()
    with here, there:
        assert peer_name(here) == ""
    assert peer_name(here) == ""


def test_closing_hard_wakes_who_waits() -> None:
    here, there = socket.socketpair()
    received = []
    with there:
        thread = threading.Thread(target=lambda: received.append(there.recv(1)))
        thread.start()
        close_hard(here)
        thread.join()
        assert received == [b""]
        close_hard(here)
        tune(here)


@pytest.mark.parametrize("host", ["x" * 70, "no such host", "192.0.2.1"])
def test_where_one_cannot_listen_is_named(host: str) -> None:
    with pytest.raises(OSError, match=f"{host}:0"):
        listen_tcp(host, 0)


def test_a_host_that_is_none_is_the_error_of_the_resolver() -> None:
    with pytest.raises(socket.gaierror) as caught:
        listen_tcp("no such host", 0)
    assert caught.value.errno == socket.EAI_NONAME


@pytest.mark.parametrize("port", [-1, 65536])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", ""])
def test_a_port_that_is_none_is_an_error(host: str, port: int) -> None:
    with pytest.raises(OverflowError, match="port must be 0-65535"):
        listen_tcp(host, port)


@pytest.mark.parametrize("port", ["x", "80", None, 1.5])
def test_a_port_is_a_whole_number(port: Any) -> None:
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        listen_tcp("localhost", port)


def test_a_name_can_be_taken_as_an_address_of_one_version() -> None:
    for host in ("localhost", ""):
        for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
            with listen_tcp(host, 0, version) as listener:
                assert listener.family == family
    with pytest.raises(ValueError, match="IP version is 5"):
        listen_tcp("localhost", 0, 5)


def test_waiting_works_without_poll_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "poll")
    here, there = socket.socketpair()
    with there:
        assert wait_for(here, 0.0, write=True)
        assert not wait_for(here, 0.0)
        there.sendall(b"x")
        assert wait_for(here, 0.0)
        here.close()
        assert wait_for(here, 0.0)  # whoever reads it will see
