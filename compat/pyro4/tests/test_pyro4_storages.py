"""Storages of the name server: as mappings, and behind a name server."""

from __future__ import annotations

import dbm
import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Pyro4 import errors
from Pyro4.naming_storage import (
    DbmStorage,
    MemoryStorage,
    SqlStorage,
    make_storage,
    records_of,
)
from pyrophone.naming import Record
from pyrophone.testing.storage_checks import check_storage

A: Any = ("PYRO:a@h:1", set())
TAGGED: Any = ("PYRO:t@h:1", {"t", "u"})
KINDS: dict[str, Callable[[str], Any]] = {
    "memory": lambda file: MemoryStorage(),
    "sql": SqlStorage,
    "dbm": DbmStorage,
}


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Of a database that is not there."""
    return str(tmp_path / "names")


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, file: str) -> Any:
    """An empty storage of each kind."""
    return KINDS[request.param](file)


def test_a_storage_is_a_mapping(storage: Any) -> None:
    assert (len(storage), list(storage), "a" in storage, 7 in storage) == (
        0,
        [],
        False,
        False,
    )
    storage["a"] = A
    storage["hé"] = "PYRO:é@h:1", None
    assert dict(storage) == {"a": A, "hé": ("PYRO:é@h:1", set())}
    assert (len(storage), sorted(storage), "hé" in storage) == (2, ["a", "hé"], True)
    storage["a"] = "PYRO:new@h:1", set()
    assert storage["a"][0] == "PYRO:new@h:1"
    del storage["a"]
    with pytest.raises(KeyError):
        storage["a"]
    with pytest.raises(KeyError):
        storage.pop("a")
    with pytest.raises(ValueError, match="unpack"):
        storage["z"] = "u"
    storage.clear()
    assert (len(storage), list(storage)) == (0, [])
    storage.close()


def test_a_storage_lists(storage: Any) -> None:
    for name in ("a.one", "a.two", "b"):
        storage[name] = f"PYRO:{name}@h:1", None
    every = {name: f"PYRO:{name}@h:1" for name in ("a.one", "a.two", "b")}
    assert storage.everything() == every
    pairs: Any = {name: (uri, set()) for name, uri in every.items()}
    assert storage.everything(return_metadata=True) == pairs
    found = storage.optimized_prefix_list("a.", return_metadata=True)
    assert found in (None, {name: pairs[name] for name in ("a.one", "a.two")})
    storage.remove_items(["a.one", "b", "unknown", "b"])
    assert list(storage) == ["a.two"]


@pytest.mark.parametrize("kind", ["memory", "sql"])
def test_tags_are_kept(kind: str, file: str) -> None:
    storage = KINDS[kind](file)
    storage["t"] = TAGGED
    assert storage["t"] == TAGGED
    assert storage.everything(True) == {"t": TAGGED}


@pytest.mark.parametrize("cls", [DbmStorage, SqlStorage])
def test_a_file_outlives_its_storage(cls: Any, file: str) -> None:
    cls(file)["a"] = A
    assert dict(cls(file)) == {"a": A}
    with pytest.raises(NotImplementedError, match="unheard"):
        cls(file).unheard()


# What only a dbm file is.


def test_a_dbm_file_is_its_owners_alone(file: str, tmp_path: Path) -> None:
    DbmStorage(file)["a"] = A
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}


def test_a_dbm_file_holds_utf_8(file: str) -> None:
    DbmStorage(file)["hé"] = "PYRO:é@h:1", None
    with dbm.open(file, "r") as database:
        assert database["hé".encode()] == "PYRO:é@h:1".encode()


def test_a_dbm_file_has_no_metadata(file: str, caplog: pytest.LogCaptureFixture) -> None:
    storage = DbmStorage(file)
    with caplog.at_level(logging.WARNING, "Pyro4.naming_storage"):
        storage["a"] = A
        assert caplog.text == ""
        storage["t"] = TAGGED
    assert "no metadata" in caplog.text
    assert storage["t"] == ("PYRO:t@h:1", frozenset())
    for asked in (({"t"},), (None, {"t"})):
        with pytest.raises(errors.NamingError, match="doesn't support metadata"):
            storage.optimized_metadata_search(*asked)
    assert storage.optimized_metadata_search() == storage.everything()


def test_a_dbm_file_is_matched_to_the_end(file: str) -> None:
    storage = DbmStorage(file)
    for name in ("a", "ab"):
        storage[name] = f"PYRO:{name}@h:1", None
    assert storage.optimized_regex_list("a") == {"a": "PYRO:a@h:1"}
    assert storage.optimized_regex_list("a.", True) == {"ab": ("PYRO:ab@h:1", frozenset())}
    with pytest.raises(errors.NamingError, match=r"^invalid regex: missing \)"):
        storage.optimized_regex_list("(")


def test_a_dbm_file_that_is_gone_or_something_else_is_an_error(
    file: str, tmp_path: Path
) -> None:
    storage = DbmStorage(file)
    storage["a"] = A
    for path in tmp_path.iterdir():
        os.remove(path)
    with pytest.raises(errors.NamingError, match=r"^dbm error in getitem: "):
        storage["a"]
    with pytest.raises(OSError, match="no"):
        DbmStorage(str(tmp_path / "no" / "folder"))
    Path(file).write_text("something else")
    with pytest.raises(dbm.error[0], match=r"^cannot open the names in .*names: db type"):
        DbmStorage(file)


# For the name server.


def test_each_kind_serves_a_name_server(file: str) -> None:
    check_storage(lambda: records_of(MemoryStorage()))
    plain = SqlStorage(file)
    assert records_of(plain) is plain.records
    records = records_of(DbmStorage(f"{file}.dbm"))
    assert records.put("a", "PYRO:a@h:1", expected=None)
    assert not records.put("a", "PYRO:b@h:1", expected=None)
    assert records.find(regex="a") == {"a": Record("PYRO:a@h:1")}
    assert (records.count(), records.delete(["a"]), records.count()) == (1, 1, 0)


def test_storages_are_made_of_texts(file: str) -> None:
    for nothing in (None, "", "memory"):
        assert type(make_storage(nothing)) is MemoryStorage
    made = make_storage(f"dbm:{file}.dbm")
    assert (type(made), made.dbmfile) == (DbmStorage, f"{file}.dbm")
    assert make_storage(f"sql:{file}").dbfile == file
    empty = MemoryStorage()
    assert make_storage(empty) is empty
    for wrong in ("dbm:", "sql:", "memory:x", "none"):
        with pytest.raises(ValueError, match=f"^invalid storage type '{wrong}'$"):
            make_storage(wrong)
    with pytest.raises(ValueError, match="not :memory:"):
        make_storage("sql::memory:")


def test_classes_are_where_programs_find_them() -> None:
    homes = {
        cls.__name__: cls.__module__ for cls in (MemoryStorage, SqlStorage, DbmStorage)
    }
    assert homes == {
        "MemoryStorage": "Pyro4.naming",
        "SqlStorage": "Pyro4.naming_storage",
        "DbmStorage": "Pyro4.naming_storage",
    }
