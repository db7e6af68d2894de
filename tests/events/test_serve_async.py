"""An event service in a loop."""

from __future__ import annotations

import asyncio

from pyrophone import URI, aio
from pyrophone.events import AsyncEventService, AsyncPublisher, subscribe
from pyrophone.naming import AsyncNameService
from running import LIMIT


def test_events_go_through_it_and_it_ends_with_its_block() -> None:
    async def main() -> list[object]:
        got: list[object] = []
        async with AsyncEventService(name=None) as service:
            async with subscribe("a", service=service.uri) as subscription:
                async with AsyncPublisher(service.uri) as publisher:
                    await publisher.publish("a", 1, keep=True)
                    async for event in subscription:
                        got.append(event.value)
                        if len(got) == 2:
                            break
                        await publisher.publish("a", 2)
            async with await aio.connect(service.uri) as proxy:
                items = await proxy.subscribe(["b"])
                assert await anext(items) == b""
                await service.stop(LIMIT)
                assert [item async for item in items] == []
        return got

    assert asyncio.run(asyncio.wait_for(main(), LIMIT)) == [1, 2]


def test_serve_waits_until_it_is_stopped() -> None:
    async def main() -> None:
        service = AsyncEventService(name=None)
        serving = asyncio.create_task(service.serve())
        async with await aio.connect(service.uri) as proxy:
            assert len((await proxy.hello())["epoch"]) == 32
        await service.stop()
        await serving

    asyncio.run(asyncio.wait_for(main(), LIMIT))


def test_a_name_server_in_a_loop_can_be_one_too() -> None:
    async def main() -> list[str]:
        async with AsyncNameService("localhost", 0, events=True) as names:
            uri = names.names.lookup("Pyrophone.Events")
            assert isinstance(uri, URI)
            async with await aio.connect(uri) as proxy:
                items = await proxy.subscribe(["b"])
                assert await anext(items) == b""
                listed: list[str] = await proxy.topics()
            return listed

    assert asyncio.run(asyncio.wait_for(main(), LIMIT)) == []
