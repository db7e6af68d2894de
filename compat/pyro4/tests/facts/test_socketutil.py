"""Functions about sockets, and connections."""

import contextlib
import errno
import gc
import os
import select
import socket
import threading

import pytest

from Pyro4 import config, socketutil
from Pyro4.errors import CommunicationError, ConnectionClosedError, TimeoutError
from Pyro4.socketutil import SocketConnection


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")


@pytest.fixture
def pair():
    one, two = socket.socketpair()
    one.settimeout(5)
    two.settimeout(5)
    yield one, two
    one.close()
    two.close()


@pytest.mark.parametrize(
    ("host", "version"),
    [("127.0.0.1", 4), ("10.20.30.40", 4), ("0.0.0.0", 4), ("::1", 6), ("localhost", 4)],
)
def test_versions_of_addresses(host, version):
    assert socketutil.getIpVersion(host) == version


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.20.30.40", "0.0.0.0", "::1", "abcd:abcd::1"]
)
def test_addresses_stay(host):
    assert socketutil.getIpAddress(host) == host
    assert socketutil.getIpAddress(host, ipVersion=0) == host


def test_names_are_looked_up():
    assert socketutil.getIpAddress("localhost") == "127.0.0.1"
    assert socketutil.getIpAddress("localhost", ipVersion=4) == "127.0.0.1"
    assert socketutil.getIpAddress("localhost", False, 4) == "127.0.0.1"


def test_names_of_the_other_version():
    try:
        found = socketutil.getIpAddress("localhost", ipVersion=6)
    except OSError as error:  # it has none here
        assert "unable to determine IPV6 address" in str(error)  # noqa: PT017
    else:
        assert ":" in found


@pytest.mark.parametrize("host", ["127.0.0.1", "10.20.30.40"])
def test_addresses_of_the_other_version(host):
    with pytest.raises(OSError, match="unable to determine IPV6 address"):
        socketutil.getIpAddress(host, ipVersion=6)
    config.PREFER_IP_VERSION = 6
    with pytest.raises(OSError, match="unable to determine IPV6 address"):
        socketutil.getIpAddress(host)
    assert socketutil.getIpAddress("::1") == "::1"


@pytest.mark.parametrize("host", ["", None])
def test_no_name_is_this_machine(host):
    found = socketutil.getIpAddress(host)
    assert isinstance(found, str)
    assert socketutil.getIpVersion(found) == 4


@pytest.mark.parametrize("version", [5, 9, -1])
def test_versions(version):
    with pytest.raises(ValueError, match="unknown value for argument ipVersion"):
        socketutil.getIpAddress("localhost", ipVersion=version)


def test_unknown_names():
    for function in (socketutil.getIpAddress, socketutil.getIpVersion):
        with pytest.raises(socket.gaierror):
            function("nosuch.invalid")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a_way_round_loopback(host):
    found = socketutil.getIpAddress(host, workaround127=True)
    assert isinstance(found, str)
    assert found != "0.0.0.0"
    assert socketutil.getIpVersion(found) == 4


def test_no_way_round_other_addresses():
    assert socketutil.getIpAddress("10.20.30.40", workaround127=True) == "10.20.30.40"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_interfaces(host):
    assert socketutil.getInterfaceAddress(host) == "127.0.0.1"


@ipv6
def test_interfaces_with_ipv6():
    assert socketutil.getInterfaceAddress("::1") == "::1"


@pytest.mark.parametrize(
    ("arguments", "family"),
    [
        ({}, socket.AF_INET),
        ({"bind": ("127.0.0.1", 0)}, socket.AF_INET),
        pytest.param({"bind": ("::1", 0)}, socket.AF_INET6, marks=ipv6),
        pytest.param({"ipv6": True}, socket.AF_INET6, marks=ipv6),
    ],
)
def test_sockets(arguments, family):
    with contextlib.closing(socketutil.createSocket(**arguments)) as sock:
        assert sock.family == family
        assert sock.type == socket.SOCK_STREAM
        assert sock.gettimeout() is None
        if "bind" in arguments:
            assert sock.getsockname()[0] == arguments["bind"][0]
            assert sock.getsockname()[1] > 0


@pytest.mark.parametrize(
    ("timeout", "expected"), [(0, None), (None, None), (3.5, 3.5), (7, 7.0)]
)
def test_timeouts_of_sockets(timeout, expected):
    with contextlib.closing(socketutil.createSocket(timeout=timeout)) as sock:
        assert sock.gettimeout() == expected


@pytest.mark.parametrize(
    "arguments",
    [
        {"bind": ("localhost", 0), "connect": ("localhost", 1)},
        {"bind": "a", "connect": "b"},
        {"bind": 5},
        {"connect": 5},
        {"bind": ["localhost", 0]},
    ],
    ids=str,
)
def test_impossible_sockets(arguments):
    with pytest.raises(ValueError):  # noqa: PT011
        socketutil.createSocket(**arguments)


def test_options_of_sockets():
    options = {"reuseaddr": True, "keepalive": True, "nodelay": True}
    with contextlib.closing(
        socketutil.createSocket(bind=("127.0.0.1", 0), **options)
    ) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) != 0
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    options = {"keepalive": False, "nodelay": False}
    with contextlib.closing(socketutil.createSocket(**options)) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0


def test_setters():
    with socket.socket() as sock:
        socketutil.setReuseAddr(sock)
        socketutil.setNoDelay(sock)
        socketutil.setKeepalive(sock)
        socketutil.setNoInherit(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) != 0
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0
        assert not sock.get_inheritable()


def test_setters_do_not_fail():
    sock = socket.socket()
    sock.close()
    socketutil.setReuseAddr(sock)
    socketutil.setNoDelay(sock)
    socketutil.setKeepalive(sock)


def test_unix_sockets(tmp_path):
    path = str(tmp_path / "facts.sock")
    server = socketutil.createSocket(bind=path)
    client = socketutil.createSocket(connect=path)
    accepted, _ = server.accept()
    socketutil.sendData(client, b"hello")
    assert socketutil.receiveData(accepted, 5) == b"hello"
    assert socketutil.family_str(client) == "Unix"
    for sock in (accepted, client, server):
        sock.close()
    assert os.path.exists(path)


def test_connecting():
    server = socketutil.createSocket(bind=("127.0.0.1", 0))
    client = socketutil.createSocket(connect=server.getsockname(), timeout=5)
    assert client.getpeername() == server.getsockname()
    for sock in (client, server):
        sock.close()


def test_connecting_to_nobody():
    port = socketutil.findProbablyUnusedPort()
    with pytest.raises(OSError, match="refused"):
        socketutil.createSocket(connect=("127.0.0.1", port))


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=ipv6)])
def test_broadcast_sockets(host):
    sock = socketutil.createBroadcastSocket(bind=(host, 0), reuseaddr=True, timeout=3.5)
    assert sock.type == socket.SOCK_DGRAM
    assert sock.getsockname()[0] == host
    assert sock.gettimeout() == 3.5
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) != 0
    if host == "127.0.0.1":
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST) != 0
    sock.close()
    with contextlib.closing(socketutil.createBroadcastSocket()) as plain:
        assert plain.gettimeout() is None


@pytest.mark.parametrize(
    ("family", "text"),
    [
        (socket.AF_INET, "IPv4"),
        pytest.param(socket.AF_INET6, "IPv6", marks=ipv6),
        (socket.AF_UNIX, "Unix"),
    ],
)
def test_families(family, text):
    with socket.socket(family) as sock:
        assert socketutil.family_str(sock) == text


def test_families_of_others():
    class Odd:
        family = 12345

    assert socketutil.family_str(Odd()) == "???"


@pytest.mark.parametrize(
    ("family", "host"),
    [(socket.AF_INET, "127.0.0.1"), pytest.param(socket.AF_INET6, "::1", marks=ipv6)],
)
def test_unused_ports(family, host):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        port = socketutil.findProbablyUnusedPort(family, kind)
        assert 1024 <= port <= 65535
        with socket.socket(family, kind) as sock:
            port = socketutil.bindOnUnusedPort(sock)
            assert sock.getsockname()[:2] == (host, port)


def test_unused_ports_of_other_families():
    with socket.socket(socket.AF_UNIX) as sock:
        with pytest.raises((CommunicationError, TypeError)):
            socketutil.bindOnUnusedPort(sock)


@pytest.mark.parametrize(
    "size", [0, 1, 32_000, 32_768, 33_000, 41_950, 65_535, 65_536, 1_000_000]
)
def test_sizes(pair, size):
    one, two = pair
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    thread = threading.Thread(target=socketutil.sendData, args=(one, data))
    thread.start()
    received = socketutil.receiveData(two, size)
    thread.join()
    assert bytes(received) == data


@pytest.mark.parametrize("with_timeout", [False, True])
@pytest.mark.parametrize("wait_all", [False, True])
def test_sizes_in_all_ways_to_read(pair, with_timeout, wait_all):
    config.USE_MSG_WAITALL = wait_all
    one, two = pair
    for sock in pair:
        sock.settimeout(5 if with_timeout else None)
    data = b"x" * 300_000
    thread = threading.Thread(target=socketutil.sendData, args=(one, data))
    thread.start()
    assert bytes(socketutil.receiveData(two, len(data))) == data
    thread.join()


@pytest.mark.parametrize("wait_all", [False, True])
def test_not_enough_data(pair, wait_all):
    config.USE_MSG_WAITALL = wait_all
    one, two = pair
    one.sendall(b"abc")
    one.close()
    with pytest.raises(
        ConnectionClosedError, match=r"^receiving: not enough data$"
    ) as info:
        socketutil.receiveData(two, 5)
    assert info.value.partialData == b"abc"


def test_nothing_in_time(pair):
    one, _ = pair
    one.settimeout(0.05)
    with pytest.raises(TimeoutError, match=r"^receiving: timeout$"):
        socketutil.receiveData(one, 5)


def test_nobody_reads_in_time(pair):
    one, _ = pair
    one.settimeout(0.05)
    with pytest.raises(TimeoutError, match=r"^sending: timeout$"):
        socketutil.sendData(one, b"x" * 10_000_000)


def test_lost_connections():
    one, two = socket.socketpair()
    one.close()
    with pytest.raises(ConnectionClosedError, match=r"^sending: connection lost: "):
        socketutil.sendData(two, b"x")
    two.close()
    with pytest.raises(ConnectionClosedError, match=r"^receiving: connection lost: "):
        socketutil.receiveData(two, 1)


class Pieces:
    """A socket that gives at most three bytes at a time, and takes as many."""

    def __init__(self, data=b""):
        self.data = data
        self.sent = b""

    def recv(self, size, flags=0):
        size = min(size, 3)
        piece, self.data = self.data[:size], self.data[size:]
        return piece

    def send(self, data):
        self.sent += bytes(data[:3])
        return min(3, len(data))

    def sendall(self, data):
        self.sent += bytes(data)

    def gettimeout(self):
        return self.timeout

    timeout = None


@pytest.mark.parametrize("timeout", [None, 5.0])
def test_sockets_that_are_only_like_one(timeout):
    sock = Pieces(b"abcdefghij")
    sock.timeout = timeout
    assert bytes(socketutil.receiveData(sock, 10)) == b"abcdefghij"
    socketutil.sendData(sock, b"abcdefghij")
    assert sock.sent == b"abcdefghij"
    sock.data = b"abcd"
    with pytest.raises(ConnectionClosedError) as info:
        socketutil.receiveData(sock, 10)
    assert info.value.partialData == b"abcd"


@pytest.mark.parametrize(
    "number", [errno.EINTR, errno.EAGAIN, errno.EWOULDBLOCK, errno.EINPROGRESS]
)
def test_some_errors_are_tried_again(number):
    class Sometimes(Pieces):
        failures = 2

        def recv(self, size, flags=0):
            if self.failures:
                self.failures -= 1
                raise OSError(number, "again")
            return super().recv(size)

    assert bytes(socketutil.receiveData(Sometimes(b"abcdef"), 6)) == b"abcdef"


def test_interrupting():
    server = socketutil.createSocket(bind=("127.0.0.1", 0))
    socketutil.interruptSocket(server.getsockname())
    accepted, _ = server.accept()
    accepted.settimeout(5)
    assert accepted.recv(100)
    accepted.close()
    server.close()
    socketutil.interruptSocket(("127.0.0.1", 1))


def test_a_connection(pair):
    one, two = pair
    connection = SocketConnection(one, "objectid")
    assert connection.sock is one
    assert connection.objectId == "objectid"
    assert connection.keep_open is False
    assert connection.pyroInstances == {}
    assert len(connection.tracked_resources) == 0
    assert connection.fileno() == one.fileno()
    assert connection.family() == "Unix"
    assert connection.getpeercert() is None
    connection.send(b"hello")
    assert two.recv(5) == b"hello"
    two.sendall(b"there")
    assert connection.recv(5) == b"there"
    assert select.select([connection], [connection], [], 0) == ([], [connection], [])


def test_timeouts_of_a_connection(pair):
    connection = SocketConnection(pair[0])
    connection.setTimeout(4.5)
    assert (connection.getTimeout(), connection.timeout) == (4.5, 4.5)
    connection.timeout = 2.5
    assert pair[0].gettimeout() == 2.5
    connection.timeout = None
    assert connection.getTimeout() is None


class Resource:
    closed = 0

    def close(self):
        self.closed += 1


class Broken(Resource):
    def close(self):
        super().close()
        raise ValueError("broken")


def test_closing(pair):
    one, two = pair
    connection = SocketConnection(one)
    resources = [Resource(), Broken(), Resource()]
    connection.tracked_resources.update(resources)
    connection.pyroInstances[Resource] = Resource()
    connection.close()
    assert connection.sock is one
    assert connection.fileno() == -1
    assert [resource.closed for resource in resources] == [1, 1, 1]
    assert len(connection.pyroInstances) == 0
    assert len(connection.tracked_resources) == 0
    assert two.recv(1) == b""
    connection.close()
    assert [resource.closed for resource in resources] == [1, 1, 1]


def test_kept_open(pair):
    one, two = pair
    connection = SocketConnection(one, keep_open=True)
    connection.close()
    del connection
    gc.collect()
    one.sendall(b"x")
    assert two.recv(1) == b"x"


def test_closing_at_the_end(pair):
    one, two = pair
    with SocketConnection(one) as connection:
        assert connection.sock is one
    assert one.fileno() == -1
    with pytest.raises(ConnectionClosedError):
        connection.send(b"x")
    assert two.recv(1) == b""


def test_closing_when_collected(pair):
    one, _ = pair
    connection = SocketConnection(one)
    del connection
    gc.collect()
    assert one.fileno() == -1


def test_contexts_for_clients_verify():
    import ssl

    config.SSL = True
    context = socketutil.getSSLcontext(clientcert="", clientkey="")
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("bind", [None, ("localhost", 0)])
def test_sockets_can_be_wrapped(bind):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with contextlib.closing(socketutil.createSocket(bind=bind, sslContext=context)) as sock:
        assert isinstance(sock, ssl.SSLSocket)
        assert sock.server_side is (bind is not None)


def test_contexts_are_for_one_side():
    config.SSL = True
    with pytest.raises(ValueError):  # noqa: PT011
        socketutil.getSSLcontext(servercert="a", clientcert="b")


def test_contexts_want_their_files():
    config.SSL = True
    with pytest.raises(OSError, match="server cert file not found"):
        socketutil.getSSLcontext(servercert="/nowhere/cert.pem")
