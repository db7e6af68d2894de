from __future__ import annotations

import dataclasses
import datetime
import enum
import sys
import types
from typing import Any

import pytest

from pyrophone.errors import RemoteError, SecurityError, SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.extended import ExtendedTable
from pyrophone.serializers.records import Allowed, Record, kind_of
from pyrophone.testing.strategies import same
from valued import (
    CLASSES,
    NAMES,
    Checked,
    Colour,
    Engine,
    Names,
    OutOfPaperError,
    Pair,
    Person,
    Plain,
    Point,
    Right,
    Seeded,
    Shape,
    everything,
    revived,
    trip,
)

by_name = pytest.mark.parametrize("name", NAMES)


def form(name: str, kind: str = "dataclass", /, **fields: Any) -> dict[str, Any]:
    return {
        "__class__": "pyrophone.Object",
        "name": f"valued.{name}",
        "kind": kind,
        "fields": fields,
    }


@by_name
@pytest.mark.parametrize("value", everything(), ids=lambda value: type(value).__name__)
def test_values_of_allowed_classes_arrive_as_what_they_were(name: str, value: Any) -> None:
    assert same(trip([value, {"k": value}], name, *CLASSES), [value, {"k": value}])


@by_name
def test_fields_that_init_does_not_take_arrive_too(name: str) -> None:
    shape = Shape("a")
    shape.serial = 7
    assert trip(shape, name, Shape).serial == 7
    assert trip(Seeded(4), name, Seeded).value == 8


@by_name
def test_what_is_not_allowed_arrives_as_a_record_and_goes_on_as_what_it_was(
    name: str,
) -> None:
    value = [Shape("a", [Point(1)]), Pair(Colour.RED), Engine(3), {Point(2): 1}]
    record = trip(value, name)
    assert repr(record[0]) == (
        "Record('valued.Shape', name='a', points=[Record('valued.Point', x=1, y=0.0)], "
        "colour=Record('valued.Colour', name='RED', value=1), serial=0)"
    )
    assert {Record("valued.Point", {"x": 2, "y": 0.0}): 1} == record[3]
    assert same(trip(record, name, *CLASSES), value)


@by_name
def test_a_class_is_allowed_by_itself_and_not_by_its_base_or_its_subclass(
    name: str,
) -> None:
    @dataclasses.dataclass(frozen=True)
    class Sub(Point):
        z: int = 0

    assert type(trip(Sub(1), name, Point)) is Record
    assert type(trip(Point(1), name, Sub)) is Record
    assert trip(Sub(1), name, Sub) == Sub(1)


@by_name
def test_an_object_of_any_other_class_arrives_as_a_record(name: str) -> None:
    class Thing:
        def __init__(self) -> None:
            self.size = 3

    arrived = trip(Thing(), name)
    assert (arrived.kind, arrived.fields) == ("object", {"size": 3})
    assert trip(arrived, name) == arrived


def test_records_are_equal_if_name_and_fields_are() -> None:
    record = Record("a.B", {"x": 1})
    assert record == Record("a.B", {"x": 1})
    assert hash(record) == hash(Record("a.B", {"x": 1}))
    assert record != Record("a.C", {"x": 1})
    assert record != Record("a.B", {"x": 2})
    assert record != ("a.B", {"x": 1})
    with pytest.raises(TypeError, match="unhashable"):
        hash(Record("a.B", {"x": []}))


def test_the_class_judges_what_is_sent_for_it() -> None:
    with pytest.raises(SerializeError, match=r"no valued\.Checked: 3 is more than 1"):
        revived(form("Checked", low=3, high=1, width=-2), Checked)
    with pytest.raises(SerializeError, match=r"no valued\.Engine: .*>= 0"):
        revived(form("Engine", "attrs", power=-1, _oil="a"), Engine)
    with pytest.raises(SerializeError, match=r"no valued\.Person: 1 validation error"):
        revived(form("Person", "pydantic", name="a", born="never", tags=()), Person)
    assert revived(form("Engine", "attrs", power="12", _oil="a"), Engine) == Engine(12, "a")


@pytest.mark.parametrize(
    ("name", "kind", "fields", "problem"),
    [
        ("Point", "dataclass", {"x": 1, "z": 2}, "valued.Point has no field 'z'"),
        ("Point", "dataclass", {"x": 1, "__init__": 2}, "has no field '__init__'"),
        ("Point", "dataclass", {"x": 1, "__dict__": {}}, "has no field '__dict__'"),
        ("Point", "dataclass", {}, "no valued.Point: .*missing 1 required"),
        ("Seeded", "dataclass", {}, "valued.Seeded lacks 'value'"),
        ("Seeded", "dataclass", {"value": 1, "seed": 2}, "has no field 'seed'"),
        ("Pair", "namedtuple", {"left": 1, "middle": 2}, "has no field 'middle'"),
        ("Pair", "namedtuple", {"right": 1}, "valued.Pair lacks field 'left'"),
        ("Engine", "attrs", {"power": 1, "oil": ""}, "valued.Engine has no field 'oil'"),
        ("Person", "pydantic", {"name": "a", "pet": 1}, "Person has no field 'pet'"),
        ("Colour", "enum", {"name": "GREEN", "value": 1}, "Colour has no member 'GREEN'"),
        ("Colour", "enum", {"name": "mro"}, "Colour has no member 'mro'"),
        ("Colour", "enum", {}, "valued.Colour has no member None"),
        ("Right", "enum", {"name": None, "value": 64}, "no valued.Right: .*invalid value"),
        ("Right", "enum", {"name": None, "value": 1.0}, "Right has no member None"),
        ("Point", "module", {"x": 1}, "malformed pyrophone.Object valued.Point of kind"),
        ("x.__dict__", "dataclass", {"x": 1}, "refused to make an object of class"),
    ],
)
def test_fields_that_do_not_fit_are_refused(
    name: str, kind: str, fields: dict[str, Any], problem: str
) -> None:
    with pytest.raises((SerializeError, SecurityError), match=problem):
        revived(form(name, kind, **fields), *CLASSES)


@pytest.mark.parametrize(
    "bad",
    [
        {"__class__": "pyrophone.Object"},
        {"__class__": "pyrophone.Object", "name": 1, "kind": "enum", "fields": {}},
        {"__class__": "pyrophone.Object", "name": "a.B", "kind": [], "fields": {}},
        {"__class__": "pyrophone.Object", "name": "a.B", "kind": "enum", "fields": []},
        {"__class__": "pyrophone.Object", "name": "a.B", "kind": "enum", "fields": {1: 2}},
    ],
    ids=repr,
)
def test_malformed_objects_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(SerializeError, match=r"malformed pyrophone\.Object"):
        revived(bad)


def test_a_class_that_was_not_allowed_is_not_touched() -> None:
    class Trap(type):
        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            raise AssertionError("made")

    @dataclasses.dataclass
    class Bait(metaclass=Trap):
        x: int

    module = types.ModuleType("bait")
    vars(module)["Bait"] = Bait
    Bait.__module__, Bait.__qualname__ = "bait", "Bait"
    sys.modules["bait"] = module
    try:
        arrived = revived({**form("x", x=1), "name": "bait.Bait"}, Point)
    finally:
        del sys.modules["bait"]
    assert arrived == Record("bait.Bait", {"x": 1})


def test_a_module_is_not_imported_for_a_name() -> None:
    assert "antigravity" not in sys.modules
    revived({**form("x"), "name": "antigravity.Comic"})
    assert "antigravity" not in sys.modules


def test_combinations_of_flags_that_peers_make_are_limited() -> None:
    many = enum.Flag("many", [f"bit{number}" for number in range(20)])  # type: ignore[misc]
    many.__module__, many.__qualname__ = "valued", "Many"
    allowed = Allowed()
    allowed.add(many)
    for value in range(4088):
        allowed.build(many, {"name": None, "value": value})
    with pytest.raises(SerializeError, match=r"has 4096 combinations, limit is 4096"):
        allowed.build(many, {"name": None, "value": 4088})
    assert allowed.build(many, {"name": None, "value": 3}).value == 3


@by_name
def test_exceptions_of_allowed_classes_arrive_as_such(name: str) -> None:
    try:
        try:
            raise KeyError("tray")
        except KeyError as error:
            raise OutOfPaperError(2) from error
    except OutOfPaperError as error:
        arrived = trip([error], name, OutOfPaperError)[0]
    assert type(arrived) is OutOfPaperError
    assert (arrived.args, arrived.tray) == (("tray 2 is empty",), 2)
    assert repr(arrived.__cause__) == "KeyError('tray')"


@by_name
def test_an_exception_that_is_sent_on_arrives_as_what_it_was(name: str) -> None:
    between = trip([OutOfPaperError(2)], name)
    assert type(between[0]) is RemoteError
    arrived = trip(between, name, OutOfPaperError)[0]
    assert (type(arrived), arrived.tray) == (OutOfPaperError, 2)


@pytest.mark.parametrize("args", [7, None, {}])
def test_malformed_exceptions_are_refused(args: Any) -> None:
    with pytest.raises(SerializeError, match="malformed exception"):
        revived(
            {"__class__": "valued.OutOfPaperError", "__exception__": True, "args": args},
            OutOfPaperError,
        )


def test_an_exception_is_no_value_of_its_fields() -> None:
    arrived = revived(form("OutOfPaperError", tray=1), OutOfPaperError)
    assert type(arrived) is Record


def test_a_converter_that_was_registered_comes_first() -> None:
    table = ClassTable()
    table.allow(Point)
    table.register_name("valued.Point", lambda cls, form: (cls, form["x"], form["y"]))
    arrived = ExtendedTable(table).revive(form("Point", x=1, y=2))
    assert arrived == ("valued.Point", 1, 2)


def test_the_program_that_runs_is_known_by_the_bare_name() -> None:
    ours = dataclasses.make_dataclass("Ours", ["x"], namespace={"__module__": "__main__"})
    ours.__module__ = "__main__"
    theirs = dataclasses.make_dataclass("Theirs", ["x"])
    theirs.__module__ = "lab.shapes"
    allowed = Allowed()
    allowed.add(ours)
    allowed.add(theirs)
    assert allowed.find("server.Ours") is ours
    assert allowed.find("some.server.Ours") is ours
    assert allowed.find(1_000_000 * "a." + "Ours") is None  # nobody has such a name
    assert allowed.find("__main__.Theirs") is theirs
    assert allowed.find("other.Theirs") is None
    other = dataclasses.make_dataclass("Theirs", ["x"])
    other.__module__ = "lab.other"
    allowed.add(other)
    assert allowed.find("__main__.Theirs") is None
    assert allowed.find("lab.shapes.Theirs") is theirs


@pytest.mark.parametrize(
    ("cls", "kind"),
    [
        *((Colour, "enum"), (Right, "enum"), (Pair, "namedtuple"), (Point, "dataclass")),
        *((Engine, "attrs"), (Person, "pydantic"), (Names, "pydantic"), (Plain, "attrs")),
        *((int, None), (tuple, None), (ValueError, None), (datetime.date, None)),
    ],
)
def test_kinds_of_classes(cls: type, kind: str | None) -> None:
    assert kind_of(cls) == kind
