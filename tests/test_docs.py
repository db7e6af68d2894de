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

import dataclasses
import importlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pyrophone import Settings, errors
from pyrophone.wire import framing, states

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LIMIT = 30  # seconds; more than any command here takes, however busy the machine

_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_PORT = re.compile(r"\b(?:localhost|127\.0\.0\.1):(\d+)")

# Read by each Python that is started here, before anything else.
_SITECUSTOMIZE = """
import pyrophone.settings
ports = {{"name_port": {names}, "broadcast_port": {broadcast}}}
pyrophone.settings.Settings.__init__.__kwdefaults__.update(ports)
"""

# Runs the blocks that come as lines of JSON; answers each with what it printed.
_RUNNER = """
import contextlib, io, json, sys
from pyrophone import Settings
from pyrophone.sync import LoopDaemon

assert Settings().name_port != 9090 and Settings().broadcast_port != 9091
answers = sys.stdout
names = {"__name__": "lab"}
for line in sys.stdin:
    start, source = json.loads(line)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile("\\n" * start + source, "page.md", "exec"), names)
    print(json.dumps(printed.getvalue()), file=answers, flush=True)
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
    """Return the cells of the first table of a page, or of the one behind *heading*."""
    text = (DOCS / page).read_text().partition(heading)[2] if heading else ""
    lines = (text or (DOCS / page).read_text()).splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("| ---"))
    table: list[list[str]] = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
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
            "PYTHONUNBUFFERED": "1",
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
        try:
            printed = json.loads(answer)
        except ValueError:
            pytest.fail(f"the block at line {line} fails:\n{answer}{python.stdout.read()}")
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
    linked = {
        (DOCS / link).resolve() for link in _LINK.findall((DOCS / "README.md").read_text())
    }
    assert {name(page) for page in PAGES if page not in linked} == {"README.md"}


def test_the_table_of_settings_is_that_of_the_code() -> None:
    documented = [
        (cells[0].strip("`"), cells[1].strip("`"))
        for cells in rows("reference/settings.md")
    ]
    assert documented == [(f.name, repr(f.default)) for f in dataclasses.fields(Settings)]


def test_the_limits_in_the_security_page_are_the_defaults() -> None:
    for heading in ("## Before the greeting", "## After the greeting"):
        for _, setting, value, *_ in rows("explanation/security.md", heading):
            default = getattr(Settings(), setting.strip("`"))
            assert f"{setting}: {value}" == f"{setting}: {default}"


def test_the_table_of_errors_is_that_of_the_code() -> None:
    documented = {
        cells[0].strip("`"): set(cells[1].replace("`", "").split(", "))
        for cells in rows("reference/errors.md")
    }
    classes = [getattr(errors, each) for each in errors.__all__]
    assert documented == {c.__name__: {b.__name__ for b in c.__bases__} for c in classes}


def test_the_tree_of_errors_is_that_of_the_code() -> None:
    tree = next(b.text for b in blocks_of((DOCS / "reference/errors.md").read_text()))
    parents: list[str] = []
    for line in tree.splitlines():
        match = re.match(r"([│├└─ ]*)(\w+)", line)
        assert match is not None
        depth = len(match[1]) // 4
        parents[depth:] = [match[2]]
        if depth:
            assert parents[depth - 1] in {
                b.__name__ for b in getattr(errors, match[2]).__bases__
            }
    assert set(re.findall(r"\w+Error\b", tree)) >= set(errors.__all__) - {"RemoteError"}


def test_the_kinds_and_flags_are_those_of_the_code() -> None:
    kinds = {
        cells[1].strip("`"): int(cells[0])
        for cells in rows("reference/wire.md", "## Kinds")
    }
    assert kinds == {text: kind for kind, text in framing.KIND_NAMES.items()}
    flags = {
        cells[1].strip("`"): 1 << int(cells[0])
        for cells in rows("reference/wire.md", "## Flags")
    }
    assert flags == {text: getattr(framing, text) for text in flags}
    assert len(flags) == 7


def test_the_header_is_that_of_the_code() -> None:
    message = framing.Message(
        framing.CONNECT, 3, 64, 5, b"xy", {"ABCD": b""}, bytes(range(16))
    )
    data = framing.encode(message)
    fields = {
        cells[2]: (int(cells[0]), int(cells[1]))
        for cells in rows("reference/wire.md", "## The header")
    }
    values = {key: data[start : start + size] for key, (start, size) in fields.items()}
    assert values == {
        "tag": b"PYRO",
        "version": (502).to_bytes(2, "big"),
        "kind": b"\x01",
        "serializer": b"\x03",
        "flags": b"\x00\x40",
        "sequence number": b"\x00\x05",
        "payload length": (2).to_bytes(4, "big"),
        "annotations length": (8).to_bytes(4, "big"),
        "correlation id": bytes(range(16)),
        "reserved": b"\0\0",
        "magic number": b"\x4d\xc5",
    }


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


def names_in(module: str, cell: str) -> tuple[ModuleType, list[str]]:
    """Return a module, and the names that a table's cell lists."""
    return importlib.import_module(module), re.findall(r"`(\w+)`", cell)


def test_the_public_names_are_those_of_the_code() -> None:
    for module_name, cell, *_ in rows("reference/modules.md", "## For programs"):
        module, names = names_in(module_name.strip("`"), cell)
        assert (module_name, sorted(names)) == (module_name, sorted(module.__all__))


def test_the_names_for_builders_exist() -> None:
    missing: Mapping[str, Any] = {
        module_name: absent
        for module_name, cell in rows("reference/modules.md", "## For builders")
        for module, names in [names_in(module_name.strip("`"), cell)]
        if (absent := [each for each in names if each not in module.__all__])
    }
    assert missing == {}
