"""One connection: whatever the other side does ends in the right error."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pyrophone import URI, Settings, expose
from pyrophone.errors import (
    CallTimeoutError,
    ConnectError,
    ConnectionLostError,
    LocalProtocolError,
    RefusedError,
    RemoteProtocolError,
    SerializeError,
)
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync import Daemon
from pyrophone.sync.connection import Connection
from pyrophone.wire.events import Call, Greeting
from pyrophone.wire.framing import PING, Message, encode
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession
from running import LIMIT, running

SETTINGS = Settings()
CODECS = make_codecs(ClassTable(), SETTINGS)
Script = Callable[[socket.socket], None]


@contextmanager
def server(script: Script) -> Iterator[URI]:
    """Run *script* with the one client that connects."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            sock, _ = listener.accept()
            with sock:
                script(sock)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield URI("PYRO", "x", None, *listener.getsockname())
        finally:
            thread.join(LIMIT)
            assert not thread.is_alive()


def expect(condition: bool) -> None:
    assert condition


def welcome(sock: socket.socket) -> ServerSession:
    session = ServerSession(CODECS)
    session.receive(sock.recv(65536))
    greeting = session.next()
    assert isinstance(greeting, Greeting)
    sock.sendall(session.welcome(greeting, "hello", Metadata(frozenset({"f"}))))
    return session


def receive_call(sock: socket.socket, session: ServerSession) -> Call:
    session.receive(sock.recv(65536))
    call = session.next()
    assert isinstance(call, Call)
    return call


def test_a_server_that_closes_instead_of_greeting() -> None:
    with (
        server(lambda sock: None) as uri,
        pytest.raises(ConnectError, match="cannot connect to"),
    ):
        Connection(uri, SETTINGS, CODECS)


def test_a_server_that_never_greets_meets_the_timeout() -> None:
    done = threading.Event()
    with server(lambda sock: expect(done.wait(LIMIT))) as uri:
        with pytest.raises(ConnectError, match=r"no reply within 0\.05 s"):
            Connection(uri, Settings(timeout=0.05), CODECS)
        done.set()


def test_a_server_that_greets_with_junk() -> None:
    with server(lambda sock: sock.sendall(b"HTTP/1.1 400 Bad Request")) as uri:
        with pytest.raises(RemoteProtocolError, match="begins with b'HTTP'"):
            Connection(uri, SETTINGS, CODECS)


def test_a_refusal_is_an_error_with_its_reason() -> None:
    def script(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(ServerSession(CODECS).refuse("no room"))

    with server(script) as uri, pytest.raises(RefusedError, match="rejected: no room"):
        Connection(uri, SETTINGS, CODECS)


@pytest.mark.parametrize("cut", [0, 1, 39, 45])
def test_a_connection_cut_anywhere_in_a_reply_is_lost(cut: int) -> None:
    def script(sock: socket.socket) -> None:
        session = welcome(sock)
        call = receive_call(sock, session)
        sock.sendall(session.result(call, "x" * 100)[:cut])

    with server(script) as uri:
        connection = Connection(uri, SETTINGS, CODECS)
        with pytest.raises(ConnectionLostError, match=r"closed|lost"):
            connection.call("f", (), {})
        assert connection.closed
        assert not connection.is_usable()
        with pytest.raises(LocalProtocolError, match="session is closed"):
            connection.call("f", (), {})


def test_a_reply_to_another_call_closes_the_connection() -> None:
    def script(sock: socket.socket) -> None:
        session = welcome(sock)
        call = receive_call(sock, session)
        call.seq = 77
        sock.sendall(session.result(call, "for somebody else"))

    with server(script) as uri:
        connection = Connection(uri, SETTINGS, CODECS)
        with pytest.raises(RemoteProtocolError, match="reply 77 answers no call"):
            connection.call("f", (), {})
        assert connection.closed


def test_a_pong_in_place_of_a_reply_closes_the_connection() -> None:
    def script(sock: socket.socket) -> None:
        session = welcome(sock)
        receive_call(sock, session)
        sock.sendall(encode(Message(PING, 42, 0, 0, b"pong")))

    with server(script) as uri:
        connection = Connection(uri, SETTINGS, CODECS)
        with pytest.raises(RemoteProtocolError, match="Pong came in place of a reply"):
            connection.call("f", (), {})
        assert connection.closed


def test_a_timeout_covers_the_whole_reply_not_each_piece() -> None:
    done = threading.Event()

    def script(sock: socket.socket) -> None:
        session = welcome(sock)
        data = session.result(receive_call(sock, session), "x")
        sock.sendall(data[:20])
        done.wait(LIMIT)

    with server(script) as uri:
        connection = Connection(uri, SETTINGS, CODECS)
        with pytest.raises(CallTimeoutError, match=r"no reply within 0\.05 s"):
            connection.call("f", (), {}, timeout=0.05)
        done.set()
        assert connection.closed


def test_what_cannot_be_sent_leaves_the_connection_alone() -> None:
    @expose
    class Echo:
        def echo(self, value: object) -> object:
            return value

    with running(Daemon()) as daemon:
        connection = Connection(
            daemon.register(Echo()), Settings(max_message_size=500), CODECS
        )
        with pytest.raises(SerializeError, match="argument 1: type object"):
            connection.call("echo", (int,), {})
        with pytest.raises(Exception, match="too large"):
            connection.call("echo", ("x" * 600,), {})
        reply = connection.call("echo", (1,), {})
        assert reply is not None
        assert reply.unwrap() == 1
        assert reply.seq == 1
        assert connection.is_usable()
        connection.close()


def test_a_dropped_connection_closes_its_socket() -> None:
    closed = threading.Event()

    def script(sock: socket.socket) -> None:
        welcome(sock)
        if sock.recv(1) == b"":
            closed.set()

    with server(script) as uri:
        connection = Connection(uri, SETTINGS, CODECS)
        del connection
        assert closed.wait(LIMIT)


@expose
class Lender:
    """Lends functions."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.heard = threading.Event()

    def lend(self) -> Any:
        return self.count

    def count(self, most: int) -> Iterator[int]:
        self.told.append(most)
        self.heard.set()
        return iter(range(most))


def test_functions_that_were_lent_are_called_while_the_connection_lives() -> None:
    lender = Lender()
    with running(Daemon()) as daemon:
        connection = Connection(daemon.register(lender), SETTINGS, CODECS)
        reply = connection.call("lend", (), {})
        assert reply is not None
        function = reply.unwrap()
        assert list(function(3)) == [0, 1, 2]
        lender.heard.clear()
        assert function.oneway(4) is None
        assert lender.heard.wait(LIMIT)
        assert lender.told == [3, 4]
        with pytest.raises(SerializeError):  # is no loss
            function(threading.Lock())
        connection.close()
        with pytest.raises(ConnectionLostError, match="the functions that came by it"):
            function(5)


def test_one_for_a_call_at_a_time_is_seen_to_be_over_between_calls() -> None:
    def script(sock: socket.socket) -> None:
        session = welcome(sock)
        sock.sendall(session.result(receive_call(sock, session), 1))

    with server(script) as uri:
        connection = Connection(uri, SETTINGS, CODECS)
        assert not connection.shared
        connection.call("f", (), {})
    assert not connection.is_usable()
    assert connection.closed
