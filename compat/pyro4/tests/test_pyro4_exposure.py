"""What the decorators mark, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from Pyro4.exposure import behavior, callback, expose, is_private_attribute, oneway


def test_a_class_is_marked_in_place_with_what_stands_in_its_body() -> None:
    class Base:
        def inherited(self) -> None: ...

    class Thing(Base):
        constant = 1

        def method(self) -> None: ...
        def _private(self) -> None: ...
        def __len__(self) -> int:
            return 0

        @classmethod
        def made(cls) -> None: ...

        @property
        def written(self) -> None: ...

    assert expose(Thing) is Thing
    body = vars(Thing)
    assert body["_pyroExposed"] is True
    marked = [body["method"], body["__len__"], body["made"].__func__, body["written"].fget]
    assert [getattr(one, "_pyroExposed", False) for one in marked] == [True] * 4
    unmarked = [body["_private"], Base.inherited]
    assert not any(hasattr(one, "_pyroExposed") for one in unmarked)


def test_each_decorator_leaves_its_mark_and_no_other() -> None:
    def one() -> None: ...
    def two() -> None: ...

    assert vars(oneway(one)).get("_pyroOneway") is True
    assert vars(callback(two)).get("_pyroCallback") is True
    for function in (one, two):
        assert not hasattr(function, "_pyroExposed")


@pytest.mark.parametrize("wrapper", [classmethod, staticmethod])
def test_the_wrong_order_of_decorators_is_refused(wrapper: Callable[..., Any]) -> None:
    def method() -> None: ...

    with pytest.raises(AttributeError, match=r"must be done after @classmethod.*: method"):
        expose(wrapper(method))


@pytest.mark.parametrize("target", [5, "x", None, object()])
def test_what_is_no_function_is_refused(target: Any) -> None:
    with pytest.raises(AttributeError, match="cannot determine what this is"):
        expose(target)


def test_private_names_are_refused() -> None:
    def _private(self: Any) -> None: ...
    def __repr__(self: Any) -> str: ...  # type: ignore[empty-body]

    class _Class: ...

    for target in (_private, __repr__, _Class, property(_private)):
        with pytest.raises(AttributeError, match="exposing private names"):
            expose(target)


@pytest.mark.parametrize(
    ("name", "private"),
    [
        ("name", False),
        ("_name", True),
        ("__name", True),
        ("__", True),
        ("__len__", False),
        ("__dict__", False),
        ("__init__", True),
        ("__unicode__", True),
        ("__getstate_for_dict__", True),
    ],
)
def test_which_names_are_private(name: str, private: bool) -> None:
    assert is_private_attribute(name) is private


def test_behavior_is_checked() -> None:
    class Thing: ...

    assert behavior("single", len)(Thing) is Thing
    assert Thing._pyroInstancing == ("single", len)  # type: ignore[attr-defined]
    with pytest.raises(SyntaxError, match="missing argument"):
        behavior(Thing)
    with pytest.raises(ValueError, match="invalid instance mode: x"):
        behavior("x")(Thing)
    with pytest.raises(TypeError, match="only be used on a class"):
        behavior()(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a callable"):
        behavior(instance_creator=5)(Thing)  # type: ignore[arg-type]


def test_programs_see_them_in_the_core() -> None:
    homes = {one.__module__ for one in (behavior, callback, expose, oneway)}
    assert (homes, is_private_attribute.__module__) == ({"Pyro4.core"}, "Pyro4.util")
