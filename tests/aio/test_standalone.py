"""A daemon in a loop, and what runs beside it, begin and end together."""

from __future__ import annotations

import asyncio
import threading

from pyrophone import expose
from pyrophone.aio import Standalone, connect
from running import LIMIT


@expose
class Thing:
    """Says what thread its helper was in."""

    helper = ""

    async def name(self) -> str:
        return self.helper


class Service(Standalone):
    """A thing, whose helper ends when it is told to and released."""

    def __init__(self, longest: float | None = None) -> None:
        self.thing = Thing()
        self.started = threading.Event()
        self.told = threading.Event()
        self.released = threading.Event()
        self.ended = threading.Event()
        self._longest = longest
        self._daemon = self._make_daemon("localhost", 0)
        self._daemon.objects.register(self.thing, "thing")
        self._helpers = [("helper", self._help)]

    def _help(self) -> None:
        self.thing.helper = threading.current_thread().name
        self.started.set()
        assert self.told.wait(LIMIT)
        assert self.released.wait(LIMIT)
        self.ended.set()

    def _silence(self) -> None:
        self.told.set()


def test_helpers_run_beside_the_daemon_and_end_with_it() -> None:
    async def main() -> None:
        async with Service() as service:
            assert await asyncio.to_thread(service.started.wait, LIMIT)
            async with await connect(service._daemon.uri_of("thing")) as thing:
                assert await thing.name() == "pyrophone-helper"
            service.released.set()
        assert service.ended.is_set()
        await service.close()  # which may come twice

    asyncio.run(main())


def test_serve_waits_until_it_is_stopped() -> None:
    async def main() -> None:
        service = Service()
        service.released.set()
        serving = asyncio.create_task(service.serve())
        assert await asyncio.to_thread(service.started.wait, LIMIT)
        await service.stop()
        await serving
        assert service.ended.is_set()

    asyncio.run(main())


def test_any_time_is_any_time() -> None:
    async def main() -> None:
        async with Service() as service:
            assert await asyncio.to_thread(service.started.wait, LIMIT)
            threading.Timer(0.05, service.released.set).start()
        assert service.ended.is_set()

    asyncio.run(main())


def test_who_hangs_is_left_behind_if_that_may_be() -> None:
    async def main() -> None:
        async with Service(0.01) as service:
            assert await asyncio.to_thread(service.started.wait, LIMIT)
        assert not service.ended.is_set()
        service.released.set()
        assert await asyncio.to_thread(service.ended.wait, LIMIT)

    asyncio.run(main())


def test_helpers_may_end_after_the_loop() -> None:
    async def main() -> Service:
        async with Service(0.01) as service:
            return service

    service = asyncio.run(main())
    service.released.set()
    assert service.ended.wait(LIMIT)
