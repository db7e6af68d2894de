"""Both sides by asyncio: a stream, calls with a limit, a function that is called back.

``python greenhouse.py`` serves a greenhouse and prints its URI; ``greenhouse.py URI``
watches it. Both go on until Ctrl-C.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from pyrophone import PyrophoneError, expose
from pyrophone.aio import Daemon, connect

__all__ = ["Greenhouse", "main"]


@expose
class Greenhouse:
    """A greenhouse, simulated."""

    def __init__(self) -> None:
        self._celsius = 18.0
        self._changed = asyncio.Event()

    async def heat(self, by: float) -> float:
        """Make it warmer; return the new temperature."""
        self._celsius += by
        self._changed.set()
        self._changed = asyncio.Event()
        return self._celsius

    async def temperatures(self) -> AsyncIterator[float]:
        """Yield the temperature, now and whenever it changes."""
        while True:
            changed = self._changed
            yield self._celsius
            await changed.wait()

    async def warn(self, above: float, tell: Callable[[float], Awaitable[None]]) -> None:
        """Call *tell* once it is warmer than *above* degrees."""
        while self._celsius <= above:
            await self._changed.wait()
        await tell(self._celsius)

    async def ripen(self) -> str:
        """Wait for tomatoes."""
        await asyncio.sleep(3600)
        return "tomatoes"


async def serve() -> None:
    """Serve a greenhouse until we are cancelled."""
    async with Daemon() as daemon:
        print(await daemon.register(Greenhouse()), flush=True)
        await daemon.serve()


async def follow(house: Any) -> None:
    """Print each temperature."""
    async for celsius in await house.temperatures():
        print(f"it is {celsius} degrees", flush=True)


async def harvest(house: Any) -> None:
    """Try to get tomatoes, for a moment."""
    try:
        async with asyncio.timeout(0.2):
            await house.ripen()
    except TimeoutError:
        print("no tomatoes yet", flush=True)


async def watch(uri: str) -> None:
    """Watch and heat a greenhouse until we are cancelled."""

    async def tell(celsius: float) -> None:
        print(f"too warm: {celsius} degrees", flush=True)

    try:
        async with await connect(uri) as house, asyncio.TaskGroup() as group:
            group.create_task(follow(house))
            group.create_task(harvest(house))
            group.create_task(house.warn(20.0, tell))
            await house.heat(1.5)
            await house.heat(1.5)
    except* PyrophoneError:
        print("the greenhouse is gone", flush=True)


def main(*arguments: str) -> None:
    """Serve or watch until Ctrl-C."""
    try:
        asyncio.run(watch(*arguments) if arguments else serve())
    except KeyboardInterrupt:
        print("good bye", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
