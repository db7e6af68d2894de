"""The shortest way of a call ends as every other one does."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from manyfold import End, script
from pyrophone import URI, Settings
from pyrophone.context import annotate
from pyrophone.errors import ConnectionLostError, ProtocolError
from pyrophone.frontend.deadlines import deadline
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync.connection import Connection
from pyrophone.wire.events import Cancel, Reply
from running import LIMIT
from signals import signalled

SETTINGS = Settings(beat=None)
CODECS = make_codecs(ClassTable(), SETTINGS)


def open_at(uri: URI) -> Connection:
    return Connection(uri, SETTINGS, CODECS)


def ask(connection: Connection, *args: Any) -> Any:
    reply = connection.ask("f", args, {}, None)
    return connection.session.value(reply) if type(reply) is bytes else reply.unwrap()


def test_a_plain_answer_comes_as_bytes_and_leaves_nothing_behind() -> None:
    def part(end: End) -> None:
        for _ in range(3):
            call = end.call()
            end.answer(call, call.args)

    with script(part) as uri:
        connection = open_at(uri)
        before = connection.used
        reply = connection.ask("f", (1, "é"), {}, None)
        assert type(reply) is bytes
        assert connection.session.value(reply) == (1, "é")
        assert ask(connection, 2) == (2,)
        assert ask(connection, "x" * 50_000) == ("x" * 50_000,)
        assert connection.used > before
        assert (connection.session.calls, connection.wanted()) == (0, 0)
        connection.close()


def test_an_error_comes_as_a_reply_and_the_next_call_goes_on() -> None:
    def part(end: End) -> None:
        end.send(end.session.fault(end.call(), ValueError("no"), []))
        end.answer(end.call(), 5)

    with script(part) as uri:
        connection = open_at(uri)
        reply = connection.ask("f", (), {}, None)
        assert type(reply) is Reply
        with pytest.raises(ValueError, match="no"):
            reply.unwrap()
        assert ask(connection) == 5
        connection.close()


def test_an_answer_in_pieces_is_whole() -> None:
    def part(end: End) -> None:
        data = bytes(end.session.result(end.call(), "whole"))
        for place in range(len(data)):
            end.send(data[place : place + 1])

    with script(part) as uri:
        connection = open_at(uri)
        assert ask(connection) == "whole"
        connection.close()


def test_what_goes_along_goes_along() -> None:
    def part(end: End) -> None:
        call = end.call()
        assert call.annotations == {"ABCD": b"1"}
        end.answer(call, 1)
        call = end.call()
        assert call.limit is not None
        end.answer(call, 2)

    with script(part) as uri:
        connection = open_at(uri)
        with annotate(ABCD=b"1"):
            assert ask(connection) == 1
        with deadline(LIMIT):
            assert ask(connection) == 2
        connection.close()


def test_the_end_of_the_connection_is_told() -> None:
    with script(lambda end: end.call()) as uri:
        connection = open_at(uri)
        with pytest.raises(ConnectionLostError, match="not enough data"):
            ask(connection)
        assert connection.closed
        with pytest.raises(ProtocolError, match="session is closed"):
            ask(connection)


def test_nonsense_ends_the_connection() -> None:
    def part(end: End) -> None:
        end.call()
        end.send(b"HTTP/1.1 200 OK" + bytes(40))

    with script(part) as uri:
        connection = open_at(uri)
        with pytest.raises(ProtocolError, match="begins with"):
            ask(connection)
        assert connection.closed


def interrupt() -> None:
    raise KeyboardInterrupt


def test_ctrl_c_gives_up_the_call_alone() -> None:
    def part(end: End) -> None:
        first = end.call()
        press()
        assert isinstance(end.event(), Cancel)
        second = end.call()
        end.answer(first, "too late")
        end.answer(second, "next")

    with signalled(signal.SIGINT, interrupt) as press, script(part) as uri:
        connection = open_at(uri)
        with pytest.raises(KeyboardInterrupt):
            ask(connection)
        assert ask(connection) == "next"
        connection.close()


def test_a_signal_that_is_handled_does_not_end_the_wait() -> None:
    handled = threading.Event()

    def part(end: End) -> None:
        call = end.call()
        send()
        assert handled.wait(LIMIT)
        end.answer(call, "on")

    with signalled(signal.SIGUSR1, handled.set) as send, script(part) as uri:
        connection = open_at(uri)
        assert ask(connection) == "on"
        connection.close()


def test_who_comes_while_another_one_reads_gets_its_own() -> None:
    def part(end: End) -> None:
        for call in reversed(end.calls(8)):
            end.answer(call, call.args[0] * 10)

    found: dict[int, int] = {}
    with script(part) as uri:
        connection = open_at(uri)

        def one(number: int) -> None:
            found[number] = ask(connection, number)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        assert found == {number: number * 10 for number in range(8)}
        assert connection.session.calls == 0
        connection.close()
