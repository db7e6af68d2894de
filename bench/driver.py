"""What all sides of the benchmark share, so that they are measured alike.

A side is a script with two commands. ``serve`` prints the address of its server and serves
until its standard input ends. ``measure ADDRESS`` says what it is in one line, then reads
lines like ``call 500`` and answers each with the seconds that so many calls took.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any

__all__ = ["answer_orders", "count_leaves", "end_with_parent", "make_tree"]


def make_tree() -> dict[str, Any]:
    """Return the same tree every time: 300 records of 10 values each."""
    chance = random.Random(3000)
    records = [
        {
            "id": number,
            "name": f"sensor-{number:04}",
            "place": {
                "latitude": round(chance.uniform(-90, 90), 6),
                "longitude": round(chance.uniform(-180, 180), 6),
                "floor": chance.randrange(-2, 40),
            },
            "samples": [chance.gauss(20, 5) for _ in range(3)],
            "count": chance.randrange(10**9),
            "note": "übers Dach geführt" if number % 10 == 0 else "it's on the wall",
        }
        for number in range(300)
    ]
    return {"records": records}


def count_leaves(tree: Any) -> int:
    """Return how many values of *tree* are not containers; keys don't count."""
    if isinstance(tree, dict):
        return sum(map(count_leaves, tree.values()))
    if isinstance(tree, list):
        return sum(map(count_leaves, tree))
    return 1


def answer_orders(who: str, actions: dict[str, Callable[[], object]]) -> None:
    """Introduce ourselves, then repeat actions as told and tell the seconds they took."""
    print(who, flush=True)
    for line in sys.stdin:
        name, count = line.split()
        action, rounds = actions[name], range(int(count))
        start = perf_counter()
        for _ in rounds:
            action()
        print(perf_counter() - start, flush=True)


def end_with_parent() -> None:
    """End this process when its standard input ends, whatever it is doing."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
