"""What the programs of an example print, as it is kept in a file.

The file holds for every implementation of a package. It has a section for each process, in
the order of their start:

    --- server.py
    Pyro daemon running.
    --- client.py
    object's uri? PYRO:obj_<id>@localhost:<port>
    [3] Pyro5 | ProtocolError: message too large
    [3] ours | MessageTooLargeError: message too large

A line with a mark is printed by one of them only; with "ours serves", where the first
program is played by ours. What stands in the brackets is the number of the defect, or the
section of ``DIFFERENCES.md``, that explains it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

_MARK = re.compile(r"\[([^\]\n]+)\] (Pyro[45]|ours)( serves)? \| ?(.*)")

# What differs from run to run; frames of tracebacks in files that are not the example's.
_CHANGING = [
    (r"^((?: \| )*)  File \"[/<].*\n(?:\1    .*\n)*", ""),
    (r"^(?: \| )* +[~^]+\n", ""),
    (r"(File \"[^\"]*\", line )\d+", r"\1<n>"),
    (r"\('(localhost|127\.0\.0\.1)', \d+\)", r"\1:<port>"),
    (r"\b(localhost|127\.0\.0\.1|0\.0\.0\.0):\d+", r"\1:<port>"),
    (r"\bobj_[0-9a-f]{32}\b", "obj_<id>"),
    (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\bat 0x[0-9a-f]+", "at <address>"),
    (r"\bowner \d+", "owner <thread>"),
    (r"\b\d+\.\d+ (s|ms|seconds)\b", r"<time> \1"),
]


def steady(text: str, folder: Path, replace: Mapping[str, str]) -> list[str]:
    """Return the lines of *text* without what differs from run to run.

    Args:
        folder: Where the example is; paths there are shown without it.
        replace: Regular expressions for what else differs, and what stands in its place.
    """
    text = text.replace(f"{folder}{os.sep}", "")
    for pattern, instead in [*replace.items(), *_CHANGING]:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    return [line.rstrip() for line in text.splitlines()]


def expected_from(sides: Sequence[str], text: str) -> str:
    """Return the lines of an ``expected.txt`` that hold.

    Args:
        sides: Who plays each of its programs.
        text: What is in the file.
    """
    lines = []
    number = -1
    for line in text.splitlines():
        number += line.startswith("--- ")
        mark = _MARK.fullmatch(line)
        if mark is None:
            lines.append(line)
        elif mark[2] == sides[0 if mark[3] else number]:
            lines.append(mark[4])
    return "".join(f"{line}\n" for line in lines)
