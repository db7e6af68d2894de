"""Where a name server keeps its names: mappings of name to URI and tags."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from types import EllipsisType
from typing import Any

from pyrophone.errors import NamingError as OursNamingError
from pyrophone.naming import Record, SqliteStorage, Storage, matching

from .errors import NamingError

__all__ = ["MemoryStorage", "SqlStorage", "make_storage", "records_of"]


class MemoryStorage(dict[str, Any]):
    """Keeps names in memory, each with a pair of URI text and set of tags.

    Args:
        kwargs: What is there from the start.
    """

    __module__ = "Pyro5.nameserver"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def __setitem__(self, key: str, value: Any) -> None:
        uri, metadata = value
        super().__setitem__(key, (uri, frozenset() if metadata is None else metadata))

    def optimized_prefix_list(self, prefix: str, return_metadata: bool = False) -> None:
        """Return None: there is no way better than to look at everything."""

    def optimized_regex_list(self, regex: str, return_metadata: bool = False) -> None:
        """Return None, likewise."""

    def optimized_metadata_search(
        self,
        metadata_all: Any = None,
        metadata_any: Any = None,
        return_metadata: bool = False,
    ) -> None:
        """Return None, likewise."""

    def everything(self, return_metadata: bool = False) -> dict[str, Any]:
        """Return all names and their URIs, or pairs of URI and tags."""
        return _listed(self, return_metadata)

    def remove_items(self, items: Iterable[str]) -> None:
        """Remove names; those that are not there don't matter."""
        for item in items:
            self.pop(item, None)

    def close(self) -> None:
        """Do nothing."""


class SqlStorage(MutableMapping[str, Any]):
    """Keeps names in an SQLite file, in the format that Pyro5 has always had.

    Args:
        dbfile: The file; made if it is not there.

    Raises:
        ValueError: It is ``:memory:``.
        sqlite3.DatabaseError: It can't be used; the text says why and what to do.
    """

    __module__ = "Pyro5.nameserver"

    def __init__(self, dbfile: str) -> None:
        if dbfile == ":memory:":
            raise ValueError(
                "sql storage needs a file, not :memory:; use the memory storage for that"
            )
        self.dbfile = dbfile
        try:
            self.records = SqliteStorage(dbfile)
        except OursNamingError as error:
            if isinstance(error.__cause__, sqlite3.Error):
                raise type(error.__cause__)(str(error)) from error.__cause__
            raise NamingError(f"sqlite error in open: {error}") from error

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"SqlStorage has no method or attribute {name!r}")

    def __getitem__(self, key: str) -> tuple[str, set[str]]:
        with _failing("getitem"):
            record = self.records.get(key)
        if record is None:
            raise KeyError(key)
        return record.uri, set(record.tags)

    def __setitem__(self, key: str, value: Any) -> None:
        uri, metadata = value
        with _failing("setitem"):
            self.records.put(key, uri, map(str, metadata or ()))

    def __delitem__(self, key: str) -> None:
        with _failing("delitem"):
            self.records.delete([key])

    def __contains__(self, key: object) -> bool:
        with _failing("contains"):
            return isinstance(key, str) and self.records.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        with _failing("iter"):
            return iter(list(self.records.find()))

    def __len__(self) -> int:
        with _failing("len"):
            return self.records.count()

    def clear(self) -> None:
        """Remove all names."""
        with _failing("clear"):
            self.records.delete(self.records.find())

    def optimized_prefix_list(
        self, prefix: str, return_metadata: bool = False
    ) -> dict[str, Any]:
        """Return the names that begin with *prefix*, and what :meth:`everything` does."""
        with _failing("optimized_prefix_list"):
            return _pairs(self.records.find(prefix=prefix), return_metadata)

    def optimized_regex_list(self, regex: str, return_metadata: bool = False) -> None:
        """Return None: there is no way better than to look at everything."""

    def optimized_metadata_search(
        self,
        metadata_all: Any = None,
        metadata_any: Any = None,
        return_metadata: bool = False,
    ) -> dict[str, Any]:
        """Return the names that have all tags, or any of them."""
        with _failing("optimized_metadata_search"):
            found = self.records.find(
                all_tags=metadata_all or (), any_tags=metadata_any or ()
            )
        return _pairs(found, return_metadata)

    def everything(self, return_metadata: bool = False) -> dict[str, Any]:
        """Return all names and their URIs, or pairs of URI and tags."""
        with _failing("everything"):
            return _pairs(self.records.find(), return_metadata)

    def remove_items(self, items: Iterable[str]) -> None:
        """Remove names; those that are not there don't matter."""
        with _failing("remove_items"):
            self.records.delete(items)

    def close(self) -> None:
        """Do nothing: between calls it holds nothing."""


class _Provided:
    """A mapping of the interface above, as Pyrophone's storage.

    Args:
        provider: The mapping. It may be anybody's.
    """

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._guard = threading.RLock()

    def get(self, name: str) -> Record | None:
        """Return the record of *name*, None if there is none."""
        with self._guard:
            try:
                return _record(self._provider[name])
            except KeyError:
                return None

    def put(
        self,
        name: str,
        uri: str,
        tags: Iterable[str] = (),
        *,
        expected: Record | EllipsisType | None = ...,
    ) -> bool:
        """Set the record of *name*, if it is as *expected*; tell whether that was done."""
        with self._guard:
            if expected is not ... and self.get(name) != expected:
                return False
            self._provider[name] = uri, set(tags)
        return True

    def delete(self, names: Iterable[str], *, expected: Record | EllipsisType = ...) -> int:
        """Forget *names*, if they are as *expected*; return how many there were."""
        with self._guard:
            known = [
                name
                for name in dict.fromkeys(names)
                if (record := self.get(name)) is not None and expected in (..., record)
            ]
            if len(known) == 1:
                with suppress(KeyError):  # somebody else was faster
                    del self._provider[known[0]]
            elif known:
                self._provider.remove_items(known)
        return len(known)

    def find(
        self,
        *,
        prefix: str = "",
        regex: str | None = None,
        all_tags: Iterable[str] = (),
        any_tags: Iterable[str] = (),
    ) -> dict[str, Record]:
        """Return the records for which all that is given holds; all if nothing is."""
        every, some = set(all_tags), set(any_tags)
        found = None
        with self._guard:
            if prefix:
                found = self._provider.optimized_prefix_list(prefix, True)
            elif every or some:
                found = self._provider.optimized_metadata_search(
                    metadata_all=every or None,
                    metadata_any=some or None,
                    return_metadata=True,
                )
            elif regex is not None:
                found = self._provider.optimized_regex_list(regex, True)
            if found is None:
                found = self._provider.everything(return_metadata=True)
            records = {name: _record(value) for name, value in found.items()}
        return matching(records, prefix=prefix, regex=regex, all_tags=every, any_tags=some)

    def count(self) -> int:
        """Return how many names there are."""
        return len(self._provider)

    def close(self) -> None:
        """Close the mapping."""
        self._provider.close()


def records_of(provider: Any) -> Storage:
    """Return *provider* as a storage for Pyrophone's name server."""
    # Straight into the file, so that other processes may write it at the same time.
    return provider.records if type(provider) is SqlStorage else _Provided(provider)


def make_storage(storage: Any) -> Any:
    """Return a mapping for what was given as ``storage``: a text, None, or a mapping.

    Raises:
        ValueError: It is a text that says neither ``memory`` nor ``sql:<file>``.
    """
    if storage is None or storage in ("", "memory"):
        return MemoryStorage()
    if not isinstance(storage, str):
        return storage
    kind, _, file = storage.partition(":")
    if kind != "sql" or not file:
        raise ValueError(f"invalid storage type '{storage}'")
    return SqlStorage(file)


@contextmanager
def _failing(operation: str) -> Iterator[None]:
    try:
        yield
    except OursNamingError as error:
        raise NamingError(f"sqlite error in {operation}: {error}") from error.__cause__


def _record(value: Any) -> Record:
    uri, metadata = value
    return Record(str(uri), frozenset(metadata or ()))


def _pairs(records: Mapping[str, Record], with_tags: bool) -> dict[str, Any]:
    pairs = {name: (one.uri, set(one.tags)) for name, one in records.items()}
    return _listed(pairs, with_tags)


def _listed(pairs: Mapping[str, Any], with_tags: bool) -> dict[str, Any]:
    return dict(pairs) if with_tags else {name: uri for name, (uri, _) in pairs.items()}
