"""The name server: names and tags of remote objects, and where they are."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .serve import NameService
from .server import NameServer, announce
from .sqlite import SqliteStorage
from .storage import MemoryStorage, Record, Storage, matching
from .sweeper import Sweeper

if TYPE_CHECKING:
    from .serve_async import AsyncNameService

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


def __getattr__(name: str) -> Any:
    # What needs asyncio is imported when it is asked for: see ARCHITECTURE.md.
    if name == "AsyncNameService":
        return importlib.import_module(".serve_async", __name__).AsyncNameService
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
