"""A link serves one connection, whatever the client does with its end of it."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from certificates import Certificates
from pyrophone import Settings
from pyrophone.context import CallContext
from pyrophone.context import Client as ClientHere
from pyrophone.net.tls import client_context, server_context
from pyrophone.objects.table import ObjectTable
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync.link import MORE, READ, WRITE, Link
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Call, Greeting, Ping, Refusal, Reply, Welcome
from pyrophone.wire.features import BUFFERS, VALUES
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession
from securely import Client

CODECS = make_codecs(ClassTable(), Settings())


class Service:
    """Answers every call with its arguments; a real service in small."""

    def __init__(self) -> None:
        self.stopping = False
        self.alone = False
        self.place = "here"
        self.straight = False
        self.objects = ObjectTable()
        self.settings = Settings()
        self.gone: list[Link] = []
        self.refuse = False

    def context(self, client: ClientHere, call: Call) -> CallContext:
        raise NotImplementedError

    def perform(self, link: Link, call: Call, context: CallContext) -> bytes | None:
        raise NotImplementedError

    def conclude(
        self, link: Link, call: Call, context: CallContext, function: object, value: object
    ) -> bytes | None:
        raise NotImplementedError

    def explain(
        self, link: Link, call: Call, error: BaseException, context: CallContext
    ) -> bytes:
        raise NotImplementedError

    def starts_apart(self, link: Link, call: Call) -> bool:
        raise NotImplementedError

    def start(self, link: Link, call: Call, context: CallContext, key: int) -> None:
        raise NotImplementedError

    def submit(self, job: Callable[[], object]) -> None:
        raise NotImplementedError

    def attention(self, link: Link) -> None:
        raise NotImplementedError

    def serves_here(self) -> bool:
        return False

    def answer(self, link: Link, event: Call | Greeting | Ping) -> bytes:
        session = link.session
        if isinstance(event, Greeting):
            if self.refuse:
                return session.refuse("not today", event)
            link.greeted = True
            return session.welcome(event, "hello", Metadata(frozenset({"echo"})))
        if isinstance(event, Ping):
            return session.pong(event)
        return session.result(event, event.args[0])

    def session_for(self, start: bytes, *, greeted: bool = False) -> ServerSession | None:
        return None

    def chunks(self) -> dict[str, bytes]:
        return {"SERV": b"er"}

    def left(self, link: Link) -> None:
        self.gone.append(link)


@contextmanager
def connected() -> Iterator[tuple[Link, Service, socket.socket, ClientSession]]:
    here, there = socket.socketpair()
    service = Service()
    with here, there:
        here.setblocking(False)
        there.settimeout(10)
        link = Link(here, ServerSession(CODECS), service)
        yield link, service, there, ClientSession("x", CODECS)
        link.close()


def greet(link: Link, there: socket.socket, session: ClientSession) -> None:
    there.sendall(session.greet())
    assert link.serve() == MORE
    session.receive(there.recv(65536))
    assert isinstance(session.next(), Welcome)


def test_a_call_is_answered() -> None:
    with connected() as (link, _, there, session):
        assert link.serve() == READ
        greet(link, there, session)
        there.sendall(session.call("echo", (1,), {}))
        assert link.serve() == MORE
        session.receive(there.recv(65536))
        reply = session.next()
        assert isinstance(reply, Reply)
        assert reply.unwrap() == 1


def test_calls_that_came_together_are_answered_in_order() -> None:
    with connected() as (link, _, there, session):
        greet(link, there, session)
        there.sendall(b"".join(session.call("echo", (n,), {}) for n in range(50)))
        assert link.serve() == MORE
        values: list[object] = []
        while len(values) < 50:
            session.receive(there.recv(65536))
            while (reply := session.next()) is not None:
                assert isinstance(reply, Reply)
                values.append(reply.unwrap())
        assert values == list(range(50))


def test_a_client_that_reads_nothing_is_waited_for_and_nothing_is_lost() -> None:
    with connected() as (link, _, there, session):
        greet(link, there, session)
        text = "x" * 5_000_000
        data = session.call("echo", (text,), {}) + session.call("echo", (2,), {})
        sent = 0
        there.setblocking(False)
        while link.serve() != WRITE:
            if sent < len(data):
                try:
                    sent += there.send(data[sent:])
                except BlockingIOError:
                    continue
        assert link.serve() == WRITE
        values: list[object] = []
        while len(values) < 2:
            try:
                session.receive(there.recv(65536))
            except BlockingIOError:
                assert link.serve() != 0
            if sent < len(data):
                with suppress(BlockingIOError):
                    sent += there.send(data[sent:])
            if (reply := session.next()) is not None:
                assert isinstance(reply, Reply)
                values.append(reply.unwrap())
        assert values == [text, 2]


def test_the_end_of_the_stream_closes_the_link_once() -> None:
    with connected() as (link, service, there, session):
        greet(link, there, session)
        there.shutdown(socket.SHUT_WR)
        assert link.serve() == 0
        assert link.closed
        link.close()
        assert service.gone == [link]


def test_a_reset_closes_the_link() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    with server, socket.create_connection(server.getsockname()) as there:
        here, _ = server.accept()
        service = Service()
        with here:
            here.settimeout(10)
            link = Link(here, ServerSession(CODECS), service)
            there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            there.close()
            assert link.serve() == 0
            assert service.gone == [link]


def test_a_client_that_is_gone_before_its_answer_closes_the_link() -> None:
    with connected() as (link, service, there, session):
        greet(link, there, session)
        there.sendall(session.call("echo", (1,), {}))
        there.close()
        assert link.serve() == 0
        assert service.gone == [link]


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.0\r\n\r\n", b"PYRO\x00\x30", b"\0" * 100])
def test_a_stranger_that_speaks_something_else_gets_a_refusal(junk: bytes) -> None:
    with connected() as (link, service, there, _):
        there.sendall(junk)
        assert link.serve() == 0
        answer = there.recv(65536)
        assert answer[:6] == b"PYRO\x01\xf6"
        assert answer[6:8] == bytes([3, 2])  # CONNECT_FAIL, in marshal
        assert b"SERV\0\0\0\x02er" in answer
        assert there.recv(1) == b""
        assert service.gone == [link]


def test_a_client_that_turns_to_junk_is_closed_without_a_word() -> None:
    with connected() as (link, _, there, session):
        greet(link, there, session)
        there.sendall(b"junk!!")
        assert link.serve() == 0
        assert there.recv(1) == b""


def test_a_refused_greeting_ends_the_connection_after_its_answer() -> None:
    with connected() as (link, service, there, session):
        service.refuse = True
        there.sendall(session.greet())
        assert link.serve() == 0
        session.receive(there.recv(65536))
        refusal = session.next()
        assert isinstance(refusal, Refusal)
        assert refusal.text == "not today"
        assert not link.greeted


def test_no_call_is_started_once_the_service_stops() -> None:
    with connected() as (link, service, there, session):
        greet(link, there, session)
        there.sendall(session.call("echo", (1,), {}))
        service.stopping = True
        assert link.serve() == 0
        assert there.recv(1) == b""


def test_reading_can_be_stopped_while_the_answer_still_goes_out() -> None:
    with connected() as (link, _, there, session):
        greet(link, there, session)
        there.sendall(session.call("echo", (7,), {}))
        assert link.serve() == MORE
        link.stop_reading()
        session.receive(there.recv(65536))
        reply = session.next()
        assert isinstance(reply, Reply)
        assert reply.unwrap() == 7
        assert link.serve() == 0


def test_a_socket_of_the_users_is_kept_open() -> None:
    here, there = socket.socketpair()
    with here, there:
        link = Link(here, ServerSession(CODECS, greeted=True), Service(), keep=True)
        link.close()
        assert here.fileno() != -1
        assert link.peer_certificate() is None


@contextmanager
def secured(
    folder: Path, begin: Callable[[socket.socket], object] = lambda here: None
) -> Iterator[tuple[Link, socket.socket, Client]]:
    """A link with TLS, and a client that has not shaken hands yet."""
    files = Certificates(folder)
    tls = server_context(files.server.certificate, files.server.key)
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        there.settimeout(10)
        begin(here)
        link = Link(here, ServerSession(CODECS), Service(), tls=tls)
        yield link, there, Client(client_context(files.authority))
        link.close()


def shake_hands(link: Link, there: socket.socket, client: Client) -> None:
    there.sendall(client.step(b""))
    assert link.serve() == READ
    there.sendall(client.step(there.recv(65536)))
    assert link.serve() == READ
    client.open(there.recv(65536))  # tickets


def test_with_tls_a_call_is_answered_and_the_end_is_announced(tmp_path: Path) -> None:
    session = ClientSession("x", CODECS)
    with secured(tmp_path) as (link, there, client):
        shake_hands(link, there, client)
        assert not link.greeted
        there.sendall(client.seal(session.greet()))
        assert link.serve() == MORE
        session.receive(client.open(there.recv(65536)))
        assert isinstance(session.next(), Welcome)
        there.sendall(client.seal(session.call("echo", (1,), {})))
        assert link.serve() == MORE
        session.receive(client.open(there.recv(65536)))
        reply = session.next()
        assert isinstance(reply, Reply)
        assert reply.unwrap() == 1
        assert link.serve() == READ
        link.close()
        assert client.open(there.recv(65536)) == b""
        assert client.ended


def test_with_tls_a_client_that_announces_its_end_is_closed_behind_its_answer(
    tmp_path: Path,
) -> None:
    session = ClientSession("x", CODECS)
    with secured(tmp_path) as (link, there, client):
        shake_hands(link, there, client)
        there.sendall(client.seal(session.greet()) + client.close())
        assert link.serve() == 0
        assert link.closed
        assert len(there.recv(65536)) > 100


def test_with_tls_a_handshake_waits_until_the_client_takes_it(tmp_path: Path) -> None:
    sent = 0

    def fill(here: socket.socket) -> None:
        nonlocal sent
        with suppress(BlockingIOError):
            while True:
                sent += here.send(bytes(4096))

    with secured(tmp_path, fill) as (link, there, client):
        there.sendall(client.step(b""))
        assert link.serve() == WRITE
        assert link.serve() == WRITE
        while sent:
            sent -= len(there.recv(sent))
        assert link.serve() == READ
        assert client.step(there.recv(65536)) != b""


def test_with_tls_junk_is_not_answered_by_a_refusal(tmp_path: Path) -> None:
    with secured(tmp_path) as (link, there, _):
        there.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert link.serve() == READ  # until the client has read the end
        assert there.recv(65536) == b""
        there.close()
        assert link.serve() == 0
        assert link.peer_certificate() is None


def test_with_tls_a_stranger_that_speaks_something_else_gets_a_refusal(
    tmp_path: Path,
) -> None:
    with secured(tmp_path) as (link, there, client):
        shake_hands(link, there, client)
        there.sendall(client.seal(bytes(100)))
        assert link.serve() == 0
        assert client.open(there.recv(65536))[:6] == b"PYRO\x01\xf6"


def test_what_belongs_to_a_buffer_is_received_where_it_goes() -> None:
    features = frozenset({VALUES, BUFFERS})
    large = bytes(range(256)) * 2000
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        there.settimeout(10)
        link = Link(here, ServerSession(CODECS, supported=features), Service())
        session = ClientSession("x", CODECS, features=features)
        greet(link, there, session)
        data = bytes(session.call("echo", (large,), {}))
        there.sendall(data[:1000])
        assert link.serve() == MORE
        link.session.receive = refuse
        for start in range(1000, 500_000, 100_000):
            there.sendall(data[start : start + 100_000])
            while select.select([here], [], [], 0)[0]:  # it grows with what has come
                assert link.serve() == MORE
        link.session.receive = link.session.decoder.feed
        there.sendall(data[500_000 + 1000 :])
        while link.serve() == MORE:
            pass
        while (event := session.next()) is None:
            session.receive(there.recv(65536))
            link.serve()
        assert isinstance(event, Reply)
        assert event.unwrap() == large
        link.close()


def refuse(data: bytes) -> None:
    raise AssertionError(f"{len(data)} bytes were copied")
