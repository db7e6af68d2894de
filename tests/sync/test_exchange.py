"""Many callers on one connection: each gets its own answer, whatever the others do."""

from __future__ import annotations

import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from manyfold import End, script
from pyrophone import URI, Settings
from pyrophone.errors import (
    CallTimeoutError,
    ConnectionLostError,
    DeadlineExceeded,
    LocalProtocolError,
    ProtocolError,
)
from pyrophone.frontend.deadlines import deadline
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync.channels import Channel, LateError
from pyrophone.sync.connection import Connection
from pyrophone.sync.exchange import NOBODY, Exchange
from pyrophone.sync.waiters import Lost, Pending
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Call, Cancel, Greeting, Reply
from pyrophone.wire.features import BUFFERS, VALUES
from pyrophone.wire.framing import ONEWAY
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession
from running import LIMIT
from signals import signalled

SETTINGS = Settings(beat=None)
CODECS = make_codecs(ClassTable(), SETTINGS)


class Caller(threading.Thread):
    """Makes a call in a thread of its own."""

    def __init__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.function = function
        self.given = args, kwargs
        self.value: Any = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        args, kwargs = self.given
        try:
            self.value = self.function(*args, **kwargs)
        except BaseException as error:
            self.error = error

    def result(self) -> Any:
        self.join(LIMIT)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error
        return self.value


def open_at(uri: URI, **settings: Any) -> Connection:
    return Connection(uri, Settings(beat=None, **settings), CODECS)


def value(connection: Connection, *args: Any, **options: Any) -> Any:
    reply = connection.call("f", args, {}, **options)
    assert reply is not None
    return reply.unwrap()


def callers(connection: Connection, count: int) -> list[Caller]:
    return [Caller(value, connection, number) for number in range(count)]


def test_answers_come_in_any_order_and_to_whom_they_belong() -> None:
    def part(end: End) -> None:
        for call in reversed(end.calls(20)):
            end.answer(call, call.args[0] * 10)

    with script(part) as uri:
        connection = open_at(uri)
        found = [caller.result() for caller in callers(connection, 20)]
        assert found == [number * 10 for number in range(20)]
        assert connection.session.calls == 0
        connection.close()


def test_a_late_answer_is_given_to_nobody() -> None:
    cancelled = threading.Event()

    def part(end: End) -> None:
        first = end.call()
        event = end.event()
        assert isinstance(event, Cancel)
        assert event.call is first
        cancelled.set()
        second = end.call()
        end.answer(first, "late")
        end.answer(second, "mine")

    with script(part) as uri:
        connection = open_at(uri)
        with pytest.raises(DeadlineExceeded, match=r"no reply within 0\.01 s") as caught:
            value(connection, timeout=0.01)
        assert caught.value.sent
        assert isinstance(caught.value, CallTimeoutError)
        assert cancelled.wait(LIMIT)
        assert value(connection) == "mine"
        connection.close()


def test_a_reader_who_gives_up_lets_another_one_read() -> None:
    asked = threading.Event()

    def part(end: End) -> None:
        end.call()
        asked.set()
        second = end.call()
        assert isinstance(end.event(), Cancel)
        end.answer(second, "for the follower")

    with script(part) as uri:
        connection = open_at(uri)
        leader = Caller(value, connection, timeout=0.2)
        assert asked.wait(LIMIT)
        assert value(connection) == "for the follower"
        with pytest.raises(DeadlineExceeded):
            leader.result()
        connection.close()


def test_a_follower_who_gives_up_disturbs_nobody() -> None:
    asked = threading.Event()

    def part(end: End) -> None:
        first = end.call()
        asked.set()
        end.call()
        assert isinstance(end.event(), Cancel)
        end.answer(first, "for the leader")

    with script(part) as uri:
        connection = open_at(uri)
        leader = Caller(value, connection)
        assert asked.wait(LIMIT)
        with pytest.raises(DeadlineExceeded):
            value(connection, timeout=0.01)
        assert leader.result() == "for the leader"
        connection.close()


def test_all_who_wait_learn_that_the_connection_is_lost() -> None:
    with script(lambda end: end.calls(5)) as uri:
        connection = open_at(uri)
        for caller in callers(connection, 5):
            with pytest.raises(ConnectionLostError, match="the connection was closed"):
                caller.result()
        assert connection.closed
        with pytest.raises(LocalProtocolError, match="session is closed"):
            value(connection)


def test_all_who_wait_learn_that_it_was_closed_here() -> None:
    asked = threading.Event()

    def part(end: End) -> None:
        end.calls(5)
        asked.set()
        assert end.event() is None

    with script(part) as uri:
        connection = open_at(uri)
        waiting = callers(connection, 5)
        assert asked.wait(LIMIT)
        connection.close("enough")
        for caller in waiting:
            with pytest.raises(ConnectionLostError, match="enough"):
                caller.result()


def test_nonsense_reaches_the_reader_and_the_loss_of_the_connection_all() -> None:
    def part(end: End) -> None:
        end.calls(3)
        end.send(b"HTTP/1.1 400 Bad Request")

    with script(part) as uri:
        connection = open_at(uri)
        errors = []
        for caller in callers(connection, 3):
            with pytest.raises((ProtocolError, ConnectionLostError), match="HTTP") as got:
                caller.result()
            errors.append(type(got.value).__name__)
        assert errors.count("RemoteProtocolError") == 1


def test_an_answer_counts_though_nonsense_follows() -> None:
    def part(end: End) -> None:
        end.send(end.session.result(end.call(), "good") + b"HTTP/1.1 400 Bad Request")

    with script(part) as uri:
        connection = open_at(uri)
        assert value(connection) == "good"
        assert connection.closed


def interrupt() -> None:
    raise KeyboardInterrupt


def test_ctrl_c_ends_the_call_and_not_the_connection() -> None:
    asked = threading.Event()

    def part(end: End) -> None:
        first = end.call()
        press()
        event = end.event()
        assert isinstance(event, Cancel)
        asked.set()
        second = end.call()
        end.answer(first, "too late")
        end.answer(second, "next")

    with signalled(signal.SIGINT, interrupt) as press, script(part) as uri:
        connection = open_at(uri)
        with pytest.raises(KeyboardInterrupt):
            value(connection)
        assert asked.wait(LIMIT)
        assert value(connection) == "next"
        connection.close()


def test_ctrl_c_of_a_follower_leaves_the_others_alone() -> None:
    asked = threading.Event()

    def part(end: End) -> None:
        first = end.call()
        asked.set()
        end.call()
        press()
        assert isinstance(end.event(), Cancel)
        end.answer(first, "still here")

    with signalled(signal.SIGINT, interrupt) as press, script(part) as uri:
        connection = open_at(uri)
        leader = Caller(value, connection)
        assert asked.wait(LIMIT)
        with pytest.raises(KeyboardInterrupt):
            value(connection)
        assert leader.result() == "still here"
        connection.close()


@pytest.mark.slow
def test_a_message_is_sent_whole_though_its_sender_gave_up() -> None:
    gave_up = threading.Event()

    def part(end: End) -> None:
        first = end.call()
        assert gave_up.wait(LIMIT)  # reads nothing until then
        big = end.call()
        assert len(big.args[0]) == 50_000_000
        assert isinstance(end.event(), Cancel)
        end.answer(first, "unharmed")
        end.answer(end.call(), "next")

    with script(part) as uri:
        connection = open_at(uri)
        other = Caller(value, connection)
        with pytest.raises(DeadlineExceeded):
            value(connection, "x" * 50_000_000, timeout=0.1)
        gave_up.set()
        assert other.result() == "unharmed"
        assert value(connection) == "next"
        connection.close()


@pytest.mark.slow
def test_large_messages_cross_each_other() -> None:
    def part(end: End) -> None:
        for _ in range(4):
            call = end.call()
            end.answer(call, call.args[0])

    with script(part) as uri:
        connection = open_at(uri)
        texts = [str(number) * 5_000_000 for number in range(4)]
        waiting = [Caller(value, connection, text) for text in texts]
        assert [caller.result() for caller in waiting] == texts
        connection.close()


def test_a_call_of_a_signal_handler_in_the_middle_of_a_call_is_refused() -> None:
    errors: list[BaseException] = []

    def part(end: End) -> None:
        call = end.call()
        send()
        assert handled.wait(LIMIT)
        end.answer(call, "mine")

    def handle() -> None:
        try:
            value(connection)
        except LocalProtocolError as error:
            errors.append(error)
        handled.set()

    handled = threading.Event()
    with signalled(signal.SIGUSR1, handle) as send, script(part) as uri:
        connection = open_at(uri)
        assert value(connection) == "mine"
        connection.close()
    assert "in the middle of another one" in str(errors[0])


def tell(connection: Connection, text: str) -> None:
    connection.call("tell", (text,), {}, ONEWAY)


BIG = "x" * 20_000_000


@pytest.mark.slow
@pytest.mark.parametrize("read", [False, True])
def test_a_large_one_way_call_is_sent_by_its_caller(read: bool) -> None:
    """Be it that another one reads at the time, or nobody."""
    asked = threading.Event()

    def part(end: End) -> None:
        first = end.call() if read else None
        asked.set()
        assert len(end.call().args[0]) == len(BIG)
        end.answer(first or end.call(), "next")

    with script(part) as uri:
        connection = open_at(uri)
        reader = Caller(value, connection) if read else None
        assert not read or asked.wait(LIMIT)
        tell(connection, BIG)
        assert (reader.result() if reader else value(connection)) == "next"
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("read", [False, True])
@pytest.mark.parametrize("ends", ["here", "there", "in time"])
def test_a_large_one_way_call_ends_with_its_connection(read: bool, ends: str) -> None:
    asked, over = threading.Event(), threading.Event()

    def part(end: End) -> None:
        if read:
            end.call()
        end.sock.recv(1)
        asked.set()
        if ends != "there":
            assert over.wait(LIMIT)

    with script(part) as uri:
        connection = open_at(uri)
        reader = Caller(value, connection) if read else None
        if ends == "in time":
            with pytest.raises(DeadlineExceeded), deadline(0.1):
                tell(connection, BIG)
            assert not connection.closed  # the rest is still to be sent
        else:
            teller = Caller(tell, connection, BIG)
            assert asked.wait(LIMIT)
            if ends == "here":
                connection.close("enough")
            with pytest.raises(ConnectionLostError):
                teller.result()
        over.set()
        connection.close("enough")
        if reader is not None:
            with pytest.raises(ConnectionLostError):
                reader.result()


def test_a_connection_that_is_reset_is_lost_with_the_reason_of_the_system() -> None:
    def part(end: End) -> None:
        end.call()
        end.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.sock.close()

    with script(part) as uri:
        connection = open_at(uri)
        with pytest.raises(ConnectionLostError, match=r"the connection was lost: .*reset"):
            value(connection)
        assert connection.closed


class Noted(Pending):
    """A call whose outcome is noted."""

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self.came: list[Any] = []

    def deliver(self, event: Any) -> None:
        self.came.append(event)


def test_only_calls_whose_time_is_over_are_given_up() -> None:
    answered = threading.Event()

    def part(end: End) -> None:
        patient, hasty, slow = end.calls(3)
        event = end.event()
        assert isinstance(event, Cancel)
        assert event.call is hasty
        for call in (patient, hasty, slow):
            end.answer(call, call.args[0])
        answered.set()
        assert end.event() is None

    now = time.monotonic()
    patient, hasty, slow = Noted(None), Noted(now + LIMIT), Noted(now + 2 * LIMIT)
    with script(part) as uri:
        connection = open_at(uri)
        for number, pending in enumerate((patient, hasty, slow)):
            connection.start(pending, "f", (number,), {}, 0, None)
        connection.expire(now + LIMIT)
        assert connection.due == now + 2 * LIMIT
        assert answered.wait(LIMIT)
        while not (patient.came and slow.came):
            connection.look()
        assert [event.unwrap() for event in patient.came + slow.came] == [0, 2]
        assert [type(event) for event in hasty.came] == [LateError]
        connection.close()


def test_what_is_given_up_after_the_end_is_no_error() -> None:
    pending = Noted(None)
    with script(lambda end: end.call()) as uri:
        connection = open_at(uri)
        connection.start(pending, "f", (), {}, 0, None)
        connection.close("enough")
        assert [type(event) for event in pending.came] == [Lost]
        connection.withdraw(pending)
        connection.abandon(pending.seq)
        connection.grant(connection.inbox(5), 1)
        connection.close("once more")
        with pytest.raises(LocalProtocolError, match="session is closed"):
            tell(connection, "x")


def test_a_child_gives_up_a_call_of_its_parent_in_silence() -> None:
    pending = Noted(None)

    def part(end: End) -> None:
        end.call()
        assert end.event() is None

    with script(part) as uri:
        connection = open_at(uri)
        connection.start(pending, "f", (), {}, 0, None)
        connection.disown()
        connection.withdraw(pending)
        assert not pending.came


def test_what_belongs_to_a_buffer_is_received_where_it_goes() -> None:
    features = frozenset({VALUES, BUFFERS})
    large = bytes(range(256)) * 2000
    here, there = socket.socketpair()
    with there:
        client = ClientSession("x", CODECS, features=features)
        server = ServerSession(CODECS, supported=features)
        server.receive(client.greet())
        greeting = server.next()
        assert isinstance(greeting, Greeting)
        client.receive(server.welcome(greeting, "hello", Metadata()))
        client.next()
        exchange = Exchange(client, Channel(here))
        copied = []

        def receive(data: bytes) -> None:
            copied.append(len(data))
            client.decoder.feed(data)

        client.receive = receive
        caller = Caller(
            exchange.exchange, client.launch, client.compose("f", (1,), {}), Reply, None
        )
        server.receive(there.recv(65536))
        call = server.next()
        assert isinstance(call, Call)
        there.sendall(bytes(server.result(call, [large, bytearray(large)])))
        reply = caller.result()
        assert reply.unwrap() == [large, large]
        assert sum(copied) < 200_000  # before and behind them
        exchange.close()


def test_who_reads_to_send_does_not_wait_once_another_has_sent_the_rest() -> None:
    here, there = socket.socketpair()
    with here, there:
        session = ClientSession("x", CODECS, greeted=True)
        exchange = Exchange(session, Channel(here))
        reader = Caller(exchange._lead, NOBODY, Reply, None)
        try:
            assert reader.result() is None
        finally:
            there.close()
