"""The sides of the real Pyro5 and Pyro4; each runs in its own environment (make peers)."""

from __future__ import annotations

import importlib
import importlib.util
import platform
from importlib.metadata import version
from typing import Any

import serpent

from calls import make_actions, make_bench
from driver import (
    DATA,
    answer_orders,
    by_threads,
    make_array_bytes,
    play,
    repeat,
    sending,
)

# Either environment has one of the two; the little that is measured is nearly the same.
NAME = "Pyro5" if importlib.util.find_spec("Pyro5") else "Pyro4"
pyro: Any = importlib.import_module("Pyro5.api" if NAME == "Pyro5" else NAME)
make_batch = pyro.BatchProxy if NAME == "Pyro5" else pyro.batch


# Bytes arrive as a dict of base64.
Bench = pyro.expose(make_bench(pyro.oneway, serpent.tobytes))


def serve(variant: str = "") -> None:
    """Serve one Bench."""
    if variant == "multiplex":
        pyro.config.SERVERTYPE = "multiplex"
    with pyro.Daemon(host="127.0.0.1") as daemon:
        print(daemon.register(Bench(), "bench"), flush=True)
        daemon.requestLoop()


def measure(address: str) -> None:
    """Call it."""
    bench = pyro.Proxy(address)

    def call_once() -> None:
        with pyro.Proxy(address) as own:
            own.add(1, 2)

    def own_call() -> Any:
        own = pyro.Proxy(address)  # a proxy belongs to one thread
        return lambda: own.add(1, 2)

    answer_orders(
        f"{NAME} {version(NAME)}, serpent {version('serpent')}, "
        f"Python {platform.python_version()}",
        {
            **make_actions(bench, make_batch),
            "connect": repeat(call_once),
            "bytes": repeat(lambda: bench.echo(DATA)),
            "array": sending(make_array_bytes, bench.take),
            "threads": by_threads(own_call),
        },
    )


if __name__ == "__main__":
    play(serve, measure)
