"""Signs of life: given when it is quiet, and missed when there are none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone import Settings, expose
from pyrophone.aio.beats import Beats
from pyrophone.aio.daemon import Daemon
from pyrophone.wire.features import FEATURES
from talking import talking

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_a_quiet_side_gives_signs_of_life_and_hears_that_there_are_none(run: Run) -> None:
    async def main() -> None:
        said: list[str] = []
        lost = asyncio.Event()
        Beats(0.01, lambda: said.append("beat"), lost.set)
        await lost.wait()
        assert said

    run(main())


def test_who_is_heard_is_not_lost(run: Run) -> None:
    async def main() -> None:
        lost = asyncio.Event()
        enough = asyncio.Event()
        said: list[str] = []

        def pulse() -> None:
            said.append("beat")
            beats.heard = time.monotonic()
            if len(said) == 10:
                enough.set()

        beats = Beats(0.005, pulse, lost.set)
        await enough.wait()
        assert not lost.is_set()
        beats.stop()

    run(main())


def test_a_loop_that_was_busy_does_not_blame_the_other_side(run: Run) -> None:
    async def main() -> None:
        lost = asyncio.Event()
        pulsed = asyncio.Event()
        beats = Beats(0.02, pulsed.set, lost.set)
        end = time.monotonic() + 0.1
        while time.monotonic() < end:  # five intervals without a look at the loop
            pass
        await pulsed.wait()
        assert not lost.is_set()
        beats.stop()

    run(main())


@expose
class Thing:
    def __init__(self) -> None:
        self.ended = asyncio.Event()

    def ping(self) -> None:
        pass

    async def wait(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


@pytest.mark.slow
def test_a_daemon_lets_go_of_a_client_that_has_fallen_silent(run: Run) -> None:
    gone = []

    class Watching(Daemon):
        def left_by(self, client: Any) -> None:
            gone.append(client)

    async def main() -> None:
        async with Watching(settings=Settings(beat=0.1)) as daemon:
            thing = Thing()
            uri = await daemon.register(thing)
            async with talking(uri, FEATURES, 0.1) as talker:
                assert talker.session.beat == pytest.approx(0.1)
                await talker.ask("ping")
                talker.say("wait")
                assert await talker.hear() is None  # the end, and beats before it
            await thing.ended.wait()
            while not gone:
                await asyncio.sleep(0)

    run(main())


@pytest.mark.slow
def test_a_client_that_gives_signs_of_life_may_be_quiet_for_long(run: Run) -> None:
    async def main() -> None:
        async with Daemon(settings=Settings(beat=0.1)) as daemon:
            uri = await daemon.register(Thing())
            async with talking(uri, FEATURES, 0.1) as talker:
                for _ in range(6):
                    data = await talker.reader.read(65536)  # a beat of the daemon's
                    assert data
                    talker.session.receive(data)
                    assert talker.session.next() is None
                    talker.writer.write(talker.session.pulse())
                await talker.ask("ping")

    run(main())
