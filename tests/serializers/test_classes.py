from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pytest

from pyrophone.errors import SecurityError, SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.classes import (
    DAEMON_CLASS,
    FAILURE_CLASS,
    URI_CLASS,
    Failure,
    Placeholder,
)
from pyrophone.uri import URI


class Point:
    def __init__(self, x: int, y: int) -> None:
        self.x = x
        self.y = y


class Point3(Point):
    pass


class Slotted:
    __slots__ = ("__hidden", "a", "missing")

    def __init__(self) -> None:
        self.a = 1
        self.__hidden = 2


class Both(Slotted):
    def __init__(self) -> None:
        super().__init__()
        self.c = 3


class OneSlot:
    __slots__ = "only"

    def __init__(self) -> None:
        self.only = 1


class Stateful:
    def __init__(self, state: Any) -> None:
        self.state = state

    def __getstate__(self) -> Any:
        return self.state


@dataclass
class Record:
    name: str


HERE = Point.__module__


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (Point(1, 2), {"x": 1, "y": 2, "__class__": f"{HERE}.Point"}),
        (Record("n"), {"name": "n", "__class__": f"{HERE}.Record"}),
        (Slotted(), {"_Slotted__hidden": 2, "a": 1, "__class__": f"{HERE}.Slotted"}),
        (Both(), {"_Slotted__hidden": 2, "a": 1, "c": 3, "__class__": f"{HERE}.Both"}),
        (OneSlot(), {"only": 1, "__class__": f"{HERE}.OneSlot"}),
        (Stateful({"s": 1}), {"s": 1}),
        (Stateful(5), {"state": 5, "__class__": f"{HERE}.Stateful"}),
        (
            URI.parse("PYRO:obj@host:1"),
            {"__class__": URI_CLASS, "state": ("PYRO", "obj", None, "host", 1)},
        ),
        (
            URI.parse("PYROMETA:a,b"),
            {"__class__": URI_CLASS, "state": ("PYROMETA", {"a", "b"}, None, None, None)},
        ),
        (Placeholder(DAEMON_CLASS), {"__class__": DAEMON_CLASS, "state": ()}),
        (
            ValueError("v"),
            {
                "__class__": "builtins.ValueError",
                "__exception__": True,
                "args": ("v",),
                "attributes": {},
            },
        ),
    ],
)
def test_objects_have_these_forms(value: Any, form: dict[str, Any]) -> None:
    made = ClassTable().to_form(value)
    assert made == form
    assert list(made) == list(form)


def test_converters_are_tried_by_ancestry_in_the_order_of_registration() -> None:
    classes = ClassTable()
    classes.register(Point, lambda one: {"point": one.x})
    classes.register(Point3, lambda one: {"never": 1})
    assert classes.to_form(Point3(1, 2)) == {"point": 1}
    classes.unregister(Point)
    classes.unregister(Point)
    assert classes.to_form(Point3(1, 2)) == {"never": 1}
    assert classes.to_form(Point(1, 2))["__class__"] == f"{HERE}.Point"


def test_the_stand_in_is_asked_before_the_converters() -> None:
    classes = ClassTable()
    classes.register(Point, lambda one: {"point": one.x})
    classes.stand_in = lambda one: {"proxy": True} if one.x == 7 else None
    assert classes.to_form(Point(7, 0)) == {"proxy": True}
    assert classes.to_form(Point(8, 0)) == {"point": 8}


def test_converters_for_names_are_exact_and_come_before_all_rules() -> None:
    classes = ClassTable()
    names = ["geo.Point", "__main__.Point", URI_CLASS, "builtins.ValueError"]
    for name in names:
        classes.register_name(name, lambda name, form: (name, form["x"]))
        assert classes.from_form({"__class__": name, "x": 5}) == (name, 5)
        classes.unregister_name(name)
        classes.unregister_name(name)
        with pytest.raises((SerializeError, SecurityError)):
            classes.from_form({"__class__": name, "x": 5})
    with pytest.raises(SerializeError, match=r"^unsupported serialized class: geo.Point2$"):
        classes.from_form({"__class__": "geo.Point2"})


def test_failing_converters_are_serialize_errors_from_the_original() -> None:
    classes = ClassTable()
    classes.register(Point, lambda one: one.missing)
    classes.register_name("geo.Point", lambda name, form: form["missing"])
    with pytest.raises(SerializeError, match="converting a Point failed") as caught:
        classes.to_form(Point(1, 2))
    assert type(caught.value.__cause__) is AttributeError
    with pytest.raises(
        SerializeError, match=r"converting a geo.Point failed: KeyE"
    ) as caught:
        classes.from_form({"__class__": "geo.Point"})
    assert type(caught.value.__cause__) is KeyError


def test_a_converter_may_raise_our_errors_itself() -> None:
    def refuse(name: str, form: dict[str, Any]) -> Any:
        raise SerializeError("not this one")

    classes = ClassTable()
    classes.register_name("geo.Point", refuse)
    with pytest.raises(SerializeError, match=r"^not this one$"):
        classes.from_form({"__class__": "geo.Point"})


def test_a_daemon_arrives_as_a_placeholder() -> None:
    classes = ClassTable()
    daemon = classes.from_form({"__class__": DAEMON_CLASS, "state": []})
    assert daemon == Placeholder(DAEMON_CLASS)
    assert hash(daemon) == hash(Placeholder(DAEMON_CLASS))
    assert daemon != Placeholder("other")
    assert repr(daemon) == "Placeholder(class_name='Pyro5.server.Daemon')"
    with pytest.raises(SerializeError, match="state of 0, 1 elements"):
        classes.from_form({"__class__": DAEMON_CLASS, "state": [1]})


@pytest.mark.parametrize("name", ["serpent", "marshal", "json", "msgpack"])
def test_serializers_arrive_as_their_names(name: str) -> None:
    form = {"__class__": f"Pyro5.util.{name.capitalize()}Serializer"}
    assert ClassTable().from_form(form) == name


def test_names_with_two_underscores_are_refused() -> None:
    for name in ("__main__.Point", "a.b__c", "__"):
        with pytest.raises(SecurityError, match=name):
            ClassTable().from_form({"__class__": name})


@pytest.mark.parametrize(
    "name",
    [None, 5, ["x"], "Pyro5.util.Other", "Pyro5.errors.Other", "ValueError", "", "x.Y"],
)
def test_unknown_and_malformed_names_are_refused(name: Any) -> None:
    with pytest.raises(SerializeError, match=r"unsupported serialized class|__class__ is"):
        ClassTable().from_form({"__class__": name})


def test_failures_travel_with_their_error_and_traceback() -> None:
    classes = ClassTable()
    form = classes.to_form(Failure(KeyError("k")))
    assert list(form) == ["__class__", "exception"]
    assert form["exception"]["attributes"] == {}
    assert type(classes.from_form(form).error) is KeyError
    form = classes.to_form(Failure(KeyError("k"), ["line\n"]))
    assert form["exception"]["attributes"] == {"_pyroTraceback": ["line\n"]}
    back = classes.from_form({"__class__": FAILURE_CLASS, "exception": ValueError("made")})
    assert repr(back) == "Failure(ValueError('made'))"
    for inner in (None, {}, {"__class__": URI_CLASS, "state": ["PYRO", "o", None, "h", 1]}):
        with pytest.raises(SerializeError, match="no exception in it"):
            classes.from_form({"__class__": FAILURE_CLASS, "exception": inner})


def test_errors_of_registered_classes_go_by_their_converter() -> None:
    class OwnError(Exception):
        pass

    classes = ClassTable()
    classes.register(OwnError, lambda error: {"__class__": "own", "code": 5})
    assert classes.error_to_form(OwnError(), ["line"]) == {"__class__": "own", "code": 5}
    classes.unregister(OwnError)
    classes.register(OwnError, lambda error: {"__exception__": True, "args": ()})
    assert classes.error_to_form(OwnError(), None) == {
        "__exception__": True,
        "args": (),
        "attributes": {"_pyroTraceback": None},
    }
    classes.unregister(OwnError)
    classes.register(OwnError, lambda error: 5)
    with pytest.raises(SerializeError, match="form of a OwnError is no mapping"):
        classes.error_to_form(OwnError(), None)


def test_reviving_goes_from_the_top_and_not_into_forms() -> None:
    classes = ClassTable()
    classes.register_name("box", lambda name, form: ("box", form["inner"]))
    inner = {"__class__": "box", "inner": None}
    value = {"a": [(inner, 1)], "b": {"__class__": "box", "inner": [inner]}}
    assert classes.revive(value) == {"a": [(("box", None), 1)], "b": ("box", [inner])}
    assert classes.revive(5) == 5


def test_nothing_is_imported_by_name() -> None:
    assert "antigravity" not in sys.modules
    for form in (
        {"__class__": "antigravity.Error"},
        {"__class__": "antigravity.Error", "__exception__": True, "args": []},
    ):
        try:
            ClassTable().from_form(form)
        except SerializeError:
            continue
    assert "antigravity" not in sys.modules
