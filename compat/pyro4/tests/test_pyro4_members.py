"""What of an object may be used: by marks, or as REQUIRE_EXPOSE says."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from Pyro4 import members
from Pyro4.configuration import AUTO, config
from Pyro4.exposure import expose, oneway
from pyrophone.errors import NotExposedError


def make(marked: bool) -> Any:
    """Return a new class, marked in part or not at all."""

    class Thing(list[int]):
        constant = 5

        def plain(self) -> str:
            return "plain"

        @oneway
        def silent(self) -> None: ...

        def _private(self) -> None: ...

        def __unicode__(self) -> str:
            return ""

        @property
        def value(self) -> int:
            return 3

        written = property(None, lambda self, value: self.append(value))

        @functools.cached_property
        def cached(self) -> int:
            return 4

        class Nested: ...

    if marked:
        Thing.first = expose(lambda self: "first")  # type: ignore[attr-defined]
    return Thing


@pytest.fixture
def rule() -> Iterator[Any]:
    """Give the configuration, and put the rule back."""
    before = config.REQUIRE_EXPOSE
    yield config
    config.REQUIRE_EXPOSE = before


def test_the_rule_is_to_look_who_can_call() -> None:
    assert config.REQUIRE_EXPOSE == AUTO


def test_everything_public_is_there_without_a_rule() -> None:
    found = members.get_exposed_members(make(True), only_exposed=False)
    assert {"plain", "silent", "first", "append", "__len__"} <= found["methods"]
    hidden = {"constant", "Nested", "_private", "__init__", "__unicode__", "cached"}
    assert not found["methods"] & hidden
    assert (found["oneway"], found["attrs"]) == ({"silent"}, {"value", "written"})


def test_only_what_is_marked_is_there_with_it() -> None:
    found = members.get_exposed_members(make(True)(), as_lists=True)
    assert found == {"methods": ["first"], "oneway": [], "attrs": []}


def test_what_was_found_is_kept_until_it_is_reset() -> None:
    cls = make(True)
    assert members.get_exposed_members(cls)["methods"] == {"first"}
    cls.second = expose(lambda self: "second")
    assert members.get_exposed_members(cls)["methods"] == {"first"}
    fresh = members.get_exposed_members(cls, use_cache=False)
    assert fresh["methods"] == {"first", "second"}
    members.reset_exposed_members(cls)
    assert members.get_exposed_members(cls)["methods"] == {"first", "second"}


@pytest.mark.parametrize(
    ("require", "local", "marked", "served"),
    [
        (True, True, False, False),
        (False, False, False, True),
        (False, False, True, True),
        (AUTO, True, True, False),
        (AUTO, False, False, False),
    ],
)
def test_what_a_daemon_serves(
    rule: Any, require: Any, local: bool, marked: bool, served: bool
) -> None:
    rule.REQUIRE_EXPOSE = require
    found = members.members_of(make(marked), local)
    assert ("plain" in found.methods) is served


def test_an_unmarked_class_is_served_to_this_machine_with_one_warning(rule: Any) -> None:
    rule.REQUIRE_EXPOSE = AUTO
    cls = make(False)
    assert "plain" in members.members_of(cls, True).methods  # looking is no reason
    members.warn_of(cls, False)
    members.warn_of(make(True), True)
    with pytest.warns(UserWarning, match=r"Thing has no @Pyro4\.expose") as caught:
        members.warn_of(cls, True)
    members.warn_of(cls, True)  # a second warning would be an error here
    assert len(caught) == 1
    assert "PYRO_REQUIRE_EXPOSE=false" in str(caught[0].message)
    shown = warnings.formatwarning(
        caught[0].message, caught[0].category, caught[0].filename, caught[0].lineno
    )
    assert re.match(r"<test_pyro4_members\.py>:\d+: UserWarning: class ", shown)
    assert shown.count("\n") == 1


@pytest.mark.parametrize("how", ["class", "member", "by hand"])
def test_a_mark_anywhere_in_the_ancestry_counts(how: str) -> None:
    class Base:
        def method(self) -> None: ...

    class Derived(Base): ...

    assert not members.has_marks(Derived)
    if how == "by hand":
        Base.method._pyroExposed = True  # type: ignore[attr-defined]
    else:
        expose(Base if how == "class" else Base.method)
    assert members.has_marks(Derived)
    assert "method" in members.PyroMembers(Derived).methods


def test_refusals_say_what_it_is() -> None:
    found = members.PyroMembers(make(True))
    for name, text in [
        ("plain", "attempt to access unexposed attribute 'plain'"),
        ("nothing", "'Thing' object has no attribute 'nothing'"),
        ("_private", "attempt to access private attribute '_private'"),
    ]:
        assert str(found.refusal(name)) == text
    with pytest.raises(NotExposedError, match="unexposed or unknown remote attribute"):
        found.get(make(True)(), "value")
    bare = members.PyroMembers(make(False))
    assert members.HINT in str(bare.refusal("plain"))


def test_attributes_by_hand(rule: Any) -> None:
    thing = make(True)()
    assert members.getAttribute(thing, "first")() == "first"
    for name, text in [
        ("plain", "unexposed attribute 'plain'"),
        ("_private", "private attribute '_private'"),
        ("nothing", "has no attribute 'nothing'"),
    ]:
        with pytest.raises(AttributeError, match=text):
            members.getAttribute(thing, name)
    rule.REQUIRE_EXPOSE = False
    assert members.getAttribute(thing, "constant") == 5


def test_properties_by_hand() -> None:
    thing = make(True)()
    assert members.get_exposed_property_value(thing, "value", only_exposed=False) == 3
    members.set_exposed_property_value(thing, "written", 7, only_exposed=False)
    assert thing == [7]
    for refused in ("value", "constant"):
        with pytest.raises(AttributeError, match="unexposed or unknown"):
            members.get_exposed_property_value(thing, refused)
    with pytest.raises(AttributeError, match="unexposed or unknown"):
        members.get_exposed_property_value(thing, "written", only_exposed=False)
    with pytest.raises(AttributeError, match="unexposed or unknown"):
        members.set_exposed_property_value(thing, "value", 1, only_exposed=False)
