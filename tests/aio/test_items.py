"""Items of remote iterators, read by ``async for``."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pyrophone import Settings, expose
from pyrophone.aio import Items, connect
from pyrophone.aio.inflow import Inflow
from pyrophone.aio.items import FlowingItems
from pyrophone.errors import (
    ConnectionLostError,
    PyrophoneError,
    RemoteProtocolError,
    StreamError,
)
from pyrophone.sync import Daemon
from pyrophone.wire.events import Credit
from pyrophone.wire.features import FEATURES
from running import LIMIT, running
from scripts import Peer, scripted

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@expose
class Source:
    def __init__(self) -> None:
        self.ended = threading.Event()
        self.stopped = threading.Event()

    def count(self, end: int) -> Iterator[int]:
        try:
            yield from range(end)
        finally:
            self.ended.set()

    def stops_after(self, count: int) -> Iterator[int]:
        yield from range(count)
        self.stopped.set()
        self.ended.wait(LIMIT)

    def breaks(self) -> Iterator[int]:
        yield 1
        raise ValueError("broken")


def test_items_come_in_order_and_end(run: Run) -> None:
    async def main(uri: str) -> None:
        proxy = await connect(uri)
        items = await proxy.count(100)
        assert isinstance(items, Items)
        assert [item async for item in items] == list(range(100))
        assert [item async for item in items] == []

    with running(Daemon()) as daemon:
        run(main(str(daemon.register(Source()))))


def test_a_small_window_is_opened_again_and_again(run: Run) -> None:
    async def main(uri: str) -> None:
        proxy = await connect(uri, settings=Settings(window=1))
        assert [item async for item in await proxy.count(100)] == list(range(100))

    with running(Daemon()) as daemon:
        run(main(str(daemon.register(Source()))))


def test_items_that_are_there_keep_nobody_in_the_loop_out(run: Run) -> None:
    async def main() -> None:
        inflow = Inflow()
        for number in range(10):
            inflow.put(
                cast(Any, SimpleNamespace(last=number == 9, unwrap=lambda: [1, 2, 3]))
            )
        caller = SimpleNamespace(
            loop=None,
            inflow=lambda reply: inflow,
            session=SimpleNamespace(credit=lambda seq, count: b""),
            write=lambda data: None,
        )
        items = FlowingItems(cast(Any, caller), cast(Any, SimpleNamespace(seq=1)), None, 8)
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(others())
        assert [item async for item in items] == [1, 2, 3] * 10
        task.cancel()
        assert turns >= 10

    run(main())


def test_items_that_are_dropped_end_the_source(run: Run) -> None:
    source = Source()

    async def main(uri: str) -> None:
        proxy = await connect(uri)
        items = await proxy.count(10**9)
        assert await anext(items) == 0
        del items
        assert await asyncio.to_thread(source.ended.wait, LIMIT)
        assert await anext(await proxy.count(1)) == 0

    with running(Daemon()) as daemon:
        run(main(str(daemon.register(source))))


def test_who_leaves_early_ends_the_source(run: Run) -> None:
    source = Source()

    async def main(uri: str) -> None:
        proxy = await connect(uri)
        async with await proxy.count(10**9) as items:
            async for item in items:
                if item == 3:
                    break
        assert await asyncio.to_thread(source.ended.wait, LIMIT)
        await items.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(items)

    with running(Daemon()) as daemon:
        run(main(str(daemon.register(source))))


def test_who_waits_for_an_item_is_woken_by_a_task_that_closes(run: Run) -> None:
    source = Source()

    async def main(uri: str) -> None:
        proxy = await connect(uri)
        items = await proxy.stops_after(2)
        assert [await anext(items), await anext(items)] == [0, 1]
        rest = asyncio.ensure_future(anext(items, "none"))
        await asyncio.to_thread(source.stopped.wait, LIMIT)
        assert not rest.done()
        await items.aclose()
        assert await asyncio.wait_for(rest, LIMIT) == "none"
        source.ended.set()

    with running(Daemon()) as daemon:
        run(main(str(daemon.register(source))))


def test_an_error_of_the_source_ends_it(run: Run) -> None:
    async def main(uri: str) -> None:
        items = await (await connect(uri)).breaks()
        assert await anext(items) == 1
        with pytest.raises(ValueError, match="broken"):
            await anext(items)
        with pytest.raises((StreamError, StopAsyncIteration)):
            await anext(items)

    with running(Daemon()) as daemon:
        run(main(str(daemon.register(Source()))))


def test_a_daemon_that_allows_no_streams(run: Run) -> None:
    async def main(uri: str) -> None:
        with pytest.raises((RemoteProtocolError, TypeError), match=r"iterator|stream"):
            await (await connect(uri)).count(1)

    with running(Daemon(settings=Settings(streaming=False))) as daemon:
        run(main(str(daemon.register(Source()))))


def pulled(answers: list[Any]) -> Callable[[Peer], Coroutine[Any, Any, None]]:
    """Return a daemon whose items are fetched one by one, and give or raise these."""

    async def script(peer: Peer) -> None:
        await peer.welcome()
        call = await peer.call()
        peer.send(peer.session.stream(call, "one"))
        for answer in answers:
            call = await peer.call()
            assert call.method == "get_next_stream_item"
            if isinstance(answer, Exception):
                peer.send(peer.session.fault(call, answer, []))
            else:
                peer.send(peer.session.result(call, answer))
        await peer.gone()

    return script


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (PyrophoneError("item stream terminated"), StreamError),  # as Pyro5 has it
        (StreamError("gone"), StreamError),
        (PyrophoneError("something else"), PyrophoneError),
        (LookupError("dry"), LookupError),
    ],
)
def test_items_that_are_fetched_end_as_their_daemon_says(
    run: Run, answer: Exception, error: type[Exception]
) -> None:
    async def main() -> None:
        async with scripted(pulled([1, answer])) as uri:
            async with await connect(uri) as proxy:
                items = await proxy.items()
                assert await anext(items) == 1
                with pytest.raises(error) as caught:
                    await anext(items)
                assert type(caught.value) is error
                if error is StreamError:
                    with pytest.raises(StopAsyncIteration):
                        await anext(items)
                    await items.aclose()  # which tells nobody

    run(main())


def test_what_has_come_is_read_before_the_loss_of_the_connection(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        peer.send(peer.session.flow(await peer.call()))
        credit = await peer.take(Credit)
        peer.send(peer.session.items(credit.call, [1, 2]))
        peer.send(peer.session.items(credit.call, [3, 4]))

    async def main() -> None:
        async with scripted(script, supported=FEATURES) as uri:
            proxy = await connect(uri)
            items = await proxy.items()
            assert await anext(items) == 1
            connection = proxy.__dict__["_pyrophone"].line.connection
            while connection.open:
                await asyncio.sleep(0)
            assert [await anext(items) for _ in range(3)] == [2, 3, 4]
            with pytest.raises(ConnectionLostError):
                await anext(items)
            with pytest.raises(StopAsyncIteration):
                await anext(items)

    run(main())


@pytest.mark.parametrize(
    ("sparing", "window", "credits"),
    [(False, 8, [1] * 6), (True, 8, [4]), (True, 3, [2, 2, 2]), (True, 1, [1] * 6)],
)
def test_who_spares_credit_gives_it_when_half_the_window_is_read(
    run: Run, sparing: bool, window: int, credits: list[int]
) -> None:
    async def main() -> None:
        inflow = Inflow()
        given: list[int] = []
        caller = SimpleNamespace(
            loop=None,
            inflow=lambda reply: inflow,
            session=SimpleNamespace(credit=lambda seq, count: count),
            write=given.append,
        )
        items = FlowingItems(
            cast(Any, caller), cast(Any, SimpleNamespace(seq=1)), 1, window
        )
        items.sparing = sparing
        for _ in range(6):
            inflow.put(cast(Any, SimpleNamespace(last=False, unwrap=lambda: [1])))
        assert [await anext(items) for _ in range(6)] == [1] * 6
        assert given == credits

    run(main())
