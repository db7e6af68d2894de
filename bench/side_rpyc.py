"""The side of RPyC; runs in the environment of the benchmark's peers."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import rpyc
from rpyc.utils.server import ThreadedServer

from driver import (
    answer_orders,
    by_threads,
    echoing,
    make_array_bytes,
    play,
    repeat,
    sending,
    sum_of,
)


class Bench(rpyc.Service):
    """What is called."""

    def exposed_add(self, a: int, b: int) -> int:
        """Return the sum."""
        return a + b

    def exposed_echo(self, value: Any) -> Any:
        """Return *value*."""
        return value

    def exposed_take(self, data: bytes) -> int:
        """Return what says that the bytes are there."""
        return sum_of(data)

    def exposed_numbers(self, count: int) -> Iterator[int]:
        """Yield so many numbers."""
        yield from range(count)


def serve() -> None:
    """Serve a Bench."""
    server = ThreadedServer(Bench(), hostname="127.0.0.1", port=0)
    print(server.port, flush=True)
    server.start()


def measure(address: str) -> None:
    """Call it."""
    bench: Any = rpyc.connect("127.0.0.1", int(address)).root

    def call_once() -> None:
        own = rpyc.connect("127.0.0.1", int(address))
        own.root.add(1, 2)
        own.close()

    answer_orders(
        f"rpyc {version('rpyc')}, Python {platform.python_version()}",
        {
            "call": repeat(lambda: bench.add(1, 2)),
            "connect": repeat(call_once),
            "bytes": echoing(bench.echo),
            "array": sending(make_array_bytes, bench.take),
            "threads": by_threads(lambda: lambda: bench.add(1, 2)),
            "stream": lambda count: sum(1 for _ in bench.numbers(count)),
        },
    )


if __name__ == "__main__":
    play(serve, measure)
