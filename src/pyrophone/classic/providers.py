"""Storages of old packages, which may be anybody's, as Pyrophone's server takes them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from types import EllipsisType
from typing import Any

from ..naming import Record, Storage, matching
from .storages import SqlStorage

__all__ = ["records_of"]


def records_of(provider: Any) -> Storage:
    """Return *provider* as a storage for Pyrophone's name server."""
    # Straight into the file, so that other processes may write it at the same time; but
    # only if nobody derived from a package's own class.
    cls = type(provider)
    direct = isinstance(provider, SqlStorage) and "generation" in vars(cls)
    return provider.records if direct else _Provided(provider)


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


def _record(value: Any) -> Record:
    uri, metadata = value
    return Record(str(uri), frozenset(metadata or ()))
