"""What commands print that ask a name server."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from pyrophone.classic.console import Console, no_lines
from pyrophone.naming import NameServer

LAMP = "lamp --> PYRO:lamp@h:1\n    metadata: ['light']\n"
DOOR = "door --> PYRO:door@h:1\n"


@pytest.fixture
def console() -> Console:
    """One of a name server with two names."""
    names = NameServer()
    names.register("lamp", "PYRO:lamp@h:1", metadata={"light"})
    names.register("door", "PYRO:door@h:1")
    return Console(names, lambda tags: str(sorted(tags)))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (lambda console: console.ping(), "Name server ping ok.\n"),
        (lambda console: console.lookup("lamp"), "PYRO:lamp@h:1\nmetadata: ['light']\n"),
        (lambda console: console.lookup("door"), "PYRO:door@h:1\n"),
        (lambda console: console.register("x", "PYRO:x@h:1"), "Registered x\n"),
        (lambda console: console.set_metadata("door", ["a"]), "Metadata updated\n"),
        (lambda console: console.set_metadata("door", []), "Metadata cleared\n"),
        (lambda console: console.remove("door"), "Removed door\n"),
        (lambda console: console.remove("unknown"), "Nothing removed\n"),
    ],
)
def test_a_line_confirms(
    console: Console,
    command: Callable[[Console], None],
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command(console)
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(
    ("command", "title", "block"),
    [
        (lambda console: console.list(), "", DOOR + LAMP),
        (lambda console: console.list("la"), "- prefix 'la'", LAMP),
        (lambda console: console.list_matching("..o"), "- regex '..o'", DOOR),
        (
            lambda console: console.list_tagged(console.names.yplookup({"light"})),
            " - searched by metadata",
            LAMP,
        ),
    ],
)
def test_lists_have_a_title_above_and_below(
    console: Console,
    command: Callable[[Console], None],
    title: str,
    block: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command(console)
    expected = f"--------START LIST {title}\n{block}--------END LIST {title}\n"
    assert capsys.readouterr().out == expected


def test_many_are_removed_only_if_one_is_sure(
    console: Console,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for typed, end in (("n\n", ""), ("yes\n", ""), ("Y\n", "2 items removed.\n")):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        console.remove_matching(".")
        assert capsys.readouterr().out.partition("(y/n)?")[2] == end
    assert console.names.count() == 0


def test_nothing_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    no_lines("a", 1)
    assert capsys.readouterr().out == ""
