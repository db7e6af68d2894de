"""Remote objects for asyncio: a call is awaited."""

from __future__ import annotations

from ..frontend.deadlines import deadline
from ..frontend.dialects import find_dialects
from .client import (
    Batch,
    Proxy,
    batch,
    close,
    connect,
    get,
    locate_names,
    options,
    ping,
    put,
    start,
)
from .daemon import Daemon
from .functions import RemoteFunction, release
from .items import Items
from .standalone import Standalone

__all__ = [
    "Batch",
    "Daemon",
    "Items",
    "Proxy",
    "RemoteFunction",
    "Standalone",
    "batch",
    "close",
    "connect",
    "deadline",
    "find_dialects",
    "get",
    "locate_names",
    "options",
    "ping",
    "put",
    "release",
    "start",
]
