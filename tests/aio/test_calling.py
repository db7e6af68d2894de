"""Who waits for which answer: each call has exactly one outcome."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone import Settings, annotate
from pyrophone.aio.opening import open_connection
from pyrophone.context import CallContext, Client, serving
from pyrophone.errors import ConnectionLostError, DeadlineExceeded, DeadlockError
from pyrophone.wire.events import Call, Cancel, Ping, Reply
from pyrophone.wire.features import FEATURES
from pyrophone.wire.framing import INVOKE, Message
from scripts import CODECS, Peer, scripted

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_annotations_go_and_come_with_a_call(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        call = await peer.call()
        peer.send(peer.session.result(call, 1, annotations=dict(call.annotations)))
        await peer.gone()

    async def main() -> None:
        async with scripted(script) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            with annotate(TEST=b"there") as received:
                await connection.exchange("f", (), {})
                assert received == {"TEST": b"there"}
            connection.close()

    run(main())


def test_each_caller_has_an_error_of_its_own_when_the_connection_is_lost(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        await peer.call()
        await peer.call()

    async def main() -> None:
        async with scripted(script) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            first, second, third = await asyncio.gather(
                connection.exchange("f", (), {}),
                connection.exchange("f", (), {}),
                connection.ping(),
                return_exceptions=True,
            )
            assert type(first) is type(second) is type(third) is ConnectionLostError
            assert first is not second
            assert not connection.open

    run(main())


def test_without_numbers_a_call_given_up_costs_the_connection(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        await peer.gone()

    async def main() -> None:
        async with scripted(script) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            with pytest.raises(DeadlineExceeded, match="before the deadline") as late:
                await connection.exchange("f", (), {}, limit=time.monotonic() + 0.02)
            assert late.value.sent
            assert not connection.open

    run(main())


def test_many_calls_are_answered_in_any_order(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        calls = [await peer.call() for _ in range(50)]
        for call in reversed(calls):
            peer.send(peer.session.result(call, call.args[0]))
        await peer.gone()

    async def main() -> None:
        async with scripted(script, supported=FEATURES) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            replies = await asyncio.gather(
                *(connection.exchange("f", (number,), {}) for number in range(50))
            )
            assert [reply.unwrap() for reply in replies] == list(range(50))
            assert connection.session.calls == 0
            connection.close()

    run(main())


def test_a_call_given_up_is_cancelled_and_its_answer_dropped(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        first, second = await peer.call(), await peer.call()
        cancel = await peer.take(Cancel)
        assert cancel.call is first
        await peer.take(Ping)  # sent when the time of the second was over
        late = await peer.take(Cancel)
        assert late.call is second
        for call in (first, second):
            peer.send(peer.session.result(call, "late"))
        third = await peer.call()
        peer.send(peer.session.result(third, "third"))
        await peer.gone()

    async def main() -> None:
        async with scripted(script, supported=FEATURES) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            first = asyncio.create_task(connection.exchange("f", (), {}))
            await asyncio.sleep(0)
            limit = time.monotonic() + 0.05
            exchange = connection.exchange("f", (), {}, limit=limit, timeout=0.05)
            second = asyncio.create_task(exchange)
            await asyncio.sleep(0)
            first.cancel()
            ping = asyncio.create_task(connection.ping())
            with pytest.raises(asyncio.CancelledError):
                await first
            with pytest.raises(DeadlineExceeded, match=r"^no reply within 0\.05 s$"):
                await second
            ping.cancel()
            reply = await connection.exchange("f", (), {})
            assert reply.unwrap() == "third"
            assert connection.open
            connection.close()

    run(main())


def test_who_is_cancelled_when_the_answer_is_there_has_one_outcome(run: Run) -> None:
    """The stream that came is given up, so that nothing is left open."""

    async def script(peer: Peer) -> None:
        await peer.welcome()
        call = await peer.call()
        peer.send(peer.session.flow(call))
        cancel = await peer.take(Cancel)
        peer.send(peer.session.items(cancel.call, [], last=True))
        await peer.gone()

    async def main() -> None:
        async with scripted(script, supported=FEATURES) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            call = asyncio.create_task(connection.exchange("f", (), {}))
            await asyncio.sleep(0)
            received = _then(connection, call.cancel)
            with pytest.raises(asyncio.CancelledError):
                await call
            await received.wait()
            while connection.session.calls:
                await asyncio.sleep(0)
            connection.close()

    run(main())


def _then(connection: Any, action: Callable[[], object]) -> asyncio.Event:
    """Do *action* in the moment in which a reply has come."""
    take = connection.replied
    done = asyncio.Event()

    def replied(reply: Reply) -> None:
        take(reply)
        action()
        done.set()

    connection.replied = replied
    return done


def test_a_call_that_would_wait_for_itself_is_not_sent(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        call = await peer.call()
        assert call.path == "!elsewhere o.m"
        peer.send(peer.session.result(call, 1))
        await peer.gone()

    async def main() -> None:
        async with scripted(script, supported=FEATURES) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            for place in ("!elsewhere", f"!{uri.location}"):
                origin = Call(Message(INVOKE, 1, 0, 1, b""), CODECS.by_name["serpent"])
                origin.object_id, origin.method = "o", "m"
                context = CallContext(Client(), 1, 0, "serpent", {}, None)
                context.origin, context.place = origin, place
                serving.set(context)
                if place == "!elsewhere":
                    assert (await connection.exchange("f", (), {})).unwrap() == 1
                else:
                    with pytest.raises(DeadlockError, match="->"):
                        await connection.exchange("f", (), {})
            connection.close()

    run(main())
