"""Measure calls and data: ours, others', and what is beneath all of them.

Each side is a server process and a client process. They are measured in turn, round by
round, so that whatever else the machine does hits all of them alike. A figure is the
median over the rounds of the mean time in a round; beside it, the least and the greatest.
What comes out is printed, and written into a folder, with pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from machine import describe_machine
from measuring import Lab
from pages import publish
from pictures import PICTURES, draw
from plan import CASES, SIDES
from report import bar_lines, case_lines
from series import Found, Series

ROOT = Path(__file__).parent.parent
OTHERS = ("idle", "import")  # what is measured besides the cases of the plan


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure calls and data, in turn.")
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="less, to see that it runs")
    parser.add_argument("--sides", nargs="+", choices=SIDES, help="only these")
    actions = [*(case.action for case in CASES), *OTHERS]
    parser.add_argument("--cases", nargs="+", choices=actions, default=actions)
    parser.add_argument("--bar", action="store_true", help="print the bar alone")
    parser.add_argument(
        "--idle", type=int, default=10_000, metavar="N", help="idle connections"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "build" / "bench",
        metavar="DIR",
        help="where all times, the tables and the pictures go; default: build/bench",
    )
    parser.add_argument("--publish", action="store_true", help="put them into the docs too")
    parser.add_argument(
        "--again", action="store_true", help="measure nothing: use what is in --out"
    )
    parser.add_argument("--compiled", type=Path, metavar="DIR", help="our compiled build")
    parser.add_argument(
        "--before", type=Path, metavar="DIR", help="compare with the checkout there"
    )
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error("--rounds must be at least 1")
    if args.before and not (args.before / "src" / "pyrophone").is_dir():
        parser.error(f"no checkout: {args.before}")
    return args


def paths_of_builds(args: argparse.Namespace) -> dict[str, str]:
    """Return the ``PYTHONPATH`` for each of our builds that is there."""
    paths = {"pure": str(ROOT / "src")}
    if args.compiled and any(args.compiled.glob("pyrophone/**/*.so")):
        paths["compiled"] = str(args.compiled.resolve())
    if args.before:
        paths["before"] = str(args.before.resolve() / "src")
    return paths


def sides_there(wanted: list[str] | None, paths: Mapping[str, str]) -> list[str]:
    """Return the sides that can be measured; say which can't."""
    there = []
    for name, side in SIDES.items():
        if name not in (wanted or SIDES):
            continue
        if not side.python.exists():
            say(f"without {side.title}: no {side.python.parent.parent.name} in .peers")
        elif side.program and not shutil.which(side.program):
            say(f"without {side.title}: there is no {side.program}")
        elif side.build and side.build not in paths:
            if side.build != "before":
                say(f"without {side.title}: there is no {side.build} build")
        else:
            there.append(name)
    return there


def say(line: str) -> None:
    """Tell the person who waits what is going on."""
    print(f"bench: {line}", file=sys.stderr, flush=True)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Measure all that is wanted; return what is to be kept."""
    # Others' environments have their bytecode; ours may be told not to write any.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.pop("PYTHONPATH", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(args.out.resolve() / "pycache")
    rounds, divisor = (min(args.rounds, 3), 10) if args.quick else (args.rounds, 1)
    paths = paths_of_builds(args)
    sides = sides_there(args.sides, paths)
    cases = [case for case in CASES if case.action in args.cases]
    lab = Lab(paths, say)
    start = time.monotonic()
    if "import" in args.cases:
        lab.time_imports(sides, rounds)
    if "idle" in args.cases:
        lab.hold_idle(sides, args.idle // divisor, min(rounds, 7))
    lab.run_cases(cases, sides, rounds, divisor)
    for case in cases:
        if case.action == "array":
            lab.weigh_array(case, sides)
    return {
        "date": date.today().isoformat(),
        "seconds": round(time.monotonic() - start),
        "machine": describe_machine(),
        "rounds": rounds,
        "sides": lab.sides,
        "series": [[one.side, one.action, one.values] for one in lab.found.values()],
    }


def write(out: Path, facts: Mapping[str, Any], found: Found, lines: list[str]) -> None:
    """Write times, tables and pictures."""
    (out / "times.json").write_text(json.dumps(facts))
    (out / "report.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, actions in PICTURES.items():
        picture = draw([case for case in CASES if case.action in actions], found)
        if picture:
            (out / f"speed-{name}.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    """Measure, print, write."""
    args = parse_arguments()
    # A polite kill ends the servers too, by way of the "finally" of each.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))
    args.out.mkdir(parents=True, exist_ok=True)
    if args.again:
        facts = json.loads((args.out / "times.json").read_text())
    else:
        facts = measure(args)
    found = {
        (side, action): Series(side, action, values)
        for side, action, values in facts["series"]
        if values
    }
    bars = list(bar_lines(found))
    lines = [
        f"{facts['date']}, {', '.join(f'{k} {v}' for k, v in facts['machine'].items())}",
        *facts["sides"].values(),
        f"medians of {facts['rounds']} rounds, measured in {facts['seconds']} s",
        "",
        *case_lines(CASES, found),
        *bars,
    ]
    print("\n".join(bars if args.bar else lines))
    write(args.out, facts, found, lines)
    if args.publish:
        publish(ROOT / "docs" / "explanation", args.out, facts, found)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
