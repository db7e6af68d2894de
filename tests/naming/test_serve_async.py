"""A name server in the loop of a program, found by programs of both kinds."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from pyrophone import Settings, expose, sync
from pyrophone.aio import Daemon, connect, locate_names
from pyrophone.errors import NamingError, UnknownNameError
from pyrophone.naming import AsyncNameService, MemoryStorage
from pyrophone.net import beacon
from running import LIMIT


@expose
class Thing:
    async def name(self) -> str:
        return "thing"


class Threads:
    """Tells which threads are there that were not there when it was made."""

    def __init__(self) -> None:
        self._before = set(threading.enumerate())  # those of earlier tests may take long

    def left(self) -> list[str]:
        new = set(threading.enumerate()) - self._before
        names = [thread.name for thread in new if thread.is_alive()]
        return [
            name for name in names if name.startswith("pyrophone-") and "keeper" not in name
        ]


@pytest.fixture
def threads() -> Threads:
    return Threads()


def settings_for(service: AsyncNameService) -> Settings:
    return Settings(name_port=service.uri.port or 0, broadcast_addresses=(), timeout=LIMIT)


def test_programs_find_each_other_by_it(threads: Threads) -> None:
    async def main() -> None:
        async with AsyncNameService("localhost", 0) as service:
            settings = settings_for(service)
            async with Daemon(settings=settings) as daemon:
                await daemon.register(Thing(), name="lab.thing")
                async with await connect("lab.thing", settings=settings) as thing:
                    assert await thing.name() == "thing"
                assert await asyncio.to_thread(use, settings) == "thing"
            names = await locate_names(settings=settings)
            with pytest.raises(UnknownNameError):  # withdrawn with its daemon
                await names.lookup("lab.thing")
            await names.__aexit__(None, None, None)

    asyncio.run(main())
    assert not threads.left()


def use(settings: Settings) -> Any:
    with sync.connect("lab.thing", settings=settings) as thing:
        return thing.name()


def test_it_answers_broadcasts_drops_names_and_leaves_nothing(threads: Threads) -> None:
    async def main() -> None:
        gone = threading.Event()

        class Watched(MemoryStorage):
            """Tells when it has lost names."""

            def delete(self, *args: Any, **kwargs: Any) -> int:
                count = super().delete(*args, **kwargs)
                gone.set()
                return count

        storage = Watched()
        storage.put("gone", "PYRO:x@localhost:1", frozenset(), expected=None)
        service = AsyncNameService(
            "",
            0,
            storage=storage,
            sweep=0.01,
            grace=0,
            settings=Settings(broadcast_port=0),
        )
        serving = asyncio.create_task(service.serve())
        port = service.broadcast_port
        assert port is not None
        answer = await asyncio.to_thread(
            beacon.ask, b"GET_NSURI", ("127.0.0.1",), port, LIMIT
        )
        assert answer == f"PYRO:Pyro.NameServer@127.0.0.1:{service.uri.port}"
        assert await asyncio.to_thread(gone.wait, LIMIT)
        assert storage.get("gone") is None
        await service.stop()
        await serving
        await service.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("", port))  # it is free again

    asyncio.run(main())
    assert not threads.left()


def test_a_cancelled_serve_ends_it() -> None:
    async def main() -> None:
        service = AsyncNameService("", 0, settings=Settings(broadcast_port=0))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await service.serve()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", service.uri.port or 0))

    asyncio.run(main())


def test_what_cannot_be_served_leaves_nothing_open() -> None:
    class Broken(MemoryStorage):
        def put(self, *args: Any, **kwargs: Any) -> Any:
            raise NamingError("full")

    async def main() -> None:
        with pytest.raises(NamingError, match="full"):
            AsyncNameService("", 0, storage=Broken(), settings=Settings(broadcast_port=0))

    asyncio.run(main())
