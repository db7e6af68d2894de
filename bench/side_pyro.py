"""The sides of the real Pyro5 and Pyro4; each runs in its own environment (make peers)."""

from __future__ import annotations

import importlib
import importlib.util
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import serpent

from driver import (
    BATCH,
    DATA,
    Action,
    answer_orders,
    by_threads,
    check_tree,
    end_with_parent,
    make_array_bytes,
    repeat,
    sending,
    sum_of,
)

# Either environment has one of the two; the little that is measured is nearly the same.
NAME = "Pyro5" if importlib.util.find_spec("Pyro5") else "Pyro4"
pyro: Any = importlib.import_module("Pyro5.api" if NAME == "Pyro5" else NAME)
make_batch = pyro.BatchProxy if NAME == "Pyro5" else pyro.batch


@pyro.expose
class Bench:
    """What is called."""

    def add(self, a: int, b: int) -> int:
        """Return the sum."""
        return a + b

    def echo(self, value: Any) -> Any:
        """Return *value*."""
        return value

    def take(self, data: Any) -> int:
        """Return what says that the bytes are there."""
        return sum_of(serpent.tobytes(data))  # they arrive as a dict of base64

    @pyro.oneway  # type: ignore[untyped-decorator]  # whose it is, shows at run time
    def note(self, a: int, b: int) -> None:
        """Do nothing."""

    def numbers(self, count: int) -> Iterator[int]:
        """Yield so many numbers."""
        yield from range(count)


def serve(variant: str) -> None:
    """Serve one Bench."""
    if variant == "multiplex":
        pyro.config.SERVERTYPE = "multiplex"
    with pyro.Daemon(host="127.0.0.1") as daemon:
        print(daemon.register(Bench(), "bench"), flush=True)
        daemon.requestLoop()


def make_actions(address: str) -> dict[str, Action]:
    """Return what can be measured, besides threads."""
    bench = pyro.Proxy(address)

    def call_once() -> None:
        with pyro.Proxy(address) as own:
            own.add(1, 2)

    def call_in_batch(count: int) -> None:
        for _ in range(count // BATCH):
            calls = make_batch(bench)
            for _ in range(BATCH):
                calls.add(1, 2)
            assert sum(calls()) == 3 * BATCH

    def notify(count: int) -> None:
        for _ in range(count):
            bench.note(1, 2)
        bench.add(1, 2)

    return {
        "call": repeat(lambda: bench.add(1, 2)),
        "connect": repeat(call_once),
        "tree": repeat(check_tree(bench.echo)),
        "bytes": repeat(lambda: bench.echo(DATA)),
        "array": sending(make_array_bytes, bench.take),
        "batch": call_in_batch,
        "oneway": notify,
        "stream": lambda count: sum(1 for _ in bench.numbers(count)),
    }


def measure(address: str) -> None:
    """Call it."""

    def own_call() -> Any:
        own = pyro.Proxy(address)  # a proxy belongs to one thread
        return lambda: own.add(1, 2)

    answer_orders(
        f"{NAME} {version(NAME)}, serpent {version('serpent')}, "
        f"Python {platform.python_version()}",
        {**make_actions(address), "threads": by_threads(own_call)},
    )


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        end_with_parent()
        serve(sys.argv[-1])
    else:
        measure(sys.argv[2])
