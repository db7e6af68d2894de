"""The compiled build and the sources: the same, as far as anybody can tell."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyrophone
from pyrophone.cli.main import build_name

SRC = Path(__file__).parent.parent / "src" / "pyrophone"
DECLARATIONS = sorted(SRC.rglob("*.pxd"))

compiled = pytest.mark.skipif(build_name() != "compiled", reason="there is one build")


def declared(text: str) -> dict[str, set[str]]:
    """Return the attributes of each class that a ``.pxd`` of *text* declares."""
    classes: dict[str, set[str]] = {}
    for line in text.splitlines():
        if match := re.match(r"(?:cdef|cpdef) class (\w+)", line):
            attributes = classes.setdefault(match[1], set())
        elif match := re.match(r"    cdef (?:public |readonly )?[\w. \[\]*]+ (\w+)$", line):
            attributes.add(match[1])
    return classes


def slots(tree: ast.Module) -> dict[str, set[str]]:
    """Return the names in the ``__slots__`` of each class of a module."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                if (
                    isinstance(statement, ast.Assign)
                    and isinstance(statement.targets[0], ast.Name)
                    and statement.targets[0].id == "__slots__"
                ):
                    names = ast.literal_eval(statement.value)
                    found[node.name] = {names} if isinstance(names, str) else set(names)
    return found


@pytest.mark.parametrize("path", DECLARATIONS, ids=lambda path: path.stem)
def test_declarations_have_the_slots_of_the_source(path: Path) -> None:
    in_source = slots(ast.parse(path.with_suffix(".py").read_text("utf-8")))
    for name, attributes in declared(path.read_text("utf-8")).items():
        assert name in in_source, f"class {name} has no __slots__"
        assert attributes == in_source[name], name


def test_the_comparison_with_slots_sees_a_difference() -> None:
    text = "cdef class A(B):\n    cdef public list names\n    cdef long size\n    cdef f()"
    assert declared(text) == {"A": {"names", "size"}}
    source = "class A:\n    __slots__ = ('names',)\nclass B:\n    __slots__ = 'one'\n"
    assert slots(ast.parse(source)) == {"A": {"names"}, "B": {"one"}}


@pytest.fixture(scope="module")
def sources() -> types.ModuleType:
    """The Python sources, as a package of another name beside the one under test."""
    package = types.ModuleType("pyrophone_sources")
    package.__path__ = [str(SRC)]
    sys.modules[package.__name__] = package
    return package


def twin(module: str) -> tuple[Any, Any]:
    """Return *module* as it is under test, and made of its source."""
    return (
        importlib.import_module(f"pyrophone.{module}"),
        importlib.import_module(f"pyrophone_sources.{module}"),
    )


def outcome(function: Any, *args: Any) -> Any:
    """Return what *function* gives, or the class and text of what it raises."""
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error)


def drain(decoder: Any, pieces: list[bytes]) -> list[Any]:
    """Return the messages in *pieces*, and how it ended."""
    found: list[Any] = []
    for piece in pieces:
        decoder.feed(piece)
        while (message := decoder.next()) is not None:
            found.append([getattr(message, name) for name in type(message).__slots__])
    return [*found, decoder.pending]


@compiled
def test_every_declared_module_is_compiled(sources: types.ModuleType) -> None:
    for path in DECLARATIONS:
        name = ".".join(path.relative_to(SRC).with_suffix("").parts)
        ours, source = twin(name)
        assert not ours.__file__.endswith(".py"), name
        assert source.__file__ == str(path.with_suffix(".py"))


@compiled
@given(st.binary(max_size=200), st.integers(0, 300), st.booleans())
def test_decoders_agree(
    sources: types.ModuleType, noise: bytes, place: int, bare: bool
) -> None:
    ours, source = twin("wire.framing")
    message = ours.Message(ours.RESULT, 1, 0, 7, b"payload", {"ABCD": b"chunk"})
    data = bytearray(b"" if bare else ours.encode(message) * 3)
    data[place : place + len(noise)] = noise
    pieces = [bytes(data[:place]), bytes(data[place:])]
    assert outcome(drain, ours.Decoder(1000), pieces) == outcome(
        drain, source.Decoder(1000), pieces
    )


def test_programs_that_tests_start_run_the_same_build() -> None:
    code = "from pyrophone.cli.main import build_name; print(build_name())"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == build_name()


def test_the_command_says_which_build_runs() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pyrophone", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == f"pyrophone {pyrophone.__version__} ({build_name()})\n"


@pytest.mark.slow
def test_what_may_be_asked_of_the_build() -> None:
    command = [sys.executable, "setup.py", "--name"]
    environ = {**os.environ, "PYROPHONE_BUILD": "perhaps"}
    ran = subprocess.run(
        command, cwd=SRC.parent.parent, env=environ, capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert ran.stderr.strip().endswith(
        "PYROPHONE_BUILD='perhaps' is none of auto, pure, require"
    )
