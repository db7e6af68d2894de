"""Lines are made anew, calls repeated where asked for, streams end with their daemon."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pyrophone import URI, Settings, expose
from pyrophone.errors import (
    CallTimeoutError,
    ConnectError,
    ConnectionLostError,
    ProtocolError,
    StreamError,
)
from pyrophone.objects.proxy import remote_of
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync import Daemon, LoopDaemon, Proxy, close, connect, options
from pyrophone.wire.events import Greeting
from pyrophone.wire.framing import EXCEPTION, ONEWAY
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession
from running import LIMIT, running


@expose
class Counter:
    def __init__(self) -> None:
        self.value = 0

    def add(self, n: int = 1) -> int:
        self.value += n
        return self.value


def test_a_daemon_that_came_back_is_found_without_a_failed_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running(Daemon()) as daemon:
        uri = daemon.register(Counter(), "counter")
        proxy = connect(uri)
        assert proxy.add() == 1
    for module in ("line", "remote"):  # as after a minute
        monkeypatch.setattr(f"pyrophone.sync.{module}.QUIET", -1.0)
    assert uri.port is not None
    with running(Daemon(port=uri.port)) as daemon:
        daemon.register(Counter(), "counter")
        assert proxy.add() == 1
        close(proxy)


class _Flaky(Daemon):
    """Loses the connection of its first calls, before or after running them."""

    def __init__(self, losses: int, **options: Any) -> None:
        super().__init__(**options)
        self.losses = losses

    def perform(self, link: Any, call: Any, context: Any) -> bytes | None:
        data = super().perform(link, call, context)
        if self.losses:
            self.losses -= 1
            link.close()
            return b""
        return data


def test_a_lost_call_is_repeated_only_where_that_is_asked_for() -> None:
    counter = Counter()
    with running(_Flaky(losses=3)) as daemon, connect(daemon.register(counter)) as proxy:
        with pytest.raises(ConnectionLostError, match="closed"):
            proxy.add()
        assert counter.value == 1
        with pytest.raises(ConnectionLostError):
            options(proxy, retries=1).add()
        assert counter.value == 3
        assert proxy.add() == 4


def test_a_call_that_may_have_run_is_not_said_to_have_not() -> None:
    class Gone(_Flaky):
        def perform(self, link: Any, call: Any, context: Any) -> bytes | None:
            self.accepts = lambda address: False  # type: ignore[method-assign]
            return super().perform(link, call, context)

    counter = Counter()
    with running(Gone(losses=1)) as daemon, connect(daemon.register(counter)) as proxy:
        with pytest.raises(ConnectionLostError) as caught:
            options(proxy, retries=3).add()
        assert isinstance(caught.value.__cause__, ConnectError)
        assert counter.value == 1


def test_patience_waits_for_a_daemon_that_is_not_there_yet() -> None:
    with running(Daemon()) as daemon:
        uri = daemon.register(Counter(), "counter")
    with pytest.raises(ConnectError):
        connect(uri)
    proxy = options(Proxy.to(uri), patience=LIMIT)
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(proxy.add()))
    thread.start()
    assert uri.port is not None
    with running(Daemon(port=uri.port)) as daemon:
        daemon.register(Counter(), "counter")
        thread.join(LIMIT)
        assert results == [1]
        close(proxy)


def test_a_stream_ends_with_its_daemon_and_says_so() -> None:
    @expose
    class Counting:
        def count(self) -> Iterator[int]:
            yield from itertools.count()

    with running(LoopDaemon()) as daemon:
        uri = daemon.register(Counting())
        items = connect(uri).count()
        assert next(items) == 0
    with pytest.raises((ConnectError, ConnectionLostError, StreamError)):
        list(items)  # those that came already, and then


def test_streams_can_be_switched_off() -> None:
    @expose
    class Counting:
        def count(self) -> Iterator[int]:
            yield 1

        def one(self) -> int:
            return 1

    with running(Daemon(settings=Settings(streaming=False))) as daemon:
        with connect(daemon.register(Counting())) as counting:
            with pytest.raises(ProtocolError, match="not configured to allow streaming"):
                counting.count()
            assert counting.one() == 1


def test_asking_for_members_that_the_greeting_did_not_tell_has_a_limit() -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet_and_fall_silent() -> None:
            sock, _ = listener.accept()
            with sock:
                session = ServerSession(make_codecs(ClassTable(), Settings()))
                session.receive(sock.recv(65536))
                greeting = session.next()
                assert isinstance(greeting, Greeting)
                sock.sendall(session.welcome(greeting, "hello", Metadata()))
                done.wait(LIMIT)

        thread = threading.Thread(target=greet_and_fall_silent)
        thread.start()
        uri = URI("PYRO", "x", None, *listener.getsockname())
        with pytest.raises(CallTimeoutError, match=r"no reply within 0\.1 s"):
            connect(uri, settings=Settings(timeout=0.1))
        done.set()
        thread.join(LIMIT)


def test_a_reply_can_be_passed_on_unread() -> None:
    json = Settings(serializer="json")
    with running(Daemon()) as daemon:
        with connect(daemon.register(Counter()), settings=json) as proxy:
            remote = remote_of(proxy)
            assert remote.reply("add", (), {"n": 2}, 0).payload == b"2"
            failed = remote.reply("add", (), {"m": 2}, 0)
            assert failed.flags & EXCEPTION
            assert b"builtins.TypeError" in failed.payload
            assert remote.reply("add", (), {}, ONEWAY) is None
