# mypy: disable-error-code="prop-decorator, misc, untyped-decorator"
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from pyrophone.errors import NotExposedError
from pyrophone.objects.exposure import (
    Instancing,
    Members,
    callback,
    expose,
    instances,
    is_private,
    oneway,
)
from pyrophone.wire.metadata import Metadata
from valued import Colour, Pair, Point

ALWAYS_PRIVATE = [
    "init",
    "init_subclass",
    "class",
    "module",
    "weakref",
    "call",
    "new",
    "del",
    "repr",
    "str",
    "format",
    "nonzero",
    "bool",
    "coerce",
    "cmp",
    "eq",
    "ne",
    "hash",
    "ge",
    "gt",
    "le",
    "lt",
    "dir",
    "enter",
    "exit",
    "copy",
    "deepcopy",
    "sizeof",
    "getattr",
    "setattr",
    "hasattr",
    "getattribute",
    "delattr",
    "instancecheck",
    "subclasscheck",
    "getinitargs",
    "getnewargs",
    "getstate",
    "setstate",
    "reduce",
    "reduce_ex",
    "subclasshook",
]


@expose
class Thermometer:
    """Everything that can stand in a class body."""

    limit = 99
    text: Callable[..., str] = str.upper
    partial: Any = functools.partialmethod(dict, a=1)

    def __init__(self) -> None:
        self.degrees = 20

    def __len__(self) -> int:
        return 3

    def __call__(self) -> None: ...

    def __secret(self) -> None: ...

    def read(self) -> int:
        return self.degrees

    def _calibrate(self) -> None: ...

    short = lambda self: "lambda"  # noqa: E731

    @staticmethod
    def convert(celsius: int) -> int:
        return celsius * 9 // 5 + 32

    @classmethod
    def create(cls) -> str:
        return cls.__name__

    @property
    def value(self) -> int:
        return self.degrees

    @value.setter
    def value(self, degrees: int) -> None:
        self.degrees = degrees

    @property
    def fixed(self) -> int:
        return 7

    @property
    def _hidden(self) -> int:
        return 7

    @functools.cached_property
    def cached(self) -> int:
        return 7

    class Nested:
        def method(self) -> None: ...

    async def later(self) -> int:
        return 1

    @oneway
    def fire(self) -> None: ...

    @callback
    def back(self) -> None: ...


MEMBERS = Members(Thermometer)


# Names.


@pytest.mark.parametrize("name", [f"__{name}__" for name in ALWAYS_PRIVATE])
def test_these_names_are_private_whatever_is_marked(name: str) -> None:
    assert is_private(name)


@pytest.mark.parametrize("name", ["_", "__", "___", "____", "_x", "__x", "__x_", "_x__"])
def test_names_that_begin_with_an_underscore_are_private(name: str) -> None:
    assert is_private(name)


@pytest.mark.parametrize(
    "name", ["x", "x_", "x__", "__x__", "_____", "__len__", "__iter__", ""]
)
def test_other_names_are_not(name: str) -> None:
    assert not is_private(name)


# What is exposed.


def test_of_an_exposed_class_all_functions_and_properties_are() -> None:
    assert MEMBERS.methods == {
        *("__len__", "read", "short", "convert", "create", "later", "fire", "back")
    }
    assert set(MEMBERS.attributes) == {"value", "fixed"}
    assert MEMBERS.oneway == {"fire"}
    assert MEMBERS.callbacks == {"back"}


def test_a_client_is_told_the_names() -> None:
    assert MEMBERS.metadata == Metadata(
        MEMBERS.methods, frozenset({"fire"}), frozenset({"value", "fixed"})
    )


def test_without_a_mark_nothing_is_exposed() -> None:
    class Plain:
        @oneway
        def fire(self) -> None: ...

        @callback
        def back(self) -> None: ...

        @property
        def value(self) -> int:
            return 1

    assert not Members(Plain).metadata
    assert not Members(Plain).oneway
    assert not Members(Plain).callbacks


def test_one_method_can_be_exposed_alone() -> None:
    class Some:
        @expose
        def shown(self) -> None: ...

        def hidden(self) -> None: ...

        def __len__(self) -> int:
            return 0

        @expose
        def __getitem__(self, key: int) -> int:
            return key

    assert Members(Some).methods == {"shown", "__getitem__"}


def test_inherited_members_keep_their_own_mark() -> None:
    class Base:
        @expose
        def marked(self) -> None: ...

        @expose
        def overridden(self) -> None: ...

        def plain(self) -> None: ...

    @expose
    class Derived(Base):
        def own(self) -> None: ...

    class Override(Base):
        def overridden(self) -> None: ...

    assert Members(Derived).methods == {"marked", "overridden", "own"}
    assert Members(Override).methods == {"marked"}
    assert Members(Base).methods == {"marked", "overridden"}


def test_an_exposed_function_is_not_reached_by_a_private_name() -> None:
    class Some:
        @expose
        def shown(self) -> None: ...

        _alias = shown
        __call__ = shown
        also = shown

    assert Members(Some).methods == {"shown", "also"}


def test_exposing_writes_to_the_function_only() -> None:
    class Plain:
        def method(self) -> None: ...

    names = set(vars(Plain))
    assert expose(Plain) is Plain
    assert set(vars(Plain)) == names
    assert len(vars(Plain.method)) == 1


@pytest.mark.parametrize("first", [expose, oneway, callback])
@pytest.mark.parametrize("second", [expose, oneway, callback])
@pytest.mark.parametrize("third", [expose, oneway, callback])
def test_the_decorators_may_stand_in_any_order(first: Any, second: Any, third: Any) -> None:
    class Some:
        @first
        @second
        @third
        def method(self) -> None: ...

    marks, members = {first, second, third}, Members(Some)
    assert ("method" in members.methods) == (expose in marks)
    assert ("method" in members.oneway) == (marks >= {expose, oneway})
    assert ("method" in members.callbacks) == (marks >= {expose, callback})


def test_static_and_class_methods_are_exposed_below_their_decorator() -> None:
    class Some:
        @staticmethod
        @expose
        def static() -> str:
            return "static"

        @classmethod
        @expose
        def of_class(cls) -> str:
            return cls.__name__

    members = Members(Some)
    assert members.method(Some(), "static")() == "static"
    assert members.method(Some(), "of_class")() == "Some"


@pytest.mark.parametrize("decorator", [staticmethod, classmethod])
def test_static_and_class_methods_cannot_be_exposed_above_it(decorator: Any) -> None:
    with pytest.raises(
        AttributeError, match="must be done after @classmethod or @staticmethod"
    ):
        expose(decorator(lambda *args: None))


def test_marking_any_stage_of_a_property_exposes_it_all() -> None:
    class Some:
        @expose
        @property
        def late(self) -> int:
            return 1

        @property
        @expose
        def early(self) -> int:
            return 1

        @property
        def setter(self) -> int:
            return 1

        @expose
        @setter.setter
        def setter(self, value: int) -> None: ...

        @property
        def bare(self) -> int:
            return 1

        @bare.setter
        @expose
        def bare(self, value: int) -> None: ...

    assert set(Members(Some).attributes) == {"late", "early", "setter"}


def test_a_property_may_have_a_setter_or_a_deleter_only() -> None:
    written: list[int] = []

    class Some:
        write = expose(property(None, lambda self, value: written.append(value)))
        delete = expose(property(None, None, lambda self: None))

    members = Members(Some)
    assert set(members.attributes) == {"write", "delete"}
    members.set(Some(), "write", 5)
    assert written == [5]
    with pytest.raises(NotExposedError, match=r"^attribute 'write' of Some can't be read$"):
        members.get(Some(), "write")
    with pytest.raises(
        NotExposedError, match=r"^attribute 'delete' of Some can't be written$"
    ):
        members.set(Some(), "delete", 5)


def _private(self: object) -> None: ...


class _Private:
    def method(self) -> None: ...


@pytest.mark.parametrize(
    ("target", "name"),
    [(_private, "_private"), (property(_private), "_private"), (_Private, "_Private")],
)
def test_private_names_cannot_be_exposed(target: Any, name: str) -> None:
    with pytest.raises(AttributeError) as caught:
        expose(target)
    text = f"exposing private names (starting with _) is not allowed: {name}"
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (5, "int"),
        (len, "builtin_function_or_method"),
        (functools.partial(len), "partial"),
        (functools.cached_property(len), "cached_property"),
        (property(), "property"),
    ],
)
def test_what_is_no_function_cannot_be_exposed(target: Any, kind: str) -> None:
    with pytest.raises(
        AttributeError, match=rf"^@expose cannot determine what this is: {kind} is"
    ):
        expose(target)


@pytest.mark.parametrize("decorator", [oneway, callback])
@pytest.mark.parametrize("target", [5, Thermometer, len])
def test_what_is_no_function_cannot_be_marked(decorator: Any, target: Any) -> None:
    with pytest.raises(AttributeError, match=r"can't be marked: it is no function$"):
        decorator(target)


def test_what_wraps_an_exposed_function_is_exposed() -> None:
    def logged(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any) -> Any:
            return function(*args)

        return wrapper

    class Some:
        @oneway
        @logged
        @expose
        def method(self) -> None: ...

    assert Members(Some).oneway == {"method"}


def test_foreign_attributes_that_look_like_a_mark_are_none() -> None:
    class Some:
        def method(self) -> None: ...

    expose(lambda: None)
    Some.method._pyrophone_mark = True  # type: ignore[attr-defined]
    assert Members(Some).methods == frozenset()


def test_a_metaclass_may_list_names_that_do_not_exist() -> None:
    class Meta(type):
        def __dir__(cls) -> list[str]:
            return ["phantom", "real"]

    class Some(metaclass=Meta):
        @expose
        def real(self) -> None: ...

    assert Members(Some).methods == {"real"}


# Access.


def test_exposed_members_can_be_used() -> None:
    thermometer = Thermometer()
    assert MEMBERS.method(thermometer, "read")() == 20
    assert MEMBERS.method(thermometer, "convert")(100) == 212
    assert MEMBERS.method(thermometer, "create")() == "Thermometer"
    assert MEMBERS.method(thermometer, "__len__")() == 3
    assert MEMBERS.set(thermometer, "value", 30) is None
    assert MEMBERS.get(thermometer, "value") == 30


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("__init__", "attempt to access private attribute '__init__'"),
        ("__call__", "attempt to access private attribute '__call__'"),
        ("__class__", "attempt to access private attribute '__class__'"),
        ("__getattr__", "attempt to access private attribute '__getattr__'"),
        ("_calibrate", "attempt to access private attribute '_calibrate'"),
        (
            "_" * 3 + "x" * 200,
            "attempt to access private attribute '" + "_" * 3 + "x" * 97 + "'",
        ),
        (
            "limit",
            "attempt to access unexposed or unknown remote attribute "
            "'limit' of Thermometer",
        ),
        ("raed", "remote attribute 'raed' of Thermometer, did you mean 'read'?"),
        ("Nested", "unexposed or unknown remote attribute 'Nested' of Thermometer"),
        ("a.b", "unexposed or unknown remote attribute 'a.b' of Thermometer"),
        ("", "unexposed or unknown remote attribute '' of Thermometer"),
        ("x" * 200, "remote attribute '" + "x" * 100 + "' of Thermometer"),
        (5, "a member's name is a text, not int"),
        (["read"], "a member's name is a text, not list"),
    ],
)
def test_other_members_are_refused_by_name(name: Any, problem: str) -> None:
    thermometer = Thermometer()
    for use in (
        lambda: MEMBERS.method(thermometer, name),
        lambda: MEMBERS.get(thermometer, name),
        lambda: MEMBERS.set(thermometer, name, 1),
    ):
        with pytest.raises(NotExposedError) as caught:
            use()
        if "did you mean" not in problem:
            assert str(caught.value).endswith(problem)
    with pytest.raises(NotExposedError) as caught:
        MEMBERS.method(thermometer, name)
    assert str(caught.value).endswith(problem)


def test_methods_and_attributes_are_not_mixed_up() -> None:
    with pytest.raises(NotExposedError, match="unknown remote attribute 'value'"):
        MEMBERS.method(Thermometer(), "value")
    with pytest.raises(NotExposedError, match="unknown remote attribute 'read'"):
        MEMBERS.get(Thermometer(), "read")
    with pytest.raises(
        NotExposedError, match=r"'valu' of Thermometer, did you mean 'value'\?$"
    ):
        MEMBERS.set(Thermometer(), "valu", 1)


def test_a_property_without_setter_can_only_be_read() -> None:
    assert MEMBERS.get(Thermometer(), "fixed") == 7
    with pytest.raises(
        NotExposedError, match=r"^attribute 'fixed' of Thermometer can't be writt"
    ):
        MEMBERS.set(Thermometer(), "fixed", 1)


# Instances.


def test_without_a_mark_instances_are_made_per_session() -> None:
    assert Members(Thermometer).instancing == Instancing("session", None)


@pytest.mark.parametrize("mode", ["session", "single", "percall"])
def test_a_class_can_say_when_its_instances_are_made(mode: str) -> None:
    def create(cls: type) -> Any: ...

    @instances(mode, creator=create)
    class Some: ...

    class Derived(Some): ...

    assert Members(Some).instancing == Instancing(mode, create)
    assert Members(Derived).instancing == Instancing(mode, create)


@pytest.mark.parametrize(
    ("args", "error", "problem"),
    [
        (
            (Thermometer,),
            TypeError,
            "@instances needs its arguments: write @instances('session')",
        ),
        (
            ("often",),
            ValueError,
            "instance mode 'often' is none of session, single, percall",
        ),
        (("single", 5), TypeError, "instance creator 5 can't be called"),
    ],
)
def test_wrong_uses_of_instances_are_refused(
    args: Any, error: type[Exception], problem: str
) -> None:
    with pytest.raises(error) as caught:
        instances(*args)
    assert str(caught.value) == problem


def test_only_classes_have_instances() -> None:
    with pytest.raises(TypeError, match=r"^@instances marks classes, not function$"):
        instances("single")(lambda: None)  # type: ignore[arg-type]


def test_the_classes_are_found_that_exposed_members_name() -> None:
    class Places:
        @expose
        def near(self, point: Point) -> Colour:
            raise NotImplementedError

        def far(self, pair: Pair) -> None:
            raise NotImplementedError

    members = Members(Places)
    assert set(members.value_classes) == {Point, Colour}
    assert members.value_classes is members.value_classes
