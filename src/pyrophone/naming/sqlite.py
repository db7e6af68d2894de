"""A storage in a file, that the name server of Pyro5 can read and write, too."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby, takewhile
from pathlib import Path
from types import EllipsisType

from ..errors import NamingError
from .storage import Record, matching

__all__ = ["SqliteStorage"]

_NAMES = """CREATE TABLE pyro_names (
    id integer PRIMARY KEY, name nvarchar NOT NULL UNIQUE, uri nvarchar NOT NULL)"""
_TAGS = """CREATE TABLE pyro_metadata (
    object integer NOT NULL, metadata nvarchar NOT NULL,
    FOREIGN KEY(object) REFERENCES pyro_names(id))"""
# Only we make it: without, each look-up reads the tags of all names.
_INDEX = "CREATE INDEX IF NOT EXISTS pyro_metadata_object ON pyro_metadata(object)"
_KNOWN: tuple[
    tuple[list[str], list[str]], ...
] = (  # columns of the two tables: none yet, very old, old, as they are
    ([], []),
    (["name", "uri"], []),
    (["id", "name", "uri"], []),
    (["id", "name", "uri"], ["object", "metadata"]),
)
_FIND = """SELECT id, name, uri, metadata FROM pyro_names LEFT JOIN pyro_metadata
    ON object = id WHERE name >= ? ORDER BY name"""
_GET = """SELECT id, name, uri, metadata FROM pyro_names LEFT JOIN pyro_metadata
    ON object = id WHERE name = ?"""
_PUT = """INSERT INTO pyro_names (name, uri) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET uri = excluded.uri"""
_ADD_TAG = """INSERT INTO pyro_metadata (object, metadata)
    SELECT id, ? FROM pyro_names WHERE name = ?"""
_CLEAR_TAGS = """DELETE FROM pyro_metadata
    WHERE object = (SELECT id FROM pyro_names WHERE name = ?)"""
_ADVICE = (
    ("locked", "another process is writing, or holds it; end that, or try again"),
    ("readonly", "this process must be allowed to write the file and its folder"),
    ("unable to open", "is it a file, may this process write it, is there its folder?"),
    ("not a database", "it was not made by a name server; move it away, or name another"),
    ("malformed", "it is damaged; move it away, and put back a copy from before"),
    ("full", "make room where it lies; nothing was changed"),
    ("disk I/O", "see whether the disk is full or failing; nothing was changed"),
)


class SqliteStorage:
    """Keeps records in a file; they outlive the process.

    The file is of the format that Pyro5's name server uses: either can open what the
    other wrote, even while the other runs. What was confirmed is on the disk, and a
    process that is killed leaves nothing half done.

    Args:
        path: The file; made if it is not there, changed to the present format if it
            is of an old Pyro5's.
        patience: How long to wait for other processes that use it, in seconds.

    Raises:
        NamingError: It can't be used; the text has the file, the reason and what to
            do. A file of an unknown format is left as it is. All methods raise this.
        ValueError: *path* is ``:memory:`` or empty, which would keep nothing.
    """

    def __init__(self, path: str | Path, *, patience: float = 5.0) -> None:
        if str(path) in ("", ":memory:"):
            raise ValueError(f"{str(path)!r} is no file; there is MemoryStorage for memory")
        self._path = Path(path).absolute()
        self._patience = patience
        self._lock = threading.Lock()  # SQLite's own wait is not fair to threads
        with self._changing("open", "rwc") as database:
            _prepare(database)

    def get(self, name: str) -> Record | None:
        """Return the record of *name*, None if there is none."""
        with self._reading() as database:
            return _get(database, name)

    def put(
        self,
        name: str,
        uri: str,
        tags: Iterable[str] = (),
        *,
        expected: Record | EllipsisType | None = ...,
    ) -> bool:
        """Set the record of *name*, if it is as *expected*; tell whether that was done."""
        tags = frozenset(tags)
        with self._changing() as database:
            if expected is not ... and _get(database, name) != expected:
                return False
            database.execute(_CLEAR_TAGS, (name,))
            database.execute(_PUT, (name, uri))
            database.executemany(_ADD_TAG, ((tag, name) for tag in sorted(tags)))
        return True

    def delete(self, names: Iterable[str], *, expected: Record | EllipsisType = ...) -> int:
        """Forget *names*, if they are as *expected*; return how many there were."""
        count = 0
        names = [name for name in names if _is_storable(name)]
        with self._changing() as database:
            for name in names:
                if expected is ... or _get(database, name) == expected:
                    database.execute(_CLEAR_TAGS, (name,))
                    cursor = database.execute(
                        "DELETE FROM pyro_names WHERE name = ?", (name,)
                    )
                    count += cursor.rowcount
        return count

    def find(
        self,
        *,
        prefix: str = "",
        regex: str | None = None,
        all_tags: Iterable[str] = (),
        any_tags: Iterable[str] = (),
    ) -> dict[str, Record]:
        """Return the records for which all that is given holds; all if nothing is."""
        rows = []
        if _is_storable(prefix):
            with self._reading() as database:
                after = database.execute(_FIND, (prefix,))
                rows = sorted(takewhile(lambda row: row[1].startswith(prefix), after))
        return matching(_records(rows), regex=regex, all_tags=all_tags, any_tags=any_tags)

    def count(self) -> int:
        """Return how many names there are."""
        with self._reading() as database:
            (count,) = database.execute("SELECT count(*) FROM pyro_names").fetchone()
        return int(count)

    def close(self) -> None:
        """Do nothing: between calls it holds nothing."""

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._database("read", "rw") as database:
            yield database

    @contextmanager
    def _changing(
        self, what: str = "write", mode: str = "rw"
    ) -> Iterator[sqlite3.Connection]:
        """Make all changes of the block at once, none if it fails."""
        with self._database(what, mode) as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")

    @contextmanager
    def _database(self, what: str, mode: str) -> Iterator[sqlite3.Connection]:
        # A connection for each call: no thread, fork or file put in place of this one
        # can meet one of before. With "rw" a file that was removed is not made anew.
        with self._lock:
            database = None
            try:
                database = sqlite3.connect(
                    f"{self._path.as_uri()}?mode={mode}",
                    uri=True,
                    timeout=self._patience,
                    isolation_level=None,
                )
                yield database
            except sqlite3.Error as error:
                text = f"cannot {what} the names in {self._path}: {error}"
                raise NamingError(f"{text}; {_advice(error)}") from error
            except _UnknownFormatError as error:
                raise NamingError(
                    f"cannot {what} the names in {self._path}: {error}; it was not "
                    "changed, use the version that made it, or name another file"
                ) from None
            finally:
                if database is not None:
                    database.close()  # an open transaction is undone


class _UnknownFormatError(Exception):
    """The file is a database, but not one that this version knows."""


def _prepare(database: sqlite3.Connection) -> None:
    """Make the tables of a new file, and those that an old one lacks."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version:
        raise _UnknownFormatError(f"its format has version {version}, which is unknown")
    names, tags = _columns(database, "pyro_names"), _columns(database, "pyro_metadata")
    if (names, tags) not in _KNOWN:
        raise _UnknownFormatError(
            f"its tables have columns {', '.join(names + tags)}, which are not all known"
        )
    rows = []
    if names == ["name", "uri"]:
        rows = database.execute("SELECT name, uri FROM pyro_names").fetchall()
        database.execute("DROP TABLE pyro_names")
    if "id" not in names:
        database.execute(_NAMES)
        database.executemany(_PUT, rows)
    if not tags:
        database.execute(_TAGS)
    database.execute(_INDEX)
    # It is 0 already; but who may not write is told so now, not by the first who registers.
    database.execute("PRAGMA user_version = 0")


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def _get(database: sqlite3.Connection, name: str) -> Record | None:
    if not _is_storable(name):
        return None
    return _records(database.execute(_GET, (name,)).fetchall()).get(name)


def _records(rows: Iterable[tuple[int, str, str, str | None]]) -> dict[str, Record]:
    """Return the records of rows of id, name, URI and one tag, ordered by id."""
    return {
        name: Record(uri, frozenset(tag for *_, tag in group if tag is not None))
        for (_, name, uri), group in groupby(rows, key=lambda row: row[:3])
    }


def _is_storable(name: str) -> bool:
    """Tell whether *name* can be in a database: whether it has no half characters."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _advice(error: sqlite3.Error) -> str:
    text = str(error)
    return next((advice for sign, advice in _ADVICE if sign in text), "is it in order?")
