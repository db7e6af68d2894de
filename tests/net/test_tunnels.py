"""TLS on a daemon's side copes with whatever comes, and waits for nobody."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from certificates import Certificates
from pyrophone import Settings, expose
from pyrophone.net.tls import client_context, server_context
from pyrophone.net.tunnels import Filter, Tunnel, Wrapped, tunnel
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync import Daemon, LoopDaemon, connect
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Reply, Welcome
from running import LIMIT, running
from securely import Client

CODECS = make_codecs(ClassTable(), Settings())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def serving(files: Certificates) -> ssl.SSLContext:
    return server_context(files.server.certificate, files.server.key)


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def calling(request: pytest.FixtureRequest, files: Certificates) -> ssl.SSLContext:
    context = client_context(files.authority)
    context.maximum_version = ssl.TLSVersion[request.param]
    return context


def shake_hands(client: Client, end: Filter) -> None:
    data = client.step(b"")
    while data:
        assert end.open(data) == b""
        data = client.step(end.own())
    assert end.established


def test_bytes_go_through_in_both_directions(
    serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    client, end = Client(calling), Filter(serving)
    assert end.certificate() is None
    shake_hands(client, end)
    assert end.open(client.seal(b"question")) == b"question"
    assert client.open(end.seal(b"answer")) == b"answer"
    assert end.certificate() is None
    assert not end.ended


def test_where_the_bytes_are_cut_makes_no_difference(
    serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    client, end = Client(calling), Filter(serving)
    data = client.step(b"")
    while data:
        for position in range(len(data)):
            assert end.open(data[position : position + 1]) == b""
        data = client.step(end.own())
    sent = client.seal(b"one", b"two")
    assert b"".join(end.open(sent[i : i + 1]) for i in range(len(sent))) == b"onetwo"


def test_all_that_came_is_given_out_at_once(
    serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    """Or a selector, which sees the socket only, would not report the rest."""
    client, end = Client(calling), Filter(serving)
    shake_hands(client, end)
    parts = [bytes([number]) * 20_000 for number in range(9)]
    assert end.open(client.seal(*parts)) == b"".join(parts)


def test_the_last_bytes_come_before_the_end(
    serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    client, end = Client(calling), Filter(serving)
    shake_hands(client, end)
    assert end.open(client.seal(b"bye") + client.close()) == b"bye"
    assert end.ended
    assert end.close() != b""


@pytest.mark.parametrize(
    ("junk", "alert"),
    [
        (b"PYRO\x01\xf6" + bytes(60), b""),
        (b"GET / HTTP/1.0\r\n\r\n", b""),
        (bytes(100), b""),
        (b"\x16\x03\x01\x00\x05hello", b"\x15"),
    ],
)
def test_junk_is_an_error(serving: ssl.SSLContext, junk: bytes, alert: bytes) -> None:
    end = Filter(serving)
    with pytest.raises(ssl.SSLError):
        end.open(junk)
    assert end.own()[:1] == alert


# Behind a socket.


@contextmanager
def linked(context: ssl.SSLContext) -> Iterator[tuple[Tunnel, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        there.settimeout(LIMIT)
        found = tunnel(here, context)
        assert isinstance(found, Tunnel)
        yield found, there


def open_up(way: Tunnel, there: socket.socket, client: Client) -> None:
    """Shake hands, and take what comes behind that."""
    data = client.step(b"")
    while data:
        there.sendall(data)
        with pytest.raises(BlockingIOError):
            way.recv(65536)
        there.setblocking(False)
        try:
            received = there.recv(65536)
        except BlockingIOError:
            received = b""
        there.settimeout(LIMIT)
        data = client.step(received)


def test_a_socket_without_tls_has_no_tunnel() -> None:
    with socket.socket() as sock:
        assert tunnel(sock, None) is None


def test_what_the_socket_does_not_take_is_sent_later(
    serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    with linked(serving) as (way, there):
        client = Client(calling)
        open_up(way, there, client)
        text = bytes(range(256)) * 20_000
        sent, got = way.send(text), b""
        assert 0 < sent < len(text)
        assert way.stuck
        with pytest.raises(BlockingIOError):
            way.send(text[sent:])
        with pytest.raises(BlockingIOError):
            way.recv(65536)
        while len(got) < len(text):
            got += client.open(there.recv(65536))
            try:
                sent += way.send(text[sent:]) if sent < len(text) else 0
            except BlockingIOError:
                continue
        assert got == text
        assert not way.stuck


def test_no_answer_keeps_a_thread_from_the_others(
    serving: ssl.SSLContext, calling: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with linked(serving) as (way, there):
        open_up(way, there, Client(calling))
        monkeypatch.setattr("pyrophone.net.tunnels._PATIENCE", -1.0)
        assert way.send(bytes(1_000_000)) == 65536


def test_the_end_that_the_client_announces_is_the_end(
    serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    with linked(serving) as (way, there):
        client = Client(calling)
        open_up(way, there, client)
        there.sendall(client.seal(b"bye") + client.close())
        assert way.recv(65536) == b"bye"
        assert way.over
        assert way.recv(65536) == b""
        way.close()
        assert client.open(there.recv(65536)) == b""
        assert client.ended


def test_a_failed_handshake_is_told_and_the_rest_is_dropped(
    serving: ssl.SSLContext,
) -> None:
    with linked(serving) as (way, there):
        there.sendall(b"\x16\x03\x01\x00\x05hello" + bytes(100))
        with pytest.raises(BlockingIOError):
            way.recv(65536)
        assert there.recv(65536)[:1] == b"\x15"
        assert there.recv(65536) == b""
        there.sendall(bytes(1000))
        with pytest.raises(BlockingIOError):
            way.recv(65536)
        there.close()
        assert way.recv(65536) == b""
        assert way.peer_certificate() is None
        way.close()


def test_bytes_that_were_tampered_with_are_an_error(
    serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    with linked(serving) as (way, there):
        client = Client(calling)
        open_up(way, there, client)
        record = bytearray(client.seal(b"pay 10"))
        record[-1] ^= 1
        there.sendall(record)
        with pytest.raises(ssl.SSLError):
            way.recv(65536)


def test_a_lost_connection_is_an_error(
    serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    with linked(serving) as (way, there):
        open_up(way, there, Client(calling))
        there.close()
        assert way.recv(65536) == b""
        with pytest.raises(OSError, match="Broken pipe"):
            way.send(b"x")
        way.close()


def test_a_wrapped_socket_is_read_to_the_end_of_its_record(
    serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    here, there = socket.socketpair()
    with there:
        server = serving.wrap_socket(here, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.do_handshake)
        thread.start()
        with calling.wrap_socket(there, server_hostname="localhost") as client, server:
            thread.join(LIMIT)
            way = tunnel(server, None)
            assert isinstance(way, Wrapped)
            with pytest.raises(BlockingIOError):
                way.recv(10)
            client.sendall(bytes(5000))
            assert wait_for(way, 10) == bytes(5000)
            text = bytes(5_000_000)
            sent, got = way.send(text), 0
            assert 0 < sent < len(text)
            assert way.send(text[sent:]) == 0
            while got < len(text):
                got += len(client.recv(65536))
                sent += way.send(text[sent:])
            assert got == len(text) == sent
            assert way.peer_certificate() is None
            way.close()
            assert server.fileno() >= 0


def wait_for(way: Wrapped, size: int) -> bytes:
    """Read, where TLS may have something to say of its own before."""
    for _ in range(10):
        try:
            return way.recv(size)
        except BlockingIOError:
            pass
    pytest.fail("nothing came")


# In a daemon.


@expose
class Echo:
    def echo(self, value: Any) -> Any:
        return value


@pytest.fixture(params=[Daemon, LoopDaemon])
def kind(request: pytest.FixtureRequest) -> type[LoopDaemon]:
    cls: type[LoopDaemon] = request.param
    return cls


def address(daemon: LoopDaemon) -> tuple[str, int]:
    host, _, port = daemon.location.rpartition(":")
    return host, int(port)


def test_many_calls_in_one_record_are_all_answered(
    kind: type[LoopDaemon], serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    session = ClientSession("echo", CODECS)
    with running(kind(tls=serving)) as daemon:
        daemon.register(Echo(), "echo")
        with socket.create_connection(address(daemon), LIMIT) as plain:
            with calling.wrap_socket(plain, server_hostname="localhost") as sock:
                sock.sendall(session.greet())
                session.receive(sock.recv(65536))
                assert isinstance(session.next(), Welcome)
                calls = [session.call("echo", (n,), {}) for n in range(20)]
                assert sock.send(b"".join(calls)) < 16384
                values: list[Any] = []
                while len(values) < 20:
                    session.receive(sock.recv(65536))
                    while isinstance(reply := session.next(), Reply):
                        values.append(reply.unwrap())
                assert values == list(range(20))


def test_an_end_takes_the_encryption_from_no_answer(
    serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    """Shutting down a socket that Python has put behind TLS ends TLS at once."""
    here, there = socket.socketpair()
    server = serving.wrap_socket(here, server_side=True, do_handshake_on_connect=False)
    shaking = threading.Thread(target=server.do_handshake)
    shaking.start()
    client = calling.wrap_socket(there, server_hostname="localhost")
    shaking.join(LIMIT)
    with server, client:
        daemon = Daemon(sock=server)
        working, ended = threading.Event(), threading.Event()

        @expose
        class Slow:
            def work(self) -> str:
                working.set()
                ended.wait(LIMIT)
                return "secret"

        daemon.register(Slow(), "slow")
        thread = threading.Thread(target=daemon.serve)
        thread.start()

        def end() -> None:
            working.wait(LIMIT)
            daemon.close()
            ended.set()

        ending = threading.Thread(target=end)
        ending.start()
        assert connect("slow", sock=client).work() == "secret"
        ending.join(LIMIT)
        thread.join(LIMIT)
        assert not thread.is_alive()


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", b"PYRO", b"\0" * 200])
def test_who_does_not_shake_hands_holds_up_nobody_and_is_dropped(
    kind: type[LoopDaemon], serving: ssl.SSLContext, files: Certificates, sent: bytes
) -> None:
    settings = Settings(handshake_timeout=0.2, workers=1)
    with running(kind(tls=serving, settings=settings)) as daemon:
        uri = daemon.register(Echo())
        with socket.create_connection(address(daemon), LIMIT) as silent:
            silent.sendall(sent)
            own = Settings(tls=client_context(files.authority), timeout=LIMIT)
            with connect(uri, settings=own) as proxy:
                assert proxy.echo(1) == 1
            assert silent.recv(100) == b""


def test_strangers_who_only_begin_with_tls_are_pushed_out(
    kind: type[LoopDaemon], serving: ssl.SSLContext
) -> None:
    with running(kind(tls=serving, settings=Settings(strangers=2))) as daemon:
        socks = [socket.create_connection(address(daemon), LIMIT) for _ in range(3)]
        for sock in socks:
            sock.sendall(b"\x16\x03\x01")
        assert socks[0].recv(1) == b""
        for sock in socks:
            sock.close()


def test_a_client_that_reads_nothing_is_waited_for_and_nothing_is_lost(
    kind: type[LoopDaemon], serving: ssl.SSLContext, calling: ssl.SSLContext
) -> None:
    session = ClientSession("echo", CODECS)
    text = "x" * 3_000_000
    with running(kind(tls=serving)) as daemon:
        uri = daemon.register(Echo(), "echo")
        own = Settings(tls=calling, timeout=LIMIT)
        with socket.create_connection(address(daemon), LIMIT) as plain:
            with calling.wrap_socket(plain, server_hostname="localhost") as sock:
                sock.sendall(session.greet())
                session.receive(sock.recv(65536))
                session.next()
                sock.sendall(session.call("echo", (text,), {}))
                with connect(uri, settings=own) as other:  # whom it does not hold up
                    assert other.echo(2) == 2
                while (reply := session.next()) is None:
                    session.receive(sock.recv(65536))
                assert isinstance(reply, Reply)
                assert reply.unwrap() == text
