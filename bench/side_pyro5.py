"""The side of the real Pyro5; runs in an environment of its own (make peers)."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from typing import Any

import Pyro5.api
from driver import answer_orders, count_leaves, end_with_parent, make_tree


@Pyro5.api.expose
class Bench:
    """What is called."""

    def add(self, a: int, b: int) -> int:
        """Return the sum."""
        return a + b

    def echo(self, value: Any) -> Any:
        """Return *value*."""
        return value


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
    answer_orders(
        f"Pyro5 {version('Pyro5')}, serpent {version('serpent')}, "
        f"Python {platform.python_version()}",
        {"call": lambda: bench.add(1, 2), "tree": lambda: bench.echo(tree)},
    )


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        end_with_parent()
        serve()
    else:
        measure(sys.argv[2])
