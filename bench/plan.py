"""What is measured, on which sides, and what is to be reached."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CASES", "SIDES", "TARGETS", "Case", "Side", "Target"]

PEERS = Path(__file__).parent.parent / ".peers"
OURS = Path(sys.executable)
PYRO5 = PEERS / "pyro5" / "bin" / "python"
BENCH = PEERS / "bench" / "bin" / "python"  # has pyrophone too, for its loops


@dataclass(frozen=True)
class Side:
    """One way to do things, as a server process and a client process.

    Attributes:
        title: What the tables call it.
        script: What is run by *python*, without ``side_`` and ``.py``.
        loop: Which event loop it is to use, if any.
    """

    title: str
    script: str
    python: Path
    loop: str = ""


@dataclass(frozen=True)
class Case:
    """One thing to do.

    Attributes:
        what: The heading of its table.
        repeats: How often each side does it in a round. Slow ones do it less often,
            which shows in no figure but the time that all takes.
        floor: The sides that all are compared with, one for each kind of loop.
    """

    action: str
    what: str
    repeats: Mapping[str, int]
    floor: str = ""


@dataclass(frozen=True)
class Target:
    """A ratio of two medians that is to be reached.

    Attributes:
        above: Side and action whose time is divided.
        below: Side and action by whose time it is divided.
    """

    what: str
    above: tuple[str, str]
    below: tuple[str, str]
    at_most: float | None = None
    at_least: float | None = None


SIDES = {
    "raw": Side("raw sockets", "raw", OURS),
    "ours": Side("ours", "pyrophone", OURS),
    "before": Side("ours, before", "pyrophone", OURS),
    "pyro5": Side("Pyro5", "pyro5", PYRO5),
    "rpyc": Side("rpyc", "rpyc", BENCH),
    "raw-asyncio": Side("raw, asyncio", "raw_aio", BENCH, "asyncio"),
    "raw-uvloop": Side("raw, uvloop", "raw_aio", BENCH, "uvloop"),
    "ours-asyncio": Side("ours, asyncio", "pyrophone_aio", BENCH, "asyncio"),
    "ours-uvloop": Side("ours, uvloop", "pyrophone_aio", BENCH, "uvloop"),
    "grpc-asyncio": Side("grpc, asyncio", "grpc", BENCH, "asyncio"),
    "grpc-uvloop": Side("grpc, uvloop", "grpc", BENCH, "uvloop"),
}


def _loops(raw: int, ours: int, grpc: int) -> dict[str, int]:
    """Return how often the sides with loops do something."""
    counts = {"raw": raw, "ours": ours, "grpc": grpc}
    return {
        f"{side}-{loop}": count
        for loop in ("asyncio", "uvloop")
        for side, count in counts.items()
        if count
    }


CASES = [
    Case(
        "call",
        "a call, add(1, 2), one after another (raw: 100 bytes to and fro)",
        {"raw": 2000, "ours": 500, "before": 500, "pyro5": 300, "rpyc": 300},
        "raw",
    ),
    Case(
        "tree",
        "an echo of 3,000 values",
        {"ours": 10, "before": 10, "pyro5": 5},
    ),
    Case(
        "threads",
        "calls of 16 threads on one handle (raw: a socket each, Pyro5: a proxy each)",
        {"raw": 3200, "ours": 1600, "before": 1600, "pyro5": 800, "rpyc": 800},
        "raw",
    ),
    Case(
        "await",
        "an awaited call, one after another (raw: 100 bytes by protocols)",
        _loops(1000, 500, 200),
        "raw",
    ),
    Case("plain", "the same to a plain method, run on a pool", _loops(0, 300, 0)),
    Case("gather", "1,000 awaited calls at once", _loops(5000, 2000, 1000), "raw"),
    Case(
        "stream",
        "an item of a stream of 100,000 (raw: lines)",
        {
            "raw": 100_000,
            "ours": 100_000,
            "before": 1000,
            "pyro5": 500,
            "rpyc": 500,
            **_loops(100_000, 100_000, 5000),
        },
        "raw",
    ),
]

TARGETS = [
    *(
        target
        for loop in ("asyncio", "uvloop")
        for target in (
            Target(
                f"awaited call : ping-pong of protocols, {loop}",
                (f"ours-{loop}", "await"),
                (f"raw-{loop}", "await"),
                at_most=2,
            ),
            Target(
                f"one after another : 1,000 at once, {loop}",
                (f"ours-{loop}", "await"),
                (f"ours-{loop}", "gather"),
                at_least=3,
            ),
            Target(
                f"item of Pyro5 : item, {loop}",
                ("pyro5", "stream"),
                (f"ours-{loop}", "stream"),
                at_least=20,
            ),
        )
    ),
    Target("item of Pyro5 : item", ("pyro5", "stream"), ("ours", "stream"), at_least=20),
    Target("call : call before", ("ours", "call"), ("before", "call"), at_most=1),
]
