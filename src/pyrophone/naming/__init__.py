"""The name server: names and tags of remote objects, and where they are."""

from __future__ import annotations

from .serve import NameService
from .server import NameServer
from .storage import MemoryStorage, Record, Storage

__all__ = ["MemoryStorage", "NameServer", "NameService", "Record", "Storage"]
