"""A function of the other side is called like any other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from pyrophone.sync.functions import Functions, RemoteFunction


class Caller:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def invoke(
        self, function_id: str, args: Any, kwargs: Mapping[str, Any], *, oneway: bool
    ) -> Any:
        self.seen.append((function_id, args, kwargs, oneway))
        return "done"

    def give_back(self, function: RemoteFunction) -> None:
        self.seen.append(function)


def test_a_call_goes_to_the_connection_and_brings_its_result() -> None:
    caller = Caller()
    function = RemoteFunction("7", caller)
    assert function(1, key=2) == "done"
    assert caller.seen == [("7", (1,), {"key": 2}, False)]


def test_the_oneway_variant_brings_nothing() -> None:
    caller = Caller()
    RemoteFunction("7", caller).oneway(1)
    assert caller.seen == [("7", (1,), {}, True)]


def test_it_can_be_given_back() -> None:
    caller = Caller()
    function = RemoteFunction("7", caller)
    function.release()
    assert caller.seen == [function]


class Wire(Caller):
    """A connection, as far as functions know it."""

    closed = False
    session: Any = None
    guard: Any = None
    expects = False

    def say(self, make: Callable[[], bytes]) -> None:
        raise AssertionError("nothing is to be said")


def test_something_may_come_for_as_long_as_the_daemon_has_a_function() -> None:
    wire = Wire()
    functions = Functions(wire, lambda: None)
    first, again, other = (functions.export(one) for one in (print, print, len))
    assert (first == again, first == other, wire.expects) == (True, False, True)
    functions.forget(first, 2)
    assert wire.expects
    functions.retract(other)
    assert not wire.expects


def test_a_function_that_nobody_has_is_to_be_given_back() -> None:
    wire, ended = Wire(), threading.Event()
    functions = Functions(wire, ended.set)
    stub = functions.stub("7")
    assert stub(1) == "done"
    assert functions.stub("7") is stub
    functions.give_back(stub)
    assert ended.is_set()
    assert functions.take_released() == [("7", 2)]
    assert functions.take_released() == []
