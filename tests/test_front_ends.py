"""The matrix of front-ends in the documentation is that of the code."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyrophone import aio, expose, oneway, sync
from pyrophone.sync import Daemon
from running import running

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "front-ends.md"
NOT_IN_CLASS = {"settings", "stopping"}  # attributes of daemons
# Awaits at the top of an expression make a coroutine of it.
AWAITS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below *heading*."""
    text = PAGE.read_text()
    table = text[text.index(heading) :].partition("\n| ---")[2].partition("\n\n")[0]
    lines = table.splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@expose
class Toy:
    """What the table is about."""

    def __init__(self) -> None:
        self._level = 3

    @property
    def level(self) -> int:
        """Something to read and set."""
        return self._level

    @level.setter
    def level(self, value: int) -> None:
        self._level = value

    def add(self, a: int, b: int) -> int:
        """Return the sum."""
        return a + b

    @oneway
    def note(self, text: str) -> None:
        """Take it."""

    def lines(self, count: int) -> Iterator[int]:
        """Yield so many."""
        yield from range(count)

    def apply(self, function: Callable[[int], int], value: int) -> int:
        """Return what *function* makes of *value*."""
        return function(value)


@pytest.mark.parametrize("row", rows("## What one writes"), ids=lambda row: row[0])
def test_what_one_writes_does_the_same_in_both(row: list[str]) -> None:
    by_threads, by_tasks = (cell.strip("`") for cell in row[1:])
    assert "await" in by_tasks

    async def run(uri: str) -> Any:
        async with await aio.connect(uri) as proxy:
            names = {**vars(aio), "proxy": proxy}
            code = compile(by_tasks, "front-ends.md", "eval", flags=AWAITS)
            return await types.FunctionType(code, names)()

    with running(Daemon()) as daemon:
        uri = str(daemon.register(Toy()))
        with sync.connect(uri) as proxy:
            ours = eval(by_threads, {**vars(sync), "proxy": proxy})
        assert asyncio.run(run(uri)) == ours


def test_the_names_of_both_are_the_same_but_for_the_documented_ones() -> None:
    ((module, names, _),) = rows("## Names")
    assert module == "`pyrophone.sync`"
    assert {*sync.__all__} - {*aio.__all__} == set(re.findall(r"\w+", names))
    assert {*aio.__all__} - {*sync.__all__} == set()


def test_the_daemons_of_both_have_what_is_documented() -> None:
    text = (PAGE.parent / "modules.md").read_text()
    daemons = text[text.index("A daemon has") : text.index("## For builders")]
    both, own, awaited, hooks = (
        re.findall(r"`(\w+)`", part)
        for part in re.split("those of `sync` have|Of\n`aio`|To be overridden", daemons)
    )
    for name in [*both, *hooks]:
        assert name in NOT_IN_CLASS or hasattr(sync.Daemon, name), name
        assert name in NOT_IN_CLASS or hasattr(aio.Daemon, name), name
    for name in own:
        assert hasattr(sync.Daemon, name), name
        assert not hasattr(aio.Daemon, name), name
    for name in both:
        function = getattr(aio.Daemon, name, None)
        assert inspect.iscoroutinefunction(function) is (name in awaited), name


@pytest.mark.parametrize("row", rows("## Features of the wire")[:3], ids=lambda row: row[0])
def test_the_features_of_daemons_are_those_of_the_code(row: list[str]) -> None:
    module, name = row[0].strip("`").split(".")
    daemon = getattr({"sync": sync, "aio": aio}[module], name)
    assert set(re.findall(r"\w+", row[1])) == daemon.features
