"""The object that a name server exposes, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pyrophone
from Pyro4 import errors
from Pyro4.names import NameServer
from Pyro4.naming_storage import DbmStorage, MemoryStorage, SqlStorage
from Pyro4.uris import URI
from pyrophone.context import CallContext, Client, serving

LAMP = "PYRO:lamp@h:1"


@pytest.fixture
def names() -> NameServer:
    """One with two names."""
    names = NameServer()
    names.register("lamp", LAMP, metadata={"light", "hot"})
    names.register("door", URI("PYRO:door@h:1"))
    return names


def test_uris_are_those_of_the_package(names: NameServer) -> None:
    found = names.lookup("lamp")
    assert (type(found), found) == (URI, URI(LAMP))
    assert names.lookup("lamp", return_metadata=True) == (URI(LAMP), ["hot", "light"])
    names.register("other", pyrophone.URI.parse("PYRONAME:lamp"))
    assert str(names.lookup("other")) == "PYRONAME:lamp"


def test_lists_are_texts_and_lists_of_tags(names: NameServer) -> None:
    door = {"door": "PYRO:door@h:1"}
    assert names.list() == {"lamp": LAMP, **door}
    assert names.list(prefix="d") == names.list(None, "d..r") == door
    assert names.list("", "", [], set(), True) == {
        "lamp": (LAMP, ["hot", "light"]),
        "door": ("PYRO:door@h:1", []),
    }
    assert names.list(metadata_all={"light", "hot"}) == {"lamp": LAMP}
    assert names.list(metadata_all={"light", "cold"}) == {}
    assert names.list(metadata_any=["cold", "hot"], return_metadata=True) == {
        "lamp": (LAMP, ["hot", "light"])
    }


def test_programs_of_pyro5_get_what_they_expect(names: NameServer) -> None:
    token = serving.set(CallContext(Client(), 0, 0, "serpent", {}, None))
    try:
        assert names.lookup("lamp", True) == (URI(LAMP), {"hot", "light"})
        assert names.list("lamp", None, True) == {"lamp": (LAMP, {"hot", "light"})}
        assert names.yplookup(meta_any=["hot"]) == {"lamp": (LAMP, {"hot", "light"})}
    finally:
        serving.reset(token)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda ns: ns.lookup("x"), errors.NamingError, "unknown name: x"),
        (lambda ns: ns.set_metadata("x", []), errors.NamingError, "unknown name: x"),
        (
            lambda ns: ns.register("lamp", LAMP, safe=True),
            errors.NamingError,
            "name already registered: lamp",
        ),
        (lambda ns: ns.register(None, LAMP), TypeError, "name must be a str"),
        (
            lambda ns: ns.register("x", 3),
            TypeError,
            "only URIs or strings can be registered",
        ),
        (
            lambda ns: ns.register("x", LAMP, metadata="abc"),
            TypeError,
            "metadata should not be a str, but another iterable (set, list, etc)",
        ),
        (
            lambda ns: ns.set_metadata("lamp", "abc"),
            TypeError,
            "metadata should not be a str, but another iterable (set, list, etc)",
        ),
        (
            lambda ns: ns.list(metadata_any="abc"),
            TypeError,
            "metadata_any should not be a str, but another iterable (set, list, etc)",
        ),
        (
            lambda ns: ns.list(prefix="a", regex="b"),
            ValueError,
            "you can only filter on one thing at a time",
        ),
        (
            lambda ns: ns.list(metadata_all=["a"], metadata_any=["b"]),
            ValueError,
            "you can only filter on one thing at a time",
        ),
    ],
)
def test_texts_of_errors_are_those_that_programs_compare(
    names: NameServer, call: Callable[[Any], object], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind) as caught:
        call(names)
    assert (type(caught.value), str(caught.value)) == (kind, text)
    assert names.count() == 2


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda ns: ns.register("x", "junk"), errors.PyroError, "^invalid uri"),
        (lambda ns: ns.list(regex="("), errors.NamingError, r"^invalid regex: missing \)"),
        (lambda ns: ns.remove(regex="("), errors.NamingError, "^invalid regex: "),
        (lambda ns: ns.register("x", LAMP, metadata=7), TypeError, "metadata"),
        (lambda ns: ns.lookup(None), TypeError, "name"),
    ],
)
def test_errors_are_of_the_classes_of_pyro4(
    names: NameServer, call: Callable[[Any], object], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text) as caught:
        call(names)
    assert type(caught.value) is kind


def test_names_go(names: NameServer) -> None:
    assert names.remove("x") == names.remove() == names.remove(prefix="x") == 0
    assert names.remove("lamp") == 1
    assert names.remove(regex="d") == 1
    assert names.count() == 0
    assert names.ping() is None  # type: ignore[func-returns-value]


def test_tags_are_replaced_and_cleared(names: NameServer) -> None:
    names.set_metadata("lamp", ("a", "a"))
    assert names.lookup("lamp", True)[1] == ["a"]
    names.set_metadata("lamp", None)
    assert names.lookup("lamp", True)[1] == []


@pytest.mark.parametrize("cls", [SqlStorage, DbmStorage])
def test_files_keep_names(cls: Any, tmp_path: Path) -> None:
    file = str(tmp_path / "names")
    NameServer(cls(file)).register("lamp", LAMP)
    names = NameServer(cls(file))
    assert names.list(return_metadata=True) == {"lamp": (LAMP, [])}
    assert type(names.storage) is cls
    assert type(NameServer().storage) is MemoryStorage


def test_a_dbm_file_knows_no_tags(tmp_path: Path) -> None:
    names = NameServer(DbmStorage(str(tmp_path / "names")))
    names.register("lamp", LAMP, metadata=["light"])
    assert names.lookup("lamp", True) == (URI(LAMP), [])
    with pytest.raises(errors.NamingError, match="DbmStorage doesn't support metadata"):
        names.list(metadata_all=["light"])
    assert names.list(regex="lam") == {}  # it is matched to the end
    assert names.list(regex="lam.") == {"lamp": LAMP}
