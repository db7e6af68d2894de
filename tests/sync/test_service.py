"""Registering objects, and what hostile or broken clients can do to a daemon: nothing."""

from __future__ import annotations

import socket
import struct
import threading
import weakref
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrophone import URI, Settings, current, expose, instances, oneway
from pyrophone.errors import (
    ProtocolError,
    RefusedError,
    RemoteError,
)
from pyrophone.sync import Daemon, LoopDaemon, batch, connect
from pyrophone.sync.client import codecs_for
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Pong
from raw import raw
from running import LIMIT, running

FAR = Settings(name_port=1, broadcast_addresses=(), broadcast_timeout=0.001, timeout=2.0)


@expose
class Echo:
    def echo(self, value: Any) -> Any:
        return value

    def annotate(self, name: str) -> str:
        current().reply_annotations[name] = b"x"
        return "never seen"


@pytest.mark.parametrize("name", ["toolong", "é234"])
def test_unusable_annotations_are_an_error_and_the_next_call_works(name: str) -> None:
    with running(Daemon()) as daemon, connect(daemon.register(Echo())) as echo:
        with pytest.raises(ProtocolError, match="is not 4 ASCII letters"):
            echo.annotate(name)
        assert echo.echo(1) == 1


def test_an_error_that_cannot_be_written_still_arrives() -> None:
    class StrangeError(Exception):
        def __str__(self) -> str:
            raise ValueError("no text")

        __repr__ = __str__

    @expose
    class Strange:
        def fail(self) -> None:
            raise StrangeError(threading.Lock(), "x" * 10)

    with running(Daemon()) as daemon, connect(daemon.register(Strange())) as strange:
        for _ in range(2):
            with pytest.raises(RemoteError) as caught:
                strange.fail()
            assert caught.value.class_name.endswith("StrangeError")


# Hostile bytes.


@pytest.fixture(scope="module", params=[Daemon, LoopDaemon])
def served(request: pytest.FixtureRequest) -> Iterator[URI]:
    limits = Settings(max_message_size=100_000, handshake_timeout=0.5)
    with running(request.param(settings=limits)) as daemon:
        yield daemon.register(Echo(), "echo")


def still_serves(uri: URI) -> bool:
    with connect(uri, settings=Settings(timeout=LIMIT)) as echo:
        return bool(echo.echo([1, "x"]) == [1, "x"])


def say(uri: URI, data: bytes) -> bytes:
    """Send *data*, say that nothing follows, return all that comes."""
    with socket.create_connection(("127.0.0.1", uri.port)) as sock:
        sock.settimeout(LIMIT)
        received = b""
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while piece := sock.recv(65536):
                received += piece
        except ConnectionError:
            pass  # closed with bytes unread; what came before counts
        return received


def greeting() -> bytes:
    return ClientSession("echo", codecs_for(Settings())).greet()


def call(*args: Any) -> bytes:
    session = ClientSession("echo", codecs_for(Settings()), greeted=True)
    return session.call("echo", args, {})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_mutation_of_a_conversation_harms_the_daemon(
    served: URI, data: st.DataObject
) -> None:
    stream = bytearray(greeting() + call(1, "two", [3.0]) + call({"a": None}))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(stream) - 1))
        if data.draw(st.booleans()):
            stream[at] = data.draw(st.integers(0, 255))
        else:
            del stream[at : at + data.draw(st.integers(1, 50))]
            stream += b"\0"
    answer = say(served, bytes(stream))
    assert not answer or answer.startswith(b"PYRO\x01\xf6")
    assert still_serves(served)


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"\0" * 100, id="zeros"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="http"),
        pytest.param(greeting()[:30], id="half a header"),
        pytest.param(greeting()[:-3], id="half a greeting"),
        pytest.param(call(1), id="a call before the greeting"),
        pytest.param(greeting() * 2, id="two greetings"),
        pytest.param(greeting() + call(1)[:-1], id="half a call"),
        pytest.param(greeting() + b"\0" * 50, id="zeros behind the greeting"),
    ],
)
def test_streams_that_are_none_are_refused_or_closed(served: URI, stream: bytes) -> None:
    say(served, stream)
    assert still_serves(served)


def header(kind: int, serializer: int, flags: int, payload: int, chunks: int = 0) -> bytes:
    return struct.pack(
        "!4sHBBHHII16sHH", b"PYRO", 502, kind, serializer, flags, 1, payload, chunks,
        bytes(16), 0, 0x4DC5,
    )  # fmt: skip


def test_a_length_that_lies_is_refused_from_the_header_alone(served: URI) -> None:
    answer = say(served, header(1, 1, 0, 2**32 - 1, 2**32 - 1))
    assert b"message too large" in answer
    assert still_serves(served)


def test_a_bomb_in_the_greeting_is_refused(served: URI) -> None:
    bomb = zlib.compress(b" " * 10_000_000, 9)
    answer = say(served, header(1, 1, 2, len(bomb)) + bomb)
    assert b"message too large" in answer
    assert still_serves(served)


def test_a_bomb_behind_the_greeting_closes_the_connection(served: URI) -> None:
    bomb = zlib.compress(b" " * 10_000_000, 9)
    say(served, greeting() + header(4, 1, 2, len(bomb)) + bomb)
    assert still_serves(served)


@pytest.mark.parametrize("serializer", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "payload",
    [b"", b"[" * 50_000, b"(\xff\xff\xff\x7f", b"\xdd\x7f\xff\xff\xff", b"9" * 20_000],
)
def test_a_payload_that_is_none_is_answered_and_the_next_call_works(
    served: URI, serializer: int, payload: bytes
) -> None:
    stream = greeting() + header(4, serializer, 0, len(payload)) + payload + call("after")
    answer = say(served, stream)
    assert b"SerializeError" in answer
    assert b"after" in answer
    assert still_serves(served)


def test_an_unknown_serializer_is_answered_in_another(served: URI) -> None:
    answer = say(served, header(1, 9, 0, 0))
    assert b"unknown serializer 9" in answer
    answer = say(served, greeting() + header(4, 9, 0, 0) + call("after"))
    assert b"unknown serializer 9" in answer
    assert b"after" in answer


class Failing:
    """Fails in all ways there are."""

    def __init__(self) -> None:
        self.tried = threading.Semaphore(0)

    @expose
    def fail(self, text: str) -> None:
        raise ValueError(text)

    @expose
    @oneway
    def fail_unseen(self) -> None:
        raise KeyError("unseen")

    @property
    @expose
    def value(self) -> int:
        raise ValueError("no value")


@pytest.mark.parametrize("kind", [Daemon, LoopDaemon])
def test_a_daemon_can_look_at_the_errors_of_methods_and_replace_them(
    kind: type[LoopDaemon],
) -> None:
    seen: list[Any] = []

    class Judging(kind):  # type: ignore[misc, valid-type]
        def failed(
            self, client: Any, method: Any, args: Any, kwargs: Any, error: Exception
        ) -> None:
            seen.append((method.__name__, tuple(args), kwargs, type(error)))
            unseen.release()
            if args == ("replace",):
                raise LookupError("in its place") from None

    unseen = threading.Semaphore(0)
    with running(Judging()) as daemon, connect(daemon.register(Failing())) as proxy:
        with pytest.raises(ValueError, match="as it was"):
            proxy.fail(text="as it was")
        with pytest.raises(LookupError, match="in its place"):
            proxy.fail("replace")
        with pytest.raises(TypeError):
            proxy.fail(1, 2, 3)
        calls = batch(proxy)
        calls.fail("batched")
        with pytest.raises(ValueError, match="batched"):
            list(calls())
        calls.fail("replace")
        with pytest.raises(LookupError, match="in its place"):
            list(calls())
        with pytest.raises(AttributeError, match="unknown"):
            proxy.unknown()
        with pytest.raises(ValueError, match="no value"):
            proxy.value  # noqa: B018
        proxy.fail_unseen()
        for _ in range(6):
            assert unseen.acquire(timeout=LIMIT)
    assert seen == [
        ("fail", (), {"text": "as it was"}, ValueError),
        ("fail", ("replace",), {}, ValueError),
        ("fail", (1, 2, 3), {}, TypeError),
        ("fail", ("batched",), {}, ValueError),
        ("fail", ("replace",), {}, ValueError),
        ("fail_unseen", (), {}, KeyError),
    ]


@pytest.mark.parametrize("kind", [Daemon, LoopDaemon])
def test_instances_go_with_their_daemon(kind: type[LoopDaemon]) -> None:
    @instances("single")
    class Single(Failing):
        @expose
        def me(self) -> None:
            made.append(weakref.ref(self))

    made: list[weakref.ref[Any]] = []
    daemon = kind()
    with running(daemon), connect(daemon.register(Single)) as proxy:
        proxy.me()
        assert len(daemon.objects.singles) == 1
        daemon.stop()
    assert daemon.objects.singles == {}
    assert made[0]() is None


@pytest.mark.parametrize("kind", [Daemon, LoopDaemon])
def test_whatever_judging_a_greeting_raises_only_that_client_is_refused(
    kind: type[LoopDaemon],
) -> None:
    class Leaving(kind):  # type: ignore[misc, valid-type]
        def greets(self, client: Any, handshake: Any) -> Any:
            seen.append(handshake)
            if len(seen) == 1:
                raise SystemExit("on purpose")
            return "hello"

    seen: list[Any] = []

    with running(Leaving()) as daemon:
        uri = daemon.register(Echo())
        with pytest.raises(RefusedError, match="on purpose"):
            connect(uri)
        with connect(uri) as proxy:
            assert proxy.echo(2) == 2


@instances("session")
@expose
class Desk:
    """Is made for each client; that takes until two have tried."""

    made = 0
    begun = threading.Event()
    go = threading.Event()

    def __init__(self) -> None:
        Desk.made += 1
        Desk.begun.set()
        assert Desk.go.wait(LIMIT)

    def number(self) -> int:
        return Desk.made


def test_an_instance_of_a_client_is_made_once_whatever_comes_at_once() -> None:
    with running(Daemon()) as daemon:
        with raw(daemon.register(Desk)) as client:
            assert client.metadata.session
            first = client.call("number")
            assert Desk.begun.wait(LIMIT)
            second = client.call("number")
            client.ping()
            Desk.go.set()
            assert {client.next().seq, client.next().seq} == {first, second}
            assert Desk.made == 1


def test_strangers_are_not_told_whose_instance_serves_them() -> None:
    with running(Daemon()) as daemon:
        uri = daemon.register(Desk)
        with raw(uri, features=None) as stranger, raw(uri) as ours:
            assert not stranger.metadata.session
            for client, told in ((stranger, False), (ours, True)):
                call = client.call("get_metadata", uri.object, object_id="Pyro.Daemon")
                assert ("session" in client.reply(call)) is told


@pytest.mark.parametrize("kind", [Daemon, LoopDaemon])
@pytest.mark.parametrize("hook", ["fail", "traceback", "annotations"])
def test_who_called_is_not_left_waiting_where_a_hook_fails(
    kind: type[LoopDaemon], hook: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Clumsy(kind):  # type: ignore[misc, valid-type]
        pass

    def breaks(self: Any, *args: Any) -> Any:
        if armed:
            raise LookupError(f"in {hook}")
        return getattr(kind, hook)(self, *args)

    setattr(Clumsy, hook, breaks)
    armed: list[bool] = []
    with running(Clumsy()) as daemon:
        uri = daemon.register(Failing())
        for text in ("alone", "with another"):
            with raw(uri) as client, raw(uri) as other:
                armed.append(True)
                first = client.session.call("fail", (text,), {})
                if text != "alone":
                    first += client.session.call("fail", (text,), {})
                client.send(first)
                with pytest.raises(EOFError):
                    client.next()
                armed.clear()
                other.call("fail", "as ever")
                with pytest.raises(ValueError, match="as ever"):
                    other.next().unwrap()
    errors = [record.exc_info[1] for record in caplog.records if record.exc_info]
    assert errors
    assert {str(error) for error in errors} == {f"in {hook}"}


@pytest.mark.parametrize("kind", [Daemon, LoopDaemon])
def test_a_ping_is_answered_where_annotations_fail(kind: type[LoopDaemon]) -> None:
    class Clumsy(kind):  # type: ignore[misc, valid-type]
        def annotations(self) -> Any:
            if armed:
                raise LookupError
            return {}

    armed: list[bool] = []
    with running(Clumsy()) as daemon, raw(daemon.register(Failing())) as client:
        armed.append(True)
        client.send(client.session.ping())
        assert isinstance(client.next(), Pong)
