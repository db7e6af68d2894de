"""Our side."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from typing import Any

from driver import answer_orders, count_leaves, end_with_parent, make_tree
from pyrophone import expose
from pyrophone.sync import Daemon, connect


@expose
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
    with Daemon() as daemon:
        print(daemon.register(Bench(), object_id="bench"), flush=True)
        daemon.serve()


def measure(address: str) -> None:
    """Call it."""
    bench: Any = connect(address)
    tree = make_tree()
    assert count_leaves(tree) == 3000
    assert bench.echo(tree) == tree
    answer_orders(
        f"pyrophone {version('pyrophone')}, Python {platform.python_version()}",
        {"call": lambda: bench.add(1, 2), "tree": lambda: bench.echo(tree)},
    )


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        end_with_parent()
        serve()
    else:
        measure(sys.argv[2])
