"""Programs as people write them with asyncio; run as ``application.py NAME URI LOOP``.

They print "ready" when Ctrl-C may come, and at the end the threads that are left.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from typing import Any

from pyrophone import aio, expose

SLOW = 60.0  # seconds


async def client(uri: str) -> None:
    """Call, give up, stream, and be interrupted in the middle of calls."""
    async with await aio.connect(uri) as ward:
        await work(ward)
        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(ward.hold_soon(number))
            group.create_task(read(ward))
            group.create_task(ward.apply(ask))
            await ward.quick()
            say("ready")


async def work(ward: Any) -> None:
    """Do some of everything."""
    async with asyncio.TaskGroup() as group:
        answers = [group.create_task(ward.quick(number)) for number in range(10)]
    assert [answer.result() for answer in answers] == list(range(10))
    try:
        async with asyncio.timeout(0.02):
            await ward.hold_soon()
    except TimeoutError:
        pass
    try:
        with aio.deadline(0.02):
            await ward.hold_soon()
    except TimeoutError:
        pass
    call = aio.start(ward.hold_soon)
    await ward.quick()
    call.cancel()
    items = await ward.count_soon()
    for _ in range(20):
        await anext(items)
    await items.aclose()
    assert await ward.apply(lambda: "here") == "here"


async def read(ward: Any) -> None:
    """Read a stream that never ends."""
    async for _ in await ward.count():
        pass


async def ask() -> None:
    """Be called, and wait."""
    await asyncio.Event().wait()


@expose
class Echo:
    """What the server serves."""

    def plain(self, value: Any) -> Any:
        return value

    async def soon(self, value: Any) -> Any:
        await asyncio.sleep(0)
        return value

    async def hold(self) -> None:
        await asyncio.Event().wait()


async def server(uri: str) -> None:
    """Serve, be called from the same loop, and be interrupted."""
    async with aio.Daemon() as daemon, asyncio.TaskGroup() as group:
        registered: Any = daemon.register(Echo())
        group.create_task(daemon.serve())
        async with await aio.connect(await later(registered)) as echo:
            assert await echo.plain(1) + await echo.soon(2) == 3
            held = aio.start(echo.hold)
            await echo.soon(3)
            say("ready")
            await held


async def ending(uri: str) -> None:
    """End by itself, with a call under way that nobody awaits, and an open stream."""
    ward = await aio.connect(uri)
    await work(ward)
    items = await ward.count()
    await anext(items)
    call = aio.start(ward.hold_soon)
    await ward.quick()
    call.cancel()
    await aio.close(ward)
    say("ready")


async def later(value: Any) -> Any:
    """Await *value* if it has to be."""
    return await value if asyncio.iscoroutine(value) else value


def say(what: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main(name: str, uri: str, loop: str) -> None:
    """Run one of them."""
    program: Callable[[str], Any] = {"client": client, "server": server, "ending": ending}[
        name
    ]
    factory = None
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    try:
        with asyncio.Runner(loop_factory=factory) as runner:
            # The machine may be busy; that something takes long is not to be told here.
            runner.get_loop().slow_callback_duration = SLOW
            runner.run(program(uri))
    except KeyboardInterrupt:
        pass
    say(" ".join(thread.name for thread in threading.enumerate()))


if __name__ == "__main__":
    main(*sys.argv[1:])
