"""Measure a call and a tree of 3,000 values: ours, the real Pyro5, and a raw socket.

Each side is a server process and a client process. They are measured in turn, round by
round, so that whatever else the machine does hits all of them alike. A figure is the
median over the rounds of the mean time in a round; below it, the least and the greatest.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
PYRO5_PYTHON = HERE.parent / ".peers" / "pyro5" / "bin" / "python"
SIDES = ["raw", "pyrophone", "pyro5"]
PAUSE_TO_END = 5.0  # seconds a process gets before it is killed


@dataclass
class Series:
    """The times of one action on one side, in seconds per repetition, one per round."""

    side: str
    action: str
    repeat: int
    times: list[float] = field(default_factory=list)


@contextmanager
def running(python: str, side: str, *command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a side's script until the block ends; its end is never left to chance."""
    script = str(HERE / f"side_{side}.py")
    process = subprocess.Popen(
        [python, "-u", script, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is ours alone
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.close()
            process.wait(PAUSE_TO_END)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()
        process.stdout.close()


def ask(process: subprocess.Popen[str], order: str = "") -> str:
    """Send an order, if any, and return the line that comes back."""
    assert process.stdin is not None
    assert process.stdout is not None
    if order:
        print(order, file=process.stdin, flush=True)
    line = process.stdout.readline()
    if not line:
        sys.exit(f"bench: this ended too early: {process.args!r}")
    return line.strip()


def measure(series: list[Series], rounds: int) -> list[str]:
    """Fill *series* in turn, after a warm-up; return what each side says it is."""
    with ExitStack() as stack:
        clients = {}
        descriptions = []
        for side in dict.fromkeys(one.side for one in series):
            python = str(PYRO5_PYTHON) if side == "pyro5" else sys.executable
            server = stack.enter_context(running(python, side, "serve"))
            address = ask(server)
            clients[side] = stack.enter_context(running(python, side, "measure", address))
            descriptions.append(ask(clients[side]))
        for number in range(rounds + 1):
            for one in series:
                seconds = float(ask(clients[one.side], f"{one.action} {one.repeat}"))
                if number > 0:
                    one.times.append(seconds / one.repeat)
    return descriptions


def print_table(series: list[Series]) -> None:
    """Print medians, spreads and ratios."""
    found = {(one.side, one.action): one.times for one in series}
    raw = found.get(("raw", "ping"))
    rows = [
        ("100 bytes to and fro", None, None),
        ("call add(1, 2)", found.get(("pyrophone", "call")), found.get(("pyro5", "call"))),
        (
            "echo 3,000 values",
            found.get(("pyrophone", "tree")),
            found.get(("pyro5", "tree")),
        ),
    ]
    line = "{:<21} {:>13} {:>13} {:>13} {:>11} {:>9}"
    print(line.format("µs", "ours", "Pyro5", "raw", "ours:Pyro5", "ours:raw"))
    for what, ours, pyro5 in rows:
        cells = [ours, pyro5, raw]
        ratios = [ratio(ours, pyro5), ratio(ours, raw)]
        print(line.format(what, *map(middle, cells), *ratios).rstrip())
        print(line.format("", *map(spread, cells), "", "").rstrip())


def middle(times: list[float] | None) -> str:
    """Return the median in microseconds."""
    return f"{median(times) * 1e6:,.1f}" if times else "-"


def spread(times: list[float] | None) -> str:
    """Return the least and the greatest in microseconds."""
    return f"{min(times) * 1e6:,.0f}–{max(times) * 1e6:,.0f}" if times else ""


def ratio(times: list[float] | None, others: list[float] | None) -> str:
    """Return the ratio of two medians."""
    return f"{median(times) / median(others):.2f}" if times and others else "-"


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Measure calls: ours, Pyro5's, a raw socket."
    )
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="a tenth, to see that it runs")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write all times there too"
    )
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=SIDES)
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error("--rounds must be at least 1")
    if "pyro5" in args.sides and not PYRO5_PYTHON.exists():
        parser.error("the real Pyro5 is not here: make peers")
    return args


def main() -> None:
    """Measure and print."""
    args = parse_arguments()
    # A polite kill ends the servers too, by way of the "finally" above.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))
    rounds, divisor = (min(args.rounds, 3), 10) if args.quick else (args.rounds, 1)
    plan = [("ping", 2000, ["raw"]), ("call", 500, SIDES[1:]), ("tree", 10, SIDES[1:])]
    series = [
        Series(side, action, repeat // divisor)
        for action, repeat, sides in plan
        for side in sides
        if side in args.sides
    ]
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    descriptions = measure(series, rounds)
    print("; ".join(descriptions))
    counts = {one.action: one.repeat for one in series}
    print(
        f"{rounds} rounds:",
        ", ".join(f"{count} × {what}" for what, count in counts.items()),
    )
    print()
    print_table(series)
    if args.json:
        facts = {"machine": machine, "sides": descriptions, "rounds": rounds}
        args.json.write_text(
            json.dumps({**facts, "series": [*map(asdict, series)]}, indent=1)
        )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
