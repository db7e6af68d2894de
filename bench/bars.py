"""What is to be reached, as ratios of medians and as plain figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from series import Found

__all__ = ["BAR", "Bar", "Verdict", "judge"]


@dataclass(frozen=True)
class Bar:
    """One thing that is to be reached.

    Attributes:
        above: Side and action whose median counts, as many times as *below*'s.
        below: Side and action whose median it is divided by; None is 1.
    """

    what: str
    above: tuple[str, str]
    below: tuple[str, str] | None = None
    at_most: float | None = None
    at_least: float | None = None
    less_than: float | None = None


@dataclass(frozen=True)
class Verdict:
    """A bar beside what was measured."""

    what: str
    figure: float
    wanted: str
    met: bool


BAR = [
    Bar("call : raw", ("ours", "call"), ("raw", "call"), at_most=1.35),
    Bar("Pyro5's call : call", ("pyro5", "call"), ("ours", "call"), at_least=4.5),
    Bar("call : multiprocessing's", ("ours", "call"), ("managers", "call"), less_than=1),
    Bar("call, pure : raw", ("pure", "call"), ("raw", "call"), at_most=2),
    Bar("call, multiplex : raw", ("multiplex", "call"), ("raw", "call"), at_most=1.6),
    Bar("Pyro5's 3,000 values : ours", ("pyro5", "tree"), ("ours", "tree"), at_least=15),
    Bar("Pyro5's 1 MiB : ours", ("pyro5", "bytes"), ("ours", "bytes"), at_least=30),
    Bar("1 MiB : raw", ("ours", "bytes"), ("raw", "bytes"), at_most=2.5),
    Bar("80 MB, bandwidth : raw", ("raw", "array"), ("ours", "array"), at_least=0.75),
    Bar("80 MB, peak of the client", ("ours", "peak-client"), less_than=1.3),
    Bar("80 MB, peak of the server", ("ours", "peak-server"), less_than=1.3),
    Bar(
        "Pyro5's call in a batch : ours", ("pyro5", "batch"), ("ours", "batch"), at_least=10
    ),
    Bar("Pyro5's item : ours", ("pyro5", "stream"), ("ours", "stream"), at_least=30),
    Bar(
        "gRPC's 1,000 at once : ours",
        ("grpc-asyncio", "gather"),
        ("ours-asyncio", "gather"),
        at_least=2,
    ),
    Bar(
        "the same with uvloop",
        ("grpc-uvloop", "gather"),
        ("ours-uvloop", "gather"),
        at_least=2,
    ),
    Bar("idle connections, refused", ("ours", "idle-refused"), at_most=0),
    Bar("idle connections, kB each", ("ours", "idle-kB"), less_than=20),
    Bar(
        "call beside them : alone",
        ("ours", "idle-beside"),
        ("ours", "idle-alone"),
        at_most=1.5,
    ),
    Bar("import Pyro5.api : the real", ("ours", "import"), ("pyro5", "import"), at_most=1),
    Bar(
        "awaited call : ping-pong, asyncio",
        ("ours-asyncio", "await"),
        ("raw-asyncio", "await"),
        at_most=2,
    ),
    Bar(
        "awaited call : ping-pong, uvloop",
        ("ours-uvloop", "await"),
        ("raw-uvloop", "await"),
        at_most=2,
    ),
    Bar("call : call before", ("ours", "call"), ("before", "call"), at_most=1),
]


def judge(found: Found) -> Iterator[Verdict]:
    """Yield a verdict for each bar that was measured."""
    for bar in BAR:
        above = found.get(bar.above)
        below = found.get(bar.below) if bar.below else None
        if above is None or (bar.below and below is None):
            continue
        figure = above.median / (below.median if below else 1.0)
        if bar.at_most is not None:
            yield Verdict(
                bar.what, figure, f"at most {bar.at_most:g}", figure <= bar.at_most
            )
        elif bar.at_least is not None:
            yield Verdict(
                bar.what, figure, f"at least {bar.at_least:g}", figure >= bar.at_least
            )
        elif bar.less_than is not None:
            yield Verdict(
                bar.what, figure, f"less than {bar.less_than:g}", figure < bar.less_than
            )
