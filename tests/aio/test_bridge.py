"""Asynchronous iterators that are read by clients who fetch item by item."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from pyrophone import expose
from pyrophone.aio.bridge import Bridge
from pyrophone.aio.daemon import Daemon
from pyrophone.errors import StreamError
from pyrophone.objects.table import DAEMON_ID
from talking import talking

Run = Callable[[Coroutine[Any, Any, Any]], Any]
PLAIN: frozenset[str] = frozenset()


@expose
class Tap:
    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.open = asyncio.Event()

    async def flow(self, count: int) -> AsyncIterator[int]:
        try:
            for number in range(count):
                await asyncio.sleep(0)
                yield number
        finally:
            self.closed.set()

    async def dry(self) -> AsyncIterator[int]:
        raise LookupError("dry")
        yield 1


def test_peers_without_features_read_asynchronous_generators(run: Run) -> None:
    async def main() -> None:
        tap = Tap()
        async with Daemon() as daemon:
            uri = await daemon.register(tap)
            async with talking(uri, PLAIN) as talker:

                def fetch(stream: str) -> Any:
                    return talker.ask("get_next_stream_item", stream, object_id=DAEMON_ID)

                stream = await begin(talker, "flow", 3)
                assert [await fetch(stream) for _ in range(3)] == [0, 1, 2]
                talker.say("get_next_stream_item", stream, object_id=DAEMON_ID)
                reply = await talker.hear()
                with pytest.raises(StopIteration):
                    reply.unwrap()
                assert tap.closed.is_set()
                with pytest.raises(StreamError):
                    await fetch(stream)
                stream = await begin(talker, "dry")
                with pytest.raises(LookupError, match="dry"):
                    await fetch(stream)

    run(main())


def test_closing_early_ends_the_generator(run: Run) -> None:
    async def main() -> None:
        tap = Tap()
        async with Daemon() as daemon:
            uri = await daemon.register(tap)
            async with talking(uri, PLAIN) as talker:
                stream = await begin(talker, "flow", 10**9)
                await talker.ask("get_next_stream_item", stream, object_id=DAEMON_ID)
                await talker.ask("close_stream", stream, object_id=DAEMON_ID)
                await tap.closed.wait()

    run(main())


def test_what_cannot_be_closed_need_not_be(run: Run) -> None:
    class Counter:
        def __aiter__(self) -> Counter:
            return self

        async def __anext__(self) -> int:
            raise StopAsyncIteration

    async def main() -> None:
        bridge = Bridge(Counter())
        bridge.close()
        assert await asyncio.to_thread(list, bridge) == []

    run(main())


async def begin(talker: Any, method: str, *args: Any) -> Any:
    talker.say(method, *args)
    reply = await talker.hear()
    assert reply.stream
    return reply.stream
