"""Class forms that all know, and what they are made of."""

from __future__ import annotations

from typing import Any

import pytest

from pyrophone.errors import SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.forms import URI_CLASS, slots_of, state_of
from pyrophone.uri import URI


@pytest.mark.parametrize(
    "uri",
    [
        "PYRO:o@h:1",
        "PYRO:o@[::1]:1",
        "PYRO:o@./u:sock",
        "PYRONAME:n",
        "PYROMETA:a,b@h:9090",
    ],
)
def test_uris_arrive_from_lists_too(uri: str) -> None:
    classes = ClassTable()
    form = classes.to_form(URI.parse(uri))
    assert classes.from_form(form) == URI.parse(uri)
    state = [list(part) if isinstance(part, set) else part for part in form["state"]]
    assert classes.from_form({"__class__": URI_CLASS, "state": state}) == URI.parse(uri)


@pytest.mark.parametrize(
    "state",
    [
        None,
        "PYRO",
        (),
        ("PYRO", "o", None, "h"),
        ("PYRO", "o", None, "h", 1, 2),
        ("FTP", "o", None, "h", 1),
        (["PYRO"], "o", None, "h", 1),
        ("PYRO", {"o"}, None, "h", 1),
        ("PYRO", None, None, "h", 1),
        ("PYROMETA", ["a", 1], None, "h", 1),
        ("PYRO", "o", 1, "h", 1),
        ("PYRO", "o", None, b"h", 1),
        ("PYRO", "o", None, "h", "1"),
        ("PYRO", "o", None, "h", True),
    ],
)
def test_malformed_uris_are_refused(state: Any) -> None:
    with pytest.raises(SerializeError, match=r"malformed Pyro5.core.URI: state"):
        ClassTable().from_form({"__class__": URI_CLASS, "state": state})
    with pytest.raises(SerializeError, match="state of 5, missing"):
        ClassTable().from_form({"__class__": URI_CLASS})


def test_slots_are_those_of_all_bases_by_the_names_that_they_have() -> None:
    class Base:
        __slots__ = ("__hidden", "__weakref__", "a")

    class One(Base):
        __slots__ = "only"

    assert list(slots_of(One)) == ["_Base__hidden", "a", "only"]
    assert list(slots_of(int)) == []


@pytest.mark.parametrize(
    ("form", "found"), [({"state": (1,)}, "1 elements"), ({}, "missing")]
)
def test_a_state_has_as_many_elements_as_it_should(
    form: dict[str, Any], found: str
) -> None:
    form["__class__"] = "a.B"
    with pytest.raises(SerializeError, match=f"malformed a.B: state of 2, {found}"):
        state_of(form, 2)
    assert state_of({"state": [1, 2]}, 2) == [1, 2]
