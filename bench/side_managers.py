"""The side of multiprocessing.managers, which pickle."""

from __future__ import annotations

import platform
from multiprocessing.managers import BaseManager
from typing import Any, cast

from calls import make_bench
from driver import (
    answer_orders,
    by_threads,
    check_tree,
    echoing,
    make_array,
    play,
    repeat,
    sending,
)

Bench = make_bench(lambda function: function)  # nothing is one-way here


class Manager(BaseManager):
    """Has a Bench."""


def serve() -> None:
    """Serve one."""
    bench = Bench()
    Manager.register("bench", lambda: bench, exposed=["add", "echo", "take"])
    server = Manager(("127.0.0.1", 0), b"bench").get_server()
    print(cast(tuple[str, int], server.address)[1], flush=True)
    server.serve_forever()


def measure(address: str) -> None:
    """Call it."""
    Manager.register("bench")

    def connect() -> Any:
        manager = Manager(("127.0.0.1", int(address)), b"bench")
        manager.connect()
        return manager.bench()  # type: ignore[attr-defined]

    bench = connect()

    answer_orders(
        f"multiprocessing.managers, Python {platform.python_version()}",
        {
            "call": repeat(lambda: bench.add(1, 2)),
            "connect": repeat(lambda: connect().add(1, 2)),
            "tree": repeat(check_tree(bench.echo)),
            "bytes": echoing(bench.echo),
            "array": sending(make_array, bench.take),
            "threads": by_threads(lambda: lambda: bench.add(1, 2)),
        },
    )


if __name__ == "__main__":
    play(serve, measure)
