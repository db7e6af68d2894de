"""Sockets, and the ends of connections."""

from __future__ import annotations

import errno
import gc
import ipaddress
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro5
from Pyro5 import errors, socketutil
from Pyro5.socketutil import SocketConnection

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
    ends = tuple(SocketConnection(sock) for sock in socket.socketpair())
    yield ends  # type: ignore[misc]
    for end in ends:
        end.close()


class Odd:
    """A socket that gives and takes what a list says."""

    def __init__(self, *answers: Any, timeout: float | None = None) -> None:
        self.answers = list(answers)
        self.timeout = timeout
        self.asked: list[Any] = []
        self.flags: list[Any] = []

    def gettimeout(self) -> float | None:
        """Return the time-out."""
        return self.timeout

    def recv(self, size: Any, *flags: int) -> Any:
        """Do what comes next."""
        self.flags.append(flags)
        self.asked.append(bytes(size) if isinstance(size, memoryview) else size)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    send = sendall = recv


# Addresses.


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "192.0.2.7"])
def test_an_address_is_itself(text: str) -> None:
    assert socketutil.get_ip_address(text, version=4) == ipaddress.ip_address(text)


def test_names_and_versions() -> None:
    assert str(socketutil.get_ip_address("localhost", version=4)) == "127.0.0.1"
    Pyro5.config.PREFER_IP_VERSION = 4
    assert socketutil.get_ip_address("localhost").version == 4
    with pytest.raises(ValueError, match="unknown value"):
        socketutil.get_ip_address("localhost", version=5)
    with pytest.raises(OSError, match="unable to determine IPV6 address"):
        socketutil.get_ip_address("no.such.host.invalid", version=6)
    with pytest.raises(socket.gaierror):
        socketutil.get_ip_address("no.such.host.invalid", version=4)


def test_a_name_without_ipv4_is_asked_for_any_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def look_up(host: str, port: int, family: int, *more: int) -> Any:
        if family == V4:
            raise socket.gaierror("no such address")
        return [(V6, socket.SOCK_STREAM, 6, "", ("2001:db8::7", port, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert str(socketutil.get_ip_address("six", version=4)) == "2001:db8::7"


def test_this_machine_is_the_empty_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "192.0.2.9")
    assert str(socketutil.get_ip_address("")) == "192.0.2.9"
    assert str(socketutil.get_ip_address(None)) == "192.0.2.9"


@pytest.mark.parametrize("text", ["127.0.0.1", "127.0.1.1", "0.0.0.0"])
def test_a_loopback_address_can_be_replaced_by_that_towards_the_world(text: str) -> None:
    world = socketutil.get_ip_address(text, workaround127=True)
    assert world.version == 4
    assert str(world) != "0.0.0.0"
    assert socketutil.get_ip_address("::1", workaround127=True).is_loopback
    assert str(socketutil.get_ip_address("192.0.2.7", True)) == "192.0.2.7"


def test_interfaces() -> None:
    local = ipaddress.ip_interface("127.0.0.1")
    assert socketutil.get_interface("localhost") == local
    assert socketutil.get_interface(ipaddress.ip_address("127.0.0.1")) == local


# Making sockets.


def test_a_socket_listens_or_is_connected(keep: Any) -> None:
    server = keep(socketutil.create_socket(bind=("localhost", 0), timeout=3))
    assert server.gettimeout() == 3
    assert server.getsockname()[1] > 0
    client = keep(socketutil.create_socket(connect=server.getsockname()))
    accepted = keep(server.accept()[0])
    client.sendall(b"x")
    assert accepted.recv(1) == b"x"
    with pytest.raises(ConnectionRefusedError):
        socketutil.create_socket(connect=("localhost", 1))


def test_a_socket_has_a_file_or_a_name(keep: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    server = keep(socketutil.create_socket(bind=path))
    assert socketutil.family_str(server) == "Unix"
    client = keep(socketutil.create_socket(connect=path))
    assert client.getpeername() == path


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"bind": ("a", 1), "connect": ("b", 2)}, "bind and connect cannot both"),
        ({"bind": 12}, "unknown bind or connect format"),
        ({"connect": ["a", 1]}, "unknown bind or connect format"),
        ({"bind": ("127.0.0.1", 0), "ipv6": True}, "IPv4 address is used bind"),
    ],
)
def test_arguments_that_do_not_fit(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        socketutil.create_socket(**arguments)


@pytest.mark.parametrize(
    ("timeout", "set_to"), [(None, None), (0, None), (-1, None), (2, 2)]
)
def test_timeouts_of_new_sockets(keep: Any, timeout: Any, set_to: Any) -> None:
    assert keep(socketutil.create_socket(timeout=timeout)).gettimeout() == set_to


def test_a_negative_timeout_leaves_the_default(keep: Any) -> None:
    socket.setdefaulttimeout(7)
    try:
        assert keep(socketutil.create_socket(timeout=-1)).gettimeout() == 7
        assert keep(socketutil.create_socket(timeout=0)).gettimeout() is None
    finally:
        socket.setdefaulttimeout(None)


def test_options_of_new_sockets(keep: Any) -> None:
    def option(sock: socket.socket, *which: int) -> bool:
        return bool(sock.getsockopt(*which))

    reuse = (socket.SOL_SOCKET, socket.SO_REUSEADDR)
    alive = (socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    nodelay = (socket.IPPROTO_TCP, socket.TCP_NODELAY)
    usual = keep(socketutil.create_socket())
    other = keep(
        socketutil.create_socket(
            reuseaddr=True, keepalive=False, nodelay=False, noinherit=True
        )
    )
    assert [option(usual, *which) for which in (reuse, alive, nodelay)] == [
        False,
        True,
        True,
    ]
    assert [option(other, *which) for which in (reuse, alive, nodelay)] == [
        True,
        False,
        False,
    ]
    assert not other.get_inheritable()


def test_a_context_wraps_sockets(keep: Any) -> None:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    assert not keep(socketutil.create_socket(sslContext=client)).server_side
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made = socketutil.create_socket(bind=("127.0.0.1", 0), sslContext=server)
    assert keep(made).server_side


def test_sockets_for_broadcasts(keep: Any) -> None:
    sock = keep(
        socketutil.create_bc_socket(bind=("127.0.0.1", 0), timeout=1, reuseaddr=True)
    )
    assert (sock.family, sock.type, sock.gettimeout()) == (V4, socket.SOCK_DGRAM, 1)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)
    assert keep(socketutil.create_bc_socket(ipv6=True)).family == V6
    with pytest.raises(ValueError, match="unknown bind format"):
        socketutil.create_bc_socket(bind="somewhere")
    with pytest.raises(ValueError, match="IPv4 address is used"):
        socketutil.create_bc_socket(bind=("127.0.0.1", 0), ipv6=True)


def test_free_ports(keep: Any) -> None:
    for family, host in ((V4, "127.0.0.1"), (V6, "::1")):
        sock = keep(socket.socket(family))
        port = socketutil.bind_unused_port(sock)
        assert sock.getsockname()[:2] == (host, port)
        assert socketutil.find_probably_unused_port(family, socket.SOCK_DGRAM) > 0
    with pytest.raises(errors.CommunicationError, match="unsupported socket family"):
        socketutil.bind_unused_port(keep(socket.socket(socket.AF_UNIX)))


def test_a_waiting_accept_can_be_interrupted(keep: Any) -> None:
    server = keep(socketutil.create_socket(bind=("127.0.0.1", 0), timeout=5))
    socketutil.interrupt_socket(server.getsockname())
    assert len(keep(server.accept()[0]).recv(100)) == 16
    socketutil.interrupt_socket(("127.0.0.1", 1))  # nobody is there: no matter


# Sending and receiving.


@pytest.mark.parametrize("size", [1, 32767, 32768, 32769, 41950, 65535, 1 << 20])
@pytest.mark.parametrize("timeout", [None, 5.0])
def test_all_bytes_arrive(pair: Any, size: int, timeout: float | None) -> None:
    near, far = pair
    near.timeout = far.timeout = timeout
    data = bytes(range(256)) * (size // 256 + 1)
    sender = threading.Thread(target=near.send, args=(data[:size],))
    sender.start()
    first = size // 3
    assert far.recv(first) + far.recv(size - first) == data[:size]
    sender.join()


def test_what_ends_early_says_what_was_there(pair: Any) -> None:
    near, far = pair
    near.send(b"abc")
    near.close()
    with pytest.raises(errors.ConnectionClosedError) as caught:
        far.recv(5)
    assert str(caught.value) == "receiving: not enough data"
    assert caught.value.partialData == bytearray(b"abc")  # type: ignore[attr-defined]


def test_timeouts_are_pyros_own(pair: Any) -> None:
    near, far = pair
    far.timeout = 0.01
    with pytest.raises(errors.TimeoutError, match=r"^receiving: timeout$"):
        far.recv(1)
    near.timeout = 0.01
    with pytest.raises(errors.TimeoutError, match=r"^sending: timeout$"):
        near.send(bytes(10_000_000))


def test_a_socket_that_says_not_now_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    again = [OSError(number, "") for number in (errno.EAGAIN, errno.EINTR)]
    refused = [*again, *again, *again]
    assert socketutil.receive_data(Odd(*refused, b"ab", *again, b"c"), 3) == b"abc"
    assert pauses == [0.0001, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5]
    pauses.clear()
    sock = Odd(*refused, 2, 1, timeout=0.0)
    socketutil.send_data(sock, b"abc")
    assert sock.asked[-2:] == [b"abc", b"c"]
    assert pauses == [0.0001, 0.001, 0.01, 0.1, 0.2, 0.3]


@pytest.mark.skipif(not socketutil.USE_MSG_WAITALL, reason="not on this system")
def test_the_system_is_asked_for_all_at_once() -> None:
    sock = Odd(b"ab", b"c")
    assert socketutil.receive_data(sock, 3) == b"abc"
    assert (sock.asked, sock.flags) == ([3, 1], [(socket.MSG_WAITALL,), ()])


def test_tls_that_wants_more_is_asked_again() -> None:
    sock = Odd(ssl.SSLWantReadError(), b"a", timeout=0.0)
    assert socketutil.receive_data(sock, 1) == b"a"


@pytest.mark.parametrize("timeout", [None, 1.0])
def test_other_errors_are_a_lost_connection(timeout: float | None) -> None:
    broken = OSError(errno.EPIPE, "Broken pipe")
    with pytest.raises(errors.ConnectionClosedError) as caught:
        socketutil.send_data(Odd(broken, timeout=timeout), b"a")
    assert str(caught.value) == "sending: connection lost: [Errno 32] Broken pipe"
    with pytest.raises(errors.ConnectionClosedError, match="receiving: connection lost: "):
        socketutil.receive_data(Odd(b"a", broken), 2)
    with pytest.raises(errors.ConnectionClosedError, match="sending: connection lost: "):
        socketutil.send_data(Odd(BlockingIOError(errno.EAGAIN, "x")), b"a")


# Connections.


class Resource:
    """Something to be closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        """Be closed, and complain."""
        self.closed += 1
        raise RuntimeError("not now")


def test_a_connection_closes_what_it_tracks_and_forgets_its_instances() -> None:
    sock, other = socket.socketpair()
    connection = SocketConnection(sock, "id")
    assert (connection.objectId, connection.keep_open) == ("id", False)
    resource = Resource()
    connection.tracked_resources.add(resource)
    connection.pyroInstances[int] = 1
    connection.close()
    connection.close()
    assert connection.sock is sock
    assert (sock.fileno(), connection.fileno()) == (-1, -1)
    assert resource.closed == 1
    assert (len(connection.tracked_resources), connection.pyroInstances) == (0, {})
    assert other.recv(1) == b""
    other.close()


def test_tracking_does_not_keep_alive(pair: Any) -> None:
    resource = Resource()
    pair[0].tracked_resources.add(resource)
    gone = weakref.ref(resource)
    del resource
    gc.collect()
    assert gone() is None


def test_a_connection_that_is_to_be_kept_is(pair: Any) -> None:
    connection = SocketConnection(pair[0].sock, keep_open=True)
    with connection as same:
        assert same is connection
    del connection, same
    pair[0].send(b"x")
    assert pair[1].recv(1) == b"x"


def test_a_connection_that_nobody_holds_is_closed() -> None:
    sock, other = socket.socketpair()
    connection = SocketConnection(sock)
    del connection
    gc.collect()
    assert other.recv(1) == b""
    assert sock.fileno() == -1
    other.close()


def test_a_stand_in_for_a_socket_needs_nothing_but_close() -> None:
    class Stand:
        closed = False

        def close(self) -> None:
            self.closed = True

    sock: Any = Stand()
    SocketConnection(sock).close()
    assert sock.closed


def test_families_and_certificates(pair: Any, keep: Any) -> None:
    assert pair[0].family() == "Unix"
    assert pair[0].getpeercert() is None
    assert socketutil.family_str(keep(socket.socket(V4))) == "IPv4"
    assert socketutil.family_str(keep(socket.socket(V6))) == "IPv6"
    odd: Any = Odd()
    odd.family = 99
    assert socketutil.family_str(odd) == "???"
