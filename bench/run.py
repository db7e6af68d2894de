"""Measure calls and streams: ours, others', and what is beneath all of them.

Each side is a server process and a client process. They are measured in turn, round by
round, so that whatever else the machine does hits all of them alike. A figure is the
median over the rounds of the mean time in a round; beside it, the least and the greatest.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from plan import CASES, SIDES, TARGETS
from processes import ask, running
from report import Series, print_case, print_targets


def measure(series: list[Series], rounds: int, before: Path | None) -> list[str]:
    """Fill *series* in turn, after a warm-up; return what each side says it is."""
    with ExitStack() as stack:
        clients = {}
        descriptions = []
        for name in dict.fromkeys(one.side for one in series):
            side = SIDES[name]
            loop = [side.loop] if side.loop else []
            variables = {"PYTHONPATH": f"{before}/src"} if name == "before" else {}
            server = running(side.python, side.script, "serve", *loop, variables=variables)
            address = ask(stack.enter_context(server))
            client = running(
                side.python, side.script, "measure", address, *loop, variables=variables
            )
            clients[name] = stack.enter_context(client)
            descriptions.append(ask(clients[name]))
        for number in range(rounds + 1):
            for one in series:
                seconds = float(ask(clients[one.side], f"{one.action} {one.repeat}"))
                if number > 0:
                    one.times.append(seconds / one.repeat)
    return descriptions


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure calls and streams, in turn.")
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="a tenth, to see that it runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times too")
    parser.add_argument("--sides", nargs="+", choices=SIDES, help="only these")
    actions = [case.action for case in CASES]
    parser.add_argument("--cases", nargs="+", choices=actions, default=actions)
    parser.add_argument(
        "--before", type=Path, metavar="DIR", help="compare with the checkout there"
    )
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error("--rounds must be at least 1")
    if args.before and not (args.before / "src" / "pyrophone").is_dir():
        parser.error(f"no checkout: {args.before}")
    return args


def sides_there(wanted: list[str] | None, before: Path | None) -> list[str]:
    """Return the sides that can be measured; say which can't."""
    there = []
    for name, side in SIDES.items():
        if name not in (wanted or SIDES) or (name == "before" and not before):
            continue
        if side.python.exists():
            there.append(name)
        else:
            print(f"without {side.title}: no {side.python.parent.parent.name} in .peers")
    return there


def series_of(cases: list[str], sides: list[str], divisor: int) -> list[Series]:
    """Return what is to be filled."""
    return [
        Series(side, case.action, max(repeat // divisor, 1))
        for case in CASES
        if case.action in cases
        for side, repeat in case.repeats.items()
        if side in sides
    ]


def main() -> None:
    """Measure and print."""
    args = parse_arguments()
    # A polite kill ends the servers too, by way of the "finally" of each.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))
    rounds, divisor = (min(args.rounds, 3), 10) if args.quick else (args.rounds, 1)
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    sides = sides_there(args.sides, args.before)
    series = series_of(args.cases, sides, divisor)
    descriptions = measure(series, rounds, args.before)
    print("; ".join(descriptions))
    print(f"medians of {rounds} rounds; of a second, more is better")
    print()
    found = {(one.side, one.action): one for one in series}
    for case in CASES:
        print_case(case, found)
    print_targets(TARGETS, found)
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
