"""Functions as arguments, and functions of the other side."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import pytest

from pyrophone import Settings, expose
from pyrophone.aio import Daemon as LoopsDaemon
from pyrophone.aio import RemoteFunction, connect, deadline, release, start
from pyrophone.errors import (
    CallError,
    ConnectionLostError,
    DeadlineExceeded,
    NotExposedError,
    SerializeError,
)
from pyrophone.objects.functions import CALLED
from pyrophone.sync import Daemon
from pyrophone.wire.events import Credit, Reply
from pyrophone.wire.features import FEATURES
from pyrophone.wire.framing import BATCH, ONEWAY
from running import LIMIT, running
from scripts import Peer, scripted

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@expose
class Host:
    """Calls what it is given."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def call(self, function: Any, *args: Any) -> Any:
        return function(*args)

    def total(self, function: Any) -> Any:
        return sum(function())

    def keep(self, function: Any) -> None:
        self.kept.append(function)

    def drop(self) -> None:
        self.kept.clear()
        gc.collect()

    def adder(self, n: int) -> Any:
        return lambda x: x + n

    def back(self, function: Any) -> Any:
        return function


@pytest.fixture
def uri() -> Iterator[str]:
    with running(Daemon()) as daemon:
        yield str(daemon.register(Host()))


def test_functions_that_wait_for_answers_behind_many_calls_get_them(run: Run) -> None:
    few = Settings(calls_per_client=3)

    @expose
    class Asking:
        async def ask(self, function: Any, count: int) -> int:
            return sum(await asyncio.gather(*(function(n) for n in range(count))))

        async def double(self, x: int) -> int:
            return 2 * x

    async def main() -> None:
        async with LoopsDaemon() as daemon:
            uri = await daemon.register(Asking())
            async with await connect(uri, settings=few) as proxy:

                async def ask_back(n: int) -> int:
                    return int(await proxy.double(n))

                assert await proxy.ask(ask_back, 20) == 380

    run(main())


def test_functions_of_all_kinds_are_called_back(run: Run, uri: str) -> None:
    async def main() -> None:
        here = threading.current_thread()
        seen: list[bool] = []

        def plain(x: int) -> int:
            seen.append(threading.current_thread() is here)
            return x + 1

        async def slow(x: int) -> int:
            seen.append(threading.current_thread() is here)
            await asyncio.sleep(0)
            return x + 2

        async def refuses() -> None:
            raise ZeroDivisionError("not today")

        async with await connect(uri) as proxy:
            assert await proxy.call(plain, 1) == 2
            assert await proxy.call(slow, 1) == 3
            assert seen == [False, True]
            values: list[int] = []
            assert await proxy.call(values.append, 5) is None
            assert values == [5]
            with pytest.raises(ZeroDivisionError, match="not today"):
                await proxy.call(refuses)

    run(main())


def test_what_a_function_yields_flows_to_the_daemon(run: Run, uri: str) -> None:
    async def counts() -> AsyncIterator[int]:
        for number in range(1000):
            yield number

    def plain() -> Iterator[int]:
        yield from range(100)

    async def main() -> None:
        async with await connect(uri) as proxy:
            assert await proxy.total(counts) == sum(range(1000))
            assert await proxy.total(plain) == sum(range(100))

    run(main())


def test_a_function_may_call_back_in_its_turn(run: Run, uri: str) -> None:
    async def main() -> None:
        async with await connect(uri) as proxy:

            async def nested(depth: int) -> int:
                if not depth:
                    return 0
                value: int = await proxy.call(nested, depth - 1)
                return value + 1

            assert await proxy.call(nested, 5) == 5

    run(main())


def test_a_function_of_the_daemon_is_awaited_and_given_back(run: Run, uri: str) -> None:
    async def main() -> None:
        async with await connect(uri) as proxy:
            add = await proxy.adder(10)
            assert isinstance(add, RemoteFunction)
            assert await add(5) == 15
            assert await asyncio.to_thread(add, 6) == 16
            with deadline(LIMIT):
                assert await start(add, 7) == 17
            release(add)
            with pytest.raises(CallError, match="released"):
                await add(5)
            with pytest.raises(TypeError, match="no function of the other side"):
                release(print)

    run(main())


def test_a_function_is_kept_until_the_other_side_gives_it_back(run: Run, uri: str) -> None:
    async def main() -> None:
        async with await connect(uri) as proxy:
            connection = proxy.__dict__["_pyrophone"].line.connection
            functions = connection.session.crossing

            def one() -> int:
                return 1

            await proxy.keep(one)
            assert functions.count == 1
            await proxy.drop()
            while functions.count:
                await proxy.drop()
            await proxy.keep(one)
            assert functions.count == 1
        assert functions.count == 0

    run(main())


def test_the_threads_of_functions_end_with_the_connection(run: Run, uri: str) -> None:
    def names() -> set[str]:
        return {thread.name for thread in threading.enumerate()}

    async def main() -> None:
        async with await connect(uri) as proxy:
            await proxy.call(lambda: 1)
            assert "pyrophone-function-1" in names()
        assert "pyrophone-function-1" not in names()
        await (await connect(uri)).call(lambda: 1)

    run(main())
    assert "pyrophone-function-1" not in names()


def test_a_deadline_reaches_the_function(run: Run, uri: str) -> None:
    async def main() -> None:
        cancelled = asyncio.Event()

        async def hangs() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        async with await connect(uri) as proxy:
            with deadline(0.05), pytest.raises(DeadlineExceeded):
                await proxy.call(hangs)
            await cancelled.wait()

    run(main())


def test_a_peer_that_can_not_call_back_gets_no_function(run: Run) -> None:
    async def main() -> None:
        async def script(peer: Peer) -> None:
            await peer.welcome()
            await peer.gone()

        async with scripted(script) as uri:
            async with await connect(uri) as proxy:
                with pytest.raises(SerializeError, match="can't call back"):
                    await proxy.f(print)

    run(main())


def test_what_a_function_of_the_daemon_yields_keeps_to_the_window(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        peer.send(peer.session.result(await peer.call(), print))
        peer.send(peer.session.flow(await peer.call()))
        credit = await peer.take(Credit)
        assert credit.count == 3
        peer.send(peer.session.items(credit.call, [1, 2], last=True))
        await peer.gone()

    async def main() -> None:
        async with scripted(script, supported=FEATURES) as uri:
            async with await connect(uri, settings=Settings(window=3)) as proxy:
                function = await proxy.f()
                items = await function()
                assert [item async for item in items] == [1, 2]

    run(main())


def test_a_function_of_the_daemon_is_awaited_in_any_loop_while_its_own_runs(
    run: Run, uri: str
) -> None:
    async def main() -> Any:
        async with await connect(uri) as proxy:
            add = await proxy.adder(10)

            async def elsewhere() -> Any:
                return await add(1)

            assert await asyncio.to_thread(asyncio.run, elsewhere()) == 11
            return add

    add = run(main())
    with pytest.raises(ConnectionLostError, match="loop of the connection has ended"):
        add(1)
    add.release()


def test_what_is_dropped_behind_its_connection_needs_not_be_given_back(
    run: Run, uri: str
) -> None:
    async def main() -> None:
        async with await connect(uri) as proxy:
            add = await proxy.adder(10)
        release(add)
        await asyncio.sleep(0)  # the loop has it told to nobody

    run(main())


async def plays(peer: Peer) -> str:
    """Greet, and return the id of the function that the first call passes; answer that."""
    await peer.welcome()
    call = await peer.call()
    peer.send(peer.session.result(call, None))
    return str(call.args[0].function_id)


def test_a_daemon_may_ask_of_functions_what_they_can_not(run: Run) -> None:
    async def main() -> None:
        over, ran = asyncio.Event(), asyncio.Event()

        async def yields() -> AsyncIterator[int]:
            ran.set()
            yield 1

        async def handed() -> Any:
            return yields()

        async def script(peer: Peer) -> None:
            known = await plays(peer)
            session = peer.session
            peer.send(session.call("close", (), {}, object_id=known))
            with pytest.raises(NotExposedError, match="a function has no method 'close'"):
                (await peer.take(Reply)).unwrap()
            peer.send(session.call(CALLED, [("f", (), {})], None, BATCH, object_id=known))
            with pytest.raises(CallError, match="not called in batches"):
                (await peer.take(Reply)).unwrap()
            data = session.call(CALLED, (4711,), {}, object_id=known)
            peer.send(data.replace(b"4711", b"((((", 1))
            with pytest.raises(SerializeError):
                (await peer.take(Reply)).unwrap()
            peer.play(known, flags=ONEWAY)  # its items are for nobody
            peer.play(known)
            assert (await peer.take(Reply)).flows
            over.set()
            await peer.gone()

        async with scripted(script, supported=FEATURES) as uri:
            async with await connect(uri) as proxy:
                await proxy.f(handed)
                await over.wait()
                assert not ran.is_set()

    run(main())


def test_ctrl_c_in_a_function_ends_the_loop(run: Run) -> None:
    async def interrupted() -> None:
        raise KeyboardInterrupt

    async def main() -> None:
        async def script(peer: Peer) -> None:
            peer.play(await plays(peer))
            await peer.gone()

        async with scripted(script, supported=FEATURES) as uri:
            async with await connect(uri) as proxy:
                await proxy.f(interrupted)
                await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        run(main())
