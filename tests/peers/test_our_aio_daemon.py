"""The real clients of Pyro5 and Pyro4 against a daemon of ours in a loop."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from peers import Start, clean_environment, real_python
from pyrophone import Settings, current, expose, instances, oneway
from pyrophone.aio import Daemon

pytestmark = pytest.mark.peers

WAIT = 10.0  # seconds until something that does not come is an error


@expose
class Thing:
    """Methods of both kinds."""

    def __init__(self) -> None:
        self._noted = asyncio.Event()
        self._closed = asyncio.Event()
        self._level = 3

    def add(self, a: Any, b: Any) -> Any:
        return a + b

    async def add_later(self, a: Any, b: Any = 1) -> Any:
        await asyncio.sleep(0)
        return a + b

    @property
    def level(self) -> int:
        return self._level

    @level.setter
    def level(self, value: int) -> None:
        self._level = value

    def numbers(self, count: int) -> Iterator[int]:
        yield from range(count)

    async def numbers_later(self, count: int) -> AsyncIterator[int]:
        try:
            for number in range(count):
                await asyncio.sleep(0)
                yield number
        finally:
            self._closed.set()

    async def was_closed(self) -> bool:
        return await asyncio.wait_for(self._closed.wait(), WAIT)

    def fail(self) -> None:
        raise ValueError("plain", 1)

    async def fail_later(self) -> None:
        raise ValueError("later", 2)

    @oneway
    async def note(self) -> None:
        self._noted.set()

    async def noted(self) -> bool:
        return await asyncio.wait_for(self._noted.wait(), WAIT)

    async def dialect(self) -> str:
        return current().dialect


@instances("session")
@expose
class Counter:
    """One instance for each connection."""

    def __init__(self) -> None:
        self._count = 0

    async def count(self) -> int:
        self._count += 1
        return self._count


class Judge(Daemon):
    """Judges who greets, asynchronously."""

    async def greets(self, client: Any, handshake: Any) -> Any:
        await asyncio.sleep(0)
        if handshake == "intruder":
            raise ValueError("not you")
        return "hello"


@pytest.fixture(scope="module")
def location() -> Iterator[str]:
    """Where a daemon with ``thing`` and ``counter`` is, in the loop of a thread."""
    places: list[str] = []
    ready = threading.Event()
    stops: list[Callable[[], object]] = []

    async def serve() -> None:
        settings = Settings(timeout=WAIT)
        async with Judge(settings=settings, dialects=["pyro4"]) as daemon:
            await daemon.register(Thing(), "thing")
            await daemon.register(Counter, "counter")
            end = asyncio.Event()
            loop = asyncio.get_running_loop()
            stops.append(lambda: loop.call_soon_threadsafe(end.set))
            places.append(daemon.location)
            ready.set()
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(WAIT)
    yield places[0]
    stops[0]()
    thread.join(WAIT)
    assert not thread.is_alive()


def test_the_real_pyro5_calls_methods_of_both_kinds(
    start_peer: Start, location: str
) -> None:
    p = start_peer(PYRO_COMPRESSION="0", PYRO_COMMTIMEOUT="20")
    p.forget()
    p.run(f"p = connect('PYRO:thing@{location}', 'serpent')")
    assert p.value("[p.add(1, 2), p.add_later(3), p.add_later('a', b='b')]") == [3, 4, "ab"]
    p.run("p.level = 5")
    assert p.value("p.level") == 5
    for name, args in (("fail", ("plain", 1)), ("fail_later", ("later", 2))):
        failure = p.failure(f"p.{name}()")
        assert (failure.name, failure.args) == ("builtins.ValueError", args)
        assert f"in {name}" in failure.traceback
    p.run("p.note()")
    assert p.value("p.noted()") is True
    assert p.value("list(p.numbers(3)) + list(p.numbers_later(3))") == [0, 1, 2, 0, 1, 2]
    p.run("stream = p.numbers_later(10**9)")
    assert p.value("[next(stream), next(stream)]") == [0, 1]
    p.run("stream.close()")
    assert p.value("p.was_closed()") is True
    p.run(f"c = connect('PYRO:counter@{location}', 'serpent')")
    assert p.value("[c.count(), c.count()]") == [1, 2]
    assert p.value("p.dialect()") == "pyro5"
    p.forget()


def test_the_real_pyro5_sends_batches_and_is_refused(
    start_peer: Start, location: str
) -> None:
    p = start_peer(PYRO_COMPRESSION="0", PYRO_COMMTIMEOUT="20")
    p.forget()
    p.run("import Pyro5.api")
    p.run(f"p = connect('PYRO:thing@{location}', 'serpent')")
    p.run("b = Pyro5.api.BatchProxy(p)\nb.add(1, 2)\nb.add_later(3, 4)\nb.add(5, 6)")
    assert p.value("list(b())") == [3, 7, 11]
    p.run(f"q = Pyro5.api.Proxy('PYRO:thing@{location}')")
    p.run("q._pyroHandshake = 'intruder'")
    assert "not you" in p.failure("q.add(1, 2)").text
    assert p.value("p.add(1, 2)") == 3
    p.forget()


PYRO4 = """
import sys, Pyro4
Pyro4.config.COMMTIMEOUT = 20
with Pyro4.Proxy(sys.argv[1]) as p:
    p.level = 7
    got = [p.add(1, 2), p.add_later(3), p.level, p.dialect()]
    got += list(p.numbers(3)) + list(p.numbers_later(3))
    try:
        p.fail_later()
    except ValueError as error:
        got.append(error.args)
    batch = Pyro4.batch(p)
    batch.add(1, 2)
    batch.add_later(3, 4)
    got.append(list(batch()))
print(got)
"""


@pytest.mark.slow
def test_the_real_pyro4_calls_methods_of_both_kinds(location: str) -> None:
    said = subprocess.run(
        [real_python("pyro4"), "-c", PYRO4, f"PYRO:thing@{location}"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=clean_environment({}),
        timeout=60,
    ).stdout
    numbers = [0, 1, 2, 0, 1, 2]
    expected = [3, 4, 7, "pyro4", *numbers, ("later", 2), [3, 7]]
    assert ast.literal_eval(said) == expected
