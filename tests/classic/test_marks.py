"""The decorators of older Pyros leave their marks besides ours."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from pyrophone.classic import marks
from pyrophone.objects.exposure import Instancing, is_marked

LOG = logging.getLogger("test.marks")


def exposed(target: Any) -> Any:
    """Expose *target*, with a rule of its own."""
    return marks.expose(target, lambda name: name.startswith("never"), LOG)


def test_what_is_exposed_has_the_mark_and_ours(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "test.marks")

    @exposed
    class Lamp:
        """Has one of each kind."""

        color = "red"

        def light(self) -> None:
            """Do nothing."""

        def never(self) -> None:
            """Do nothing."""

        @property
        def power(self) -> int:
            """Return something."""
            return 5

        @staticmethod
        def kind() -> None:
            """Do nothing."""

    members = (Lamp.light, vars(Lamp)["power"].fget, Lamp.kind, Lamp)
    assert [vars(one).get("_pyroExposed") for one in members] == [True] * 4
    assert "_pyroExposed" not in vars(Lamp.never)
    assert is_marked(Lamp.light)
    assert "exposing all members of" in caplog.text


def test_a_method_is_exposed_alone() -> None:
    def light() -> None:
        """Do nothing."""

    assert exposed(light) is light
    assert vars(light)["_pyroExposed"] is True
    with pytest.raises(AttributeError, match="must be done after"):
        exposed(classmethod(light))


def test_one_way_and_callback_methods_have_a_mark() -> None:
    def light() -> None:
        """Do nothing."""

    assert marks.callback(marks.oneway(light)) is light
    names = {name: mark for name, mark in vars(light).items() if name.startswith("_pyro")}
    assert (names["_pyroOneway"], names["_pyroCallback"]) == (True, True)
    ours = vars(light)["_pyrophone_mark"]
    assert (ours.oneway, ours.callback) == (True, True)


def test_a_class_is_marked_with_how_instances_are_made() -> None:
    class Lamp:
        """One of many."""

    assert marks.behavior("single", None)(Lamp) is Lamp
    assert vars(Lamp)["_pyroInstancing"] == ("single", None)
    assert Instancing("single", None) in vars(Lamp).values()


@pytest.mark.parametrize(
    ("mode", "creator", "target", "error"),
    [
        (object, None, object, SyntaxError("behavior decorator is missing argument(s)")),
        ("single", None, len, TypeError("behavior decorator can only be used on a class")),
        ("never", None, object, ValueError("invalid instance mode: never")),
        ("single", 5, object, TypeError("instance_creator must be a callable")),
    ],
)
def test_what_makes_no_sense_is_refused(
    mode: Any, creator: Any, target: Any, error: Exception
) -> None:
    with pytest.raises(type(error)) as caught:
        marks.behavior(mode, creator)(target)
    assert str(caught.value) == str(error)


@pytest.mark.parametrize(
    ("name", "private"),
    [("light", False), ("_light", True), ("__dict__", False), ("__init__", True)],
)
def test_names_that_never_travel(name: str, private: bool) -> None:
    assert marks.is_private_attribute(name) is private
