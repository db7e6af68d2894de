"""The mappings that names are kept in, whosever they are."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from pyrophone.classic import storages

A: Any = ("PYRO:a@h:1", {"t"})


class Own(storages.SqlStorage):
    """Of a generation."""

    generation = PYRO5


@pytest.fixture(params=["memory", "sql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An empty one of each kind."""
    return (
        storages.MemoryStorage() if request.param == "memory" else Own(str(tmp_path / "x"))
    )


def test_it_is_a_mapping_to_pairs(storage: Any) -> None:
    storage["a"] = A
    storage["b"] = "PYRO:b@h:1", None
    assert dict(storage) == {"a": A, "b": ("PYRO:b@h:1", set())}
    assert storage.everything() == {"a": "PYRO:a@h:1", "b": "PYRO:b@h:1"}
    storage.remove_items(["a", "unknown"])
    assert list(storage) == ["b"]
    storage.close()


def test_a_file_is_asked_for_what_a_database_finds_fast(tmp_path: Path) -> None:
    storage = Own(str(tmp_path / "x"))
    storage["a"] = A
    storage["b"] = "PYRO:b@h:1", None
    assert storage.optimized_prefix_list("a", True) == {"a": A}
    assert storage.optimized_metadata_search(metadata_any={"t", "u"}) == {"a": A[0]}
    assert storage.optimized_metadata_search(metadata_all={"t", "u"}) == {}


def test_errors_are_those_of_the_generation(tmp_path: Path) -> None:
    file = tmp_path / "x"
    storage = Own(str(file))
    file.unlink()
    with pytest.raises(errors.NamingError, match=r"^sqlite error in getitem: "):
        storage["a"]
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        Own(str(tmp_path / "no" / "folder"))
    with pytest.raises(ValueError, match="not :memory:"):
        Own(":memory:")


def test_storages_are_made_of_texts() -> None:
    kinds = {"dbm": lambda file: ["made", file]}
    make = storages.make_storage
    assert make("dbm:a:b", dict, kinds) == ["made", "a:b"]
    for nothing in (None, "", "memory"):
        assert make(nothing, dict, kinds) == {}
    given = storages.MemoryStorage()
    assert make(given, dict, kinds) is given
    for wrong in ("sql:x", "dbm:", "dbm", "memory:x"):
        with pytest.raises(ValueError, match=f"^invalid storage type '{wrong}'$"):
            make(wrong, dict, kinds)
