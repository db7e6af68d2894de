"""The object that a name server exposes, whosever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from Pyro5.uris import URI
from pyrophone import URI as OursURI
from pyrophone.classic import names
from pyrophone.classic.storages import MemoryStorage
from pyrophone.objects.exposure import Members


class NameServer(names.NameServer):
    """Of a generation."""

    generation = PYRO5
    memory = MemoryStorage
    uri = URI


@pytest.fixture
def lab() -> NameServer:
    """One with a name."""
    lab = NameServer()
    lab.register("lamp", URI("PYRO:lamp@h:1"), metadata=["light"])
    return lab


def test_uris_are_those_of_the_generation(lab: NameServer) -> None:
    found = lab.lookup("lamp")
    assert (type(found), str(found)) == (URI, "PYRO:lamp@h:1")
    assert lab.lookup("lamp", True) == (found, {"light"})
    lab.register("other", OursURI.parse("PYRO:other@h:1"))
    assert lab.list() == {"lamp": "PYRO:lamp@h:1", "other": "PYRO:other@h:1"}
    assert lab.yplookup(["light"]) == {"lamp": ("PYRO:lamp@h:1", {"light"})}
    lab.set_metadata("other", {"a"})
    assert lab.list(metadata_any=["a"]) == {"other": "PYRO:other@h:1"}
    assert (lab.count(), lab.remove("other"), lab.count()) == (2, 1, 1)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda lab: lab.lookup("x"), "unknown name: x"),
        (lambda lab: lab.set_metadata("x", []), "unknown name: x"),
        (
            lambda lab: lab.register("lamp", "PYRO:x@h:1", safe=True),
            "name already registered: lamp",
        ),
    ],
)
def test_errors_have_the_texts_that_programs_compare(
    lab: NameServer, call: Callable[[Any], object], text: str
) -> None:
    with pytest.raises(errors.NamingError) as caught:
        call(lab)
    assert (type(caught.value), str(caught.value)) == (errors.NamingError, text)


def test_it_keeps_the_names_where_it_is_told(lab: NameServer) -> None:
    given = MemoryStorage()
    NameServer(given).register("lamp", "PYRO:lamp@h:1")
    assert given == {"lamp": ("PYRO:lamp@h:1", set())}
    assert type(lab.storage) is MemoryStorage


def test_a_package_need_not_mark_again_what_it_leaves_as_it_is() -> None:
    assert Members(NameServer).methods == {
        *("count", "list", "lookup", "ping", "register", "remove", "set_metadata"),
        "yplookup",
    }
