"""Procedures that find name servers and objects, driven by hand: no network, no clock."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from pyrophone import URI, Settings
from pyrophone.errors import (
    ConnectError,
    ConnectionLostError,
    NamingError,
    NoNameServerError,
    RefusedError,
    UnknownNameError,
)
from pyrophone.finding import ask_names, locate, look_up, reach, resolve
from pyrophone.steps import Ask, Broadcast, Connect, Procedure, Sleep, Step
from pyrophone.wire.dialects import Dialect

NAMES = URI("PYRO", "Pyro.NameServer", None, "localhost", 9090)
OWN_NAME = URI("PYRO", "Pyro.NameServer", None, "127.0.1.1", 9090)
FAR = URI("PYRO", "Pyro.NameServer", None, "192.0.2.7", 9090)
THING = URI("PYRO", "obj", None, "192.0.2.9", 4444)
SETTINGS = Settings()
REFUSED = ConnectError("refused")
BROADCAST = Broadcast(b"GET_NSURI", ("255.255.255.255", "0.0.0.0"), 9091, 0.7)


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look where one looks on Linux, wherever the tests run."""
    monkeypatch.setattr(sys, "platform", "linux")


def play(procedure: Procedure[Any], *moves: tuple[Step, Any]) -> Any:
    """Expect each step, answer it, raise what is an error; return the result."""
    result = None
    try:
        for step, answer in moves:
            found = (
                procedure.throw(result)
                if isinstance(result, Exception)
                else procedure.send(result)
            )
            assert found == step
            result = answer
        if isinstance(result, Exception):
            procedure.throw(result)
        else:
            procedure.send(result)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it has not ended")


def test_a_name_server_is_found_where_the_settings_say() -> None:
    assert play(locate(settings=SETTINGS), (Ask(NAMES, "ping"), None)) == NAMES
    own = Settings(name_host="names.lab", name_port=1234)
    there = URI("PYRO", "Pyro.NameServer", None, "names.lab", 1234)
    assert play(locate(settings=own), (Ask(there, "ping"), None)) == there


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("names.lab", None, "PYRO:Pyro.NameServer@names.lab:9090"),
        ("names.lab", 1234, "PYRO:Pyro.NameServer@names.lab:1234"),
        (None, 1234, "PYRO:Pyro.NameServer@localhost:1234"),
        ("::1", 1234, "PYRO:Pyro.NameServer@[::1]:1234"),
        ("[::1]", 1234, "PYRO:Pyro.NameServer@[::1]:1234"),
        ("./u:/run/names", None, "PYRO:Pyro.NameServer@./u:/run/names"),
    ],
)
def test_a_given_place_is_looked_at(
    host: str | None, port: int | None, expected: str
) -> None:
    uri = URI.parse(expected)
    assert play(locate(host, port, settings=SETTINGS), (Ask(uri, "ping"), None)) == uri


def test_at_a_given_host_nothing_else_is_tried() -> None:
    with pytest.raises(NoNameServerError) as caught:
        play(locate("localhost", settings=SETTINGS), (Ask(NAMES, "ping"), REFUSED))
    assert str(caught.value) == (
        "Failed to locate the nameserver; tried localhost:9090: refused. "
        "Start one with 'pyrophone names serve'."
    )
    assert caught.value.__cause__ is REFUSED


def test_a_broadcast_is_the_second_way() -> None:
    steps: list[tuple[Step, Any]] = [
        (Ask(NAMES, "ping"), REFUSED),
        (Ask(OWN_NAME, "ping"), REFUSED),
        (BROADCAST, None),
        (BROADCAST, str(FAR)),
        (Ask(FAR, "ping"), None),
    ]
    assert play(locate(settings=SETTINGS), *steps) == FAR
    with pytest.raises(NoNameServerError):
        play(locate(settings=SETTINGS, broadcast=False), *steps[:2])
    nobody = Settings(broadcast_addresses=())
    with pytest.raises(NoNameServerError) as caught:
        play(locate(settings=nobody), *steps[:2])
    assert "broadcast" not in str(caught.value)


def test_a_broadcast_may_be_the_first_way() -> None:
    own = Settings(name_host="names.lab", broadcast_first=True)
    there = URI("PYRO", "Pyro.NameServer", None, "names.lab", 9090)
    asked: tuple[Step, Any] = (BROADCAST, None)
    last: tuple[Step, Any] = (Ask(there, "ping"), None)
    assert play(locate(settings=own), asked, asked, asked, last) == there
    found: tuple[Step, Any] = (BROADCAST, str(FAR))
    assert play(locate(settings=own), found, (Ask(FAR, "ping"), None)) == FAR
    assert play(locate(settings=own, broadcast=False), last) == there
    with pytest.raises(
        NoNameServerError, match=r"tried broadcast .*; names.lab:9090: refu"
    ):
        play(locate(settings=own), asked, asked, asked, (last[0], REFUSED))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_this_machine_is_looked_for_by_its_own_name_too(host: str) -> None:
    here = URI("PYRO", "Pyro.NameServer", None, host, 9090)
    settings = Settings(name_host=host)
    steps: list[tuple[Step, Any]] = [
        (Ask(here, "ping"), REFUSED),
        (Ask(OWN_NAME, "ping"), None),
    ]
    assert play(locate(settings=settings), *steps) == OWN_NAME


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_elsewhere_it_has_no_such_address(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(NoNameServerError, match=r"tried localhost:9090: refused\. "):
        play(locate(settings=SETTINGS, broadcast=False), (Ask(NAMES, "ping"), REFUSED))


@pytest.mark.parametrize(
    "junk", ["", "hello", "PYRO:x", "PYRONAME:x@h:1", "\x00\xff" * 50, "PYRO:x@h:port"]
)
def test_junk_in_answer_to_a_broadcast_is_passed_over(junk: str) -> None:
    found = play(
        locate(settings=SETTINGS),
        (Ask(NAMES, "ping"), REFUSED),
        (Ask(OWN_NAME, "ping"), REFUSED),
        (BROADCAST, junk),
        (BROADCAST, str(FAR)),
        (Ask(FAR, "ping"), None),
    )
    assert found == FAR


def test_three_broadcasts_without_an_answer_are_enough() -> None:
    with pytest.raises(NoNameServerError) as caught:
        play(
            locate(settings=SETTINGS),
            (Ask(NAMES, "ping"), ConnectionLostError("gone")),
            (Ask(OWN_NAME, "ping"), REFUSED),
            *[(BROADCAST, None)] * 3,
        )
    assert str(caught.value) == (
        "Failed to locate the nameserver; tried localhost:9090: gone; "
        "broadcast to UDP port 9091: no answer. Start one with 'pyrophone names serve'."
    )


def test_who_answered_a_broadcast_and_does_not_listen_is_named() -> None:
    with pytest.raises(NoNameServerError, match=r"192\.0\.2\.7:9090, which answered a br"):
        play(
            locate(settings=SETTINGS),
            (Ask(NAMES, "ping"), RefusedError("no")),
            (Ask(OWN_NAME, "ping"), REFUSED),
            (BROADCAST, str(FAR)),
            (Ask(FAR, "ping"), REFUSED),
        )


def test_what_a_name_server_says_is_final() -> None:
    asking = ask_names("lookup", ("x",), settings=SETTINGS)
    with pytest.raises(UnknownNameError, match="unknown name: x"):
        play(asking, (Ask(NAMES, "lookup", ("x",)), UnknownNameError("unknown name: x")))


def test_the_uri_of_an_object_is_its_own_resolution() -> None:
    assert play_none(resolve(THING, settings=SETTINGS)) == THING


def play_none(procedure: Procedure[Any]) -> Any:
    """Return the result of a procedure without steps."""
    with pytest.raises(StopIteration) as stop:
        next(procedure)
    return stop.value.value


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("PYRONAME:thing", "PYRO:Pyro.NameServer@localhost:9090"),
        ("PYRONAME:thing@192.0.2.7", "PYRO:Pyro.NameServer@192.0.2.7:9090"),
        ("PYRONAME:thing@192.0.2.7:123", "PYRO:Pyro.NameServer@192.0.2.7:123"),
        ("PYRONAME:thing@[::1]:123", "PYRO:Pyro.NameServer@[::1]:123"),
        ("PYRONAME:thing@./u:names.sock", "PYRO:Pyro.NameServer@./u:names.sock"),
    ],
)
@pytest.mark.parametrize("answer", [THING, str(THING)])
def test_a_name_is_looked_up_where_its_uri_says(
    text: str, server: str, answer: Any
) -> None:
    found = play(
        resolve(URI.parse(text), settings=SETTINGS),
        (Ask(URI.parse(server), "lookup", ("thing",)), answer),
    )
    assert found == THING


@pytest.mark.parametrize(
    "answer", ["PYRONAME:other", URI("PYRONAME", "other"), None, 7, "PYROMETA:a"]
)
def test_a_name_that_leads_to_no_object_is_an_error(answer: Any) -> None:
    with pytest.raises(
        NamingError, match=r"^PYRONAME:thing leads to .*, which is no address"
    ):
        play(
            resolve(URI("PYRONAME", "thing"), settings=SETTINGS),
            (Ask(NAMES, "lookup", ("thing",)), answer),
        )


def test_what_is_registered_may_be_wanted_as_it_is() -> None:
    other = URI("PYRONAME", "other")
    name, tags = URI("PYRONAME", "thing"), URI("PYROMETA", "a")
    assert play_none(look_up(THING, settings=SETTINGS)) == THING
    for uri, method, args, answer in (
        (name, "lookup", ("thing",), other),
        (name, "lookup", ("thing",), "PYRONAME:other"),
        (tags, "yplookup", ({"a"}, None, False), {"thing": "PYRONAME:other"}),
    ):
        procedure = look_up(uri, settings=SETTINGS)
        assert play(procedure, (Ask(NAMES, method, args), answer)) == other


def test_tags_lead_to_any_object_that_has_them_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = URI("PYRO", "other", None, "h", 1)
    uri = URI.parse("PYROMETA:b,a@./u:names.sock")
    server = URI("PYRO", "Pyro.NameServer", "names.sock")
    step = Ask(server, "yplookup", ({"a", "b"}, None, False))
    choices: list[Callable[[list[str]], str]] = [lambda all: all[0], lambda all: all[1]]
    found = set()
    for choice in choices:
        monkeypatch.setattr(random, "choice", choice)
        answer = {"one": str(THING), "two": str(other)}
        found.add(play(resolve(uri, settings=SETTINGS), (step, answer)))
    assert found == {THING, other}


def test_a_dialect_asks_for_tags_in_its_own_way() -> None:
    class Other(Dialect):
        def search(self, tags: Iterable[str]) -> tuple[str, tuple[Any, ...]]:
            return "find", (sorted(tags),)

    step = Ask(NAMES, "find", (["a", "b"],))
    uri, other = URI.parse("PYROMETA:b,a"), Other()
    answer = {"thing": str(THING)}
    assert play(look_up(uri, settings=SETTINGS, dialect=other), (step, answer)) == THING
    reaching = reach(uri, settings=SETTINGS, dialect=other)
    assert play(reaching, (step, answer), (Connect(THING), "line")) == "line"


@pytest.mark.parametrize("answer", [{}, [], None])
def test_tags_that_nothing_has_are_an_error(answer: Any) -> None:
    with pytest.raises(UnknownNameError) as caught:
        play(
            resolve(URI.parse("PYROMETA:a,b"), settings=SETTINGS),
            (Ask(NAMES, "yplookup", ({"a", "b"}, None, False)), answer),
        )
    assert str(caught.value) == "no registered object has all of the tags a,b"


def test_a_name_is_waited_for_as_long_as_the_settings_say() -> None:
    unknown = UnknownNameError("unknown name: thing")
    step = Ask(NAMES, "lookup", ("thing",))
    own = Settings(name_wait=0.5)
    waiting: list[tuple[Step, Any]] = [(step, unknown), (Sleep(0.1), None), (step, unknown)]
    uri = URI("PYRONAME", "thing")
    assert play(
        resolve(uri, settings=own), *waiting, (Sleep(0.2), None), (step, THING)
    ) == (THING)
    with pytest.raises(UnknownNameError):
        play(
            resolve(uri, settings=own),
            *waiting,
            (Sleep(0.2), None),
            (step, unknown),
            (Sleep(pytest.approx(0.2)), None),  # type: ignore[arg-type]
            (step, unknown),
        )
    with pytest.raises(UnknownNameError):
        play(resolve(uri, settings=SETTINGS), (step, unknown))


def test_pauses_have_a_longest() -> None:
    procedure = reach(THING, settings=SETTINGS, patience=20.0)
    pauses = []
    step = next(procedure)
    with pytest.raises(ConnectError):  # noqa: PT012  # the loop is the test
        while True:
            if isinstance(step, Sleep):
                pauses.append(step.seconds)
                step = procedure.send(None)
            else:
                assert step == Connect(THING)
                step = procedure.throw(ConnectError("refused"))
    assert pauses[:6] == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0]
    assert max(pauses) == 2.0
    assert sum(pauses) == pytest.approx(20.0)


def test_reaching_looks_the_name_up_anew_for_every_attempt() -> None:
    moved = URI("PYRO", "obj", None, "192.0.2.10", 4444)
    lookup = Ask(NAMES, "lookup", ("thing",))
    found = play(
        reach(URI("PYRONAME", "thing"), settings=SETTINGS, patience=1.0),
        (lookup, THING),
        (Connect(THING), REFUSED),
        (Sleep(0.1), None),
        (lookup, UnknownNameError("unknown name: thing")),
        (Sleep(0.2), None),
        (lookup, moved),
        (Connect(moved), "the connection"),
    )
    assert found == "the connection"


def test_without_patience_the_first_failure_counts() -> None:
    with pytest.raises(ConnectError, match="refused"):
        play(reach(THING, settings=SETTINGS), (Connect(THING), REFUSED))
    assert play(reach(THING, settings=SETTINGS), (Connect(THING), 1)) == 1


def test_what_is_no_matter_of_reaching_is_not_tried_again() -> None:
    with pytest.raises(ValueError, match="checked and refused"):
        play(
            reach(THING, settings=SETTINGS, patience=9.0),
            (Connect(THING), ValueError("checked and refused")),
        )
