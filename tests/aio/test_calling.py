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
from pyrophone.wire.events import Call, Cancel, Ping
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


def _then(
    connection: Any, action: Callable[[], object], kind: str = "replied"
) -> asyncio.Event:
    """Do *action* in the moment in which a reply, or whatever it is, has come."""
    take = getattr(connection, kind)
    done = asyncio.Event()

    def taken(event: Any) -> None:
        take(event)
        action()
        done.set()

    setattr(connection, kind, taken)
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
                origin = Call.of(Message(INVOKE, 1, 0, 1, b""), CODECS.by_name["serpent"])
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


async def silent(peer: Peer) -> None:
    """Greet, and never say a word again."""
    await peer.welcome()
    await peer.gone()


def test_who_waits_to_send_has_a_time_too_and_is_not_woken_twice(run: Run) -> None:
    async def main() -> None:
        async with scripted(silent, supported=FEATURES) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            connection.pause_writing()
            late = time.monotonic() + 0.01
            for work in (
                connection.ping(late),
                connection.exchange("f", (), {}, 0, "x", late),
            ):
                with pytest.raises(DeadlineExceeded) as unsent:
                    await work
                assert not unsent.value.sent
            first, second = (asyncio.create_task(connection.writable()) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
            connection.resume_writing()  # in the same moment
            await second
            with pytest.raises(asyncio.CancelledError):
                await first
            connection.close()

    run(main())


def test_who_gives_up_when_the_connection_is_lost_has_one_outcome(run: Run) -> None:
    async def main() -> None:
        async with scripted(silent, supported=FEATURES) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            call, ping, other = (
                asyncio.create_task(work)
                for work in (
                    connection.exchange("f", (), {}),
                    connection.ping(),
                    connection.exchange("f", (), {}),
                )
            )
            await asyncio.sleep(0)
            call.cancel()
            connection.spoil(ConnectionLostError("cut"))
            ping.cancel()
            for given_up in (call, ping):
                with pytest.raises(asyncio.CancelledError):
                    await given_up
            with pytest.raises(ConnectionLostError, match="cut"):
                await other

    run(main())


def test_a_call_given_up_behind_the_loss_of_its_connection_is_cancelled(run: Run) -> None:
    async def main() -> None:
        async with scripted(silent, supported=FEATURES) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            call = asyncio.create_task(connection.exchange("f", (), {}))
            await asyncio.sleep(0)
            connection.spoil(ConnectionLostError("cut"))
            call.cancel()  # it knows of neither yet
            with pytest.raises(asyncio.CancelledError):
                await call

    run(main())


def test_an_answer_that_comes_when_its_time_is_over_counts(run: Run) -> None:
    async def main() -> None:
        limit = 0.0

        async def script(peer: Peer) -> None:
            await peer.welcome()
            call = await peer.call()
            peer.send(peer.session.result(call, "in time"))
            while time.monotonic() <= limit:
                pass  # the loop sees both at once
            await peer.gone()

        async with scripted(script, supported=FEATURES) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            limit = time.monotonic() + 0.03
            try:
                reply = await connection.exchange("f", (), {}, limit=limit)
            except DeadlineExceeded:  # the clock of this loop comes first
                assert connection.session.calls <= 1
            else:
                assert reply.unwrap() == "in time"
            connection.close()

    run(main())


def test_a_ping_cancelled_when_it_is_answered_has_one_outcome(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        for _ in range(2):
            peer.send(peer.session.pong(await peer.take(Ping)))
        await peer.gone()

    async def main() -> None:
        async with scripted(script, supported=FEATURES) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            ping = asyncio.create_task(connection.ping())
            answered = _then(connection, ping.cancel, "ponged")
            with pytest.raises(asyncio.CancelledError):
                await ping
            assert answered.is_set()
            await connection.ping()
            connection.close()

    run(main())


def test_the_pongs_of_plain_peers_need_no_number_nor_a_ping(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        ping = await peer.take(Ping)
        ping.seq = 4711
        peer.send(peer.session.pong(ping))
        peer.send(peer.session.pong(ping))
        call = await peer.call()
        peer.send(peer.session.result(call, 1))
        await peer.gone()

    async def main() -> None:
        async with scripted(script) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            await connection.ping()
            assert (await connection.exchange("f", (), {})).unwrap() == 1
            connection.close()

    run(main())


def test_items_that_are_read_when_the_connection_is_lost_end_with_its_error(
    run: Run,
) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        peer.send(peer.session.flow(await peer.call()))

    async def main() -> None:
        async with scripted(script, supported=FEATURES) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            inflow = connection.inflow(await connection.exchange("f", (), {}))
            await inflow.wait()
            assert isinstance(inflow.error, ConnectionLostError)

    run(main())
