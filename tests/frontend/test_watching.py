from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from pyrophone.frontend.watching import Changes, Item, changes
from pyrophone.objects.observables import observable
from running import LIMIT


class Camera:
    temperature = observable(float, 20.0)
    gain = observable(int)


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(LIMIT):
            await work()

    asyncio.run(limited())


BOTH: dict[observable[Any], int] = {Camera.temperature: 0, Camera.gain: 1}
GAIN: dict[observable[Any], int] = {Camera.gain: 0}


def values(item: Item) -> list[tuple[int, Any]]:
    places, times, found = item
    assert all(moment > 1e9 for moment in struct.unpack(f"!{len(places)}d", times))
    return list(zip(places, found, strict=True))


def test_the_first_item_is_what_there_is_now() -> None:
    async def work() -> None:
        camera = Camera()
        stream = changes(camera, BOTH, 0.0)
        assert values(await anext(stream)) == [(0, 20.0)]
        camera.gain = 3
        assert values(await anext(stream)) == [(1, 3)]

    run(work)


def test_of_several_changes_the_last_counts_and_all_names_go_together() -> None:
    async def work() -> None:
        camera = Camera()
        stream = changes(camera, BOTH, 0.0)
        await anext(stream)
        for number in range(100):
            camera.temperature = number
            camera.gain = number
        assert values(await anext(stream)) == [(0, 99.0), (1, 99)]

    run(work)


def test_a_change_in_another_thread_wakes_who_waits() -> None:
    async def work() -> None:
        camera = Camera()
        stream = changes(camera, GAIN, 0.0)
        assert values(await anext(stream)) == []
        waiting = asyncio.create_task(_next(stream))
        await asyncio.sleep(0)
        thread = threading.Thread(target=setattr, args=(camera, "gain", 7))
        thread.start()
        assert values(await waiting) == [(0, 7)]
        thread.join()

    run(work)


async def _next(stream: AsyncIterator[Any]) -> Any:
    return await anext(stream)


def test_items_come_once_in_each_interval() -> None:
    async def work() -> None:
        camera = Camera()
        loop = asyncio.get_running_loop()
        stream = changes(camera, GAIN, 0.02)
        begun = loop.time()
        await anext(stream)
        for number in range(5):
            camera.gain = number
            await anext(stream)
        assert loop.time() - begun > 4 * 0.02 - 0.002

    run(work)


def test_nobody_is_told_any_more_once_the_stream_is_closed() -> None:
    async def work() -> None:
        camera = Camera()
        stream: Any = changes(camera, GAIN, 0.0)
        await anext(stream)
        assert Camera.gain._watchers != {}
        await stream.aclose()
        assert Camera.gain._watchers == {}

    run(work)


def test_changes_after_the_loop_are_no_matter() -> None:
    camera = Camera()
    seen: list[Changes] = []

    async def work() -> None:
        seen.append(Changes(camera, GAIN))
        seen[0].take()
        with_nothing = asyncio.create_task(seen[0].wait())
        await asyncio.sleep(0)
        assert not with_nothing.done()

    run(work)
    seen[0]._asleep = True
    camera.gain = 1
    assert values(seen[0].take()) == [(0, 1)]
    seen[0].close()
