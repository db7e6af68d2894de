"""One connection in a loop: whatever the other side does ends in the right error."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from pyrophone import URI, Settings, expose, oneway
from pyrophone.aio import Daemon, connect
from pyrophone.aio.connection import Connection
from pyrophone.aio.opening import open_connection
from pyrophone.errors import (
    ConnectionLostError,
    DeadlineExceeded,
    LocalProtocolError,
    RemoteProtocolError,
    SerializeError,
)
from pyrophone.objects.functions import RELEASED, RemoteFunction
from pyrophone.objects.proxy import remote_of
from pyrophone.wire.events import Pong, Reply
from pyrophone.wire.features import FEATURES
from pyrophone.wire.framing import ONEWAY
from scripts import CODECS, Peer, echoes, open_, scripted

Run = Callable[[Coroutine[Any, Any, Any]], Any]
SETTINGS = Settings()


@pytest.mark.parametrize("cut", [0, 1, 39, 45])
def test_a_connection_cut_anywhere_in_a_reply_is_lost(run: Run, cut: int) -> None:
    async def cuts(peer: Peer) -> None:
        await peer.welcome()
        peer.send(peer.session.result(await peer.call(), "x" * 100)[:cut])

    async def main() -> None:
        async with scripted(cuts) as uri:
            connection = await open_(uri)
            with pytest.raises(ConnectionLostError, match=r"closed|lost"):
                await connection.exchange("f", (), {})
            assert not connection.open
            with pytest.raises(ConnectionLostError):
                await connection.exchange("f", (), {})

    run(main())


def test_a_reply_to_no_call_closes_the_connection(run: Run) -> None:
    async def wrong(peer: Peer) -> None:
        await peer.welcome()
        call = await peer.call()
        call.seq = 77
        peer.send(peer.session.result(call, "for somebody else"))
        await peer.gone()

    async def main() -> None:
        async with scripted(wrong) as uri:
            connection = await open_(uri)
            with pytest.raises(RemoteProtocolError, match="77"):
                await connection.exchange("f", (), {})
            assert not connection.open

    run(main())


def test_what_can_not_be_sent_leaves_the_connection_alone(run: Run) -> None:
    async def main() -> None:
        async with scripted(echoes) as uri:
            connection = await open_(uri, Settings(max_message_size=500))
            with pytest.raises(SerializeError, match="type object"):
                await connection.exchange("f", (int,), {})
            with pytest.raises(Exception, match="too large"):
                await connection.exchange("f", ("x" * 600,), {})
            reply = await connection.exchange("f", (1,), {})
            assert reply.unwrap() == (1,)
            await connection.shut_down()
            with pytest.raises(LocalProtocolError, match="closed"):
                await connection.exchange("f", (), {})

    run(main())


def test_writing_waits_for_a_peer_that_reads_nothing(run: Run) -> None:
    async def main() -> None:
        read = asyncio.Event()

        async def late(peer: Peer) -> None:
            await peer.welcome()
            transport = cast(asyncio.Transport, peer.writer.transport)
            transport.pause_reading()
            await read.wait()
            transport.resume_reading()
            for _ in range(40):
                call = await peer.call()
                peer.send(peer.session.result(call, len(call.args[0])))

        async with scripted(late) as uri:
            connection = await open_(uri)
            data = "x" * 1_000_000
            calls = [
                asyncio.create_task(connection.exchange("f", (data,), {}))
                for _ in range(40)
            ]
            while connection.open and not connection.paused:
                await asyncio.sleep(0)
            for _ in range(10):
                await asyncio.sleep(0)
            waiting = connection.session.calls
            assert waiting < 40
            read.set()
            replies = await asyncio.gather(*calls)
            assert [reply.unwrap() for reply in replies] == [1_000_000] * 40
            connection.close()

    run(main())


def test_a_loop_that_ends_closes_what_nobody_did(run: Run) -> None:
    left, right = socket.socketpair()
    kept = []

    async def main() -> None:
        kept.append(
            await open_connection(
                URI("PYRO", "x", "somewhere"), SETTINGS, CODECS, sock=left
            )
        )

    with warnings.catch_warnings(), left, right:
        warnings.simplefilter("error")
        run(main())
        assert not kept[0].open
        kept.clear()
        gc.collect()
        left.send(b"still open")
        assert right.recv(100) == b"still open"


def test_a_peer_that_is_silent_is_lost(run: Run) -> None:
    async def main() -> None:
        async def freezes(peer: Peer) -> None:
            await peer.welcome()
            await peer.call()
            await peer.gone()

        async with scripted(freezes, supported=FEATURES, beat=0.1) as uri:
            connection = await open_(uri)
            with pytest.raises(ConnectionLostError, match=r"no sign of life for 0\.3 s"):
                await connection.exchange("f", (), {})

    run(main())


def test_signs_of_life_keep_a_quiet_connection(run: Run) -> None:
    async def main() -> None:
        beats = 0

        async def lives(peer: Peer) -> None:
            nonlocal beats
            await peer.welcome()
            call = await peer.call()
            while beats < 5:
                data = await peer.reader.read(65536)
                beats += data.count(b"beat")
                peer.session.receive(data)
                assert peer.session.next() is None
                peer.send(peer.session.pulse())
            peer.send(peer.session.result(call, "at last"))
            await peer.gone()

        async with scripted(lives, supported=FEATURES, beat=0.1) as uri:
            connection = await open_(uri)
            assert (await connection.exchange("f", (), {})).unwrap() == "at last"
            connection.close()

    run(main())


async def plays(peer: Peer) -> RemoteFunction:
    """Greet, and return the function that the first call passes; answer that."""
    await peer.welcome()
    call = await peer.call()
    peer.send(peer.session.result(call, None))
    function = call.args[0]
    assert isinstance(function, RemoteFunction)
    return function


@pytest.mark.parametrize("flags", [0, ONEWAY])
def test_calls_of_functions_beyond_the_limit_wait_and_none_is_lost(
    run: Run, flags: int
) -> None:
    async def main() -> None:
        begun: list[int] = []
        full, go, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def hold(number: int) -> int:
            begun.append(number)
            if len(begun) == 3:
                full.set()
            await go.wait()
            if len(begun) == 100:
                over.set()
            return number

        async def script(peer: Peer) -> None:
            function = await plays(peer)
            seqs = [peer.play(function.function_id, n, flags=flags) for n in range(3)]
            await full.wait()
            for number in range(3, 100):
                await asyncio.sleep(0)  # each in a piece of its own
                seqs.append(peer.play(function.function_id, number, flags=flags))
            assert begun == [0, 1, 2]
            go.set()
            if not flags:
                replies = {(await peer.take(Reply)).seq for _ in seqs}
                assert replies == set(seqs)
            await over.wait()
            call = await peer.call()
            peer.send(peer.session.result(call, "still there"))
            await peer.gone()

        async with scripted(script, supported=FEATURES, beat=5.0) as uri:
            connection = await open_(uri, Settings(calls_per_client=3))
            await connection.exchange("f", (hold,), {})
            await over.wait()
            assert sorted(begun) == list(range(100))
            assert (await connection.exchange("f", (), {})).unwrap() == "still there"
            await connection.shut_down()

    run(main())


def test_functions_at_the_limit_may_call_and_get_their_answers(run: Run) -> None:
    async def main() -> None:
        over = asyncio.Event()

        async def script(peer: Peer) -> None:
            function = await plays(peer)
            seqs = {peer.play(function.function_id, number) for number in range(3)}
            for _ in seqs:
                call = await peer.call()
                peer.send(peer.session.result(call, call.args[0] * 2))
            replies = [await peer.take(Reply) for _ in seqs]
            assert {reply.seq for reply in replies} == seqs
            assert sorted(reply.unwrap() for reply in replies) == [0, 2, 4]
            over.set()
            await peer.gone()

        async with scripted(script, supported=FEATURES) as uri:
            connection = await open_(uri, Settings(calls_per_client=3))
            waiting = 0
            all_there = asyncio.Event()

            async def ask(number: int) -> Any:
                nonlocal waiting
                waiting += 1
                if waiting == 3:
                    all_there.set()
                await all_there.wait()
                await asyncio.sleep(0)  # so that by now nothing is read
                return (await connection.exchange("f", (number,), {})).unwrap()

            await connection.exchange("f", (ask,), {})
            await over.wait()
            await connection.shut_down()

    run(main())


def test_what_is_cancelled_or_credited_without_running_harms_nobody(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        call = await peer.call()
        peer.send(peer.session.call(RELEASED, (1,), {}, 0, object_id="77"))
        peer.send(peer.session.abandon(peer.session.seq))
        peer.send(peer.session.ping())
        await peer.take(Pong)
        peer.send(peer.session.result(call, "well"))
        await peer.gone()

    async def main() -> None:
        async with scripted(script, supported=FEATURES) as uri:
            connection = await open_(uri)
            assert (await connection.exchange("f", (), {})).unwrap() == "well"
            connection.close()

    run(main())


@pytest.mark.slow
def test_closing_does_not_wait_for_ever_for_a_peer_that_reads_nothing(run: Run) -> None:
    async def main() -> None:
        over = asyncio.Event()

        async def stuck(peer: Peer) -> None:
            await peer.welcome()
            cast(asyncio.Transport, peer.writer.transport).pause_reading()
            await over.wait()

        async with scripted(stuck) as uri:
            connection = await open_(uri)
            calls = [
                asyncio.create_task(connection.exchange("f", ("x" * 1_000_000,), {}))
                for _ in range(40)
            ]
            while not connection.paused:
                await asyncio.sleep(0)
            await connection.shut_down()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {LocalProtocolError}
            over.set()

    run(main())


def test_no_sign_of_life_is_added_to_what_a_peer_does_not_take(run: Run) -> None:
    async def main() -> None:
        over = asyncio.Event()

        async def stuck(peer: Peer) -> None:
            await peer.welcome()
            cast(asyncio.Transport, peer.writer.transport).pause_reading()
            for _ in range(10):
                peer.send(peer.session.pulse())
                await asyncio.sleep(0.02)  # signs of life come in time
            over.set()

        async with scripted(stuck, supported=FEATURES, beat=0.05) as uri:
            connection = await open_(uri)
            large = asyncio.create_task(connection.exchange("f", ("x" * 20_000_000,), {}))
            await over.wait()
            assert connection.paused
            connection.spoil(ConnectionLostError("enough"))
            with pytest.raises(ConnectionLostError, match="enough"):
                await large

    run(main())


# Buffers, over a socket that takes less than they have.


@expose
class Store:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.open = asyncio.Event()

    async def keep(self, data: Any) -> int:
        self.kept.append(data)
        return len(data)

    @oneway
    async def note(self, data: Any) -> None:
        self.kept.append(data)

    async def give(self, size: int) -> Any:
        self.array = bytearray(b"x" * size)
        return self.array

    async def spoil(self) -> None:
        self.array[:] = b"y" * len(self.array)


BIG = 4 << 20


@asynccontextmanager
async def stored(path: Path) -> AsyncIterator[tuple[Store, Any, Connection]]:
    """Serve a store by a Unix socket; give it, its proxy and the connection of that."""
    async with Daemon(unix_socket=str(path / "store")) as daemon:
        store = Store()
        uri = await daemon.register(store)
        async with await connect(uri) as proxy:
            assert await proxy.keep(b"") == 0
            store.kept.clear()
            connection: Connection = remote_of(proxy).line.connection
            yield store, proxy, connection
            assert await proxy.keep(b"end") == 3  # no message was cut short
            assert connection.open


async def begun(call: Any, connection: Connection) -> asyncio.Task[Any]:
    """Begin a call; return when it is being sent, and not all of it is."""
    task = asyncio.ensure_future(call)
    while not connection.paused:
        await asyncio.sleep(0)
    return task


def test_a_call_given_up_while_it_is_sent_is_sent_as_it_was(
    run: Run, tmp_path: Path
) -> None:
    async def main() -> None:
        async with stored(tmp_path) as (store, proxy, connection):
            data = bytearray(BIG)
            task = await begun(proxy.keep(data), connection)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            data[:] = b"x" * BIG
            data.clear()  # nobody holds it
            assert await proxy.keep(b"next") == 4
            assert store.kept in ([b"next"], [bytes(BIG), b"next"])

    run(main())


def test_a_call_that_is_late_before_it_is_sent_leaves_the_rest_to_the_loop(
    run: Run, tmp_path: Path
) -> None:
    async def main() -> None:
        async with stored(tmp_path) as (_, _proxy, connection):
            data = bytearray(BIG)
            task = await begun(connection.exchange("keep", (data,), {}), connection)
            [(seq, waiter)] = connection._waiting.items()
            connection._expire(seq, waiter, 0.0, None)  # as its timer does
            with pytest.raises(DeadlineExceeded):
                await task
            data.clear()

    run(main())


def test_one_way_and_behind_one_another_all_arrive_as_they_were(
    run: Run, tmp_path: Path
) -> None:
    async def main() -> None:
        async with stored(tmp_path) as (store, proxy, _):
            data = bytearray(b"1" * BIG)
            proxy.note(data)
            data[:] = b"2" * BIG
            calls = [proxy.keep(data), proxy.keep(b"small"), proxy.keep(bytes(data))]
            assert await asyncio.gather(*calls) == [BIG, 5, BIG]
            assert sorted(store.kept) == sorted(
                [b"1" * BIG, b"2" * BIG, b"2" * BIG, b"small"]
            )

    run(main())


def test_an_answer_is_what_the_method_returned(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        async with stored(tmp_path) as (_, proxy, _connection):
            got, *_ = await asyncio.gather(proxy.give(BIG), proxy.spoil())
            assert got == b"x" * BIG
            assert type(got) is bytearray

    run(main())


def test_a_daemon_that_goes_in_the_middle_of_a_buffer_is_lost(run: Run) -> None:
    async def cuts(peer: Peer) -> None:
        await peer.welcome()
        data = peer.session.result(await peer.call(), bytes(BIG))
        peer.send(bytes(data)[: BIG // 2])

    async def main() -> None:
        async with scripted(cuts, supported=FEATURES) as uri:
            connection = await open_(uri)
            with pytest.raises(ConnectionLostError, match=r"closed|lost"):
                await connection.exchange("f", (), {})

    run(main())


def test_a_client_that_goes_in_the_middle_of_a_buffer_is_let_go(
    run: Run, tmp_path: Path
) -> None:
    async def main() -> None:
        async with Daemon(unix_socket=str(tmp_path / "store")) as daemon:
            uri = await daemon.register(Store())
            connection = await open_(uri)
            call = connection.exchange("keep", (bytes(BIG),), {})
            task = await begun(call, connection)
            connection.spoil(ConnectionLostError("of the test"))
            with pytest.raises(ConnectionLostError):
                await task
            while daemon.clients:
                await asyncio.sleep(0)

    run(main())


def test_closing_sends_the_rest(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        async with Daemon(unix_socket=str(tmp_path / "store")) as daemon:
            store = Store()
            async with await connect(await daemon.register(store)) as proxy:
                assert await proxy.keep(b"") == 0
                proxy.note(bytes(BIG))
            while len(store.kept) < 2:
                await asyncio.sleep(0)
            assert store.kept[1] == bytes(BIG)

    run(main())
