"""The side of the real Pyro5; runs in an environment of its own (make peers)."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import Pyro5.api
from driver import (
    answer_orders,
    by_threads,
    count_leaves,
    end_with_parent,
    make_tree,
    repeat,
)


@Pyro5.api.expose
class Bench:
    """What is called."""

    def add(self, a: int, b: int) -> int:
        """Return the sum."""
        return a + b

    def echo(self, value: Any) -> Any:
        """Return *value*."""
        return value

    def numbers(self, count: int) -> Iterator[int]:
        """Yield so many numbers."""
        yield from range(count)


def serve() -> None:
    """Serve one Bench."""
    with Pyro5.api.Daemon(host="127.0.0.1") as daemon:
        print(daemon.register(Bench(), "bench"), flush=True)
        daemon.requestLoop()


def measure(address: str) -> None:
    """Call it."""
    bench: Any = Pyro5.api.Proxy(address)
    tree = make_tree()
    assert count_leaves(tree) == 3000
    assert bench.echo(tree) == tree

    def own_call() -> Callable[[], object]:
        own: Any = Pyro5.api.Proxy(address)  # a proxy belongs to one thread
        return lambda: own.add(1, 2)

    answer_orders(
        f"Pyro5 {version('Pyro5')}, serpent {version('serpent')}, "
        f"Python {platform.python_version()}",
        {
            "call": repeat(lambda: bench.add(1, 2)),
            "tree": repeat(lambda: bench.echo(tree)),
            "threads": by_threads(own_call),
            "stream": lambda count: sum(1 for _ in bench.numbers(count)),
        },
    )


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        end_with_parent()
        serve()
    else:
        measure(sys.argv[2])
