"""Connections of all kinds with the real Pyro5, and what breaks them; both directions.

Serializers and compression play no part here, except where a test says so.
"""

from __future__ import annotations

import marshal
import queue
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pyrophone import Settings, annotate, expose
from pyrophone.errors import (
    CallTimeoutError,
    ConnectError,
    ConnectionLostError,
    MessageTooLargeError,
    RefusedError,
    RemoteProtocolError,
)
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync import Daemon, LoopDaemon, Proxy, connect, options, ping
from pyrophone.wire.client import ClientSession
from running import running

if TYPE_CHECKING:
    from peers import Peer, Start

pytestmark = pytest.mark.peers

WAIT = 10  # seconds until something that does not come is an error
SMALL = 3000  # a limit for messages
COMPRESSED = 2  # a flag of messages
HEADER = 40
PYRO4_START = bytes.fromhex("5059524f 0030")  # tag and version of a Pyro4 message


@pytest.fixture
def compression() -> bool:
    """Off."""
    return False


@pytest.fixture
def serializer() -> str:
    """The default one."""
    return "serpent"


@expose
class Thing:
    """An object of ours."""

    def __init__(self) -> None:
        self.notes: queue.Queue[Any] = queue.Queue()

    def add(self, a: int, b: int) -> int:
        """Return the sum."""
        return a + b

    def echo(self, value: Any) -> Any:
        """Return *value*."""
        return value

    def repeat(self, text: str, count: int) -> str:
        """Return something large for something small."""
        return text * count

    def numbers(self, count: int) -> Iterator[int]:
        """Return an item stream."""
        yield from range(count)

    def noted(self) -> Any:
        """Wait for a note and return it."""
        return self.notes.get(timeout=WAIT)


@contextmanager
def served(daemon: LoopDaemon) -> Iterator[Thing]:
    """Serve a ``thing`` in a thread while the block runs."""
    thing = Thing()
    daemon.register(thing, "thing")
    with running(daemon):
        yield thing


@pytest.fixture(params=[Daemon, LoopDaemon], ids=["threads", "loop"])
def kind(request: pytest.FixtureRequest) -> Callable[..., LoopDaemon]:
    """The class of our daemon."""
    daemon: Callable[..., LoopDaemon] = request.param
    return daemon


def free_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def has_ipv6() -> bool:
    """Tell whether this machine has ``::1``."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no ::1 on this machine")


# Ways to connect.


def test_nobody_there_is_an_error_of_connecting(client: Peer) -> None:
    port = free_port()
    with pytest.raises(ConnectError, match=f"^cannot connect to 127.0.0.1:{port}: "):
        connect(f"PYRO:thing@127.0.0.1:{port}")
    failed = client.failure(f"connect('PYRO:thing@127.0.0.1:{port}', 'serpent')")
    assert failed.name == "Pyro5.errors.CommunicationError"


def test_our_client_reaches_the_real_one_at_a_unix_socket(
    server: Peer, tmp_path: Path
) -> None:
    path = str(tmp_path / "s")
    server.run(f"serve(unixsocket={path!r}).register(Thing(), 'thing')")
    with connect(f"PYRO:thing@./u:{path}") as thing:
        assert thing.add(1, 2) == 3
        ping(thing)


def test_the_real_client_reaches_us_at_a_unix_socket(
    client: Peer, kind: Callable[..., LoopDaemon], tmp_path: Path
) -> None:
    path = str(tmp_path / "s")
    with served(kind(unix_socket=path)):
        client.run(f"p = Proxy('PYRO:thing@./u:{path}')")
        assert client.value("p.add(1, 2)") == 3


@needs_ipv6
def test_our_client_reaches_the_real_one_by_ipv6(server: Peer) -> None:
    uri = server.value("str(serve(host='::1').register(Thing(), 'thing'))")
    assert uri.startswith("PYRO:thing@[::1]:")
    with connect(uri) as thing:
        assert thing.add(1, 2) == 3


@needs_ipv6
def test_the_real_client_reaches_us_by_ipv6(
    client: Peer, kind: Callable[..., LoopDaemon]
) -> None:
    daemon = kind("::1")
    with served(daemon):
        assert daemon.location.startswith("[::1]:")
        client.run(f"p = Proxy('PYRO:thing@{daemon.location}')")
        assert client.value("p.add(1, 2)") == 3


def test_our_client_talks_to_the_real_one_over_a_socket_pair(start_peer: Start) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        server = start_peer(fds=(theirs.fileno(),))
        server.run(f"pair = socket.socket(fileno={theirs.fileno()})")
        server.run(
            "daemon = Daemon(connected_socket=pair)\ndaemon.register(Thing(), 'thing')"
        )
        server.run("import threading\nthreading.Thread(target=daemon.requestLoop).start()")
        with connect("thing", sock=ours) as thing:
            assert thing.add(1, 2) == 3
            assert list(thing.numbers(3)) == [0, 1, 2]
            ping(thing)
        assert ours.fileno() != -1


def test_the_real_client_talks_to_us_over_a_socket_pair(
    start_peer: Start, kind: Callable[..., LoopDaemon]
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = start_peer(fds=(theirs.fileno(),))
        with served(kind(sock=ours)):
            client.run(f"pair = socket.socket(fileno={theirs.fileno()})")
            client.run("p = Proxy('thing', connected_socket=pair)")
            assert client.value("p.add(1, 2)") == 3
            assert client.value("list(p.numbers(3))") == [0, 1, 2]
        assert ours.fileno() != -1


def test_a_server_without_free_workers_refuses(start_peer: Start) -> None:
    server = start_peer(PYRO_THREADPOOL_SIZE="1", PYRO_THREADPOOL_SIZE_MIN="1")
    uri = server.value("str(serve(host='localhost').register(Thing(), 'thing'))")
    with connect(uri) as thing:
        with pytest.raises(RefusedError) as caught:
            connect(uri)
        assert str(caught.value) == (
            f"connection to {uri.partition('@')[2]} rejected: "
            "no free workers, increase server threadpool size"
        )
        assert thing.add(1, 2) == 3
    server.forget()


def test_a_leaked_annotation_comes_with_the_welcome_of_another_client(
    start_peer: Start,
) -> None:
    """D5: with one worker, what a failed method of the last client had set."""
    server = start_peer(PYRO_SERVERTYPE="multiplex")
    uri = server.value("str(serve(host='localhost').register(Thing(), 'thing'))")
    with connect(uri) as thing, pytest.raises(ValueError, match="leak"):
        thing.answer_and_fail("leak")
    with annotate() as received, connect(uri):
        assert received == {"BACK": b"leak", "DAEM": b"on"}
    server.forget()


# Messages that are too large.


def test_an_argument_too_large_for_the_real_server_costs_the_connection(
    server: Peer, thing: Proxy
) -> None:
    """It closes without a word."""
    server.run(f"config.MAX_MESSAGE_SIZE = {SMALL}")
    with pytest.raises(ConnectionLostError):
        thing.echo("x" * SMALL)
    assert thing.add(1, 2) == 3


def test_a_result_too_large_for_the_real_server_costs_the_connection(
    server: Peer, thing: Proxy
) -> None:
    """It sends nothing and closes (section 1.8)."""
    server.run(f"config.MAX_MESSAGE_SIZE = {SMALL}\nthing.value = 'x' * {SMALL}")
    with pytest.raises(ConnectionLostError):
        _ = thing.value
    assert thing.add(1, 2) == 3


def test_our_limit_for_arguments_is_kept_before_anything_is_sent(location: str) -> None:
    limited = Settings(max_message_size=SMALL)
    with connect(f"PYRO:thing@{location}", settings=limited) as thing:
        with pytest.raises(MessageTooLargeError, match=f"max={SMALL}"):
            thing.echo("x" * SMALL)
        assert thing.add(1, 2) == 3


@pytest.mark.parametrize("compressed", [False, True])
def test_our_limit_for_results_is_kept_inflated_too(
    server: Peer, location: str, compressed: bool
) -> None:
    server.run(f"config.COMPRESSION = {compressed}\nthing.value = 'x' * {SMALL}")
    limited = Settings(max_message_size=SMALL)
    with connect(f"PYRO:thing@{location}", settings=limited) as thing:
        with pytest.raises(MessageTooLargeError, match=f"max={SMALL}"):
            _ = thing.value
        assert thing.add(1, 2) == 3


@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_too_large_for_our_daemon_costs_the_connection(
    client: Peer, kind: Callable[..., LoopDaemon], compressed: bool
) -> None:
    daemon = kind(settings=Settings(max_message_size=SMALL))
    with served(daemon):
        client.run(f"config.COMPRESSION = {compressed}")
        client.run(f"p = connect('PYRO:thing@{daemon.location}', 'serpent')")
        failed = client.failure(f"p.echo('x' * {SMALL})")
        assert failed.name == "Pyro5.errors.ConnectionClosedError"
        assert client.value("p.add(1, 2)") == 3


def test_a_result_too_large_for_our_daemon_is_an_error(
    client: Peer, kind: Callable[..., LoopDaemon]
) -> None:
    daemon = kind(settings=Settings(max_message_size=SMALL))
    with served(daemon):
        client.run(f"p = connect('PYRO:thing@{daemon.location}', 'serpent')")
        failed = client.failure(f"p.repeat('x', {SMALL})")
        assert failed.name == "Pyro5.errors.MessageTooLargeError"
        assert failed.text.endswith(f"max={SMALL})")
        assert client.value("p.add(1, 2)") == 3


def test_the_limit_of_the_real_client_holds_for_both_directions(
    client: Peer, kind: Callable[..., LoopDaemon]
) -> None:
    daemon = kind()
    with served(daemon):
        client.run(f"p = connect('PYRO:thing@{daemon.location}', 'serpent')")
        client.run(f"config.MAX_MESSAGE_SIZE = {SMALL}")
        for call in (f"p.echo('x' * {SMALL})", f"p.repeat('x', {SMALL})"):
            failed = client.failure(call)
            assert failed.name == "Pyro5.errors.ProtocolError"
            assert f"max={SMALL}" in failed.text
            assert client.value("p.add(1, 2)") == 3


# Calls that take too long, streams that may not be.


def test_our_client_waits_no_longer_than_it_should(server: Peer, thing: Proxy) -> None:
    with pytest.raises(CallTimeoutError, match=r"^no reply within 0\.05 s$"):
        options(thing, timeout=0.05).noted()
    server.run("thing._notes.put('late')")
    assert thing.add(1, 2) == 3


def test_the_real_client_waits_no_longer_than_it_should(
    client: Peer, kind: Callable[..., LoopDaemon]
) -> None:
    daemon = kind()
    with served(daemon) as thing:
        client.run(f"p = connect('PYRO:thing@{daemon.location}', 'serpent')")
        client.run("p._pyroTimeout = 0.05")
        assert client.failure("p.noted()").name == "Pyro5.errors.TimeoutError"
        thing.notes.put("late")
        client.run("p._pyroTimeout = 10")
        assert client.value("p.add(1, 2)") == 3


def test_a_stream_of_a_server_that_allows_none_is_an_error(
    server: Peer, thing: Proxy
) -> None:
    server.run("config.ITER_STREAMING = False")
    with pytest.raises(RemoteProtocolError, match="not configured to allow streaming"):
        thing.numbers(3)
    assert thing.add(1, 2) == 3


def test_a_stream_where_we_allow_none_is_an_error_there(
    client: Peer, kind: Callable[..., LoopDaemon]
) -> None:
    daemon = kind(settings=Settings(streaming=False))
    with served(daemon):
        client.run(f"p = connect('PYRO:thing@{daemon.location}', 'serpent')")
        failed = client.failure("p.numbers(3)")
        assert failed.name == "Pyro5.errors.ProtocolError"
        assert "not configured to allow streaming" in failed.text
        assert client.value("p.add(1, 2)") == 3


# Bytes on the wire.


def talk(location: str, *messages: bytes) -> Iterator[bytes]:
    """Send *messages* one by one; yield what answers each, b"" at the end."""
    host, _, port = location.rpartition(":")
    with closing(socket.create_connection((host, int(port)), WAIT)) as sock:
        for message in messages:
            sock.sendall(message)
            yield receive(sock)


def receive(sock: socket.socket) -> bytes:
    """Return the next message that comes, b"" if the connection ends first."""
    try:
        header = sock.recv(HEADER, socket.MSG_WAITALL)
        if len(header) < HEADER:
            return b""
        size = int.from_bytes(header[12:16], "big") + int.from_bytes(header[16:20], "big")
        return header + sock.recv(size, socket.MSG_WAITALL)
    except ConnectionResetError:
        return b""


def refusal(answer: bytes) -> tuple[int, int, int, Any]:
    """Return type, serializer, number and text of a refusal in marshal."""
    chunks = int.from_bytes(answer[16:20], "big")
    text = marshal.loads(answer[HEADER + chunks :])
    return answer[6], answer[7], int.from_bytes(answer[10:12], "big"), text


def test_a_pyro4_client_is_refused_alike_by_both(
    location: str, kind: Callable[..., LoopDaemon]
) -> None:
    (theirs,) = talk(location, PYRO4_START)
    daemon = kind()
    with served(daemon):
        (ours,) = talk(daemon.location, PYRO4_START)
    assert refusal(theirs) == (3, 2, 0, "invalid protocol version: 48")
    assert refusal(ours)[:3] == (3, 2, 0)
    assert refusal(ours)[3].startswith("invalid protocol version: 48")


def test_an_unknown_serializer_gets_a_refusal_from_us_and_silence_from_the_real_one(
    location: str, kind: Callable[..., LoopDaemon]
) -> None:
    """D2."""
    greeting = bytearray(
        ClientSession("thing", make_codecs(ClassTable(), Settings())).greet()
    )
    greeting[7] = 9
    assert list(talk(location, bytes(greeting))) == [b""]
    daemon = kind()
    with served(daemon):
        (ours,) = talk(daemon.location, bytes(greeting))
    assert refusal(ours) == (3, 2, 0, "unknown serializer 9")


@pytest.mark.parametrize("compressed", [False, True])
def test_the_real_server_compresses_from_101_bytes_on_and_reads_what_we_compress(
    server: Peer, location: str, compressed: bool
) -> None:
    server.run(f"config.COMPRESSION = {compressed}")
    session = ClientSession("thing", make_codecs(ClassTable(), Settings()), compress=True)
    with Conversation(location, session) as conversation:
        for length, expected in ((100, False), (101, compressed), (500, compressed)):
            text = "x" * (length - 28)  # of the result, 28 bytes are header and quotes
            call, reply = conversation.call("echo", text)
            assert call & COMPRESSED
            assert bool(reply & COMPRESSED) is expected


class Conversation:
    """A session of ours with the flags of its messages."""

    def __init__(self, location: str, session: ClientSession) -> None:
        host, _, port = location.rpartition(":")
        self._session = session
        self._sock = socket.create_connection((host, int(port)), WAIT)
        self._send(session.greet())

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def call(self, method: str, *args: Any) -> tuple[int, int]:
        """Call the object; return the flags of the call and of its reply."""
        message = self._session.call(method, args, {})
        return int.from_bytes(message[8:10], "big"), self._send(message)

    def _send(self, message: bytes) -> int:
        self._sock.sendall(message)
        answer = receive(self._sock)
        self._session.receive(answer)
        assert self._session.next() is not None
        return int.from_bytes(answer[8:10], "big")
