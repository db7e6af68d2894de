from __future__ import annotations

import dataclasses
import gc
import weakref
from typing import Any

import pytest

from pyrophone.errors import NoSuchObjectError, RemoteError, SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.classes import Failure, Placeholder
from pyrophone.serializers.codecs import make_codecs
from pyrophone.serializers.extended import ExtendedTable
from pyrophone.serializers.faults import dump_error
from pyrophone.serializers.records import Record
from pyrophone.settings import Settings
from pyrophone.uri import URI
from valued import NAMES, OutOfPaperError, Point, trip

by_name = pytest.mark.parametrize("name", NAMES)


class Thing:
    def __init__(self, size: Any) -> None:
        self.size = size


class Outer:
    class InnerError(Exception):
        pass


class Stateful:
    def __getstate__(self) -> Any:
        return {"a": (1, 2)}


def serializer_of(table: ClassTable, name: str) -> Any:
    return make_codecs(table, Settings()).extended().by_name[name]


@by_name
def test_what_the_library_knows_arrives_as_ever(name: str) -> None:
    uri = URI.parse("PYRO:object@host:1234")
    assert trip([uri, {"k": (uri,)}], name) == [uri, {"k": (uri,)}]
    placeholder = Placeholder("Pyro5.server.Daemon")
    assert trip((placeholder,), name) == (placeholder,)


@by_name
def test_a_form_of_the_user_is_given_to_the_converter_as_it_was_written(name: str) -> None:
    table = ClassTable()
    inner = {"__class__": "lab.Inner", "x": 1}
    form = {"__class__": "lab.Thing", "size": (1, Point(2)), "inner": inner}
    table.register(Thing, lambda thing: form)
    table.register_name("lab.Thing", lambda cls, form: Thing(form))
    table.allow(Point)
    serializer = serializer_of(table, name)
    arrived = serializer.loads(serializer.dumps([Thing(0)]))[0]
    assert arrived.size == form


@by_name
def test_a_registered_class_goes_before_all_kinds_and_later_ones_count(name: str) -> None:
    table = ClassTable()
    serializer = serializer_of(table, name)
    assert type(serializer.loads(serializer.dumps(Point(1)))) is Record
    table.register(Point, lambda point: [point.x])
    assert serializer.loads(serializer.dumps(Point(1))) == [1]
    table.unregister(Point)
    table.allow(Point)
    assert serializer.loads(serializer.dumps(Point(1))) == Point(1)


@by_name
def test_the_stand_in_is_asked_first_for_what_is_no_plain_value(name: str) -> None:
    table = ClassTable()
    table.stand_in = lambda value: {"stand": "in"} if isinstance(value, Point) else None
    serializer = serializer_of(table, name)
    assert serializer.loads(serializer.dumps([Point(1), (2,)])) == [{"stand": "in"}, (2,)]


@by_name
def test_the_state_of_an_object_is_what_it_says(name: str) -> None:
    arrived = trip(Stateful(), name)
    assert arrived == Record(f"{__name__}.Stateful", {"a": (1, 2)})


@by_name
def test_errors_arrive_with_their_traceback_whatever_they_hold(name: str) -> None:
    table = ClassTable()
    table.allow(OutOfPaperError, Point)
    serializer = serializer_of(table, name)
    extended = ExtendedTable(table)

    def sent(error: BaseException) -> Any:
        return serializer.loads(dump_error(serializer, extended, error, ["Traceback: x"]))

    error = sent(ValueError((1, 2), Point(3)))
    assert error.args == ((1, 2), Point(3))
    assert "Traceback: x" in error.__notes__[0]
    assert type(sent(NoSuchObjectError("gone"))) is NoSuchObjectError
    paper = sent(OutOfPaperError(4))
    assert (type(paper), paper.tray, str(paper)) == (OutOfPaperError, 4, "tray 4 is empty")
    assert sent(ValueError(object())).args[0].startswith("<object object")
    table.allowed.add(Outer.InnerError)
    assert type(sent(Outer.InnerError(1))) is Outer.InnerError
    local = sent(type("LocalError", (Exception,), {})("why"))
    assert isinstance(local, RemoteError)
    assert local.text == "why"


@by_name
def test_failures_of_a_batch_arrive_as_such(name: str) -> None:
    table = ClassTable()
    table.allow(OutOfPaperError)
    codecs = make_codecs(table, Settings()).extended()
    serializer = codecs.by_name[name]
    for error in (KeyError("k"), OutOfPaperError(1), ValueError(object())):
        failure = codecs.failure(error, ["line"])
        beside: list[Any] = []
        for data in (
            codecs.dump_results(serializer, [(1,), failure]),
            codecs.dump_results(serializer, [(1,), failure], beside),
        ):
            first, last = serializer.loads(data)
            assert first == (1,)
            assert type(last) is Failure
            assert type(last.error) is type(error)


@by_name
def test_a_chain_of_causes_arrives_unless_it_is_long(name: str) -> None:
    error: Exception = ValueError(0)
    chain = error
    for number in range(1, 4):
        chain.__cause__ = ValueError(number)
        chain = chain.__cause__
    arrived = trip([error], name)[0]
    assert arrived.__cause__.__cause__.__cause__.args == (3,)
    chain.__cause__ = error
    assert trip([error], name)[0].__cause__ is None


@pytest.mark.slow
def test_classes_that_are_made_on_and_on_are_not_kept() -> None:
    table = ExtendedTable(ClassTable())
    first = type("First", (Thing,), {})
    kept = weakref.ref(first)
    table.plan(first)
    assert table.plan(Thing) is table.plan(Thing)
    del first
    for number in range(10_000):
        table.plan(type(f"Made{number}", (Thing,), {}))
    gc.collect()
    assert kept() is None


def test_what_is_registered_and_allowed_counts_for_both_tables() -> None:
    base = ClassTable()
    table = ExtendedTable(base)
    table.allow(Point)
    assert Point in base.allowed
    table.register_name("a.B", lambda name, form: form["x"])
    assert base.has_name("a.B")
    assert table.revive([{"__class__": "a.B", "x": 1}]) == [1]
    assert table.from_form({"__class__": "a.B", "x": 1}) == 1
    table.unregister_name("a.B")
    assert not base.has_name("a.B")
    table.register(Thing, lambda thing: 1)
    assert base.registered_form(Thing(2)) == 1 == table.registered_form(Thing(2))


def test_only_classes_with_fields_may_be_allowed() -> None:
    for cls in (Thing, int, BaseException, SystemExit):
        with pytest.raises(TypeError, match="is no dataclass, enumeration, named tuple"):
            ClassTable().allow(cls)
    table = ClassTable()
    outer = dataclasses.make_dataclass("Outer", [("points", list[Point])])
    table.allow(outer)
    assert Point in table.allowed


@by_name
def test_objects_that_can_not_travel_are_refused(name: str) -> None:
    serializer = serializer_of(ClassTable(), name)
    for value in (object(), int, pytest, len, iter(())):
        with pytest.raises(SerializeError):
            serializer.dumps([value])
