"""What the documentation shows runs, and what its tables say agrees with the code.

The blocks of a page are run in order, in a folder of their own:

- ``python``: in one process for each page, where they share their names. What a block
  prints is what its lines ``#> ...`` say. ``python file=NAME`` is written to that file
  instead, ``python no-run`` is left alone.
- ``console run``: each line behind ``$`` is a command; what it prints are the lines below
  it, ``...`` standing for anything. With ``&`` at the end it goes on until the page ends.

Port numbers in the pages are examples. 9090 and 9091 become free ones, also where the
library has them by default; another one stands for the number printed in its place.
"""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime as datetimes
import decimal
import fractions
import importlib
import json
import math
import os
import pathlib
import re
import shlex
import socket
import subprocess
import sys
import uuid
import zoneinfo
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy
import pytest

import valued
from exchanged import exchanged, shown
from pyrophone import Settings, errors
from pyrophone.cli.main import main
from pyrophone.serializers import ClassTable, make_serializers
from pyrophone.wire import framing, states
from pyrophone.wire.features import FEATURES

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LIMIT = 30  # seconds; more than any command here takes, however busy the machine

_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_PORT = re.compile(r"\b(?:localhost|127\.0\.0\.1):(\d+)")

# Read by each Python that is started here, before anything else. Its lines come out whole,
# as in a terminal: two threads that print without a buffer mix them.
_SITECUSTOMIZE = """
import sys
import pyrophone.settings
sys.stdout.reconfigure(line_buffering=True)
ports = {{"name_port": {names}, "broadcast_port": {broadcast}}}
pyrophone.settings.Settings.__init__.__kwdefaults__.update(ports)
"""

# Runs the blocks that come as lines of JSON; answers each with what it printed.
_RUNNER = """
import contextlib, io, json, sys, traceback
from pyrophone import Settings
from pyrophone.sync import LoopDaemon

assert Settings().name_port != 9090 and Settings().broadcast_port != 9091
answers = sys.stdout
names = {"__name__": "lab"}
for line in sys.stdin:
    start, source = json.loads(line)
    problem = ""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            exec(compile("\\n" * start + source, "page.md", "exec"), names)
        except BaseException:
            problem = traceback.format_exc()
    print(json.dumps([printed.getvalue(), problem]), file=answers, flush=True)
for value in list(names.values()):
    if isinstance(value, LoopDaemon):
        value.close()
"""


@dataclasses.dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    options: str
    text: str
    line: int  # of its first line, from 0

    @property
    def runs(self) -> bool:
        """Whether it is to be run as a test."""
        if self.language == "console":
            return self.options == "run"
        return self.language == "python" and self.options != "no-run"


def blocks_of(text: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    return [
        Block(match[1], match[2].strip(), match[3], text.count("\n", 0, match.start(3)))
        for match in _BLOCK.finditer(text)
    ]


def rows(page: str, heading: str = "") -> list[list[str]]:
    """Return the cells of the first table of a page, or of the first behind *heading*."""
    text = (DOCS / page).read_text()
    lines = iter(text[text.index(heading) :].splitlines())
    for line in lines:
        if line.startswith("| ---"):
            break
    table: list[list[str]] = []
    for line in lines:
        if not line.startswith("|"):
            break
        table.append([cell.replace("`", "").strip() for cell in line.split("|")[1:-1]])
    return table


def free_port(kind: int) -> int:
    """Return the number of a port that nobody uses."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Reader:
    """Does what a page says, in a folder of its own.

    Args:
        folder: Where to do it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {
            "9090": str(free_port(socket.SOCK_STREAM)),
            "9091": str(free_port(socket.SOCK_DGRAM)),
        }
        self._python: subprocess.Popen[str] | None = None
        self._background: list[subprocess.Popen[str]] = []
        site = folder / "site"
        site.mkdir()
        names, broadcast = self.ports.values()
        (site / "sitecustomize.py").write_text(
            _SITECUSTOMIZE.format(names=names, broadcast=broadcast)
        )
        self._environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(site),
            "PYTHONUNBUFFERED": "",
            "PYTHONWARNINGS": "error",
            "PYRO_NS_PORT": names,
            "PYRO_NS_BCPORT": broadcast,
        }

    def do(self, block: Block) -> None:
        """Run one block, and check what it prints."""
        text = self._translated(block.text)
        if block.options.startswith("file="):
            (self.folder / block.options.removeprefix("file=")).write_text(text)
        elif block.language == "python":
            self._do_python(text, block.line)
        else:
            for command, expected in commands(text):
                self._do_command(command, expected)

    def close(self) -> None:
        """End all processes, and see whether the one of the page ended well."""
        for process in self._background:
            process.terminate()
            process.communicate(timeout=LIMIT)
        if self._python is not None:
            printed, _ = self._python.communicate(timeout=LIMIT)
            assert (self._python.returncode, printed) == (0, "")

    def _translated(self, text: str) -> str:
        """Return *text* with the ports of this run."""
        return re.sub(r"\b\d{4,5}\b", lambda m: self.ports.get(m[0], m[0]), text)

    def _do_python(self, source: str, line: int) -> None:
        if self._python is None:
            self._python = self._start([sys.executable, "-c", _RUNNER])
        python = self._python
        assert python.stdin is not None
        assert python.stdout is not None
        python.stdin.write(json.dumps([line, source]) + "\n")
        python.stdin.flush()
        answer = python.stdout.readline()
        if not answer.startswith("["):  # a log line, a warning
            python.kill()
            pytest.fail(f"the block at line {line} says {answer + python.stdout.read()}")
        printed, problem = json.loads(answer)
        assert problem == ""
        assert printed.splitlines() == re.findall(r"^ *#> ?(.*)$", source, re.MULTILINE)

    def _do_command(self, command: str, expected: list[str]) -> None:
        process = self._start(shlex.split(command.removesuffix("&")))
        if not command.endswith("&"):
            printed, _ = process.communicate(timeout=LIMIT)
            lines = printed.splitlines()
            assert len(lines) == len(expected), f"{command}\n{printed}"
            for line, wanted in zip(lines, expected, strict=True):
                self._compare(line, wanted)
            return
        self._background.append(process)
        assert process.stdout is not None
        for wanted in expected:
            self._compare(process.stdout.readline().rstrip("\n"), wanted)

    def _compare(self, line: str, wanted: str) -> None:
        """Check a printed line; learn what stands for the ports in it."""
        shown, found = _PORT.findall(wanted), _PORT.findall(line)
        for old, new in zip(shown, found, strict=False):
            self.ports.setdefault(old, new)
        wanted = self._translated(wanted)
        pattern = ".*".join(re.escape(part) for part in wanted.split("..."))
        assert re.fullmatch(pattern, line), f"{line!r} is printed, not {wanted!r}"

    def _start(self, arguments: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            arguments,
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of a console block, each with the lines it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *expected = part.splitlines()
        yield command.partition("  #")[0].strip(), expected


def name(page: Path) -> str:
    """Return what to call *page*."""
    return page.relative_to(DOCS).as_posix()


RUNNING = [page for page in PAGES if any(b.runs for b in blocks_of(page.read_text()))]


@pytest.mark.slow
@pytest.mark.parametrize("page", RUNNING, ids=name)
def test_what_a_page_shows_runs(page: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    try:
        for block in blocks_of(page.read_text()):
            if block.runs:
                reader.do(block)
    finally:
        reader.close()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_blocks_say_what_they_are(page: Path) -> None:
    known = re.compile(r"python( no-run| file=\w+\.py)?|console( run)?|text|mermaid")
    labels = re.findall(r"^```(.*)\n(?:.*\n)*?```$", page.read_text(), re.MULTILINE)
    assert [label for label in labels if not known.fullmatch(label)] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in _LINK.findall(page.read_text()):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def anchors(page: Path) -> set[str]:
    """Return what can stand behind ``#`` in a link to *page*."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def test_the_index_has_every_page() -> None:
    links = _LINK.findall((DOCS / "README.md").read_text())
    linked = {(DOCS / link).resolve() for link in links}
    assert {name(page) for page in PAGES if page not in linked} == {"README.md"}


def test_the_table_of_settings_is_that_of_the_code() -> None:
    documented = [(setting, value) for setting, value, *_ in rows("reference/settings.md")]
    assert documented == [(f.name, repr(f.default)) for f in dataclasses.fields(Settings)]


@pytest.mark.parametrize("heading", ["## Before the greeting", "## After the greeting"])
def test_the_limits_in_the_security_page_are_the_defaults(heading: str) -> None:
    documented = {row[1]: row[2] for row in rows("explanation/security.md", heading)}
    assert documented == {each: str(getattr(Settings(), each)) for each in documented}


def parents_of(error: str) -> set[str]:
    """Return the names of the classes that an error of ours derives from."""
    return {base.__name__ for base in getattr(errors, error).__bases__}


def test_the_table_of_errors_is_that_of_the_code() -> None:
    table = rows("reference/errors.md", "| error |")
    documented = {row[0]: set(re.findall(r"\w+", row[1])) for row in table}
    assert documented == {error: parents_of(error) for error in errors.__all__}


def test_the_tree_of_errors_is_that_of_the_code() -> None:
    tree = blocks_of((DOCS / "reference/errors.md").read_text())[0].text
    above: list[str] = []
    for indent, error in re.findall(r"^([^\w\n]*)(\w+)$", tree, re.MULTILINE):
        above[len(indent) // 4 :] = [error]
        assert not indent or above[-2] in parents_of(error)
    assert set(re.findall(r"\w+", tree)) == set(errors.__all__) - {"RemoteError"}


def test_the_kinds_and_flags_are_those_of_the_code() -> None:
    kinds = {int(row[0]): row[1] for row in rows("reference/wire.md", "## Kinds")}
    assert kinds == framing.KIND_NAMES
    flags = {row[1]: 1 << int(row[0]) for row in rows("reference/wire.md", "## Flags")}
    assert flags == {flag: getattr(framing, flag) for flag in flags}


def test_the_serializers_are_those_of_the_code() -> None:
    documented = {
        row[1]: int(row[0]) for row in rows("reference/wire.md", "## Serializers")
    }
    serializers = make_serializers(ClassTable())
    assert documented == {each: serializers[each].id for each in serializers}


def test_the_header_is_that_of_the_code() -> None:
    message = framing.Message(1, 3, 64, 5, b"xy", {"ABCD": b""}, bytes(range(16)))
    data = framing.encode(message)
    fields = {}
    for offset, size, field, _ in rows("reference/wire.md", "## The header"):
        fields[field] = data[int(offset) : int(offset) + int(size)]
    assert fields == {
        "tag": b"PYRO",
        "version": b"\x01\xf6",
        "kind": b"\x01",
        "serializer": b"\x03",
        "flags": b"\x00\x40",
        "sequence number": b"\x00\x05",
        "payload length": b"\x00\x00\x00\x02",
        "annotations length": b"\x00\x00\x00\x08",
        "correlation id": bytes(range(16)),
        "reserved": b"\x00\x00",
        "magic number": b"\x4d\xc5",
    }
    assert b"".join(fields.values()) == data[:40]


@pytest.mark.parametrize(
    "row", rows("reference/command-line.md"), ids=lambda row: row[0].replace(" ", "-")
)
def test_the_options_of_a_command_are_documented(
    row: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*row[0].split()[1:], "--help"])
    usage = capsys.readouterr().out.partition("\n\n")[0]
    assert set(re.findall(r"--[\w-]+", usage)) == set(row[2].split())


# Of the rows of "What becomes of a value"; those without samples say what they mean.
SAMPLES: Mapping[str, Sequence[Any]] = {
    "None, bool, int, float, str": [None, True, 1, 1 << 70, 1.5, "é"],
    "infinities, not-a-number": [math.inf, -math.inf],
    "complex": [1 + 2j],
    "bytes": [b"ab"],
    "bytearray, memoryview": [bytearray(b"ab")],
    "list, dict with text keys": [[1], {"a": [2]}],
    "key: number, bool": [{1: 2}, {True: 2}, {1.5: 2}],
    "key: bytes": [{b"a": 1}],
    "key: None": [{None: 1}],
    "key: tuple": [{(1, 2): 3}],
    "tuple": [(), (1, (2,))],
    "set": [{1}],
    "frozenset": [frozenset({1})],
    "deque, views of a dict": [deque([1])],
    "datetime without zone, date": [datetime(2020, 1, 2), date(2020, 1, 2)],
    "datetime with zone": [datetime(2020, 1, 2, tzinfo=UTC)],
    "time, Decimal, UUID": [Decimal("1.5")],
    "function, class, module, range": [len, int, math, range(3)],
}


@pytest.mark.parametrize("column", [1, 2, 3, 4])
def test_what_becomes_of_values_is_as_documented(column: int) -> None:
    serializer = list(make_serializers(ClassTable()).values())[column - 1]
    table = {row[0]: row[column] for row in rows("reference/wire.md", "### What becomes")}
    for row, values in SAMPLES.items():
        for value in values:
            try:
                back = serializer.loads(serializer.dumps(value))
            except errors.SerializeError:
                found = "error"
            else:
                found = "=" if (type(back), back) == (type(value), value) else "other"
            claim = table[row].partition(";")[0]
            assert (row, claim if claim in ("=", "error") else "other") == (row, found)


def diagram(sends: states.Table, receives: states.Table) -> str:
    """Return the state diagram of one end of a conversation."""
    lines = ["stateDiagram-v2", f"    [*] --> {states.STATE_NAMES[states.NEW]}"]
    for state, text in states.STATE_NAMES.items():
        for verb, table in (("sends", sends), ("receives", receives)):
            for kind, following in table[state].items():
                target = states.STATE_NAMES[following]
                lines.append(f"    {text} --> {target}: {verb} {framing.KIND_NAMES[kind]}")
    return "\n".join(lines) + "\n"


def test_the_state_diagrams_are_those_of_the_code() -> None:
    blocks = blocks_of((DOCS / "reference/wire.md").read_text())
    assert [block.text for block in blocks if block.language == "mermaid"] == [
        diagram(states.CLIENT_SENDS, states.CLIENT_RECEIVES),
        diagram(states.SERVER_SENDS, states.SERVER_RECEIVES),
    ]


def test_what_features_allow_is_as_in_the_code() -> None:
    table = rows("reference/wire.md", "| feature | a client may send, too")
    for column, additions in enumerate([states.CLIENT_ADDS, states.SERVER_ADDS], start=1):
        documented = {row[0]: row[column].split() for row in table if row[column]}
        assert documented == {
            feature: [framing.KIND_NAMES[kind] for kind in kinds]
            for feature, kinds in additions.items()
        }


def test_the_features_are_those_of_the_code() -> None:
    assert {row[0] for row in rows("reference/wire.md", "| feature | what")} == FEATURES


def test_the_messages_of_features_are_what_sessions_write() -> None:
    page = (DOCS / "reference/wire.md").read_text()
    section = page[page.index("## Features") : page.index("## Dialects")]
    messages = [message for block in blocks_of(section) for message in shown(block.text)]
    assert messages == list(exchanged())


def names_in(module: str, cell: str) -> tuple[list[str], list[str]]:
    """Return the names that a table's cell lists, and the public ones of the module."""
    return sorted(re.findall(r"\w+", cell)), sorted(importlib.import_module(module).__all__)


@pytest.mark.parametrize(
    "row", rows("reference/modules.md", "## For programs"), ids=lambda row: row[0]
)
def test_the_public_names_are_those_of_the_code(row: list[str]) -> None:
    documented, public = names_in(*row[:2])
    assert documented == public


@pytest.mark.parametrize(
    "row", rows("reference/modules.md", "## For builders"), ids=lambda row: row[0]
)
def test_the_names_for_builders_exist(row: list[str]) -> None:
    documented, public = names_in(*row)
    assert [each for each in documented if each not in public] == []


@pytest.mark.parametrize(
    "row",
    [
        [cell.strip() for cell in line.replace("\\|", "\0").split("|")[1:-1]]
        for line in (DOCS / "reference/wire.md").read_text().splitlines()
        if "'pyrophone." in line and line.startswith("| `")
    ],
    ids=lambda row: row[0],
)
def test_the_forms_of_values_are_those_that_are_written(row: list[str]) -> None:
    value, form = (cell.split("`")[1].replace("\0", "|") for cell in row)
    names = {**vars(numpy)} if "numpy" in row[0] else {}
    for module in (
        array,
        collections,
        datetimes,
        decimal,
        fractions,
        pathlib,
        uuid,
        valued,
    ):
        names = {**vars(module), **names}
    names["ZoneInfo"] = zoneinfo.ZoneInfo
    serializer = valued.extended(*valued.CLASSES, name="serpent")
    data = serializer.dumps(eval(value, names))
    assert data.decode().partition("\n")[2] == form
    assert repr(serializer.loads(data)) == repr(eval(value, names)) or "memory" in row[0]
