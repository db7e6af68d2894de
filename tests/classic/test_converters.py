"""The registry of classes that the serializers of a package share."""

from __future__ import annotations

from typing import Any

import pytest

import Pyro4.errors
import Pyro5.errors
from Pyro4.converters import SerializerBase as Base4
from Pyro5.serializers import SerializerBase as Base5
from pyrophone.classic.converters import ReplacingTable, Serializing
from pyrophone.serializers import ClassTable
from pyrophone.serializers.classes import NO_FORM

BOTH = pytest.mark.parametrize("base", [Base4, Base5])


class Thing:
    """Something of one's own."""

    def __init__(self, value: int = 1) -> None:
        self.value = value


class Part(Thing):
    """Something more special."""


def errors_of(base: type[Serializing]) -> Any:
    return base.generation.errors


def test_a_table_replaces_exact_types_only() -> None:
    shared = ClassTable()
    shared.register(Thing, lambda thing: {"__class__": "shared"})
    table = ReplacingTable(shared)
    assert table.registered_form(Part()) == {"__class__": "shared"}
    table.replacements[Thing] = lambda thing: "other"
    assert table.registered_form(Thing()) == "other"
    assert table.registered_form(Part()) == {"__class__": "shared"}
    assert table.registered_form(5) is NO_FORM


def test_a_replacement_can_leave_an_object_to_the_registry() -> None:
    shared = ClassTable()
    shared.register(Thing, lambda thing: {"__class__": "shared"})
    table = ReplacingTable(shared)
    table.replacements[Thing] = lambda thing: NO_FORM
    assert table.registered_form(Thing()) == {"__class__": "shared"}


def test_a_table_reads_and_writes_other_objects_as_the_shared_one_does() -> None:
    shared = ClassTable()
    shared.register_name("lab.Thing", lambda name, form: Thing(form["value"]))
    table = ReplacingTable(shared)
    assert table.generic_form(Thing(2)) == shared.generic_form(Thing(2))
    assert table.from_form({"__class__": "lab.Thing", "value": 3}).value == 3


@BOTH
def test_what_is_registered_counts_for_the_package_only(base: type[Serializing]) -> None:
    base.register_class_to_dict(
        Thing, lambda thing: {"__class__": "lab.T", "v": thing.value}
    )
    base.register_dict_to_class("lab.T", lambda name, form: (name, form["v"]))
    try:
        assert base.class_to_dict(Part(4)) == {"__class__": "lab.T", "v": 4}
        assert base.dict_to_class({"__class__": "lab.T", "v": 4}) == ("lab.T", 4)
        value = base().recreate_classes([{"a": {"__class__": "lab.T", "v": 4}}])
        assert value == [{"a": ("lab.T", 4)}]
        other = Base5 if base is Base4 else Base4
        with pytest.raises(errors_of(other).SerializeError):
            other.dict_to_class({"__class__": "lab.T", "v": 4})
    finally:
        base.unregister_class_to_dict(Thing)
        base.unregister_dict_to_class("lab.T")
    assert base.class_to_dict(Thing()) == {"__class__": f"{__name__}.Thing", "value": 1}
    with pytest.raises(
        errors_of(base).SerializeError, match="unsupported serialized class"
    ):
        base.dict_to_class({"__class__": "lab.T"})


@BOTH
def test_what_has_no_form_is_refused_by_name(base: type[Serializing]) -> None:
    for kind in (errors_of(base).SerializeError, ValueError):
        with pytest.raises(kind, match=r"class <class 'int'> using serializer Serializer"):
            base.class_to_dict(5)


@BOTH
def test_a_dict_without_class_is_refused(base: type[Serializing]) -> None:
    with pytest.raises(errors_of(base).SerializeError, match="<unknown>"):
        base.dict_to_class({})
    with pytest.raises(errors_of(base).SecurityError, match="double underscores"):
        base().recreate_classes({"__class__": "__main__.Thing"})


@BOTH
def test_exceptions_are_made_with_their_attributes(base: type[Serializing]) -> None:
    error = base.make_exception(KeyError, {"args": [1], "attributes": {"x": 2}})
    assert (type(error), error.args, vars(error)) == (KeyError, (1,), {"x": 2})
    assert vars(base.make_exception(KeyError, {"args": []})) == {}


@BOTH
def test_the_rest_is_for_subclasses(base: type[Serializing]) -> None:
    serializer = base()
    for call in (
        lambda: serializer.dumps(1),
        lambda: serializer.loads(b""),
        lambda: serializer.dumps_call("o", "m", (), {}),
        lambda: serializer.loads_call(b""),
        lambda: base.register_type_replacement(Thing, str),
    ):
        with pytest.raises(NotImplementedError):
            call()


def test_serializers_are_equal_by_what_is_in_them() -> None:
    one, other = Base4(), Base5()
    assert one == other
    vars(one)["x"] = 1
    assert one != other
    assert one != 5
    assert len({one, other}) == 2


def test_a_serializer_of_a_program_needs_but_four_methods() -> None:
    class Own(Base4):
        serializer_id = 99

        def dumpsCall(self, obj: str, method: str, vargs: Any, kwargs: Any) -> bytes:
            return f"{obj}.{method}{vargs}{kwargs}".encode()

        def loadsCall(self, data: Any) -> Any:
            return data.decode(), "m", (), {}

    assert Own().id == 99
    assert Own().dumps_call("o", "m", (1,), {}) == b"o.m(1,){}"
    assert Own().loads_call(b"x") == ("x", "m", (), {})


def test_the_errors_of_both_packages_are_different() -> None:
    assert not issubclass(Pyro4.errors.SerializeError, Pyro5.errors.SerializeError)
