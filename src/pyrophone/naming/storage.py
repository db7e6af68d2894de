"""Where a name server keeps its names."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterable, Mapping
from types import EllipsisType
from typing import Protocol

from .patterns import select

__all__ = ["MemoryStorage", "Record", "Storage", "matching"]


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """What is registered under a name.

    Attributes:
        uri: Where the object is, as text.
        tags: What one can find it by, other than its name.
    """

    uri: str
    tags: frozenset[str] = frozenset()


class Storage(Protocol):
    """Keeps records by name. Threads may share it: a method happens at once or not at all.

    ``pyrophone.testing.storage_checks.check_storage`` checks that a class of yours
    keeps these promises.
    """

    def get(self, name: str) -> Record | None:
        """Return the record of *name*, None if there is none."""

    def put(
        self,
        name: str,
        uri: str,
        tags: Iterable[str] = (),
        *,
        expected: Record | EllipsisType | None = ...,
    ) -> bool:
        """Set the record of *name*, in place of what it had; tell whether that was done.

        Args:
            name: Any text.
            uri: Kept as it is.
            tags: Kept as a set.
            expected: Do it only if this is the record now; None: only if there is none.
        """

    def delete(self, names: Iterable[str], *, expected: Record | EllipsisType = ...) -> int:
        """Forget *names*; return how many there were.

        Args:
            names: Unknown ones are passed over.
            expected: Forget only those that have this record now.
        """

    def find(
        self,
        *,
        prefix: str = "",
        regex: str | None = None,
        all_tags: Iterable[str] = (),
        any_tags: Iterable[str] = (),
    ) -> dict[str, Record]:
        """Return the records for which all that is given holds; all if nothing is.

        Args:
            prefix: How the name begins, case and all.
            regex: What the name matches from its start on; to be matched by
                :func:`pyrophone.naming.patterns.select`, it comes from strangers.
            all_tags: Tags that it has.
            any_tags: Tags of which it has one or more.

        Raises:
            NamingError: *regex* is none, or could take too long.
        """

    def count(self) -> int:
        """Return how many names there are."""

    def close(self) -> None:
        """Give up what it holds; not used afterwards."""


class MemoryStorage:
    """Keeps records in a dict: fast, and gone with the process.

    Found records come in the order in which their names were first put.
    """

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Record | None:
        """Return the record of *name*, None if there is none."""
        return self._records.get(name)

    def put(
        self,
        name: str,
        uri: str,
        tags: Iterable[str] = (),
        *,
        expected: Record | EllipsisType | None = ...,
    ) -> bool:
        """Set the record of *name*, if it is as *expected*; tell whether that was done."""
        record = Record(uri, frozenset(tags))
        with self._lock:
            if expected is not ... and self._records.get(name) != expected:
                return False
            self._records[name] = record
        return True

    def delete(self, names: Iterable[str], *, expected: Record | EllipsisType = ...) -> int:
        """Forget *names*, if they are as *expected*; return how many there were."""
        names = list(names)
        with self._lock:
            known = {
                name
                for name in names
                if name in self._records and expected in (..., self._records[name])
            }
            for name in known:
                del self._records[name]
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
        with self._lock:
            records = dict(self._records)
        return matching(
            records, prefix=prefix, regex=regex, all_tags=all_tags, any_tags=any_tags
        )

    def count(self) -> int:
        """Return how many names there are."""
        return len(self._records)

    def close(self) -> None:
        """Do nothing: there is nothing to give up."""


def matching(
    records: Mapping[str, Record],
    *,
    prefix: str = "",
    regex: str | None = None,
    all_tags: Iterable[str] = (),
    any_tags: Iterable[str] = (),
) -> dict[str, Record]:
    """Return what :meth:`Storage.find` does, of *records*; for storages of all kinds."""
    every, some = frozenset(all_tags), frozenset(any_tags)
    found = {
        name: record
        for name, record in records.items()
        if name.startswith(prefix)
        and every <= record.tags
        and (not some or not some.isdisjoint(record.tags))
    }
    if regex is None:
        return found
    return {name: found[name] for name in select(regex, found)}
