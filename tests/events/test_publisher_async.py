from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from eventful import event_service
from pyrophone import Settings
from pyrophone.errors import DeadlineExceeded, EventError, SerializeError
from pyrophone.events import AsyncPublisher, subscribe
from running import LIMIT

NOBODY = "PYRO:Pyrophone.Events@127.0.0.1:1"


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    async def limited() -> Any:
        async with asyncio.timeout(LIMIT):
            return await work()

    return asyncio.run(limited())


def test_tasks_publish_as_one_and_events_arrive_in_order() -> None:
    with event_service() as uri:

        async def work() -> None:
            async with subscribe("t", service=uri) as subscription:
                await subscription.astart()
                async with AsyncPublisher(uri) as publisher:
                    await asyncio.gather(*(publisher.publish("t", n) for n in range(20)))
                    await publisher.publish_many([("t", 20), ("u", 1), ("t", 21)])
                got = [await anext(subscription) for _ in range(22)]
                assert [event.number for event in got] == list(range(1, 23))
                assert sorted(event.value for event in got) == list(range(22))

        run(work)


def test_what_was_refused_leaves_no_gap() -> None:
    with event_service() as uri:

        async def work() -> None:
            async with (
                subscribe("t", service=uri) as subscription,
                AsyncPublisher(uri, keep=True) as publisher,
            ):
                with pytest.raises(SerializeError):
                    await publisher.publish("t", object())
                with pytest.raises(EventError):
                    await publisher.publish("t", bytes(20_000_000))
                await publisher.publish("t", 1)
                event = await anext(subscription)
                assert (event.value, event.number, event.kept) == (1, 1, True)

        run(work)


def test_nobody_there_means_not_published() -> None:
    async def work() -> None:
        publisher = AsyncPublisher(NOBODY, settings=Settings(timeout=0.1))
        with pytest.raises(DeadlineExceeded, match="not published") as caught:
            await publisher.publish("t", 1)
        assert not caught.value.sent
        await publisher.close()
        with pytest.raises(EventError, match="closed"):
            await publisher.publish("t", 1)

    run(work)


def test_a_service_that_was_started_anew_is_found_again() -> None:
    with event_service() as uri:
        subscription = subscribe("t", service=uri)
    port = uri.port
    assert port is not None

    async def work() -> None:
        with event_service(port):
            publisher = AsyncPublisher(uri, keep=True)
            await subscription.astart()
            await publisher.publish("t", 1)
            assert (await anext(subscription)).number == 1
        with event_service(port):
            await publisher.publish("t", 2)
            event = await anext(subscription)
            assert (event.number, event.missed) == (2, 0)
            await publisher.close()
            await subscription.aclose()

    run(work)


def test_numbers_of_a_call_that_was_cancelled_are_used_up() -> None:
    async def work() -> None:
        called, left = asyncio.Event(), asyncio.Event()

        async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            called.set()
            await reader.read()
            writer.close()
            await writer.wait_closed()
            left.set()

        async with await asyncio.start_server(mute, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            publisher = AsyncPublisher(f"PYRO:Pyrophone.Events@127.0.0.1:{port}")
            task = asyncio.create_task(publisher.publish("t", 1))
            await called.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await left.wait()
        assert publisher._pack([("t", 1)], None).numbers == {"t": 2}

    run(work)
