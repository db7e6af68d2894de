"""The name server: names and tags of remote objects, and where they are."""

from __future__ import annotations

from .serve import NameService
from .serve_async import AsyncNameService
from .server import NameServer, announce
from .sqlite import SqliteStorage
from .storage import MemoryStorage, Record, Storage, matching
from .sweeper import Sweeper

__all__ = [
    "AsyncNameService",
    "MemoryStorage",
    "NameServer",
    "NameService",
    "Record",
    "SqliteStorage",
    "Storage",
    "Sweeper",
    "announce",
    "matching",
]
