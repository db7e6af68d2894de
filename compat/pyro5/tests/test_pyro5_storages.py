"""Storages of the name server: as mappings, and behind a name server."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.nameserver import MemoryStorage, NameServer, SqlStorage
from Pyro5.storages import make_storage, records_of
from pyrophone.testing.storage_checks import check_storage

X: Any = ("PYRO:x@h:1", {"t", "u"})
Y: Any = ("PYRO:y@h:1", set())


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Of a database that is not there."""
    return str(tmp_path / "names.sqlite")


@pytest.fixture(params=["memory", "sql"])
def storage(request: pytest.FixtureRequest, file: str) -> Any:
    """An empty storage of each kind."""
    return MemoryStorage() if request.param == "memory" else SqlStorage(file)


def test_a_storage_is_a_mapping(storage: Any) -> None:
    assert (len(storage), list(storage), "x" in storage, 7 in storage) == (
        0,
        [],
        False,
        False,
    )
    storage["x"] = X
    storage["y"] = Y[0], None
    assert (storage["x"], storage["y"]) == (X, Y)
    assert (len(storage), list(storage), "x" in storage) == (2, ["x", "y"], True)
    assert dict(storage) == {"x": X, "y": Y}
    storage["x"] = "PYRO:new@h:1", ["t", "t"]
    assert set(storage["x"][1]) == {"t"}
    del storage["x"]
    with pytest.raises(KeyError):
        storage["x"]
    with pytest.raises(KeyError):
        storage.pop("x")
    with pytest.raises(ValueError, match="unpack"):
        storage["z"] = "u"
    storage.clear()
    assert len(storage) == 0
    storage.close()


def test_a_storage_gives_everything(storage: Any) -> None:
    storage.update({"x": X, "y": Y})
    assert storage.everything() == {"x": X[0], "y": Y[0]}
    assert storage.everything(return_metadata=True) == {"x": X, "y": Y}
    found = storage.everything(True)
    found.clear()
    assert len(storage) == 2
    storage.remove_items(["x", "none"])
    assert list(storage) == ["y"]


def test_memory_is_as_fast_as_it_gets() -> None:
    storage: Any = MemoryStorage(x=X)
    assert storage == {"x": X}
    assert storage.optimized_prefix_list("x") is None
    assert storage.optimized_regex_list("x", True) is None
    assert storage.optimized_metadata_search(metadata_all=["t"]) is None


def test_sql_searches_in_the_file(file: str) -> None:
    storage: Any = SqlStorage(file)
    storage.update({"x": X, "y": Y})
    assert storage.dbfile == file
    assert storage.optimized_prefix_list("x") == {"x": X[0]}
    assert storage.optimized_prefix_list("x", True) == {"x": X}
    assert storage.optimized_regex_list("x") is None
    assert storage.optimized_metadata_search(["t", "t", "u"]) == {"x": X[0]}
    assert storage.optimized_metadata_search(["t", "v"]) == {}
    assert storage.optimized_metadata_search(None, {"t", "v"}, True) == {"x": X}
    assert SqlStorage(file)["x"] == X


def test_prefixes_are_no_patterns(file: str) -> None:
    storage = SqlStorage(file)
    for name in ("test.1", "TEST.1", "a_1", "ab1", "a%"):
        storage[name] = X
    assert list(storage.optimized_prefix_list("TEST.")) == ["TEST.1"]
    assert list(storage.optimized_prefix_list("a_")) == ["a_1"]
    names = NameServer(storage)
    assert names.remove(prefix="a%") == 1
    assert names.remove(prefix="TEST.") == 1
    assert list(storage) == ["test.1", "a_1", "ab1"]


def test_tags_are_kept_as_texts(file: str) -> None:
    storage = SqlStorage(file)
    storage["x"] = "u", [1, "a"]
    assert storage["x"] == ("u", {"1", "a"})


def test_missing_names_may_be_deleted_from_sql(file: str) -> None:
    storage = SqlStorage(file)
    del storage["none"]
    with pytest.raises(NotImplementedError, match="'frobnicate'"):
        storage.frobnicate()


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="not :memory:"):
        SqlStorage(":memory:")


def test_what_cannot_be_opened_is_an_error_of_sqlite(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "x"):
        with pytest.raises(sqlite3.OperationalError) as caught:
            SqlStorage(str(path))
        assert str(caught.value).startswith(
            f"cannot open the names in {path}: unable to open database file; "
        )
    junk = tmp_path / "junk"
    junk.write_text("junk\n" * 1000)
    with pytest.raises(sqlite3.DatabaseError, match="file is not a database; it was not"):
        SqlStorage(str(junk))
    assert junk.read_text() == "junk\n" * 1000


def test_a_newer_database_is_refused_and_kept(file: str) -> None:
    SqlStorage(file)["x"] = X
    with sqlite3.connect(file) as database:
        database.execute("ALTER TABLE pyro_names ADD COLUMN lease")
    database.close()
    before = Path(file).read_bytes()
    with pytest.raises(
        errors.NamingError, match=r"lease.*not all known; it was not changed"
    ):
        SqlStorage(file)
    assert Path(file).read_bytes() == before


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("getitem", lambda storage: storage["x"]),
        ("setitem", lambda storage: storage.__setitem__("x", X)),
        ("delitem", lambda storage: storage.__delitem__("x")),
        ("contains", lambda storage: "x" in storage),
        ("len", len),
        ("iter", iter),
        ("clear", lambda storage: storage.clear()),
        ("everything", lambda storage: storage.everything()),
        ("remove_items", lambda storage: storage.remove_items(["x"])),
        ("optimized_prefix_list", lambda storage: storage.optimized_prefix_list("x")),
        (
            "optimized_metadata_search",
            lambda storage: storage.optimized_metadata_search(["x"]),
        ),
    ],
)
def test_errors_say_what_was_tried(
    file: str, operation: str, call: Callable[[Any], object]
) -> None:
    storage = SqlStorage(file)
    Path(file).write_text("junk\n" * 1000)
    with pytest.raises(errors.NamingError) as caught:
        call(storage)
    assert str(caught.value).startswith(f"sqlite error in {operation}: ")
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)
    with pytest.raises(errors.NamingError, match="file is not a database"):
        NameServer(storage).count()


# Behind a name server.


class Own(dict[str, Any]):
    """A storage of a program's own: what it must have, and no more."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.found: Any = None

    def optimized_prefix_list(self, prefix: str, return_metadata: bool = False) -> Any:
        """Note the question."""
        self.asked.append(f"prefix {prefix} {return_metadata}")
        return self.found

    def optimized_regex_list(self, regex: str, return_metadata: bool = False) -> Any:
        """Note the question."""
        self.asked.append(f"regex {regex} {return_metadata}")
        return self.found

    def optimized_metadata_search(
        self,
        metadata_all: Any = None,
        metadata_any: Any = None,
        return_metadata: bool = False,
    ) -> Any:
        """Note the question."""
        self.asked.append(f"tags {metadata_all} {metadata_any} {return_metadata}")
        return self.found

    def everything(self, return_metadata: bool = False) -> Any:
        """Return all."""
        return dict(self) if return_metadata else {name: self[name][0] for name in self}

    def remove_items(self, items: Any) -> None:
        """Remove names, which must be there."""
        for item in items:
            del self[item]

    def close(self) -> None:
        """Note it."""
        self.asked.append("close")


def test_a_storage_of_ones_own_is_used_empty_or_not() -> None:
    own = Own()
    names = NameServer(storageProvider=own)
    assert names.storage is own
    names.register("x", X[0], metadata=["t", "u", "t"])
    names.register("y", Y[0])
    assert own == {"x": X, "y": Y}
    assert names.lookup("x", return_metadata=True)[1] == {"t", "u"}
    assert names.list(prefix="x", return_metadata=True) == {"x": X}
    assert names.list(regex="y|z") == {"y": Y[0]}
    assert names.yplookup(meta_any={"t"}) == {"x": X}
    assert own.asked == ["prefix x True", "regex y|z True", "tags None {'t'} True"]
    assert names.remove(regex="[xy]") == 2
    assert own == {}


def test_what_a_storage_finds_by_itself_is_taken_and_checked() -> None:
    own = Own()
    names = NameServer(own)
    own.found = {"xy": X, "XY": Y}  # as one that tells no case
    assert names.list(prefix="xy") == {"xy": X[0]}
    assert names.list(regex="X") == {"XY": Y[0]}
    assert names.yplookup(["t"], return_metadata=False) == {"xy": X[0]}


def test_a_name_may_be_gone_before_it_is_removed(storage: Any) -> None:
    class Racing(MemoryStorage):
        """Somebody else is always faster."""

        def __delitem__(self, key: str) -> None:
            super().__delitem__(key)
            super().__delitem__(key)

    for provider in (storage, Racing()):
        names = NameServer(provider)
        names.register("x", X[0])
        assert names.remove("x") == 1
        assert names.remove("x") == 0


def test_threads_remove_the_same_names(storage: Any) -> None:
    names = NameServer(storage)
    for number in range(20):
        names.register(f"x{number}", X[0])
    removed: list[int] = []

    def remove() -> None:
        for number in range(20):
            removed.append(names.remove(f"x{number}"))

    threads = [threading.Thread(target=remove) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(removed), sum(removed), names.count()) == (60, 20, 0)


def test_any_storage_keeps_pyrophones_promises(tmp_path: Path) -> None:
    check_storage(lambda: records_of(MemoryStorage()))
    check_storage(lambda: records_of(Own()))
    storage = SqlStorage(str(tmp_path / "x"))
    assert records_of(storage) is storage.records


@pytest.mark.slow
def test_a_subclass_of_sql_storage_keeps_them_too(tmp_path: Path) -> None:
    class Sub(SqlStorage):
        """Something may be different in it, so it is asked as a mapping."""

    files = iter(range(99))
    check_storage(lambda: records_of(Sub(str(tmp_path / f"{next(files)}"))))


def test_storages_are_made_of_texts(file: str) -> None:
    for nothing in (None, "", "memory"):
        assert type(make_storage(nothing)) is MemoryStorage
    assert make_storage(f"sql:{file}").dbfile == file
    empty = MemoryStorage()
    assert make_storage(empty) is empty
    for wrong in ("dbm:x", "sql:", "sql", "memory:x", "none"):
        with pytest.raises(ValueError, match=f"^invalid storage type '{wrong}'$"):
            make_storage(wrong)
    with pytest.raises(ValueError, match="not :memory:"):
        make_storage("sql::memory:")
