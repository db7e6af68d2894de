"""Where a persistent name server keeps its tree: one database in a folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .errors import NamingError
from .trees import GROUP, OBJECT, NamedTree, NameSpaceSystemMeta, NameValue

__all__ = ["NameFile"]

_FILE = "names.sqlite"
_FORMAT = 1
_TABLES = """
CREATE TABLE names (
    name TEXT PRIMARY KEY, uri TEXT, meta BLOB, made REAL NOT NULL, owner TEXT);
CREATE TABLE server (id TEXT NOT NULL);
"""
_TYPES = (str, str | None, bytes | None, float, str | None)
_PUT = "INSERT OR REPLACE INTO names (name, uri, meta, made, owner) VALUES (?, ?, ?, ?, ?)"


class NameFile:
    """Keeps entries of a tree in a folder; they outlive the process.

    What a method has done is on the disk when it returns, all or nothing, even if the
    process is killed. While it is open no other process can use the folder. Not safe for
    threads: its user has a lock.

    Args:
        folder: Made if it is not there, but for its parents.
        patience: How long to wait for another process to leave it, in seconds.

    Raises:
        NamingError: It can't be used. The text has the file and the reason; all methods
            raise this, and have changed nothing then.
    """

    def __init__(self, folder: str | Path, *, patience: float = 1.0) -> None:
        self.folder = Path(folder).absolute()
        self._path = self.folder / _FILE
        try:
            self.folder.mkdir(exist_ok=True)
            self._database = sqlite3.connect(
                self._path, timeout=patience, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    def load(self, tree: NamedTree) -> None:
        """Put all that is kept into a tree that has none of it.

        Raises:
            NamingError: Or something in it is no entry of a tree.
        """
        rows = self._run("SELECT name, uri, meta, made, owner FROM names ORDER BY name")
        for row in rows:  # groups before what is in them
            if not all(map(isinstance, row, _TYPES)):
                raise self._unusable(f"it has a damaged entry: {row[0]!r:.200}")
            name, uri, meta, made, owner = row
            system = NameSpaceSystemMeta(GROUP if uri is None else OBJECT, made, owner)
            tree.add(NameValue(name, uri, system, meta))

    def put(self, entry: NameValue) -> None:
        """Keep an entry, in place of one of the same name."""
        system = entry.system
        row = (entry.name, entry.value, entry.meta, system.timestamp, system.owner)
        self._change(_PUT, [row])

    def drop(self, names: Iterable[str]) -> None:
        """Forget the entries of some names."""
        self._change("DELETE FROM names WHERE name = ?", [(name,) for name in names])

    def server_id(self, otherwise: str) -> str:
        """Return the object id that the name server has; *otherwise* if it is new."""
        rows = self._run("SELECT id FROM server")
        if rows:
            return str(rows[0][0])
        self._change("INSERT INTO server (id) VALUES (?)", [(otherwise,)])
        return otherwise

    def close(self) -> None:
        """Let others use the folder."""
        self._database.close()

    def _prepare(self) -> None:
        self._run("PRAGMA locking_mode = EXCLUSIVE")
        self._run("BEGIN EXCLUSIVE")  # a second server is told now
        (version,) = self._run("PRAGMA user_version")[0]
        if version == 0:
            for statement in filter(str.strip, _TABLES.split(";")):
                self._run(statement)
            self._run(f"PRAGMA user_version = {_FORMAT}")
        elif version != _FORMAT:
            raise self._unusable(f"its format {version} is unknown")
        self._run("COMMIT")

    def _run(self, statement: str) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(statement).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _change(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        try:
            self._database.execute("BEGIN")
            try:
                self._database.executemany(statement, rows)
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, reason: object) -> NamingError:
        return NamingError(f"cannot use the names in {self._path}: {reason}")
