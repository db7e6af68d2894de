"""Storage in a file: the promises, the format of Pyro5, and files that can't be used."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pyrophone.errors import NamingError
from pyrophone.naming import Record, SqliteStorage
from pyrophone.testing.storage_checks import check_storage

# As Pyro5 5.17 wrote them; the second is what it makes of the first.
VERY_OLD = (
    "CREATE TABLE pyro_names (name nvarchar PRIMARY KEY NOT NULL, uri nvarchar NOT NULL)"
)
NAMES = """CREATE TABLE pyro_names
    (id integer PRIMARY KEY, name nvarchar NOT NULL UNIQUE, uri nvarchar NOT NULL)"""
TAGS = """CREATE TABLE pyro_metadata (object integer NOT NULL, metadata nvarchar NOT NULL,
    FOREIGN KEY(object) REFERENCES pyro_names(id))"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a file that is not there."""
    return tmp_path / "names % ?#.db"


def make(path: Path, *statements: str) -> bytes:
    """Make a database; return what is in the file."""
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return path.read_bytes()


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    """Return what *query* gives, asked past the storage."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


@pytest.mark.slow
def test_it_keeps_the_promises_of_a_storage(tmp_path: Path) -> None:
    files = iter(range(99))
    check_storage(lambda: SqliteStorage(tmp_path / f"{next(files)}.db"))


def test_records_outlive_the_storage(path: Path) -> None:
    SqliteStorage(path).put("a", "u", ["x", "y"])
    assert SqliteStorage(str(path)).find() == {"a": Record("u", frozenset("xy"))}


def test_two_storages_share_a_file(path: Path) -> None:
    one, other = SqliteStorage(path), SqliteStorage(path)
    assert one.put("a", "u", expected=None)
    assert not other.put("a", "v", expected=None)
    assert other.delete(["a"]) == 1
    assert (one.get("a"), one.count()) == (None, 0)


def test_names_and_tags_may_be_any_text(path: Path) -> None:
    storage = SqliteStorage(path)
    for name in ("a\0b", "a\0", "a", "1", "\U0010ffff\U0010ffff"):
        storage.put(name, f"u {name}", [name])
    assert storage.get("a\0b") == Record("u a\0b", frozenset(["a\0b"]))
    assert list(storage.find(prefix="a")) == ["a\0b", "a\0", "a"]
    assert list(storage.find(prefix="a\0")) == ["a\0b", "a\0"]
    assert list(storage.find(prefix="\U0010ffff")) == ["\U0010ffff\U0010ffff"]
    assert storage.get("1") == Record("u 1", frozenset("1"))


def test_what_is_found_comes_in_the_order_of_registration(path: Path) -> None:
    storage = SqliteStorage(path)
    for name in "cab":
        storage.put(name, "u", ["t"])
    storage.put("c", "v", ["t", "s"])
    assert list(storage.find()) == ["c", "a", "b"]


def test_half_characters_are_nowhere(path: Path) -> None:
    storage = SqliteStorage(path)
    assert storage.get("\ud800") is None
    assert storage.find(prefix="\ud800") == {}
    assert storage.delete(["\ud800"]) == 0
    with pytest.raises(UnicodeEncodeError):
        storage.put("\ud800", "u")
    assert not storage.put("\ud800", "u", expected=Record("u"))


# The format.


def test_the_file_is_in_the_format_of_pyro5(path: Path) -> None:
    storage = SqliteStorage(path)
    storage.put("a", "u", ["x", "y"])
    storage.put("b", "v")
    storage.put("a", "w", ["z"])
    assert rows(path, "SELECT id, name, uri FROM pyro_names") == [
        (1, "a", "w"),
        (2, "b", "v"),
    ]
    assert rows(path, "SELECT object, metadata FROM pyro_metadata") == [(1, "z")]
    columns = "SELECT name, type, [notnull], pk FROM pragma_table_info('%s')"
    for table, statement in (("pyro_names", NAMES), ("pyro_metadata", TAGS)):
        theirs = path.with_name(table)
        make(theirs, NAMES, TAGS)
        assert rows(path, columns % table) == rows(theirs, columns % table), statement
    assert rows(path, "PRAGMA user_version") == [(0,)]
    storage.delete("ab")
    assert rows(path, "SELECT * FROM pyro_metadata") == []


def test_a_file_of_pyro5_is_read_and_kept(path: Path) -> None:
    make(
        path,
        NAMES,
        TAGS,
        "INSERT INTO pyro_names VALUES (7, 'a', 'u'), (9, 'b', 'v')",
        "INSERT INTO pyro_metadata VALUES (7, 'x'), (7, 'x'), (7, 'y')",
        "CREATE TABLE somebody_elses (x)",
    )
    storage = SqliteStorage(path)
    assert storage.find() == {"a": Record("u", frozenset("xy")), "b": Record("v")}
    assert rows(path, "SELECT id FROM pyro_names") == [(7,), (9,)]
    assert rows(path, "SELECT * FROM somebody_elses") == []


@pytest.mark.parametrize(
    "layout", [(VERY_OLD,), (NAMES,)], ids=["two columns", "without tags"]
)
def test_an_old_file_is_brought_up_to_date(path: Path, layout: tuple[str, ...]) -> None:
    make(path, *layout, "INSERT INTO pyro_names (name, uri) VALUES ('b', 'u'), ('a', 'v')")
    for storage in (SqliteStorage(path), SqliteStorage(path)):
        assert storage.find() == {"b": Record("u"), "a": Record("v")}
    storage.put("a", "v", ["x"])
    assert rows(path, "SELECT * FROM pyro_names") == [(1, "b", "u"), (2, "a", "v")]


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (
            (NAMES, TAGS, "PRAGMA user_version = 2"),
            "its format has version 2, which is unknown",
        ),
        (
            (NAMES, TAGS, "ALTER TABLE pyro_names ADD COLUMN lease"),
            "its tables have columns id, name, uri, lease, object, metadata, "
            "which are not all known",
        ),
        (
            (NAMES, "CREATE TABLE pyro_metadata (name, tag)"),
            "its tables have columns id, name, uri, name, tag, which are not all known",
        ),
    ],
)
def test_a_file_of_a_newer_version_is_refused_and_not_touched(
    path: Path, statements: tuple[str, ...], reason: str
) -> None:
    before = make(path, *statements)
    with pytest.raises(NamingError) as caught:
        SqliteStorage(path)
    assert str(caught.value) == (
        f"cannot open the names in {path}: {reason}; it was not changed, "
        "use the version that made it, or name another file"
    )
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


# What can't be used.


@pytest.mark.parametrize("name", ["", ":memory:"])
def test_what_would_keep_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no file; there is MemoryStorage for memory"):
        SqliteStorage(name)


def test_what_is_no_database_is_left_alone(path: Path) -> None:
    path.write_text("names\n" * 1000)
    with pytest.raises(NamingError) as caught:
        SqliteStorage(path)
    assert str(caught.value) == (
        f"cannot open the names in {path}: file is not a database; "
        "it was not made by a name server; move it away, or name another"
    )
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)
    assert path.read_text() == "names\n" * 1000


def test_a_folder_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none" / "names.db"):
        with pytest.raises(NamingError) as caught:
            SqliteStorage(place)
        assert str(caught.value) == (
            f"cannot open the names in {place}: unable to open database file; "
            "is it a file, may this process write it, is there its folder?"
        )


def test_a_file_that_was_removed_is_not_made_anew(path: Path) -> None:
    storage = SqliteStorage(path)
    storage.put("a", "u")
    path.unlink()
    for call in (storage.count, lambda: storage.put("a", "v"), storage.find):
        with pytest.raises(NamingError, match=r"cannot (read|write) .*: unable to open"):
            call()
    assert not path.exists()


def test_a_file_that_was_damaged_is_an_error_of_each_call(path: Path) -> None:
    storage = SqliteStorage(path)
    for number in range(200):
        storage.put(f"name {number}", "u" * 100, expected=None)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(NamingError, match=r"malformed; it is damaged; move it away"):
        storage.find()
    with pytest.raises(NamingError, match=r"cannot write the names in .*malformed"):
        storage.put("name 7", "v")
    with pytest.raises(NamingError, match=r"cannot open|cannot read"):
        SqliteStorage(path).find()


def test_a_file_that_another_process_holds_is_waited_for_but_not_for_ever(
    path: Path,
) -> None:
    storage = SqliteStorage(path, patience=0.05)
    storage.put("a", "u")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for call in (lambda: storage.put("a", "v"), storage.find):
            start = time.monotonic()
            with pytest.raises(NamingError) as caught:
                call()
            assert time.monotonic() - start >= 0.045
            assert str(caught.value).endswith(
                f"the names in {path}: database is locked; "
                "another process is writing, or holds it; end that, or try again"
            )
        with pytest.raises(NamingError, match=r"cannot open .*: database is locked"):
            SqliteStorage(path, patience=0.05)
    assert storage.get("a") == Record("u")


def test_a_short_wait_is_not_noticed(path: Path) -> None:
    storage = SqliteStorage(path, patience=30)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        thread = threading.Thread(target=storage.put, args=("a", "u"))
        thread.start()
        other.execute("COMMIT")
        thread.join()
    assert storage.count() == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_what_may_not_be_written_is_said_at_once() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name, "names.db")
        SqliteStorage(path).put("a", "u")
        before = path.read_bytes()
        for file_mode in (0o444, 0o666):  # the file, then only its folder
            path.chmod(file_mode)
            folder.chmod(0o555)
            with no_rights():
                with pytest.raises(NamingError) as caught:
                    SqliteStorage(path)
                with pytest.raises(NamingError, match="unable to open database file"):
                    SqliteStorage(folder / "new.db")
            folder.chmod(0o755)
            assert str(caught.value) == (
                f"cannot open the names in {path}: attempt to write a readonly database; "
                "this process must be allowed to write the file and its folder"
            )
        assert path.read_bytes() == before


@contextmanager
def no_rights() -> Iterator[None]:
    """Let root have no more rights than others have."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


SHORT_OF_ROOM = """
import resource, signal, sys
from pyrophone.naming import SqliteStorage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
storage = SqliteStorage(sys.argv[1])
storage.put("first", "u", ["x"])
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
count = 1
try:
    for count in range(1, 10_000):
        storage.put(f"name {count}", "u" * 1000, ["x"])
except Exception as error:
    print(count)
    print(f"{type(error).__name__}: {error}")
"""

WRITES_UNTIL_KILLED = """
import sys
from pyrophone.naming import SqliteStorage
storage = SqliteStorage(sys.argv[1])
for count in range(1_000_000):
    storage.put(f"name {count % 50}", f"u{count}", [f"a{count}", f"b{count}"])
    print(count, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_without_room_nothing_is_lost(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHORT_OF_ROOM, path],
        capture_output=True,
        text=True,
        check=True,
    )
    count, text = done.stdout.splitlines()
    assert text.startswith(f"NamingError: cannot write the names in {path}: ")
    assert text.endswith("nothing was changed")
    storage = SqliteStorage(path)
    assert storage.count() == int(count)  # the first one, and those before the failure
    assert storage.get("first") == Record("u", frozenset("x"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_who_is_killed_leaves_what_was_confirmed_and_nothing_half_done(path: Path) -> None:
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITES_UNTIL_KILLED, path],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            for _ in range(60):
                last = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            last = max([last, *map(int, process.stdout.read().split())])
        found = SqliteStorage(path).find()
        assert len(found) == 50
        for record in found.values():
            number = record.uri[1:]
            assert record.tags == {f"a{number}", f"b{number}"}
        numbers = {int(record.uri[1:]) for record in found.values()}
        assert max(numbers) in (last, last + 1)  # perhaps done, and not said any more


def test_threads_need_not_wait_for_each_other_in_vain(path: Path) -> None:
    storage = SqliteStorage(path, patience=0)
    wrong: list[object] = []

    def work(number: int) -> None:
        for count in range(10):
            storage.put("shared", f"{number} {count}", [f"{number} {count}"])
            record = storage.get("shared")
            if record is None or record.tags != {record.uri}:
                wrong.append(record)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
