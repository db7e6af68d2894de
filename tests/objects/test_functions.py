from __future__ import annotations

import functools
import gc

import pytest

from pyrophone.errors import NoSuchObjectError
from pyrophone.objects.functions import (
    FunctionCrossing,
    FunctionTable,
    RemoteFunction,
    StubTable,
)


class Counter:
    """Equal to all of its kind, and without a hash."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counter)

    __hash__ = None  # type: ignore[assignment]

    def step(self) -> None:
        """Do nothing."""


def first(*_args: object) -> None:
    """Do nothing."""


def test_a_function_has_one_id_however_often_it_is_sent() -> None:
    table = FunctionTable()
    counter = Counter()
    partial = functools.partial(first, 1)
    functions = [first, counter.step, print, counter.steps.append, partial]
    ids = [table.export(function) for function in functions]
    assert len(set(ids)) == len(table) == 5
    again = [first, counter.step, print, counter.steps.append, partial]
    assert [table.export(function) for function in again] == ids
    assert [table.find(each) for each in ids] == functions


def test_methods_of_two_objects_are_two_functions_though_the_objects_are_equal() -> None:
    table = FunctionTable()
    one, other = Counter(), Counter()
    assert table.export(one.step) != table.export(other.step)
    assert table.export(one.steps.append) != table.export(other.steps.append)
    assert table.export(one.steps.append) != table.export(one.steps.pop)


def test_a_function_is_kept_until_it_came_back_as_often_as_it_was_sent() -> None:
    table = FunctionTable()
    function_id = table.export(first)
    table.export(first)
    table.release(function_id)
    assert table.find(function_id) is first
    table.release(function_id)
    assert len(table) == 0
    with pytest.raises(
        NoSuchObjectError, match=rf"^no function '{function_id}' was passed"
    ):
        table.find(function_id)


@pytest.mark.parametrize(
    ("count", "left"),
    [(0, 1), (-5, 1), (1, 0), (99, 0), ("2", 1), (1.0, 1), (True, 1), (None, 1)],
    ids=repr,
)
def test_what_a_stranger_gives_back_does_no_harm(count: object, left: int) -> None:
    table = FunctionTable()
    function_id = table.export(first)
    table.release("xyzzy", 5)
    table.release(function_id, count)
    assert len(table) == left


def test_an_id_is_never_given_twice() -> None:
    table = FunctionTable()
    function_id = table.export(first)
    table.release(function_id)
    assert table.export(first) != function_id
    table.clear()
    assert len(table) == 0
    assert table.export(first) not in (function_id, "")


def test_a_function_received_twice_is_one_stub() -> None:
    stubs = StubTable(RemoteFunction)
    stub = stubs.stub("7")
    assert stub.function_id == "7"
    assert stubs.stub("7") is stub
    assert stubs.stub("8") is not stub
    assert repr(stub) == "<remote function 7>"


def test_a_stub_that_nobody_has_gives_back_its_function_as_often_as_it_came() -> None:
    told: list[str] = []
    stubs = StubTable(RemoteFunction, lambda: told.append("now"))
    stub = stubs.stub("7")
    stubs.stub("7")
    assert (stubs.take_released(), told) == ([], [])
    del stub
    gc.collect()
    assert told == ["now"]
    assert stubs.take_released() == [("7", 2)]
    assert (stubs.take_released(), len(stubs)) == ([], 0)


def test_a_released_stub_gives_back_once_and_the_next_one_is_new() -> None:
    stubs = StubTable(RemoteFunction)
    stub = stubs.stub("7")
    stubs.release(stub)
    stubs.release(stub)
    assert stub.released
    assert repr(stub) == "<remote function 7, released>"
    again = stubs.stub("7")
    assert again is not stub
    assert not again.released
    del stub
    gc.collect()
    assert stubs.take_released() == [("7", 1)]
    del again
    gc.collect()
    assert stubs.take_released() == [("7", 1)]


def test_stubs_of_a_connection_that_is_gone_give_nothing_back() -> None:
    told: list[str] = []
    stubs = StubTable(RemoteFunction, lambda: told.append("now"))
    stub = stubs.stub("7")
    stubs.clear()
    del stub
    gc.collect()
    assert (stubs.take_released(), told) == ([], [])


def test_a_crossing_puts_both_tables_together() -> None:
    crossing = FunctionCrossing(FunctionTable(), StubTable(RemoteFunction))
    function_id = crossing.export(first)
    assert crossing.functions.find(function_id) is first
    crossing.retract(function_id)
    assert len(crossing.functions) == 0
    stub = crossing.stub("3")
    assert crossing.stubs.stub("3") is stub


def test_a_stub_is_released_without_a_word_when_its_connection_is_gone() -> None:
    stubs = StubTable(RemoteFunction)
    stub = stubs.stub("7")
    stubs.clear()
    stubs.release(stub)
    assert stub.released
    assert stubs.take_released() == []
