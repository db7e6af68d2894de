"""Our side, by threads."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from driver import (
    answer_orders,
    by_threads,
    count_leaves,
    end_with_parent,
    make_tree,
    repeat,
)
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

    def numbers(self, count: int) -> Iterator[int]:
        """Yield so many numbers."""
        yield from range(count)


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
        {
            "call": repeat(lambda: bench.add(1, 2)),
            "tree": repeat(lambda: bench.echo(tree)),
            "threads": by_threads(lambda: lambda: bench.add(1, 2)),
            "stream": lambda count: sum(1 for _ in bench.numbers(count)),
        },
    )


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        end_with_parent()
        serve()
    else:
        measure(sys.argv[2])
