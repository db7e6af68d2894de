"""What is called, and how, where remote objects look alike: ours by threads, and Pyro's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from driver import BATCH, Action, check_tree, repeat, sum_of

__all__ = ["make_actions", "make_bench"]


def make_bench(oneway: Any, unpack: Callable[[Any], Any] | None = None) -> type:
    """Return the class of what is called, not exposed yet.

    Args:
        oneway: Marks methods that nobody waits for.
        unpack: Makes bytes of what large bytes arrive as, if that is needed.
    """

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
            return sum_of(array if unpack is None else unpack(array))

        @oneway  # type: ignore[untyped-decorator]  # whose it is, shows at run time
        def note(self, a: int, b: int) -> None:
            """Do nothing."""

        def numbers(self, count: int) -> Iterator[int]:
            """Yield so many numbers."""
            yield from range(count)

    return Bench


def make_actions(bench: Any, make_batch: Callable[[Any], Any]) -> dict[str, Action]:
    """Return what is measured in the same way of all such objects."""

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
        "tree": repeat(check_tree(bench.echo)),
        "batch": call_in_batch,
        "oneway": notify,
        "stream": lambda count: sum(1 for _ in bench.numbers(count)),
    }
