"""Where a name server keeps its names: mappings of name to URI and tags."""

from __future__ import annotations

from typing import Any

from pyrophone.classic import storages
from pyrophone.classic.providers import records_of

from .generation import PYRO5

__all__ = ["MemoryStorage", "SqlStorage", "make_storage", "records_of"]


class MemoryStorage(storages.MemoryStorage):
    """Keeps names in memory, each with a pair of URI text and set of tags.

    Args:
        kwargs: What is there from the start.
    """

    __module__ = "Pyro5.nameserver"


class SqlStorage(storages.SqlStorage):
    """Keeps names in an SQLite file, in the format that Pyro5 has always had.

    Args:
        dbfile: The file; made if it is not there.

    Raises:
        ValueError: It is ``:memory:``.
        sqlite3.DatabaseError: It can't be used; the text says why and what to do.
    """

    __module__ = "Pyro5.nameserver"
    generation = PYRO5


def make_storage(storage: Any) -> Any:
    """Return a mapping for what was given as ``storage``: a text, None, or a mapping.

    Raises:
        ValueError: It is a text that says neither ``memory`` nor ``sql:<file>``.
    """
    return storages.make_storage(storage, MemoryStorage, {"sql": SqlStorage})
