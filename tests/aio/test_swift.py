"""The shortest way of an awaited call ends as every other one does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone.aio import connect
from pyrophone.aio.connection import Connection
from pyrophone.context import annotate
from pyrophone.errors import ConnectionLostError, RemoteProtocolError
from pyrophone.wire.events import Call
from pyrophone.wire.features import FEATURES
from pyrophone.wire.framing import INVOKE, RESULT, Message, encode
from scripts import Peer, open_, scripted

Run = Callable[[Coroutine[Any, Any, Any]], Any]


class Hand:
    """A daemon that takes calls; their answers are fed to the connection by hand."""

    def __init__(self) -> None:
        self.calls: asyncio.Queue[Call] = asyncio.Queue()
        self.peer: Peer

    async def script(self, peer: Peer) -> None:
        """Take calls for as long as the client is there."""
        self.peer = peer
        await peer.welcome()
        try:
            while True:
                self.calls.put_nowait(await peer.call())
        except EOFError:
            pass

    async def result(self, value: Any, **more: Any) -> bytes:
        """Return the bytes that answer the next call."""
        call = await self.calls.get()
        data: bytes = self.peer.session.result(call, value, **more)
        return data


async def by_hand(test: Callable[[Connection, Hand], Coroutine[Any, Any, None]]) -> None:
    hand = Hand()
    async with scripted(hand.script, supported=FEATURES) as uri:
        connection = await open_(uri)
        await test(connection, hand)
        await connection.shut_down()


def left(connection: Connection) -> tuple[int, int]:
    """Return how many calls the session and the connection have under way."""
    return connection.session.calls, len(connection._waiting)


def test_an_answer_may_be_cut_anywhere(run: Run) -> None:
    async def test(connection: Connection, hand: Hand) -> None:
        for place in range(60):
            waiter = connection.begin("f", (), {}, 0, None)
            data = await hand.result("é" * 5)
            connection.data_received(data[:place])
            assert waiter.done() is (place >= len(data))
            connection.data_received(data[place:] if place < len(data) else b"")
            assert (await waiter).unwrap() == "é" * 5
            assert left(connection) == (0, 0)

    run(by_hand(test))


def test_answers_may_come_in_one_piece_and_in_any_order(run: Run) -> None:
    async def test(connection: Connection, hand: Hand) -> None:
        waiters = [connection.begin("f", (), {}, 0, None) for _ in range(5)]
        answers = [await hand.result(number) for number in range(5)]
        connection.data_received(answers[3])
        connection.data_received(answers[4] + answers[0] + answers[2][:50])
        connection.data_received(answers[2][50:] + answers[1])
        assert [(await waiter).unwrap() for waiter in waiters] == [0, 1, 2, 3, 4]
        assert left(connection) == (0, 0)

    run(by_hand(test))


def test_what_goes_along_with_an_answer_is_there(run: Run) -> None:
    async def test(connection: Connection, hand: Hand) -> None:
        waiter = connection.begin("f", (), {}, 0, None)
        connection.data_received(await hand.result(1, annotations={"MARK": b"x"}))
        assert (await waiter).annotations == {"MARK": b"x"}
        waiter = connection.begin("f", (), {}, 0, None)
        connection.data_received(await hand.result(1))
        reply = await waiter
        assert (reply.annotations, reply.flags, reply.flows, reply.stream) == (
            {},
            0,
            False,
            None,
        )

    run(by_hand(test))


@pytest.mark.parametrize("place", range(40))
def test_a_header_that_is_wrong_anywhere_is_noticed(run: Run, place: int) -> None:
    async def test(connection: Connection, hand: Hand) -> None:
        waiter = connection.begin("f", (), {}, 0, None)
        data = bytearray(await hand.result("abc"))
        data[place] ^= 0x20
        connection.data_received(bytes(data))
        if 12 <= place < 20:  # a size: more is to come, or it is beyond what may be
            connection.eof_received()
        if place in (8, 9) or 20 <= place < 38:  # a flag, and an id, that say nothing
            assert (await waiter).unwrap() == "abc"
            return
        with pytest.raises((RemoteProtocolError, ConnectionLostError)):
            (await waiter).unwrap()

    run(by_hand(test))


def test_the_answer_to_a_call_that_was_given_up_is_dropped(run: Run) -> None:
    async def test(connection: Connection, hand: Hand) -> None:
        waiter = connection.begin("f", (), {}, 0, None)
        seq = connection.session.seq
        late = await hand.result("late")
        connection.abandon(seq, waiter)
        other = connection.begin("f", (), {}, 0, None)
        connection.data_received(late)
        connection.data_received(await hand.result("other"))
        assert (await other).unwrap() == "other"
        assert not waiter.done()
        assert left(connection) == (0, 0)

    run(by_hand(test))


def test_an_answer_that_nobody_waits_for_any_more_is_dropped(run: Run) -> None:
    async def test(connection: Connection, hand: Hand) -> None:
        waiter = connection.begin("f", (), {}, 0, None)
        waiter.cancel()
        connection.data_received(await hand.result("late"))
        assert left(connection) == (0, 0)
        other = connection.begin("f", (), {}, 0, None)
        connection.data_received(await hand.result("other"))
        assert (await other).unwrap() == "other"

    run(by_hand(test))


def test_who_looks_for_a_fault_sees_calls(run: Run) -> None:
    async def test(connection: Connection, hand: Hand) -> None:
        seen: list[tuple[str, int]] = []

        def trace(way: str, message: Message) -> None:
            seen.append((way, message.kind))

        connection.session.trace = trace
        waiter = connection.begin("f", (), {}, 0, None)
        connection.data_received(await hand.result(7))
        assert (await waiter).unwrap() == 7
        assert seen == [("sent", INVOKE)]

    run(by_hand(test))


def test_an_answer_larger_than_allowed_is_refused(run: Run) -> None:
    async def test(connection: Connection, hand: Hand) -> None:
        connection.session.decoder.max_size = 20
        waiter = connection.begin("f", (), {}, 0, None)
        connection.data_received(await hand.result("x" * 50))
        with pytest.raises(Exception, match="max=20"):
            await waiter

    run(by_hand(test))


def test_an_answer_in_a_serializer_that_nobody_knows_is_refused(run: Run) -> None:
    async def test(connection: Connection, hand: Hand) -> None:
        waiter = connection.begin("f", (), {}, 0, None)
        call = await hand.calls.get()
        connection.data_received(encode(Message(RESULT, 77, 0, call.seq, b"1")))
        with pytest.raises(RemoteProtocolError, match="unknown serializer 77"):
            await waiter

    run(by_hand(test))


def test_numbers_of_calls_under_way_are_passed_over(run: Run) -> None:
    async def test(connection: Connection, hand: Hand) -> None:
        first = connection.begin("f", (), {}, 0, None)
        answer = await hand.result("first")
        connection.session.seq = (connection.session.seq - 1) & 0xFFFF
        second = connection.begin("f", (), {}, 0, None)
        connection.data_received(await hand.result("second"))
        connection.data_received(answer)
        assert [(await first).unwrap(), (await second).unwrap()] == ["first", "second"]

    run(by_hand(test))


def test_a_call_is_sent_when_it_is_awaited_and_with_what_goes_along_then(
    run: Run,
) -> None:
    async def main() -> None:
        calls: list[Call] = []

        async def script(peer: Peer) -> None:
            await peer.welcome()
            for _ in range(2):
                calls.append(await peer.call())
                peer.send(peer.session.result(calls[-1], len(calls)))
            await peer.gone()

        async with scripted(script, supported=FEATURES) as uri:
            proxy = await connect(uri)
            waiting = proxy.f(1)
            assert await proxy.f(2) == 1
            with annotate({"MARK": b"x"}):
                assert await waiting == 2
            assert [call.args for call in calls] == [(2,), (1,)]
            assert [dict(call.annotations) for call in calls] == [{}, {"MARK": b"x"}]
            remote = proxy.__dict__["_pyrophone"]
            await remote.line.drop()

    run(main())


def test_a_call_can_be_a_task_and_be_cancelled(run: Run) -> None:
    async def main() -> None:
        got = asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.welcome()
            await peer.call()
            got.set()
            assert type(await peer.take(object)).__name__ == "Cancel"
            await peer.gone()

        async with scripted(script, supported=FEATURES) as uri:
            proxy = await connect(uri)
            task = asyncio.create_task(proxy.f())
            await got.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            remote = proxy.__dict__["_pyrophone"]
            await remote.line.drop()

    run(main())


def test_a_message_within_a_message_is_none(run: Run) -> None:
    async def test(connection: Connection, hand: Hand) -> None:
        outer = connection.begin("f", (), {}, 0, None)
        other = connection.begin("f", (), {}, 0, None)
        seq = (await hand.calls.get()).seq
        inner = await hand.result("inner")
        data = encode(Message(RESULT, 1, 0, seq, inner))
        connection.data_received(data[: -len(inner)])
        connection.data_received(inner)
        assert (await outer).payload == inner
        assert not other.done()
        connection.data_received(inner)
        assert (await other).unwrap() == "inner"

    run(by_hand(test))
