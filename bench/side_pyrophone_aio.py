"""Our side, by event loops."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from driver import answer_orders_async, at_once, one_by_one, play_on_loop
from ours import describe
from pyrophone import expose
from pyrophone.aio import Daemon, connect


@expose
class Bench:
    """What is called."""

    async def add(self, a: int, b: int) -> int:
        """Return the sum."""
        return a + b

    def plain_add(self, a: int, b: int) -> int:
        """Return the sum; runs on the worker pool."""
        return a + b

    async def numbers(self, count: int) -> AsyncIterator[int]:
        """Yield so many numbers."""
        for number in range(count):
            yield number


async def serve() -> None:
    """Serve one Bench."""
    async with Daemon() as daemon:
        print(await daemon.register(Bench(), object_id="bench"), flush=True)
        await daemon.serve()


async def measure(address: str, loop: str) -> None:
    """Call it."""
    bench: Any = await connect(address)

    async def stream(count: int) -> None:
        async for _ in await bench.numbers(count):
            pass

    await answer_orders_async(
        f"{describe()}, {loop}",
        {
            "await": one_by_one(lambda: bench.add(1, 2)),
            "plain": one_by_one(lambda: bench.plain_add(1, 2)),
            "gather": at_once(lambda: bench.add(1, 2)),
            "stream": stream,
        },
    )


if __name__ == "__main__":
    play_on_loop(serve, measure)
