"""Our client for asyncio against daemons of the real Pyro5 and Pyro4."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from peers import clean_environment, end, real_python
from pyrophone import Settings, annotate
from pyrophone.aio import batch, close, connect, get, options, ping, put, start
from pyrophone.errors import DeadlineExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from peers import Peer, Start

pytestmark = pytest.mark.peers

SETTINGS = Settings(timeout=20.0)

PYRO4 = """
import sys, threading, time
import Pyro4

@Pyro4.expose
class Thing(object):
    level = 3
    def add(self, a, b):
        return a + b
    def fail(self):
        raise ValueError("over there")
    def numbers(self, count):
        for number in range(count):
            yield number
    def hang(self):
        time.sleep(60)
    @property
    def size(self):
        return self.level
    @size.setter
    def size(self, value):
        self.level = value

with Pyro4.Daemon() as daemon:
    print(daemon.register(Thing(), "thing"))
    sys.stdout.flush()
    worker = threading.Thread(target=daemon.requestLoop)
    worker.daemon = True
    worker.start()
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def uri5(start_peer: Start) -> Iterator[str]:
    """Where the ``thing`` of a real Pyro5 is."""
    peer: Peer = start_peer(PYRO_SERVERTYPE="thread", PYRO_THREADPOOL_SIZE="20")
    peer.run("daemon = serve(host='localhost')\nthing = Thing()")
    peer.run("daemon.register(thing, 'thing')")
    yield f"PYRO:thing@{peer.value('daemon.locationStr')}"
    peer.forget()


@pytest.fixture(scope="module")
def uri4() -> Iterator[str]:
    """Where a real Pyro4 has one."""
    process = subprocess.Popen(
        [real_python("pyro4"), "-W", "ignore", "-c", PYRO4],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=clean_environment({}),
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    end(process)


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do *work* in a loop; nothing may be left of it."""
    asyncio.run(work())


def test_calls_attributes_and_errors_of_pyro5(uri5: str) -> None:
    async def main() -> None:
        async with await connect(uri5, settings=SETTINGS) as thing:
            assert await thing.add(1, 2) == 3
            assert await thing.echo({"a": [1, 2.5, None]}) == {"a": [1, 2.5, None]}
            await put(thing, "value", 5)
            assert await get(thing, "value") == 5
            await put(thing, "value", 3)
            with pytest.raises(ValueError, match="bad"):
                await thing.fail("value")
            with pytest.raises(RuntimeError, match="StopIteration"):
                await thing.fail("stop")
            with pytest.raises(TypeError, match="serialize class"):
                await thing.unlucky()
            assert await thing.__len__() == 3
            assert [letter async for letter in thing] == ["x", "y", "z"]
            await ping(thing)
            with annotate(TEST=b"there"):
                assert (await thing.annotations())["TEST"] == "there"

    run(main)


def test_streams_batches_and_one_way_calls_of_pyro5(uri5: str) -> None:
    async def main() -> None:
        async with await connect(uri5, settings=SETTINGS) as thing:
            assert [n async for n in await thing.numbers(5)] == [0, 1, 2, 3, 4]
            items = await thing.numbers(1000)
            assert await anext(items) == 0
            await items.aclose()
            assert await thing.was_closed()
            assert [letter async for letter in await thing.letters] == ["a", "b", "c"]
            calls = batch(thing)
            calls.add(1, 2)
            calls.fail("value")
            results = await calls()
            assert next(results) == 3
            with pytest.raises(ValueError, match="bad"):
                next(results)
            thing.note("without waiting")
            assert await thing.noted() == "without waiting"

    run(main)


def test_calls_of_many_tasks_take_turns_on_a_few_connections(uri5: str) -> None:
    async def main() -> None:
        settings = Settings(timeout=20.0, connections=3)
        async with await connect(uri5, settings=settings) as thing:
            sums = await asyncio.gather(*(thing.add(n, 100) for n in range(50)))
            assert sums == list(range(100, 150))

    run(main)


def test_a_call_given_up_costs_only_its_connection(uri5: str) -> None:
    async def main() -> None:
        thing = await connect(uri5, settings=SETTINGS)
        hanging = start(thing.noted)
        await ping(thing)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        with pytest.raises(DeadlineExceeded, match=r"^no reply within 0\.05 s$"):
            await options(thing, timeout=0.05).noted()
        assert await thing.add(1, 2) == 3
        thing.note("for those who hang")
        thing.note("for those who hang")
        await close(thing)

    run(main)


def test_calls_attributes_and_streams_of_pyro4(uri4: str) -> None:
    async def main() -> None:
        async with await connect(uri4, settings=SETTINGS, dialect="pyro4") as thing:
            assert await asyncio.gather(*(thing.add(n, 1) for n in range(10))) == list(
                range(1, 11)
            )
            with pytest.raises(ValueError, match="over there"):
                await thing.fail()
            await put(thing, "size", 7)
            assert await thing.size == 7
            assert [n async for n in await thing.numbers(3)] == [0, 1, 2]
            with pytest.raises(DeadlineExceeded):
                await options(thing, timeout=0.05).hang()
            assert await thing.add(1, 2) == 3

    run(main)
