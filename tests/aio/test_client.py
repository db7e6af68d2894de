"""What programs for asyncio see."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from counters import Counter
from pyrophone import Settings
from pyrophone.aio import (
    Batch,
    batch,
    close,
    connect,
    deadline,
    locate_names,
    options,
    ping,
    start,
)
from pyrophone.errors import (
    CallTimeoutError,
    ConnectError,
    DeadlineExceeded,
    InvalidURIError,
    NoNameServerError,
    RefusedError,
    SerializeError,
)
from pyrophone.naming import NameService
from pyrophone.sync import Daemon
from running import LIMIT, running

Run = Callable[[Coroutine[Any, Any, Any]], Any]
FAR = Settings(name_port=1, broadcast_addresses=())


@pytest.fixture
def counter() -> Iterator[tuple[Counter, str]]:
    """A counter, and its URI."""
    counter = Counter()
    with running(Daemon()) as daemon:
        yield counter, str(daemon.register(counter, "counter"))
        counter.release.set()


def test_a_call_is_awaited(run: Run, counter: tuple[Counter, str]) -> None:
    async def main() -> None:
        async with await connect(counter[1]) as proxy:
            assert await proxy.add() == 1
            assert await proxy.add(n=2) == 3
            tree = {"a": [1, (2.5, None)], "b": "☃" * 40000}
            assert await proxy.echo(tree) == tree
            with pytest.raises(ZeroDivisionError, match="by zero"):
                await proxy.fail()
            with pytest.raises(SerializeError, match="type object"):
                await proxy.echo(int)
            assert await proxy.add() == 4
            await ping(proxy)

    run(main())


def test_one_way_calls_need_no_await(run: Run, counter: tuple[Counter, str]) -> None:
    async def main() -> None:
        proxy = await connect(counter[1])
        proxy.hear(1)
        await proxy.hear(2)
        await asyncio.create_task(proxy.hear(3))
        assert await proxy.add() == 1
        while len(counter[0].heard) < 3:
            counter[0].changed.clear()
            if len(counter[0].heard) < 3:
                await asyncio.to_thread(counter[0].changed.wait, LIMIT)
        assert sorted(counter[0].heard) == [1, 2, 3]
        await close(proxy)
        await proxy.hear(4)

    run(main())


def test_batches(run: Run, counter: tuple[Counter, str]) -> None:
    async def main() -> None:
        calls = batch(await connect(counter[1]))
        assert isinstance(calls, Batch)
        calls.add(1)
        calls.fail()
        results = await calls()
        assert next(results) == 1
        with pytest.raises(ZeroDivisionError):
            next(results)
        assert list(await calls()) == []
        calls.add(1)
        assert list(await calls(oneway=True)) == []

    run(main())


def test_items_are_read_and_closed(run: Run, counter: tuple[Counter, str]) -> None:
    async def main() -> None:
        proxy = await connect(counter[1])
        assert [item async for item in await proxy.items(5)] == [0, 1, 2, 3, 4]
        async with await proxy.items(3) as items:
            assert await anext(items) == 0
        with pytest.raises(StopAsyncIteration):
            await anext(items)

    run(main())


def test_calls_started_without_waiting(run: Run, counter: tuple[Counter, str]) -> None:
    async def main() -> None:
        proxy = await connect(counter[1])
        call = start(proxy.add, n=4)
        assert isinstance(call, asyncio.Task)
        assert await call == 4
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(proxy.add()) for _ in range(20)]
        assert sorted(task.result() for task in tasks) == list(range(5, 25))

    run(main())


def test_limits_of_calls_and_blocks(run: Run, counter: tuple[Counter, str]) -> None:
    async def main() -> None:
        proxy = await connect(counter[1])
        with pytest.raises(CallTimeoutError) as late:
            await options(proxy, timeout=0.02).wait()
        assert isinstance(late.value, DeadlineExceeded)
        assert late.value.sent
        with deadline(0.02), pytest.raises(DeadlineExceeded):
            await proxy.wait()
        with deadline(0.0), pytest.raises(DeadlineExceeded) as never:
            await proxy.add()
        assert not never.value.sent
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await proxy.wait()
        assert await proxy.add() == 1

    run(main())


def test_a_cancelled_call_is_given_up(run: Run, counter: tuple[Counter, str]) -> None:
    async def main() -> None:
        proxy = await connect(counter[1])
        call = start(proxy.wait)
        await ping(proxy)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await proxy.add() == 1

    run(main())


def test_what_can_not_be_reached(run: Run, counter: tuple[Counter, str]) -> None:
    async def main() -> None:
        with pytest.raises(InvalidURIError):
            await connect("PYRO:x")
        with pytest.raises(NoNameServerError, match="Start one with"):
            await connect("lab.thermometer", settings=FAR)
        with pytest.raises(NoNameServerError):
            await locate_names(settings=FAR)
        with pytest.raises(ConnectError, match="cannot connect to localhost:1"):
            await connect("PYRO:x@localhost:1")
        with pytest.raises(RefusedError, match="unknown object"):
            await connect(counter[1].replace("counter", "nobody"))

    run(main())


def test_names_are_looked_up(run: Run, counter: tuple[Counter, str]) -> None:
    async def main(settings: Settings) -> None:
        names = await locate_names(settings=settings)
        await names.register("lab.counter", counter[1])
        proxy = await connect("lab.counter", settings=settings)
        assert await proxy.add() == 1

    with running(NameService("localhost", 0, broadcast=False)) as service:
        port = service.uri.port
        assert port is not None
        run(main(Settings(name_port=port, broadcast_addresses=())))


def test_a_handshake_may_be_judged_by_a_coroutine(run: Run) -> None:
    class Greeter(Daemon):
        def greets(self, client: Any, handshake: Any) -> Any:
            return handshake * 2

    async def main(uri: str) -> None:
        seen = []

        async def check(answer: Any) -> None:
            seen.append(answer)
            if answer == "nono":
                raise PermissionError("not this one")

        async with await connect(uri, handshake="ok", check=check) as proxy:
            assert await proxy.add() == 1
        with pytest.raises(PermissionError):
            await connect(uri, handshake="no", check=check)
        assert seen == ["okok", "nono"]

    with running(Greeter()) as daemon:
        run(main(str(daemon.register(Counter()))))


def test_a_program_that_closes_nothing_ends_clean(
    run: Run, counter: tuple[Counter, str]
) -> None:
    kept = []

    async def main() -> None:
        proxy = await connect(counter[1])
        kept.append(proxy)
        assert await proxy.add() >= 1
        start(proxy.wait)
        await ping(proxy)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(main())
        run(main())
        kept.clear()
        gc.collect()
