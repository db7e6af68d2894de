from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from pyrophone.events.outlet import Outlet
from running import LIMIT


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    async def limited() -> Any:
        async with asyncio.timeout(LIMIT):
            return await work()

    return asyncio.run(limited())


def test_a_thread_gets_what_a_loop_puts_in_in_order() -> None:
    outlet = Outlet()
    got: list[int] = []

    def read() -> None:
        got.extend(outlet.take(LIMIT) for _ in range(2000))

    reader = threading.Thread(target=read)
    reader.start()

    async def write() -> None:
        for start in range(0, 2000, 100):
            await outlet.put(list(range(start, start + 100)))

    run(write)
    reader.join()
    assert got == list(range(2000))


def test_who_puts_in_waits_until_all_is_taken_if_there_is_no_room() -> None:
    async def work() -> None:
        outlet = Outlet()
        putting = asyncio.create_task(outlet.put(list(range(500))))
        for expected in range(499):
            assert await outlet.take_soon() == expected
            await asyncio.sleep(0)
            assert not putting.done()
        assert await outlet.take_soon() == 499
        await putting

    run(work)


def test_a_loop_that_ended_while_there_was_no_room_holds_up_no_other() -> None:
    outlet = Outlet()

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(outlet.put([*range(500)]), 0.01)

    async def work() -> None:
        putting = asyncio.create_task(outlet.put([500]))
        await asyncio.sleep(0)
        assert [await outlet.take_soon() for _ in range(501)] == [*range(501)]
        await putting

    run(give_up)
    run(work)


def test_it_can_be_dropped_in_the_middle_of_anything() -> None:
    outlet = Outlet()

    class Items(list[int]):
        """Garbage is collected while these are put in."""

        def __iter__(self) -> Iterator[int]:
            outlet.drop()
            return super().__iter__()

    run(lambda: outlet.put(Items([1])))
    with pytest.raises(StopIteration):
        outlet.take(0)


def test_there_is_room_for_less_than_that() -> None:
    async def work() -> None:
        await Outlet().put(list(range(499)))

    run(work)


def test_a_task_gets_what_is_put_in_while_it_waits() -> None:
    async def work() -> None:
        outlet = Outlet()
        readers = [asyncio.create_task(outlet.take_soon()) for _ in range(2)]
        await asyncio.sleep(0)
        await outlet.put([1, 2])
        assert await asyncio.gather(*readers) == [1, 2]

    run(work)


def test_a_reader_that_is_cancelled_takes_nothing_along() -> None:
    async def work() -> None:
        outlet = Outlet()
        gone, stays = (asyncio.create_task(outlet.take_soon()) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await outlet.put([1])
        assert await stays == 1
        assert gone.cancelled()

    run(work)


def test_nothing_in_time_is_an_error_and_the_next_may_come() -> None:
    outlet = Outlet()
    with pytest.raises(TimeoutError, match=r"nothing came within 0\.01 s"):
        outlet.take(0.01)
    run(lambda: outlet.put([1]))
    assert outlet.take(0) == 1


def test_the_end_comes_behind_what_was_put_in_and_its_error_once() -> None:
    outlet = Outlet()
    run(lambda: outlet.put([1]))
    outlet.end(ValueError("broken"))
    assert outlet.over
    assert outlet.take(0) == 1
    with pytest.raises(ValueError, match="broken"):
        outlet.take(0)
    with pytest.raises(StopIteration):
        outlet.take(0)

    async def again() -> None:
        with pytest.raises(StopAsyncIteration):
            await outlet.take_soon()

    run(again)


def test_dropping_ends_all_readers_at_once() -> None:
    async def work() -> None:
        outlet = Outlet()
        reader = asyncio.create_task(_ended(outlet))
        await asyncio.sleep(0)
        outlet.drop()
        assert await reader == []
        assert outlet.over

    run(work)
    outlet = Outlet()
    ended: list[bool] = []

    def read() -> None:
        with pytest.raises(StopIteration):
            outlet.take(LIMIT)
        ended.append(True)

    thread = threading.Thread(target=read)
    thread.start()
    outlet.drop()
    thread.join(LIMIT)
    assert ended == [True]


def test_what_comes_behind_the_end_is_not_given() -> None:
    outlet = Outlet()
    run(lambda: outlet.put([1, 2]))
    outlet.drop()
    run(lambda: outlet.put([3]))
    outlet.end(ValueError("nobody is told"))
    for _ in range(3):
        with pytest.raises(StopIteration):
            outlet.take(0)


def test_the_end_is_found_by_each_thread_that_reads() -> None:
    outlet = Outlet()
    ended = threading.Barrier(4)

    def read() -> None:
        with pytest.raises(StopIteration):
            outlet.take(LIMIT)
        ended.wait(LIMIT)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    outlet.end()
    ended.wait(LIMIT)
    for thread in threads:
        thread.join(LIMIT)


async def _ended(outlet: Outlet) -> list[Any]:
    got = []
    try:
        while True:
            got.append(await outlet.take_soon())
    except StopAsyncIteration:
        return got
