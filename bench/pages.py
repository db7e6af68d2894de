"""The page of the documentation that shows a dated result."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pictures import PICTURES
from report import page_lines
from series import Found

__all__ = ["publish"]

BEGIN = "<!-- What follows is written by: make bench ARGS=--publish -->"
END = "<!-- Here ends what is written so. -->"
ALTERNATIVES = {
    "calls": "bars: the time of calls, for each program",
    "data": "bars: the time of values, bytes and arrays, for each program",
    "many": "bars: the time of calls in batches and of items of streams",
    "await": "bars: the time of awaited calls, for each program and loop",
    "events": "bars: the time of events, for each program",
}


def publish(folder: Path, out: Path, facts: Mapping[str, Any], found: Found) -> None:
    """Put tables and pictures into the page ``speed.md`` in *folder*.

    Args:
        folder: Of the documentation.
        out: Where the pictures are.
        facts: Date, machine, rounds, sides.
        found: The figures.
    """
    page = folder / "speed.md"
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"bench: the marks are missing in {page}")
    lines = [BEGIN, "", _introduction(facts), ""]
    for name in PICTURES:
        picture = out / f"speed-{name}.svg"
        if picture.exists():
            shutil.copyfile(picture, folder / picture.name)
            lines += [f"![{ALTERNATIVES[name]}]({picture.name})", ""]
    lines += [*page_lines(found), "", END]
    page.write_text(before + "\n".join(lines) + after, encoding="utf-8")


def _introduction(facts: Mapping[str, Any]) -> str:
    machine = facts["machine"]
    programs = "; ".join(dict.fromkeys(facts["sides"].values()))
    return (
        f"Measured on {facts['date']}, in {facts['rounds']} rounds: "
        f"{machine['processor']}, "
        f"{machine['cores']} cores, {machine.get('memory', 'memory unknown')}, "
        f"{machine['system']}, {machine['python']}. The programs: {programs}."
    )
