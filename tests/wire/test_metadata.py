from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversing import SERIALIZERS, codecs
from pyrophone.errors import RemoteProtocolError
from pyrophone.wire.metadata import Metadata

SOME = Metadata(frozenset({"add", "fire"}), frozenset({"fire"}), frozenset({"value"}))
names = st.frozensets(st.text(max_size=8))


def test_metadata_go_over_the_wire_as_three_sets_in_order() -> None:
    wire = SOME.to_wire()
    assert wire == {"methods": {"add", "fire"}, "oneway": {"fire"}, "attrs": {"value"}}
    assert list(wire) == ["methods", "oneway", "attrs"]
    assert {type(value) for value in wire.values()} == {set}


@pytest.mark.parametrize("kind", [set, frozenset, list, tuple])
def test_the_names_may_come_in_any_collection(kind: type) -> None:
    wire = {
        "methods": kind(["add", "fire"]),
        "oneway": kind(["fire"]),
        "attrs": kind(["value"]),
    }
    assert Metadata.from_wire(wire) == SOME


def test_keys_may_be_missing_or_unknown() -> None:
    assert Metadata.from_wire({}) == Metadata()
    assert Metadata.from_wire({"methods": ["a"], "more": 1}) == Metadata(frozenset({"a"}))


@pytest.mark.parametrize(
    ("wire", "problem"),
    [
        (["add"], "metadata is list, not a mapping"),
        ("add", "metadata is str, not a mapping"),
        ({"methods": "add"}, "metadata 'methods' is no collection of names"),
        ({"oneway": None}, "metadata 'oneway' is no collection of names"),
        ({"attrs": ["a", 1]}, "metadata 'attrs' is no collection of names"),
        ({"attrs": {"a": 1}}, "metadata 'attrs' is no collection of names"),
        ({"attrs": [[]]}, "metadata 'attrs' is no collection of names"),
    ],
)
def test_anything_else_is_refused(wire: Any, problem: str) -> None:
    with pytest.raises(RemoteProtocolError, match=rf"^{problem}$"):
        Metadata.from_wire(wire)


def test_metadata_are_false_if_nothing_is_exposed() -> None:
    assert not Metadata()
    assert not Metadata(oneway=frozenset({"fire"}))
    assert Metadata(methods=frozenset({"add"}))
    assert Metadata(attributes=frozenset({"value"}))


@pytest.mark.parametrize("name", SERIALIZERS)
@given(methods=names, oneway=names, attributes=names)
def test_metadata_survive_every_serializer(
    name: str, methods: frozenset[str], oneway: frozenset[str], attributes: frozenset[str]
) -> None:
    metadata = Metadata(methods, oneway, attributes)
    serializer = codecs().by_name[name]
    assert (
        Metadata.from_wire(serializer.loads(serializer.dumps(metadata.to_wire())))
        == metadata
    )


def test_that_a_connection_has_its_own_instance_is_told_to_one_of_us_alone() -> None:
    own = Metadata(frozenset({"add"}), session=True)
    assert own.to_wire() == {"methods": {"add"}, "oneway": set(), "attrs": set()}
    assert own.to_wire(ours=True) == {**own.to_wire(), "session": True}
    assert "session" not in SOME.to_wire(ours=True)
    assert Metadata.from_wire(own.to_wire(ours=True)) == own
    assert Metadata.from_wire({"session": ["yes"]}) == Metadata()
