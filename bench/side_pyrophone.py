"""Our side, by threads or in the one thread of a multiplexing daemon."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from driver import (
    BATCH,
    answer_orders,
    by_threads,
    check_tree,
    echoing,
    end_with_parent,
    know_arrays,
    make_array,
    repeat,
    sending,
    sum_of,
)
from ours import describe
from pyrophone import expose, oneway
from pyrophone.sync import Daemon, LoopDaemon, batch, close, connect


@expose
class Bench:
    """What is called."""

    def add(self, a: int, b: int) -> int:
        """Return the sum."""
        return a + b

    def echo(self, value: Any) -> Any:
        """Return *value*."""
        return value

    def take(self, array: Any) -> int:
        """Return what says that the array is there."""
        return sum_of(array)

    @oneway
    def note(self, a: int, b: int) -> None:
        """Do nothing."""

    def numbers(self, count: int) -> Iterator[int]:
        """Yield so many numbers."""
        yield from range(count)


def serve(variant: str) -> None:
    """Serve one Bench."""
    know_arrays()
    with (LoopDaemon if variant == "multiplex" else Daemon)() as daemon:
        print(daemon.register(Bench(), object_id="bench"), flush=True)
        daemon.serve()


def measure(address: str) -> None:
    """Call it."""
    bench: Any = connect(address)

    def call_once() -> None:
        own: Any = connect(address)
        own.add(1, 2)
        close(own)

    def call_in_batch(count: int) -> None:
        for _ in range(count // BATCH):
            calls = batch(bench)
            for _ in range(BATCH):
                calls.add(1, 2)
            assert sum(calls()) == 3 * BATCH

    def notify(count: int) -> None:
        for _ in range(count):
            bench.note(1, 2)
        bench.add(1, 2)

    answer_orders(
        describe(),
        {
            "call": repeat(lambda: bench.add(1, 2)),
            "connect": fresh(call_once, bench),
            "tree": repeat(check_tree(bench.echo)),
            "bytes": echoing(bench.echo),
            "array": sending(make_array, bench.take),
            "batch": call_in_batch,
            "oneway": notify,
            "threads": by_threads(lambda: lambda: bench.add(1, 2)),
            "stream": lambda count: sum(1 for _ in bench.numbers(count)),
        },
    )


def fresh(call: Any, bench: Any) -> Any:
    """Return an action whose connections are new, since *bench* shares none with them."""

    def act(count: int) -> None:
        close(bench)
        repeat(call)(count)
        bench.add(1, 2)

    return act


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        end_with_parent()
        serve(sys.argv[-1])
    else:
        measure(sys.argv[2])
