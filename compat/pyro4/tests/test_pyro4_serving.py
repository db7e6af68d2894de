"""How daemons serve: calls of all kinds, errors, by hand, and several wires on one port."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro4
import Pyro4.core
import pyrophone.sync
from Pyro4 import errors
from Pyro4.configuration import config
from Pyro4.message import Message
from pyrophone.errors import CommunicationError, RefusedError
from pyrophone.wire import framing as wire

LIMIT = 10.0


@Pyro4.expose
class Thing:
    """Does what is wanted."""

    def __init__(self) -> None:
        self._go = threading.Event()
        self._done = threading.Event()
        self._seen: list[Any] = []

    def ping(self) -> str:
        return "pong"

    def seen(self) -> list[Any]:
        return self._seen

    def fail(self, kind: str) -> None:
        hidden = kind
        raise {"exit": SystemExit, "value": ValueError}[kind](hidden)

    @Pyro4.oneway
    def silent(self, fails: bool = False) -> None:
        thread = threading.current_thread()
        client = Pyro4.current_context.client
        self._seen += [thread.name, thread.daemon, type(client).__name__]
        assert self._go.wait(LIMIT)
        self._done.set()
        if fails:
            raise ValueError("nobody hears")

    def go(self) -> None:
        self._go.set()

    @Pyro4.callback
    def call_back(self) -> None:
        raise ValueError("told twice")

    def count(self) -> Iterator[int]:
        yield from range(3)

    @property
    def iterator(self) -> Iterator[int]:
        return iter([1])

    def me(self) -> Any:
        return self

    def _private(self) -> None: ...


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture
def daemon(running: Callable[[Any], Any], server_type: str, thing: Thing) -> Any:
    daemon = Pyro4.Daemon()
    daemon.register(thing, "thing")
    return running(daemon)


@pytest.fixture
def proxy(daemon: Any) -> Iterator[Any]:
    with Pyro4.Proxy(daemon.uriFor("thing")) as proxy:
        yield proxy


# One-way calls.


def test_a_oneway_call_has_a_thread_and_the_context(proxy: Any, thing: Thing) -> None:
    proxy.silent()
    assert proxy.ping() == "pong"  # while the other one waits
    proxy.go()
    assert thing._done.wait(LIMIT)
    assert thing._seen[:2] == ["oneway-call", True]
    assert thing._seen[2] != "NoneType"


def test_its_error_is_a_matter_of_the_thread(
    proxy: Any, thing: Thing, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught: list[Any] = []
    told = threading.Event()

    def hook(arguments: Any) -> None:
        caught.extend((arguments.exc_type, arguments.thread.name))
        told.set()

    monkeypatch.setattr(threading, "excepthook", hook)
    thing.go()
    proxy.silent(True)
    assert told.wait(LIMIT)
    assert caught == [ValueError, "oneway-call"]
    proxy._pyroOneway.add("nothing")
    proxy._pyroInvoke("nothing", (), {}, flags=Pyro4.message.FLAGS_ONEWAY)
    assert proxy.ping() == "pong"
    assert len(caught) == 2  # there was no method that raised


def test_without_threads_it_runs_in_its_turn(
    proxy: Any, thing: Thing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        threading, "excepthook", lambda arguments: thing._seen.append("bad")
    )
    config.ONEWAY_THREADED = False
    thing.go()
    proxy.silent(True)
    assert proxy.seen()[0] != "oneway-call"
    assert (thing._done.is_set(), "bad" in thing._seen) == (True, False)


def test_there_is_an_end_of_threads(
    proxy: Any, thing: Thing, monkeypatch: pytest.MonkeyPatch, daemon: Any
) -> None:
    daemon.pyroServed._apart_now = threading.BoundedSemaphore(1)
    proxy.silent()
    assert proxy.ping() == "pong"
    thing.go()
    assert thing._done.wait(LIMIT)
    proxy.silent()
    proxy.silent()
    assert proxy.ping() == "pong"


# Errors.


def test_the_error_of_a_callback_is_answered_and_ends_the_connection(
    proxy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "Pyro4"):
        with pytest.raises(ValueError, match="told twice"):
            proxy.call_back()
        with pytest.raises(errors.ConnectionClosedError):
            proxy.ping()
    assert "told twice" in caplog.text
    assert proxy.ping() == "pong"


def test_exiting_costs_the_connection_and_nothing_else(proxy: Any, daemon: Any) -> None:
    with Pyro4.Proxy(daemon.uriFor("thing")) as other:
        assert other.ping() == "pong"
        with pytest.raises(errors.ConnectionClosedError):
            proxy.fail("exit")
        assert (proxy.ping(), other.ping()) == ("pong", "pong")


def test_tracebacks_are_detailed_where_that_is_wanted(proxy: Any) -> None:
    for detailed in (False, True):
        config.DETAILED_TRACEBACK = detailed
        with pytest.raises(ValueError, match="value") as caught:
            proxy.fail("value")
        shown = "".join(caught.value._pyroTraceback)  # type: ignore[attr-defined]
        assert "in fail" in shown or ".fail" in shown
        assert ("hidden = 'value'" in shown) is detailed


# Streams and batches.


def test_iterators_are_streams_and_attributes_are_not(proxy: Any, daemon: Any) -> None:
    items = proxy.count()
    assert next(items) == 0
    (name,) = daemon.streaming_responses
    assert len(daemon.streaming_responses[name]) == 4
    assert list(items) == [1, 2]
    assert daemon.streaming_responses == {}
    with pytest.raises(errors.SerializeError):
        proxy.iterator  # noqa: B018
    assert daemon.streaming_responses == {}


def test_streams_can_be_off_and_need_not_wait(proxy: Any, daemon: Any) -> None:
    config.ITER_STREAM_LINGER = 0
    gone = threading.Event()
    daemon.clientDisconnect = lambda conn: gone.set()
    items = proxy.count()
    next(items)
    proxy._pyroRelease()
    assert gone.wait(LIMIT)
    assert daemon.streaming_responses == {}
    config.ITER_STREAMING = False
    with pytest.raises(errors.ProtocolError):
        proxy.count()
    items.proxy = None  # it has no place to be closed at


def test_a_batch_with_a_private_method_is_not_run(proxy: Any, thing: Thing) -> None:
    batch = Pyro4.batch(proxy)
    batch.go()
    batch._private()
    with pytest.raises(AttributeError, match="private attribute '_private'"):
        batch()
    assert not thing._go.is_set()
    batch = Pyro4.batch(proxy)
    batch.ping()
    batch.fail("value")
    batch.go()
    results = batch()
    assert next(results) == "pong"
    with pytest.raises(ValueError, match="value"):
        next(results)
    assert not thing._go.is_set()
    batch = Pyro4.batch(proxy)
    batch.count()
    with pytest.raises(errors.SerializeError):
        list(batch())


# What clients may choose.


def test_each_client_may_do_without_metadata(daemon: Any) -> None:
    config.METADATA = False
    with Pyro4.Proxy(daemon.uriFor("thing")) as proxy:
        assert proxy.ping() == "pong"
        assert proxy._pyroMethods == set()
        config.METADATA = True
        with Pyro4.Proxy(daemon.uriFor("thing")) as other:
            assert other.ping() == "pong"
            assert "ping" in other._pyroMethods


def test_registered_objects_travel_as_proxies_if_that_is_wanted(proxy: Any) -> None:
    assert isinstance(proxy.me(), Pyro4.Proxy)
    config.AUTOPROXY = False
    with pytest.raises(errors.SerializeError):
        proxy.me()


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "pickle"])
def test_every_accepted_serializer_is_answered(
    running: Callable[[Any], Any], thing: Thing, serializer: str
) -> None:
    config.SERIALIZERS_ACCEPTED.add("pickle")
    daemon = Pyro4.Daemon()
    uri = daemon.register(thing)
    running(daemon)
    config.SERIALIZER = serializer
    with Pyro4.Proxy(uri) as proxy:
        assert proxy.ping() == "pong"
        assert isinstance(proxy.me(), Pyro4.Proxy)


def test_clients_of_502_are_served_unless_messages_are_signed(daemon: Any) -> None:
    uri = str(daemon.uriFor("thing"))
    with pyrophone.sync.connect(uri) as other, Pyro4.Proxy(uri) as proxy:
        assert (other.ping(), proxy.ping()) == ("pong", "pong")
        assert list(other.count()) == [0, 1, 2]
        with pytest.raises(AttributeError):
            other.nothing()
    for serializer, accepted in [("json", True), ("marshal", True), ("msgpack", False)]:
        settings = pyrophone.Settings(serializer=serializer)
        if accepted:
            with pyrophone.sync.connect(uri, settings=settings) as other:
                assert other.ping() == "pong"
        else:
            with pytest.raises(RefusedError, match="unknown serializer"):
                pyrophone.sync.connect(uri, settings=settings)
    daemon._pyroHmacKey = b"key"
    with pytest.raises(CommunicationError):
        pyrophone.sync.connect(uri)
    with Pyro4.Proxy(uri) as proxy:
        proxy._pyroHmacKey = b"key"
        assert proxy.ping() == "pong"


def test_messages_are_logged_where_that_is_wanted(
    daemon: Any, caplog: pytest.LogCaptureFixture
) -> None:
    config.LOGWIRE = True
    with caplog.at_level(logging.DEBUG, "Pyro4"):
        with Pyro4.Proxy(daemon.uriFor("thing")) as proxy:
            proxy.ping()
    texts = [record.getMessage() for record in caplog.records]
    assert any("daemon wiredata received: msgtype=4" in text for text in texts)
    assert any("daemon wiredata sending: msgtype=5" in text for text in texts)


# By hand.


class Tape:
    """A connection with what came, and what was sent."""

    def __init__(self, *messages: bytes) -> None:
        self.incoming = b"".join(messages)
        self.sent = b""

    def recv(self, size: int) -> bytes:
        if len(self.incoming) < size:
            raise errors.ConnectionClosedError("the end")
        data, self.incoming = self.incoming[:size], self.incoming[size:]
        return data

    def send(self, data: bytes) -> None:
        self.sent += data

    def answers(self) -> list[Any]:
        """Return the messages that were sent."""
        found, reader = [], Tape(self.sent)
        while reader.incoming:
            found.append(Message.recv(reader))
        return found


def json_message(kind: int, payload: bytes, seq: int = 0, flags: int = 0) -> bytes:
    """Return the bytes of a message."""
    return Message(kind, payload, 2, flags, seq).to_bytes()


HELLO = json_message(1, b'{"handshake": "hello", "object": "thing"}', flags=0x10)
PING = json_message(4, b'{"object":"thing","method":"ping","params":[],"kwargs":{}}', 1)


@pytest.fixture
def alone(server_type: str, thing: Thing) -> Iterator[Any]:
    """A daemon that is not served."""
    with Pyro4.Daemon() as daemon:
        daemon.register(thing, "thing")
        yield daemon


def test_greetings_and_requests_by_hand(alone: Any) -> None:
    tape = Tape(HELLO, PING)
    assert alone._handshake(tape)
    alone.handleRequest(tape)
    welcome, pong = tape.answers()
    assert (welcome.type, welcome.flags, welcome.seq) == (2, 0x10, 0)
    assert (pong.type, pong.seq, bytes(pong.data)) == (5, 1, b'"pong"')
    with pytest.raises(errors.ConnectionClosedError):
        alone.handleRequest(tape)


def test_refusals_by_hand(alone: Any) -> None:
    for reason, incoming in [(None, PING), (None, b"GET / HTTP/1.1" * 9), ("full", HELLO)]:
        tape = Tape(incoming)
        assert not alone._handshake(tape, denied_reason=reason)
        (refusal,) = tape.answers()
        assert (refusal.type, refusal.serializer_id, refusal.seq) == (3, 3, refusal.seq)
    silent = Tape()
    assert not alone._handshake(silent)
    assert silent.sent == b""


def test_what_ends_a_connection_is_raised_by_hand(alone: Any) -> None:
    body = PING[24:].replace(b'"ping"', b'"fail"').replace(b"[]", b'["exit"]')
    with pytest.raises(SystemExit):
        alone.handleRequest(Tape(json_message(4, body, 1)))
    with pytest.raises(errors.ProtocolError, match="RESULT"):
        alone.handleRequest(Tape(json_message(5, b"1")))
    tape = Tape(json_message(4, b"{junk", 1))
    with pytest.raises(errors.SerializeError):
        alone.handleRequest(tape)
    assert tape.answers()[0].flags == 1
    called = json_message(4, PING[24:].replace(b"ping", b"call_back"), 1)
    tape = Tape(called)
    with pytest.raises(ValueError, match="told twice"):
        alone.handleRequest(tape)
    assert tape.answers()[0].flags == 1


def test_another_wire_by_hand(alone: Any) -> None:
    greeting = b"{'handshake': 'hello', 'object': 'thing'}"
    hello = wire.encode(wire.Message(wire.CONNECT, 1, 0, 0, greeting))
    tape = Tape(hello)
    assert alone._handshake(tape)
    assert tape.sent[4:7] == b"\x01\xf6\x02"


@pytest.mark.parametrize("name", ["_handshake", "handleRequest"])
def test_what_a_subclass_overrides_is_asked(
    running: Callable[[Any], Any], server_type: str, thing: Thing, name: str
) -> None:
    seen = []

    def override(self: Any, conn: Any, **more: Any) -> Any:
        seen.append(type(conn).__name__)
        return getattr(Pyro4.Daemon, name)(self, conn, **more)

    daemon = type("Own", (Pyro4.Daemon,), {name: override})()
    uri = daemon.register(thing, "thing")
    running(daemon)
    with Pyro4.Proxy(uri) as proxy:
        assert proxy.ping() == "pong"
        proxy.silent()
        proxy.go()
        assert thing._done.wait(LIMIT)
        with pytest.raises(errors.ConnectionClosedError):
            proxy.fail("exit")
        assert proxy.ping() == "pong"
        with pytest.raises(ValueError, match="told twice"):
            proxy.call_back()
        with pytest.raises(errors.ConnectionClosedError):
            proxy.ping()
    assert set(seen) == {"SocketConnection"}
    assert len(seen) >= 2


def test_a_oneway_thread_by_hand() -> None:
    done = threading.Event()
    thread = Pyro4.core._OnewayCallThread(
        lambda *args, **kwargs: done.set(), (1,), {"a": 2}
    )
    assert (thread.name, thread.daemon) == ("oneway-call", True)
    thread.start()
    assert done.wait(LIMIT)
    thread.join(LIMIT)
