"""Where a name server keeps its names: mappings of name to URI and tags.

Programs know their classes as those of a module of their package, so that each package
derives its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, ClassVar

from ..errors import NamingError
from ..naming import Record, SqliteStorage
from .generation import Generation

__all__ = ["MemoryStorage", "SqlStorage", "listed", "make_storage"]


class MemoryStorage(dict[str, Any]):
    """Keeps names in memory, each with a pair of URI text and set of tags.

    Args:
        kwargs: What is there from the start.
    """

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
        return listed(self, return_metadata)

    def remove_items(self, items: Iterable[str]) -> None:
        """Remove names; those that are not there don't matter."""
        for item in items:
            self.pop(item, None)

    def close(self) -> None:
        """Do nothing."""


class SqlStorage(MutableMapping[str, Any]):
    """Keeps names in an SQLite file, in the format that Pyro has always had.

    Args:
        dbfile: The file; made if it is not there.

    Raises:
        ValueError: It is ``:memory:``.
        sqlite3.DatabaseError: It can't be used; the text says why and what to do.

    Attributes:
        generation: Whose storage it is.
    """

    generation: ClassVar[Generation]

    def __init__(self, dbfile: str) -> None:
        if dbfile == ":memory:":
            raise ValueError(
                "sql storage needs a file, not :memory:; use the memory storage for that"
            )
        self.dbfile = dbfile
        try:
            self.records = SqliteStorage(dbfile)
        except NamingError as error:
            if isinstance(error.__cause__, sqlite3.Error):
                raise type(error.__cause__)(str(error)) from error.__cause__
            raise self.generation.errors.NamingError(
                f"sqlite error in open: {error}"
            ) from error

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"SqlStorage has no method or attribute {name!r}")

    def __getitem__(self, key: str) -> tuple[str, set[str]]:
        with self._failing("getitem"):
            record = self.records.get(key)
        if record is None:
            raise KeyError(key)
        return record.uri, set(record.tags)

    def __setitem__(self, key: str, value: Any) -> None:
        uri, metadata = value
        with self._failing("setitem"):
            self.records.put(key, uri, map(str, metadata or ()))

    def __delitem__(self, key: str) -> None:
        with self._failing("delitem"):
            self.records.delete([key])

    def __contains__(self, key: object) -> bool:
        with self._failing("contains"):
            return isinstance(key, str) and self.records.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        with self._failing("iter"):
            return iter(list(self.records.find()))

    def __len__(self) -> int:
        with self._failing("len"):
            return self.records.count()

    def clear(self) -> None:
        """Remove all names."""
        with self._failing("clear"):
            self.records.delete(self.records.find())

    def optimized_prefix_list(
        self, prefix: str, return_metadata: bool = False
    ) -> dict[str, Any]:
        """Return the names that begin with *prefix*, and what :meth:`everything` does."""
        with self._failing("optimized_prefix_list"):
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
        with self._failing("optimized_metadata_search"):
            found = self.records.find(
                all_tags=metadata_all or (), any_tags=metadata_any or ()
            )
        return _pairs(found, return_metadata)

    def everything(self, return_metadata: bool = False) -> dict[str, Any]:
        """Return all names and their URIs, or pairs of URI and tags."""
        with self._failing("everything"):
            return _pairs(self.records.find(), return_metadata)

    def remove_items(self, items: Iterable[str]) -> None:
        """Remove names; those that are not there don't matter."""
        with self._failing("remove_items"):
            self.records.delete(items)

    def close(self) -> None:
        """Do nothing: between calls it holds nothing."""

    @contextmanager
    def _failing(self, operation: str) -> Iterator[None]:
        try:
            yield
        except NamingError as error:
            raise self.generation.errors.NamingError(
                f"sqlite error in {operation}: {error}"
            ) from error.__cause__


def make_storage(
    storage: Any, memory: Callable[[], Any], kinds: Mapping[str, Callable[[str], Any]]
) -> Any:
    """Return a mapping for what was given as ``storage``: a text, None, or a mapping.

    Args:
        storage: What was given.
        memory: Makes one in memory.
        kinds: What makes one of a file's name, by the word before the colon.

    Raises:
        ValueError: It is a text that says none of ``memory`` and ``<kind>:<file>``.
    """
    if storage is None or storage in ("", "memory"):
        return memory()
    if not isinstance(storage, str):
        return storage
    kind, _, file = storage.partition(":")
    if kind not in kinds or not file:
        raise ValueError(f"invalid storage type '{storage}'")
    return kinds[kind](file)


def listed(pairs: Mapping[str, Any], with_tags: bool) -> dict[str, Any]:
    """Return *pairs* of URI and tags, or only the URIs, by name."""
    return dict(pairs) if with_tags else {name: uri for name, (uri, _) in pairs.items()}


def _pairs(records: Mapping[str, Record], with_tags: bool) -> dict[str, Any]:
    pairs = {name: (one.uri, set(one.tags)) for name, one in records.items()}
    return listed(pairs, with_tags)
