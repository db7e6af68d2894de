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
from pyrophone.errors import CallError, DeadlineExceeded, SerializeError
from pyrophone.sync import Daemon
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
