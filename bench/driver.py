"""What all sides of the benchmark share, so that they are measured alike.

A side is a script with two commands. ``serve`` prints the address of its server and serves
until its standard input ends. ``measure ADDRESS`` says what it is in one line, then reads
lines like ``call 500`` and answers each with the seconds that so many calls took, or why it
could not. Behind the command may stand which variant is to be used: ``multiplex``, or the
event loop ``asyncio`` or ``uvloop``.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import random
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from time import perf_counter
from typing import Any

__all__ = [
    "ARRAY_BYTES",
    "AT_ONCE",
    "BATCH",
    "DATA",
    "EVENT",
    "EVENTS",
    "THREADS",
    "answer_orders",
    "answer_orders_async",
    "at_once",
    "by_threads",
    "check_tree",
    "count_leaves",
    "echoing",
    "end_with_parent",
    "know_arrays",
    "make_array",
    "make_array_bytes",
    "make_tree",
    "one_by_one",
    "play",
    "play_on_loop",
    "publishing",
    "repeat",
    "run_on_loop",
    "sending",
    "sum_of",
]

THREADS = 16
AT_ONCE = 1000
BATCH = 1000
DATA = bytes(range(256)) * 4096  # 1 MiB
EVENT = (21.5, "lab.room1", 12345)
EVENTS = 500  # published before they are waited for
ARRAY_BYTES = 80_000_000  # of 10 million numbers

# Does something as often as it is told; returns seconds if it measures them itself.
Action = Callable[[int], object]
AsyncAction = Callable[[int], Awaitable[object]]


def make_tree() -> dict[str, Any]:
    """Return the same tree every time: 300 records of 10 values each."""
    chance = random.Random(3000)
    records = [
        {
            "id": number,
            "name": f"sensor-{number:04}",
            "place": {
                "latitude": round(chance.uniform(-90, 90), 6),
                "longitude": round(chance.uniform(-180, 180), 6),
                "floor": chance.randrange(-2, 40),
            },
            "samples": [chance.gauss(20, 5) for _ in range(3)],
            "count": chance.randrange(10**9),
            "note": "übers Dach geführt" if number % 10 == 0 else "it's on the wall",
        }
        for number in range(300)
    ]
    return {"records": records}


def count_leaves(tree: Any) -> int:
    """Return how many values of *tree* are not containers; keys don't count."""
    if isinstance(tree, dict):
        return sum(map(count_leaves, tree.values()))
    if isinstance(tree, list):
        return sum(map(count_leaves, tree))
    return 1


def check_tree(echo: Callable[[Any], Any]) -> Callable[[], object]:
    """Return a call of *echo* with the tree, after seeing that it comes back as it is."""
    tree = make_tree()
    assert count_leaves(tree) == 3000
    assert echo(tree) == tree
    return lambda: echo(tree)


def echoing(echo: Callable[[Any], Any]) -> Action:
    """Return an action that has 1 MiB of bytes sent back, and looks at the last."""

    def act(count: int) -> None:
        for _ in range(count):
            back = echo(DATA)
        assert back == DATA, f"bytes came back as {type(back).__name__}"

    return act


def make_array() -> Any:
    """Return 10 million numbers, all 1.0; needs numpy."""
    return importlib.import_module("numpy").ones(ARRAY_BYTES // 8)


def know_arrays() -> None:
    """Import numpy, if it is there: arrays are made only where it has been imported."""
    with suppress(ImportError):
        importlib.import_module("numpy")


def make_array_bytes() -> bytes:
    """Return as many bytes, all 1, for those who can send no arrays."""
    return b"\1" * ARRAY_BYTES


def sum_of(array: Any) -> int:
    """Return what a server answers to either: the sum of the first and the last."""
    return int(array[0] + array[-1])


def sending(make: Callable[[], Any], take: Callable[[Any], int]) -> Action:
    """Return an action that gives *take* what *make* makes, which does not count.

    Args:
        make: Called with each order, so that no array stays.
        take: Returns the server's answer.
    """

    def act(count: int) -> float:
        made = make()
        start = perf_counter()
        for _ in range(count):
            assert take(made) == 2
        return perf_counter() - start

    return act


def repeat(call: Callable[[], object]) -> Action:
    """Return an action that makes calls one after another."""

    def act(count: int) -> None:
        for _ in range(count):
            call()

    return act


def publishing(
    publish: Callable[[int], object], receive: Callable[[int], object]
) -> Action:
    """Return an action that publishes events, so many at a time, and waits for them.

    Args:
        publish: Publishes so many events.
        receive: Returns when so many have come.
    """

    def act(count: int) -> None:
        for start in range(0, count, EVENTS):
            share = min(EVENTS, count - start)
            publish(share)
            receive(share)

    return act


def by_threads(make_call: Callable[[], Callable[[], object]]) -> Action:
    """Return an action of threads that make calls at the same time.

    Args:
        make_call: Asked by each thread for what it calls.
    """

    def act(count: int) -> None:
        share = count // THREADS
        threads = [
            threading.Thread(target=lambda: repeat(make_call())(share))
            for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return act


def one_by_one(call: Callable[[], Awaitable[object]]) -> AsyncAction:
    """Return an action that awaits calls one after another."""

    async def act(count: int) -> None:
        for _ in range(count):
            await call()

    return act


def at_once(call: Callable[[], Awaitable[object]]) -> AsyncAction:
    """Return an action that has 1,000 calls awaited at the same time."""

    async def act(count: int) -> None:
        for start in range(0, count, AT_ONCE):
            share = min(AT_ONCE, count - start)
            await asyncio.gather(*(call() for _ in range(share)))

    return act


def answer_orders(who: str, actions: Mapping[str, Action]) -> None:
    """Introduce ourselves, then act as told and tell the seconds it took."""
    print(who, flush=True)
    for line in sys.stdin:
        name, count = line.split()
        start = perf_counter()
        try:
            took = actions[name](int(count))
            seconds = took if isinstance(took, float) else perf_counter() - start
        except Exception as error:
            print(_reason(error), flush=True)
        else:
            print(seconds, flush=True)


async def answer_orders_async(who: str, actions: Mapping[str, AsyncAction]) -> None:
    """Do what :func:`answer_orders` does; the loop goes on between the orders."""
    print(who, flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, count = line.split()
        start = perf_counter()
        try:
            await actions[name](int(count))
        except Exception as error:
            print(_reason(error), flush=True)
        else:
            print(perf_counter() - start, flush=True)


def run_on_loop(loop: str, main: Coroutine[Any, Any, None]) -> None:
    """Run *main* to its end on a loop of the named kind."""
    # uvloop is there in the environment of the peers only
    factory = importlib.import_module("uvloop").new_event_loop if loop == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


def play(serve: Callable[..., None], measure: Callable[[str], None]) -> None:
    """Be the server or who measures it, as the command line says.

    Args:
        serve: Given what stands behind the command, if anything does.
        measure: Given the address.
    """
    if sys.argv[1] == "serve":
        end_with_parent()
        serve(*sys.argv[2:])
    else:
        measure(sys.argv[2])


def play_on_loop(
    serve: Callable[[], Coroutine[Any, Any, None]],
    measure: Callable[[str, str], Coroutine[Any, Any, None]],
) -> None:
    """Be either on the loop that stands last; *measure* is given address and loop."""
    if sys.argv[1] == "serve":
        end_with_parent()
        run_on_loop(sys.argv[-1], serve())
    else:
        run_on_loop(sys.argv[-1], measure(sys.argv[2], sys.argv[3]))


def end_with_parent() -> None:
    """End this process when its standard input ends, whatever it is doing."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def _reason(error: Exception) -> str:
    """Return one line that is no number."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
