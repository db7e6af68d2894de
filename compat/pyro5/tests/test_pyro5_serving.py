"""How daemons serve: loops of all kinds, hooks by hand, errors of methods, and the end."""

from __future__ import annotations

import functools
import gc
import logging
import select
import signal
import socket
import subprocess
import sys
import threading
import uuid
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro5.api
import Pyro5.nameserver
from Pyro5 import errors, protocol, serializers
from Pyro5.callcontext import current_context
from Pyro5.socketutil import SocketConnection, receive_data
from Pyro5.svr_multiplex import SocketServer_Multiplex
from Pyro5.svr_threads import SocketServer_Threadpool

LIMIT = 10.0


@Pyro5.api.expose
class Inner:
    """Can be called, and is exposed."""

    def __call__(self) -> str:
        return "called"


@Pyro5.api.expose
class Thing:
    """Does what is wanted."""

    def __init__(self) -> None:
        self.inner = Inner()
        self._go = threading.Event()
        self._done = threading.Semaphore(0)
        self._counter = 0
        self._threads: list[str] = []

    def ping(self) -> str:
        """Answer."""
        return "pong"

    def fail(self, kind: str, *args: Any) -> None:
        """Raise an exception."""
        known = {**vars(errors), "SystemExit": SystemExit, "ValueError": ValueError}
        raise known[kind](*args)

    @Pyro5.api.callback
    def call_back(self) -> None:
        """Raise an exception, as a callback."""
        raise ValueError("nobody sees this")

    @Pyro5.api.oneway
    def slow(self) -> None:
        """Count, a while later."""
        self._threads.append(threading.current_thread().name)
        assert self._go.wait(LIMIT)
        self._counter += 1
        self._done.release()

    @Pyro5.api.oneway
    def fail_silently(self) -> None:
        """Raise an exception that nobody gets."""
        raise ValueError("silently")

    def count(self) -> int:
        """Return how many slow ones were done."""
        return self._counter

    def stream(self) -> Iterator[int]:
        """Return items."""
        yield from range(10)

    def text(self) -> str:
        """Return much."""
        return "x" * 5000

    @property
    def bad(self) -> int:
        """Fail."""
        raise ValueError("bad property")


@pytest.fixture
def daemon(running: Callable[[Any], Any], server_type: str) -> Any:
    """A daemon of either type, that runs."""
    return running(Pyro5.api.Daemon())


def in_thread(function: Callable[[], Any]) -> threading.Thread:
    """Run it in a thread."""
    thread = threading.Thread(target=function)
    thread.start()
    return thread


# Loops.


def driven(
    daemons: list[Any], sockets: Callable[[], list[Any]], uris: list[Any]
) -> list[Any]:
    """Call an object at each URI while the daemons are driven from here."""
    results: list[Any] = []

    def use() -> None:
        for uri in uris:
            with Pyro5.api.Proxy(uri) as proxy:
                results.append(proxy.ping())

    thread = in_thread(use)
    while thread.is_alive():
        ready, _, _ = select.select(sockets(), [], [], 0.05)
        for daemon in daemons:
            mine = [sock for sock in ready if sock in list(daemon.sockets)]
            if mine:
                daemon.events(mine)
    return results


def test_a_loop_of_the_program_can_serve_several_daemons(server_type: str) -> None:
    with Pyro5.api.Daemon() as one, Pyro5.api.Daemon() as two:
        uris = [daemon.register(Thing()) for daemon in (one, two)]
        assert one.sockets == [one.sock]
        daemons = [one, two]
        assert driven(daemons, lambda: [*one.sockets, *two.sockets], uris) == [
            "pong",
            "pong",
        ]
        assert one.transportServer.sock is one.sock


def test_a_daemon_that_was_driven_can_run_its_own_loop_afterwards(server_type: str) -> None:
    with Pyro5.api.Daemon() as daemon:
        uri = daemon.register(Thing())
        assert driven([daemon], lambda: daemon.sockets, [uri]) == ["pong"]
        done = threading.Event()

        def use() -> None:
            with Pyro5.api.Proxy(uri) as proxy:
                proxy.ping()
            done.set()
            daemon.transportServer.wakeup()

        thread = in_thread(use)
        daemon.requestLoop(lambda: not done.is_set())
        thread.join(LIMIT)
    if server_type == "thread":
        with pytest.raises(AssertionError):
            daemon.events([])


def test_only_the_sockets_that_are_given_are_looked_at() -> None:
    Pyro5.config.SERVERTYPE = "multiplex"
    with Pyro5.api.Daemon() as daemon:
        daemon.register(Thing(), "thing")
        with socket.create_connection(daemon.sock.getsockname(), LIMIT):
            daemon.events([])
            assert daemon.sockets == [daemon.sock]
            daemon.events([daemon.sock])
            assert len(daemon.sockets) == 2
            conn = daemon.sockets[1]
            assert isinstance(conn, SocketConnection)
            assert conn.fileno() > 0


def test_daemons_name_server_and_broadcasts_share_one_loop() -> None:
    Pyro5.config.SERVERTYPE = "multiplex"
    uri, names, _ = Pyro5.nameserver.start_ns(port=0, enableBroadcast=False)
    with (
        Pyro5.nameserver.BroadcastServer(uri, bchost="127.0.0.1", bcport=0) as broadcasts,
        names,
        Pyro5.api.Daemon() as one,
        Pyro5.api.Daemon() as two,
    ):
        for other in (two, names, broadcasts):
            one.combine(other)
        assert len(one.sockets) == 4
        assert {sock.fileno() for sock in one.sockets} == {
            one.sock.fileno(),
            two.sock.fileno(),
            names.sock.fileno(),
            broadcasts.sock.fileno(),
        }
        assert one.selector is two.selector
        assert one.selector is names.selector
        first, second = one.register(Thing()), two.register(Thing())
        ended = threading.Event()
        loop = in_thread(lambda: one.requestLoop(lambda: not ended.is_set()))
        for target in (first, second):
            with Pyro5.api.Proxy(target) as proxy:
                assert proxy.ping() == "pong"
        with Pyro5.api.Proxy(uri) as proxy:
            assert "Pyro.NameServer" in proxy.list()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(LIMIT)
            asker.sendto(b"GET_NSURI", broadcasts.sock.getsockname())
            assert asker.recv(500) == str(uri).encode()
        two.close()  # the others go on
        with Pyro5.api.Proxy(first) as proxy:
            assert proxy.ping() == "pong"
            ended.set()
            one.transportServer.wakeup()
            loop.join(LIMIT)
        assert not loop.is_alive()


def test_what_cannot_be_combined_is_refused(server_type: str) -> None:
    Pyro5.config.SERVERTYPE = "thread"
    here, there = socket.socketpair()
    with Pyro5.api.Daemon() as one, Pyro5.api.Daemon(connected_socket=here) as single:
        with pytest.raises(TypeError, match="loop combiner"):
            one.combine(single)
        with pytest.raises(errors.PyroError, match="combine"):
            single.combine(one)
        with pytest.raises(errors.PyroError, match="combine events"):
            single.events([here])
        with pytest.raises(AttributeError, match="transportServer"):
            one.combine(5)
        for daemon in (one, single):
            with pytest.raises(TypeError, match="selector"):
                daemon.selector  # noqa: B018
        assert single.sockets == [here]
        assert single.locationStr == "./u:<<not-bound>>"
    here.close()
    there.close()


# A connected socket.


def test_a_connected_socket_stays_open_and_as_it_was() -> None:
    here, there = socket.socketpair()
    here.settimeout(3)
    daemon = Pyro5.api.Daemon(connected_socket=here)
    daemon.register(Thing(), "thing")
    loop = in_thread(daemon.requestLoop)
    with Pyro5.api.Proxy("thing", connected_socket=there) as proxy:
        assert proxy.ping() == "pong"
    daemon.shutdown()
    loop.join(LIMIT)
    assert here.fileno() > 0
    assert here.gettimeout() == 3
    here.close()
    there.close()


def test_a_refused_message_ends_the_session_over_a_connected_socket() -> None:
    here, there = socket.socketpair()
    there.settimeout(LIMIT)
    daemon = Pyro5.api.Daemon(connected_socket=here)
    loop = in_thread(daemon.requestLoop)
    greeting = protocol.SendingMessage(protocol.MSG_CONNECT, 0, 1, 1, b"x" * 12).data
    ping = protocol.SendingMessage(protocol.MSG_PING, 0, 2, 1, b"ping").data
    there.sendall(greeting + ping)
    loop.join(LIMIT)
    assert not loop.is_alive()
    daemon.close()
    here.close()
    assert there.recv(100) == b""
    there.close()


# The hooks by hand.


class Tape:
    """A connection that has no more than it must."""

    keep_open = False

    def __init__(self, *data: bytes) -> None:
        self._incoming = b"".join(data)
        self._sent = b""

    def recv(self, size: int) -> bytes:
        """Return the next of what was put in."""
        if size > len(self._incoming):
            raise errors.ConnectionClosedError("the end")
        data, self._incoming = self._incoming[:size], self._incoming[size:]
        return data

    def send(self, data: bytes) -> None:
        """Keep it."""
        self._sent += data

    def answer(self) -> Any:
        """Return the message that was sent."""
        message = protocol.recv_stub(Tape(self._sent))
        self._sent = b""
        return message


def greeting(target: str, handshake: Any = "hello") -> bytes:
    """Return the bytes of one."""
    payload = serializers.serializers["json"].dumps(
        {"handshake": handshake, "object": target}
    )
    return protocol.SendingMessage(protocol.MSG_CONNECT, 0, 7, 3, payload).data


def call(target: str, method: str, *args: Any, flags: int = 0) -> bytes:
    """Return the bytes of one."""
    payload = serializers.serializers["json"].dumpsCall(target, method, args, {})
    return protocol.SendingMessage(protocol.MSG_INVOKE, flags, 8, 3, payload).data


def value_of(message: Any) -> Any:
    """Return what is in it."""
    return serializers.serializers["json"].loads(message.data)


class Noting(Pyro5.api.Daemon):
    """Notes its annotations in each message."""

    def annotations(self) -> Any:
        return {"NOTE": b"noted"}

    def validateHandshake(self, conn: Any, data: Any) -> Any:
        if data == "bad":
            raise ValueError("go away")
        return ["welcome", data]


def test_greetings_and_requests_by_hand(server_type: str) -> None:
    with Noting() as daemon:
        daemon.register(Thing(), "thing")
        tape = Tape(greeting("thing"), call("thing", "ping"), call("thing", "ping")[:20])
        assert daemon._handshake(tape) is True
        answer = tape.answer()
        assert (answer.type, answer.seq) == (protocol.MSG_CONNECTOK, 7)
        assert value_of(answer)["handshake"] == ["welcome", "hello"]
        assert answer.annotations == {"NOTE": b"noted"}
        daemon.handleRequest(tape)
        answer = tape.answer()
        assert (answer.seq, value_of(answer)) == (8, "pong")
        with pytest.raises(errors.ConnectionClosedError):
            daemon.handleRequest(tape)
        for handshake, reason, text in (
            ("bad", None, "go away"),
            ("hello", "no room", "no room"),
        ):
            tape = Tape(greeting("thing", handshake))
            assert daemon._handshake(tape, denied_reason=reason) is False
            answer = tape.answer()
            assert (answer.type, answer.seq) == (protocol.MSG_CONNECTFAIL, 7)
            assert (value_of(answer), answer.annotations) == (text, {"NOTE": b"noted"})
        assert daemon._handshake(Tape()) is False


def test_requests_that_are_none_by_hand(server_type: str) -> None:
    with Pyro5.api.Daemon() as daemon:
        daemon.register(Thing(), "thing")
        wrong = bytearray(call("thing", "ping"))
        wrong[5] += 1
        with pytest.raises(errors.ProtocolError, match="protocol version"):
            daemon.handleRequest(Tape(bytes(wrong)))
        with pytest.raises(errors.ProtocolError, match="invalid msg type"):
            daemon.handleRequest(Tape(greeting("thing")))


def test_instances_by_hand(server_type: str) -> None:
    def create(cls: type[Any]) -> Any:
        return cls()

    def create_wrong(cls: type[Any]) -> int:
        return 5

    @Pyro5.api.behavior("session")
    class Session(Thing):
        def __len__(self) -> int:
            return 0

    single: Any = Pyro5.api.behavior("single", create)(type("Single", (Session,), {}))
    percall: Any = Pyro5.api.behavior("percall")(type("Percall", (Session,), {}))
    wrong: Any = Pyro5.api.behavior("single", create_wrong)(type("Wrong", (Session,), {}))
    here, there = socket.socketpair()
    with (
        Pyro5.api.Daemon() as daemon,
        SocketConnection(here) as one,
        SocketConnection(there) as two,
    ):
        get = daemon._getInstance
        assert get(single, one) is get(single, two) is daemon._pyroInstances[single]
        assert get(Session, one) is get(Session, one) is one.pyroInstances[Session]
        assert get(Session, one) is not get(Session, two)
        assert get(percall, one) is not get(percall, one)
        with pytest.raises(TypeError):
            get(wrong, one)


@pytest.mark.parametrize("name", ["_handshake", "handleRequest"])
def test_what_a_subclass_overrides_is_asked(
    name: str, server_type: str, running: Callable[[Any], Any]
) -> None:
    asked: list[str] = []
    left = threading.Event()

    class Own(Pyro5.api.Daemon):
        def clientDisconnect(self, conn: Any) -> None:
            asked.append(type(conn).__name__)
            left.set()

    def overriding(self: Any, *args: Any, **options: Any) -> Any:
        asked.append(name)
        return getattr(super(cls, self), name)(*args, **options)

    cls: Any = type("Asked", (Own,), {name: overriding})
    daemon = running(cls())
    expected = {"thread": SocketServer_Threadpool, "multiplex": SocketServer_Multiplex}
    assert type(daemon.transportServer) is expected[server_type]
    thing = Thing()
    with Pyro5.api.Proxy(daemon.register(thing)) as proxy:
        assert proxy.ping() == "pong"
        assert list(proxy.stream()) == list(range(10))
        thing._go.set()
        proxy.slow()
        assert thing._done.acquire(timeout=LIMIT)
        with pytest.raises(ValueError, match="bad property"):
            proxy.bad  # noqa: B018
    assert left.wait(LIMIT)
    assert (asked[0], asked[-1]) == (name, "SocketConnection")
    assert thing._threads == ["oneway-call"]


def test_own_ways_and_others_can_be_combined() -> None:
    Pyro5.config.SERVERTYPE = "multiplex"

    class Own(Pyro5.api.Daemon):
        def handleRequest(self, conn: Any) -> None:
            super().handleRequest(conn)

    for master, other in ((Own(), Pyro5.api.Daemon()), (Pyro5.api.Daemon(), Own())):
        uris = [daemon.register(Thing()) for daemon in (master, other)]
        master.combine(other)
        loop = in_thread(master.requestLoop)
        for uri in uris:
            with Pyro5.api.Proxy(uri) as proxy:
                assert proxy.ping() == "pong"
        master.shutdown()
        loop.join(LIMIT)
        assert not loop.is_alive()
        other.close()


# Errors of methods.


def test_a_handler_sees_what_methods_raise_and_may_replace_it(daemon: Any) -> None:
    seen: list[Any] = []
    called = threading.Semaphore(0)

    def handle(
        target: Any, address: Any, method: Any, vargs: Any, kwargs: Any, error: Exception
    ) -> None:
        assert target is daemon
        seen.append((method.__name__, list(vargs), kwargs, type(error).__name__))
        called.release()
        if vargs and vargs[-1] == "replace":
            raise LookupError("in its place")

    assert daemon.methodcall_error_handler is Pyro5.server._default_methodcall_error_handler
    daemon.methodcall_error_handler = handle
    with Pyro5.api.Proxy(daemon.register(Thing())) as proxy:
        with pytest.raises(ValueError, match="first"):
            proxy.fail("ValueError", "first")
        with pytest.raises(LookupError, match="in its place"):
            proxy.fail("ValueError", "replace")
        with pytest.raises(TypeError):
            proxy.ping(1)
        with pytest.raises(ValueError, match="bad"):
            proxy.bad  # noqa: B018
        batch = Pyro5.api.BatchProxy(proxy)
        batch.fail("ValueError", "batched")
        with pytest.raises(ValueError, match="batched"):
            list(batch())
        proxy.fail_silently()
        for _ in range(5):
            assert called.acquire(timeout=LIMIT)
    assert seen == [
        ("fail", ["ValueError", "first"], {}, "ValueError"),
        ("fail", ["ValueError", "replace"], {}, "ValueError"),
        ("ping", [1], {}, "TypeError"),
        ("fail", ["ValueError", "batched"], {}, "ValueError"),
        ("fail_silently", [], {}, "ValueError"),
    ]


@pytest.mark.parametrize(
    "kind", ["SystemExit", "ConnectionClosedError", "TimeoutError", "SecurityError"]
)
def test_whatever_a_method_raises_is_answered_once(daemon: Any, kind: str) -> None:
    calls: list[str] = []
    daemon.methodcall_error_handler = lambda *args: calls.append("called")
    with Pyro5.api.Proxy(daemon.register(Thing())) as proxy:
        proxy._pyroMaxRetries = 3
        with pytest.raises(errors.PyroError) as caught:
            proxy.fail(kind, "on purpose")
        assert "on purpose" in str(caught.value)
        assert proxy.ping() == "pong"
    assert calls in (["called"], [])
    assert bool(calls) == (kind != "SystemExit")


def test_errors_of_callbacks_are_logged_and_the_connection_stays(
    daemon: Any, server_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Pyro5.api.Proxy(daemon.register(Thing())) as proxy:
        with pytest.raises(ValueError, match="nobody"):
            proxy.call_back()
        assert proxy.ping() == "pong"
    (record,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    names = {"thread": "Pyro5.threadpoolserver", "multiplex": "Pyro5.multiplexserver"}
    assert record.name == names[server_type]
    assert record.message.startswith(
        "error during handleRequest: nobody sees this; Traceback (most recent call last):"
    )


def test_tracebacks_are_detailed_where_that_is_wanted(daemon: Any) -> None:
    Pyro5.config.DETAILED_TRACEBACK = True
    with Pyro5.api.Proxy(daemon.register(Thing())) as proxy:
        with pytest.raises(ValueError, match="on purpose") as caught:
            proxy.fail("ValueError", "on purpose")
    text = "".join(caught.value._pyroTraceback)  # type: ignore[attr-defined]
    assert "Extended stacktrace follows" in text
    assert "kind = 'ValueError'" in text


# Members.


def test_exposed_objects_in_attributes_cannot_be_called(daemon: Any) -> None:
    with Pyro5.api.Proxy(daemon.register(Thing())) as proxy:
        with pytest.raises(AttributeError, match="inner"):
            proxy._pyroInvoke("inner", [], {})


def test_what_is_no_method_is_not_exposed_as_one(daemon: Any) -> None:
    @Pyro5.api.expose
    class Odd:
        part = functools.partialmethod(str)
        builtin = len

        @functools.cached_property
        def cached(self) -> int:
            return 5

        def usual(self) -> None:
            """Do nothing."""

    with Pyro5.api.Proxy(daemon.register(Odd())) as proxy:
        proxy._pyroBind()
        assert (proxy._pyroMethods, proxy._pyroAttrs) == ({"usual"}, set())


# One-way calls.


def test_slow_oneway_calls_hold_up_nobody(daemon: Any) -> None:
    thing = Thing()
    with Pyro5.api.Proxy(daemon.register(thing)) as proxy:
        thing._counter = 3
        for _ in range(3):
            proxy.slow()
        assert proxy.count() == 3
        thing._go.set()
        for _ in range(3):
            assert thing._done.acquire(timeout=LIMIT)
        assert proxy.count() == 6
    assert thing._threads == ["oneway-call"] * 3


def test_oneway_calls_have_no_more_threads_than_the_pool(
    running: Callable[[Any], Any], server_type: str
) -> None:
    Pyro5.config.THREADPOOL_SIZE_MIN, Pyro5.config.THREADPOOL_SIZE = 1, 2
    daemon = running(Pyro5.api.Daemon())
    thing = Thing()
    with Pyro5.api.Proxy(daemon.register(thing)) as proxy:
        for _ in range(20):
            proxy.slow()
        assert proxy.ping() == "pong"
        assert len(thing._threads) <= 2
        thing._go.set()
        for _ in range(20):
            assert thing._done.acquire(timeout=LIMIT)


def test_a_oneway_thread_by_hand_has_the_context() -> None:
    done = threading.Event()
    failed: list[Any] = []

    class Target:
        @staticmethod
        def methodcall_error_handler(*args: Any) -> None:
            failed.append(args)
            done.set()

    def fail(text: str) -> None:
        raise ValueError(text)

    thread = Pyro5.server._OnewayCallThread(fail, ["x"], {}, Target, None)
    assert (thread.name, thread.daemon) == ("oneway-call", True)
    thread.start()
    assert done.wait(LIMIT)
    assert (failed[0][2], failed[0][3], str(failed[0][5])) == (fail, ["x"], "x")


# Streams.


def test_live_streams_can_be_seen(daemon: Any) -> None:
    with Pyro5.api.Proxy(daemon.register(Thing())) as proxy:
        items = proxy.stream()
        assert next(items) == 0
        assert list(daemon.streaming_responses) == [items.streamId]
        client, born, orphaned, iterator = daemon.streaming_responses[items.streamId]
        assert (client is not None, born > 0, orphaned, next(iterator)) == (
            True,
            True,
            0,
            1,
        )
        items.close()
        proxy.ping()
    assert daemon.streaming_responses == {}


def test_items_of_the_configuration_count_at_once(daemon: Any) -> None:
    uri = daemon.register(Thing())
    with Pyro5.api.Proxy(uri) as proxy:
        proxy.ping()
        Pyro5.config.ITER_STREAMING = False
        with pytest.raises(errors.ProtocolError, match="streaming"):
            proxy.stream()
        Pyro5.config.ITER_STREAMING = True
        items = proxy.stream()
        assert next(items) == 0
        Pyro5.config.ITER_STREAM_LINGER = 0.0
        proxy._pyroReconnect()
        while daemon.streaming_responses:
            proxy.ping()
        with pytest.raises(errors.PyroError, match="terminated"):
            next(items)


def test_every_message_is_logged_where_that_is_wanted(
    daemon: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "Pyro5.server")
    with Pyro5.api.Proxy(daemon.register(Thing())) as proxy:
        proxy.ping()
        assert "wiredata" not in caplog.text
        Pyro5.config.LOGWIRE = True
        correlation = current_context.correlation_id = uuid.uuid4()
        proxy.ping()  # is noticed
        caplog.clear()
        proxy.ping()
    found = [
        one.message
        for one in caplog.records
        if one.name == "Pyro5.server" and "daemon wiredata" in one.message
    ]
    assert len(found) == 2
    assert found[0].startswith("daemon wiredata received: msgtype=4 flags=0x40 ser=1 seq=3")
    assert found[1].startswith("daemon wiredata sending: msgtype=5 flags=0x40 ser=1 seq=3")
    assert all(str(correlation) in text for text in found)
    assert "'pong'" in found[1]


# Places.


@pytest.mark.parametrize("host", ["", "0.0.0.0"])
def test_all_interfaces(host: str, server_type: str) -> None:
    with Pyro5.api.Daemon(host=host) as daemon:
        port = daemon.sock.getsockname()[1]
        assert daemon.locationStr == f"0.0.0.0:{port}"
        uri = daemon.register(Thing(), "thing")
        assert uri.port == port
        assert uri.host != "0.0.0.0"
        assert daemon.uriFor("thing") == uri


@pytest.mark.parametrize(
    ("nathost", "natport", "shown"),
    [
        ("outside", 12345, "outside:12345"),
        ("outside", 70000, "outside:70000"),
        ("outside", 0, "outside:{port}"),
        ("outside", None, "outside:{port}"),
        ("[::1]", 0, "[::1]:{port}"),
        ("::1", 5, "[::1]:5"),
    ],
)
def test_places_behind_nat(
    nathost: str, natport: Any, shown: str, server_type: str
) -> None:
    with Pyro5.api.Daemon(nathost=nathost, natport=natport) as daemon:
        port = daemon.sock.getsockname()[1]
        where = shown.format(port=port)
        assert daemon.natLocationStr == where
        assert daemon.locationStr == f"localhost:{port}"
        assert str(daemon.register(Thing(), "x")) == f"PYRO:x@{where}"
        assert str(daemon.uriFor("x")) == f"PYRO:x@{where}"
        assert str(daemon.uriFor("x", nat=False)) == f"PYRO:x@localhost:{port}"


def test_a_version_of_ip_can_be_preferred(server_type: str) -> None:
    for version, family, text in (
        (4, socket.AF_INET, "IPv4"),
        (6, socket.AF_INET6, "IPv6"),
    ):
        Pyro5.config.PREFER_IP_VERSION = version
        with Pyro5.api.Daemon() as daemon:
            assert daemon.sock.family == family
            assert f" - {text}; " in repr(daemon)


# The end.


def test_open_connections_end_with_their_daemon(server_type: str) -> None:
    daemon = Pyro5.api.Daemon()
    loop = in_thread(daemon.requestLoop)
    with Pyro5.api.Proxy(daemon.register(Thing())) as proxy:
        assert proxy.ping() == "pong"
        daemon.shutdown()
        loop.join(LIMIT)
        with pytest.raises(errors.ConnectionClosedError):
            proxy.ping()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract sockets")
def test_an_abstract_socket_can_be_shut_down(server_type: str) -> None:
    daemon = Pyro5.api.Daemon(unixsocket=f"\0pyro5-test-{uuid.uuid4()}")
    loop = in_thread(daemon.requestLoop)
    with Pyro5.api.Proxy(daemon.register(Thing())) as proxy:
        assert proxy.ping() == "pong"
    daemon.shutdown()
    loop.join(LIMIT)
    assert not loop.is_alive()


def test_a_closed_daemon_says_so(server_type: str) -> None:
    daemon = Pyro5.api.Daemon()
    where = daemon.locationStr
    daemon.close()
    assert repr(daemon).endswith(f"; {where} - closed>")
    assert (daemon.sock, daemon.sockets) == (None, [])
    daemon.requestLoop()  # ends at once
    assert "SocketServer" in repr(daemon.transportServer)


def test_no_object_is_kept_when_its_daemon_is_gone(server_type: str) -> None:
    class Parent(Thing):
        @Pyro5.api.expose
        def child(self) -> Any:
            child = Thing()
            self._pyroDaemon.register(child)  # type: ignore[attr-defined]
            children.append(weakref.ref(child))
            return child

    children: list[weakref.ref[Any]] = []
    daemon = Pyro5.api.Daemon()
    loop = in_thread(daemon.requestLoop)
    with Pyro5.api.Proxy(daemon.register(Parent())) as proxy:
        for _ in range(3):
            proxy.child()._pyroRelease()
    daemon.shutdown()
    loop.join(LIMIT)
    del daemon, loop
    gc.collect()
    assert [child() for child in children] == [None, None, None]


PROGRAM = """
import sys
import Pyro5.api
Pyro5.config.SERVERTYPE = sys.argv[1]
told = []
def tell():
    if not told:
        print("ready", flush=True)
    told.append(True)
    return True
with Pyro5.api.Daemon() as daemon:
    daemon.requestLoop(tell)
print("ended", flush=True)
"""


@pytest.mark.slow
def test_ctrl_c_ends_the_loop_silently(server_type: str) -> None:
    command = [sys.executable, "-c", PROGRAM, server_type]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=LIMIT)[0] == "ended\n"
    assert process.returncode == 0


def test_a_silent_client_holds_up_nobody(daemon: Any) -> None:
    with (
        socket.create_connection(daemon.sock.getsockname(), LIMIT) as silent,
        Pyro5.api.Proxy(daemon.register(Thing())) as proxy,
    ):
        silent.sendall(b"PYRO")
        assert proxy.ping() == "pong"
        silent.sendall(b"\x01\xf7")
        assert receive_data(silent, 4) == b"PYRO"


def test_an_interface_that_fails_leaves_nothing_behind(server_type: str) -> None:
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]

    def fail(daemon: Any) -> Any:
        raise LookupError("no interface")

    with pytest.raises(LookupError):
        Pyro5.api.Daemon(port=port, interface=fail)
    socket.create_server(("localhost", port)).close()
