"""Where a name server keeps its names: mappings of name to URI and tags."""

from __future__ import annotations

import dbm
import logging
import threading
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from pyrophone.classic import storages
from pyrophone.classic.providers import records_of
from pyrophone.classic.storages import listed
from pyrophone.naming.patterns import select

from .border import translated
from .errors import NamingError
from .generation import PYRO4

__all__ = ["DbmStorage", "MemoryStorage", "SqlStorage", "make_storage", "records_of"]

log = logging.getLogger("Pyro4.naming_storage")
_ONLY_OWNER = 0o600


class MemoryStorage(storages.MemoryStorage):
    """Keeps names in memory, each with a pair of URI text and set of tags.

    Args:
        kwargs: What is there from the start.
    """

    __module__ = "Pyro4.naming"


class SqlStorage(storages.SqlStorage):
    """Keeps names in an SQLite file, in the format that Pyro4 and Pyro5 have.

    Args:
        dbfile: The file; made if it is not there.

    Raises:
        ValueError: It is ``:memory:``.
        sqlite3.DatabaseError: It can't be used; the text says why and what to do.
    """

    generation = PYRO4


class DbmStorage(MutableMapping[str, Any]):
    """Keeps names in a file of :mod:`dbm`, without tags.

    It is opened for each operation, one at a time. Only its owner can read it.

    Args:
        dbmfile: Its name, to which the kind of database may add something.

    Raises:
        dbm.error: It can't be used.
    """

    def __init__(self, dbmfile: str) -> None:
        self.dbmfile = dbmfile
        self.lock = threading.Lock()
        try:
            dbm.open(dbmfile, "c", _ONLY_OWNER).close()
        except dbm.error[0] as error:  # other errors name the file themselves
            text = (
                f"cannot open the names in {dbmfile}: {error}; move it away if it is none"
            )
            raise dbm.error[0](text) from error

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"DbmStorage has no method or attribute {name!r}")

    def __getitem__(self, key: str) -> tuple[str, frozenset[str]]:
        with self._database("getitem") as database:
            uri = database.get(key.encode())
        if uri is None:
            raise KeyError(key)
        return uri.decode(), frozenset()

    def __setitem__(self, key: str, value: Any) -> None:
        uri, metadata = value
        if metadata:
            log.warning("a dbm storage has no metadata, that of %s is dropped", key)
        with self._database("setitem") as database:
            database[key.encode()] = str(uri).encode()

    def __delitem__(self, key: str) -> None:
        with self._database("delitem") as database:
            if key.encode() not in database:
                raise KeyError(key)
            del database[key.encode()]

    def __contains__(self, key: object) -> bool:
        with self._database("contains") as database:
            return isinstance(key, str) and key.encode() in database

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.everything()))

    def __len__(self) -> int:
        with self._database("len") as database:
            return len(database.keys())

    def clear(self) -> None:
        """Remove all names."""
        self.remove_items(self.everything())

    def optimized_prefix_list(
        self, prefix: str, return_metadata: bool = False
    ) -> dict[str, Any]:
        """Return the names that begin with *prefix*, and what :meth:`everything` does."""
        found = self.everything(True)
        names = [name for name in found if name.startswith(prefix)]
        return listed({name: found[name] for name in names}, return_metadata)

    def optimized_regex_list(
        self, regex: str, return_metadata: bool = False
    ) -> dict[str, Any]:
        """Return the names that match *regex* from their start to their end.

        Raises:
            NamingError: It is no regular expression, or could take too long.
        """
        found = self.everything(True)
        with translated():
            names = select(f"{regex}$", found)
        return listed({name: found[name] for name in names}, return_metadata)

    def optimized_metadata_search(
        self,
        metadata_all: Any = None,
        metadata_any: Any = None,
        return_metadata: bool = False,
    ) -> dict[str, Any]:
        """Return everything if nothing is asked for.

        Raises:
            NamingError: Something is.
        """
        if metadata_all or metadata_any:
            raise NamingError("DbmStorage doesn't support metadata")
        return self.everything(return_metadata)

    def everything(self, return_metadata: bool = False) -> dict[str, Any]:
        """Return all names and their URIs, or pairs of URI and no tags."""
        with self._database("everything") as database:
            found: dict[str, Any] = {
                key.decode(): (database[key].decode(), frozenset())
                for key in database.keys()  # noqa: SIM118  # not all kinds can be iterated
            }
        return listed(found, return_metadata)

    def remove_items(self, items: Iterable[str]) -> None:
        """Remove names; those that are not there don't matter."""
        with self._database("remove_items") as database:
            for key in {item.encode() for item in items}:
                if key in database:
                    del database[key]

    def close(self) -> None:
        """Do nothing: between calls it holds nothing."""

    @contextmanager
    def _database(self, operation: str) -> Iterator[Any]:
        with self.lock:
            try:
                with dbm.open(self.dbmfile, "w", _ONLY_OWNER) as database:
                    yield database
            except (OSError, UnicodeError, *dbm.error) as error:
                raise NamingError(f"dbm error in {operation}: {error}") from error


def make_storage(storage: Any) -> Any:
    """Return a mapping for what was given as ``storage``: a text, None, or a mapping.

    Raises:
        ValueError: It is a text that is none of ``memory``, ``sql:<file>``, ``dbm:<file>``.
    """
    kinds = {"sql": SqlStorage, "dbm": DbmStorage}
    return storages.make_storage(storage, MemoryStorage, kinds)
