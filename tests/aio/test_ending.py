"""How a daemon in a loop ends: what runs may end, and what does not is cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any

import pytest

from pyrophone import Settings, expose, oneway
from pyrophone.aio.daemon import Daemon
from pyrophone.objects.table import DAEMON_ID
from running import LIMIT, threads
from talking import talking

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@expose
class Thing:
    def __init__(self) -> None:
        self.gate = threading.Event()
        self.open = asyncio.Event()
        self.began = asyncio.Event()
        self.events: list[str] = []
        self.daemon: Daemon | None = None

    def echo(self, value: Any) -> Any:
        return value

    async def wait(self) -> str:
        self.began.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        return "waited"

    def block(self) -> str:
        assert self.gate.wait(LIMIT)
        return "blocked"

    @oneway
    async def note(self) -> None:
        self.began.set()
        await self.open.wait()
        self.events.append("noted")

    async def end_all(self) -> str:
        assert self.daemon is not None
        await self.daemon.stop()
        return "ended"


def test_stopping_lets_running_calls_end(run: Run) -> None:
    async def main() -> None:
        thing = Thing()
        async with Daemon() as daemon:
            uri = await daemon.register(thing)
            async with talking(uri) as talker:
                talker.say("wait")
                talker.say("block")
                await thing.began.wait()
                stopping = asyncio.create_task(daemon.stop(LIMIT))
                while not daemon.stopping:
                    await asyncio.sleep(0)
                talker.say("echo", "too late")
                thing.open.set()
                thing.gate.set()
                replies = [await talker.hear(), await talker.hear()]
                assert {reply.unwrap() for reply in replies} == {"waited", "blocked"}
                assert await talker.hear() is None
                await stopping

    run(main())
    assert threads() == set()


def test_closing_cancels_what_runs(run: Run) -> None:
    async def main() -> None:
        thing = Thing()
        async with Daemon() as daemon:
            uri = await daemon.register(thing)
            async with talking(uri) as talker:
                talker.say("wait")
                await thing.began.wait()
                await daemon.close()
                assert thing.events == ["cancelled"]

    run(main())


def test_one_way_calls_of_who_is_gone_may_end(run: Run) -> None:
    async def main() -> None:
        thing = Thing()
        async with Daemon() as daemon:
            uri = await daemon.register(thing)
            async with talking(uri) as talker:
                await talker.tell("note")
                await thing.began.wait()
            while daemon.clients:
                await asyncio.sleep(0)
            stopping = asyncio.create_task(daemon.stop(LIMIT))
            for _ in range(100):
                await asyncio.sleep(0)
            assert not stopping.done()
            thing.open.set()
            await stopping
            assert thing.events == ["noted"]

    run(main())


def test_closing_cancels_one_way_calls_of_who_is_gone(run: Run) -> None:
    async def main() -> None:
        thing = Thing()
        before = asyncio.all_tasks()
        async with Daemon() as daemon:
            uri = await daemon.register(thing)
            async with talking(uri) as talker:
                await talker.tell("note")
                await thing.began.wait()
            while daemon.clients:
                await asyncio.sleep(0)
        assert asyncio.all_tasks() == before
        assert thing.events == []

    run(main())


def test_a_method_can_stop_its_daemon_and_is_answered(run: Run) -> None:
    async def main() -> None:
        thing = Thing()
        async with Daemon() as daemon:
            thing.daemon = daemon
            uri = await daemon.register(thing)
            serving = asyncio.create_task(daemon.serve())
            async with talking(uri) as talker:
                assert await talker.ask("end_all") == "ended"
                assert await talker.hear() is None
            await serving

    run(main())


@expose
class Tap:
    """A stream that tells when it is closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def flow(self) -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            self.closed.set()


def test_streams_that_linger_are_closed_with_the_daemon(run: Run) -> None:
    async def main() -> None:
        tap = Tap()
        async with Daemon() as daemon:
            uri = await daemon.register(tap)
            async with talking(uri, frozenset()) as talker:
                talker.say("flow")
                stream = (await talker.hear()).stream
                method = "get_next_stream_item"
                assert await talker.ask(method, stream, object_id=DAEMON_ID) == 0
            while daemon.clients:
                await asyncio.sleep(0)
            assert not tap.closed.is_set()
        assert tap.closed.wait(LIMIT)

    run(main())


@pytest.mark.slow
def test_what_does_not_end_by_itself_is_ended() -> None:
    """A client that takes no answers, and a hook in a thread that does not return."""
    gate, left = threading.Event(), threading.Event()

    class Clinging(Daemon):
        def left_by(self, client: Any) -> None:
            left.set()
            assert gate.wait(LIMIT)

    async def main() -> None:
        async with Clinging() as daemon:
            uri = await daemon.register(Thing())
            async with talking(uri) as talker:
                talker.writer.transport.pause_reading()
                talker.say("echo", "x" * 20_000_000)
                (link,) = [client.connection for client in daemon.clients]
                while not link.paused:
                    await asyncio.sleep(0)
                await daemon.close()
                assert daemon.clients == []
                assert left.is_set()
        gate.set()
        while threads():
            await asyncio.sleep(0)

    asyncio.run(main())


def test_an_end_that_is_cancelled_still_leaves_nobody_connected(run: Run) -> None:
    async def main() -> None:
        thing = Thing()
        daemon = Daemon()
        async with daemon:
            uri = await daemon.register(thing)
            async with talking(uri) as talker:
                talker.say("wait")
                await thing.began.wait()
                before = asyncio.all_tasks()
                stopping = asyncio.create_task(daemon.stop())
                while daemon.listener is not None and daemon.listener.fileno() >= 0:
                    await asyncio.sleep(0)
                for task in asyncio.all_tasks() - before:
                    task.cancel()  # as asyncio.run does at its end
                assert await talker.hear() is None
                assert daemon.clients == []
                with pytest.raises(asyncio.CancelledError):
                    await stopping
                thing.open.set()

    with suppress(asyncio.CancelledError):  # the block waits for the same end
        run(main())


def test_streams_that_linger_too_long_are_closed_before(run: Run) -> None:
    async def main() -> None:
        tap = Tap()
        few = Settings(stream_linger=0.01, handshake_timeout=0.02)
        async with Daemon(settings=few) as daemon:
            uri = await daemon.register(tap)
            async with talking(uri, frozenset()) as talker:
                talker.say("flow")
                stream = (await talker.hear()).stream
                method = "get_next_stream_item"
                assert await talker.ask(method, stream, object_id=DAEMON_ID) == 0
            assert await asyncio.to_thread(tap.closed.wait, LIMIT)

    run(main())
