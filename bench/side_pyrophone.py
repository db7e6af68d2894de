"""Our side, by threads or in the one thread of a multiplexing daemon."""

from __future__ import annotations

from typing import Any

from calls import make_actions, make_bench
from driver import (
    answer_orders,
    by_threads,
    echoing,
    know_arrays,
    make_array,
    play,
    repeat,
    sending,
)
from ours import describe
from pyrophone import expose, oneway
from pyrophone.sync import Daemon, LoopDaemon, batch, close, connect

Bench = expose(make_bench(oneway))


def serve(variant: str = "") -> None:
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

    answer_orders(
        describe(),
        {
            **make_actions(bench, batch),
            "connect": fresh(call_once, bench),
            "bytes": echoing(bench.echo),
            "array": sending(make_array, bench.take),
            "threads": by_threads(lambda: lambda: bench.add(1, 2)),
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
    play(serve, measure)
