"""Sockets, and the ends of connections, by the names of Pyro4."""

from __future__ import annotations

import gc
import inspect
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from Pyro4 import errors, socketutil
from Pyro4.configuration import config
from Pyro4.socketutil import SocketConnection

V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.fixture
def keep() -> Iterator[Callable[[Any], Any]]:
    """Give a function that has sockets closed when the test is over."""
    kept: list[Any] = []

    def take(sock: Any) -> Any:
        kept.append(sock)
        return sock

    yield take
    for sock in kept:
        sock.close()


@pytest.fixture
def pair() -> Iterator[tuple[SocketConnection, SocketConnection]]:
    """Give the two ends of a connection."""
    near, far = map(SocketConnection, socket.socketpair())
    with near, far:
        yield near, far


# Addresses.


def test_addresses_are_text() -> None:
    config.PREFER_IP_VERSION = 4
    assert socketutil.getIpAddress("localhost") == "127.0.0.1"
    assert socketutil.getIpAddress("127.0.0.1", ipVersion=0) == "127.0.0.1"
    assert socketutil.getIpAddress("::1") == "::1"
    assert socketutil.getIpAddress("192.0.2.7", workaround127=True) == "192.0.2.7"
    assert socketutil.getIpAddress("0.0.0.0", workaround127=True) != "0.0.0.0"
    assert socketutil.getInterfaceAddress("localhost") == "127.0.0.1"


@pytest.mark.parametrize("host", [None, ""])
def test_this_machine_is_no_name(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "192.0.2.9")
    assert socketutil.getIpAddress(host) == "192.0.2.9"
    assert socketutil.getIpVersion(host) == 4


@pytest.mark.parametrize("host", ["127.0.0.1", "no.such.host.invalid"])
def test_what_has_no_ipv6_is_an_error(host: str) -> None:
    with pytest.raises(OSError, match=r"^unable to determine IPV6 address$"):
        socketutil.getIpAddress(host, ipVersion=6)
    config.PREFER_IP_VERSION = 6
    with pytest.raises(OSError, match=r"^unable to determine IPV6 address$"):
        socketutil.getIpAddress(host)


@pytest.mark.parametrize("version", [5, -1, 46])
def test_there_are_two_versions(version: int) -> None:
    with pytest.raises(ValueError, match="unknown value for argument ipVersion"):
        socketutil.getIpAddress("127.0.0.1", ipVersion=version)


def test_versions_of_hosts() -> None:
    config.PREFER_IP_VERSION = 6
    assert socketutil.getIpVersion("127.0.0.1") == 4
    assert socketutil.getIpVersion("::1") == 6
    with pytest.raises(OSError, match="Name or service not known"):
        socketutil.getIpVersion("no.such.host.invalid")


# Making sockets.


def test_signatures() -> None:
    expected = {
        "createSocket": "bind connect reuseaddr keepalive timeout noinherit ipv6 nodelay "
        "sslContext",
        "createBroadcastSocket": "bind reuseaddr timeout ipv6",
        "findProbablyUnusedPort": "family socktype",
        "bindOnUnusedPort": "sock host",
        "getIpAddress": "hostname workaround127 ipVersion",
        "getSSLcontext": "servercert serverkey clientcert clientkey cacerts keypassword",
        "SocketConnection": "sock objectId keep_open",
    }
    for name, arguments in expected.items():
        found = inspect.signature(getattr(socketutil, name))
        assert list(found.parameters) == arguments.split(), name


def test_a_socket_listens_or_is_connected(keep: Any, tmp_path: Path) -> None:
    for where in (("localhost", 0), str(tmp_path / "socket")):
        server = keep(socketutil.createSocket(bind=where, timeout=3))
        assert server.gettimeout() == 3
        client = keep(socketutil.createSocket(connect=server.getsockname()))
        accepted = keep(server.accept()[0])
        socketutil.sendData(client, b"hello")
        assert socketutil.receiveData(accepted, 5) == b"hello"
    assert socketutil.family_str(client) == "Unix"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"bind": ("a", 1), "connect": ("b", 2)}, "bind and connect cannot both"),
        ({"bind": 12}, "unknown bind or connect format"),
        ({"connect": ["a", 1]}, "unknown bind or connect format"),
        ({"bind": ("127.0.0.1", 0), "ipv6": True}, "IPv4 address is used bind"),
        ({"timeout": -1}, "Timeout value out of range"),
    ],
)
def test_arguments_that_do_not_fit(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        socketutil.createSocket(**arguments)


@pytest.mark.parametrize(
    ("arguments", "stream", "datagram"),
    [
        ({}, 7, 7),
        ({"timeout": None}, None, None),
        ({"timeout": 0}, None, 0),
        ({"timeout": 2}, 2, 2),
    ],
)
def test_timeouts_of_new_sockets(
    keep: Any, arguments: Any, stream: float | None, datagram: float | None
) -> None:
    socket.setdefaulttimeout(7)
    try:
        assert keep(socketutil.createSocket(**arguments)).gettimeout() == stream
        other = keep(socketutil.createBroadcastSocket(**arguments))
        assert other.gettimeout() == datagram
    finally:
        socket.setdefaulttimeout(None)


def test_a_context_wraps_sockets(keep: Any) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made = socketutil.createSocket(bind=("127.0.0.1", 0), sslContext=context)
    assert keep(made).server_side


def test_sockets_for_broadcasts(keep: Any) -> None:
    sock = keep(socketutil.createBroadcastSocket(("127.0.0.1", 0), reuseaddr=True))
    assert (sock.family, sock.type) == (V4, socket.SOCK_DGRAM)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
    assert keep(socketutil.createBroadcastSocket(ipv6=True)).family == V6
    with pytest.raises(ValueError, match="unknown bind format"):
        socketutil.createBroadcastSocket(bind="somewhere")


def test_options(keep: Any) -> None:
    sock = keep(socket.socket())
    socketutil.setReuseAddr(sock)
    socketutil.setNoDelay(sock)
    socketutil.setKeepalive(sock)
    socketutil.setNoInherit(sock)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert not sock.get_inheritable()


def test_free_ports(keep: Any) -> None:
    for family, host in ((V4, "127.0.0.1"), (V6, "::1")):
        sock = keep(socket.socket(family))
        port = socketutil.bindOnUnusedPort(sock)
        assert sock.getsockname()[:2] == (host, port)
        assert socketutil.findProbablyUnusedPort(family, socket.SOCK_DGRAM) > 0
    with pytest.raises(errors.CommunicationError, match="unsupported socket family"):
        socketutil.bindOnUnusedPort(keep(socket.socket(socket.AF_UNIX)))


def test_a_waiting_accept_can_be_interrupted(keep: Any) -> None:
    server = keep(socketutil.createSocket(bind=("127.0.0.1", 0), timeout=5))
    socketutil.interruptSocket(server.getsockname())
    assert len(keep(server.accept()[0]).recv(100)) == 16


# Sending and receiving.


@pytest.mark.parametrize("wait_for_all", [True, False])
def test_the_configuration_says_how_to_read(wait_for_all: bool) -> None:
    class Recording:
        asked: list[Any] = []  # noqa: RUF012

        def recv(self, *how: int) -> bytes:
            self.asked.append(how)
            return b"ab"

    sock = Recording()
    config.USE_MSG_WAITALL = wait_for_all
    assert SocketConnection(sock).recv(4) == b"abab"  # type: ignore[arg-type]
    assert sock.asked == [(4, socket.MSG_WAITALL) if wait_for_all else (4,), (2,)]


def test_what_ends_early_says_what_was_there(pair: Any) -> None:
    near, far = pair
    near.send(b"abc")
    near.close()
    with pytest.raises(errors.ConnectionClosedError) as caught:
        far.recv(5)
    assert str(caught.value) == "receiving: not enough data"
    assert vars(caught.value) == {"partialData": b"abc"}


def test_timeouts_are_pyros_own(pair: Any) -> None:
    near, far = pair
    far.setTimeout(0.01)
    with pytest.raises(errors.TimeoutError, match=r"^receiving: timeout$"):
        far.recv(1)
    near.timeout = 0.01
    with pytest.raises(errors.TimeoutError, match=r"^sending: timeout$"):
        near.send(bytes(10_000_000))


# Connections.


def test_timeouts_of_a_connection(pair: Any) -> None:
    near, _ = pair
    near.setTimeout(4.5)
    assert (near.getTimeout(), near.timeout, near.sock.gettimeout()) == (4.5, 4.5, 4.5)
    near.timeout = None
    assert near.getTimeout() is None


def test_a_connection_closes_what_it_tracks_and_forgets_its_instances() -> None:
    class Resource:
        closed = False

        def close(self) -> None:
            self.closed = True

    sock, other = socket.socketpair()
    connection = SocketConnection(sock, "id")
    assert (connection.objectId, connection.keep_open) == ("id", False)
    assert (connection.family(), connection.getpeercert()) == ("Unix", None)
    assert connection.fileno() == sock.fileno()
    resource = Resource()
    connection.tracked_resources.add(resource)
    connection.pyroInstances[int] = 1
    connection.close()
    assert (connection.sock, connection.fileno()) == (sock, -1)
    assert resource.closed
    assert connection.pyroInstances == {}
    assert other.recv(1) == b""
    other.close()


def test_a_connection_that_is_to_be_kept_is(pair: Any) -> None:
    connection = SocketConnection(pair[0].sock, keep_open=True)
    connection.close()
    del connection
    gc.collect()
    pair[0].send(b"x")
    assert pair[1].recv(1) == b"x"


def test_its_class_is_named_as_pyro4_names_it() -> None:
    assert SocketConnection.__module__ == "Pyro4.socketutil"


# TLS.


def test_contexts_are_for_one_side() -> None:
    assert socketutil.getSSLcontext() is socketutil.getSSLcontext()
    with pytest.raises(ValueError, match="can't have both server cert and client cert"):
        socketutil.getSSLcontext(servercert="a", clientcert="b")
    with pytest.raises(OSError, match="server cert file not found"):
        socketutil.getSSLcontext(servercert="/nowhere/cert.pem")
