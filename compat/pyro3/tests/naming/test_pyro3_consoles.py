"""The commands of the control tools, with a name server that is an object here."""

from __future__ import annotations

from typing import Any

import pytest

from Pyro.consoles import COMMANDS, Console, error_lines, where
from Pyro.errors import ConnectionDeniedError, NamingError, ProtocolError
from Pyro.nameservers import NameServer
from Pyro.trees import NameSpaceSystemMeta
from Pyro.uris import PyroURI

LAMP = "PYRO://127.0.0.1:4444/lamp"


class Names(NameServer):
    """A name server with the method that only its proxies have."""

    def _getSystemMeta(self, name: str) -> NameSpaceSystemMeta:
        return NameSpaceSystemMeta(*self.getSystemMeta(name))


@pytest.fixture
def names() -> Any:
    names = Names()
    names.register("lamp", LAMP)
    names.createGroup("attic")
    names.createGroup("porch")
    return names


def said(names: Any, *command: str, answer: str = "yes") -> tuple[bool, list[str]]:
    lines: list[str] = []
    console = Console(names, lambda: answer, lines.append)
    console.run(command[0], command[1:])
    return not console.failed, lines


def test_all_commands_are_there() -> None:
    first = "ping list listall resolve register remove creategroup deletegroup"
    assert " ".join(COMMANDS) == f"{first} showmeta setmeta resync shutdown"


def test_what_strangers_keep_with_a_name_steers_no_terminal(names: Any) -> None:
    names.setMeta("lamp", "\x1b[2J\nsystem meta info : fine")
    assert said(names, "showmeta", "lamp")[1][2:] == [
        r"  user meta info : \x1b[2J\nsystem meta info : fine"
    ]


@pytest.mark.parametrize(
    ("command", "good", "lines"),
    [
        ("ping", True, ["NS is up and running!"]),
        ("list", True, [":Default --> ( [attic] lamp [porch] )"]),
        ("list :", True, [": --> ( [Default] [Pyro] )"]),
        (
            "list attic :x",
            False,
            [":Default.attic --> ( )", "## can't list:  group not found  ##"],
        ),
        ("list lamp", False, ["## can't list:  is no group  ##"]),
        (
            "listall",
            True,
            [
                "-------------- START DATABASE",
                f":Default.lamp  -->  {LAMP}",
                "-------------- END",
            ],
        ),
        ("resolve lamp", True, [f"lamp  --> {LAMP}"]),
        (
            "resolve x lamp",
            False,
            ["## can't resolve:  name not found  ##", f"lamp  --> {LAMP}"],
        ),
        ("resolve", False, ["No arguments, nothing to resolve"]),
        (
            "register a PYRO://127.0.0.1:1/a",
            True,
            ["registered a  -->  PYRO://127.0.0.1:1/a"],
        ),
        ("register a", False, ["Register needs 2 args: name URI"]),
        (f"register lamp {LAMP}", False, ["## Error from NS:  name already exists  ##"]),
        ("register a rubbish", False, ["## Error from NS:  invalid URI  ##"]),
        ("remove lamp", True, ["lamp unregistered."]),
        ("remove x", False, ["## Can't unregister:  name not found  ##"]),
        ("remove attic", False, ["## Can't unregister:  is a group, not an object  ##"]),
        ("creategroup a a.b", True, ["a created.", "a.b created."]),
        (
            "creategroup attic",
            False,
            ["## Can't create group 'attic':  group already exists  ##"],
        ),
        ("deletegroup attic", True, ["attic deleted."]),
        ("deletegroup x", False, ["## Can't delete group 'x':  group not found  ##"]),
        (
            "deletegroup :",
            False,
            ["## Can't delete group ':':  not allowed to delete root group  ##"],
        ),
        ("showmeta x", False, ["## Can't get metadata:  name not found  ##"]),
        ("setmeta lamp old", True, ["Metadata of lamp set."]),
        ("setmeta lamp", False, ["Setmeta needs 2 args: name metadata"]),
        ("setmeta x old", False, ["## Error from NS:  name not found  ##"]),
        ("resync", True, ["resync done"]),
    ],
)
def test_what_commands_say(names: Any, command: str, good: bool, lines: list[str]) -> None:
    assert said(names, *command.split()) == (good, lines)


def test_showmeta_shows_both_kinds(names: Any) -> None:
    names.setMeta("lamp", "old")
    names.setSystemMeta("lamp", (1, 2.5, "me"))
    assert said(names, "showmeta", "lamp") == (
        True,
        [
            "META INFO OF :Default.lamp",
            "system meta info : [type=1 timestamp=2.5 owner=me]",
            "  user meta info : old",
        ],
    )


def test_shutdown_tells_the_answer(names: Any) -> None:
    text = "Result from system command shutdown : {}".format
    for good, answer in (
        (True, "Will shut down shortly"),
        (False, "Shutdown request denied"),
    ):
        assert said(names, "shutdown", answer=answer) == (good, [text(answer)])


def test_other_errors_have_their_lines() -> None:
    assert error_lines(ConnectionDeniedError("security reasons")) == [
        "Could not connect to the server: security reasons",
        "Supply correct authentication ID?",
    ]
    assert error_lines(ConnectionDeniedError("server too busy")) == [
        "Could not connect to the server: server too busy"
    ]
    assert error_lines(NamingError("could not find NameServer", "x")) == [
        "There is a problem: could not find NameServer"
    ]
    assert error_lines(ProtocolError()) == ["There is a problem: ProtocolError"]


def test_a_place_without_a_name_has_question_marks() -> None:
    uri = PyroURI("127.0.0.1", "x", 5)
    assert where(uri).endswith(") port 5")
    assert where(uri).startswith("NS is at 127.0.0.1 (")
    uri.address = "no address"
    assert where(uri) == "NS is at no address (??) port 5"
