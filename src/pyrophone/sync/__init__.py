"""Remote objects for threads: a call blocks until its reply is there."""

from __future__ import annotations

from ..frontend.deadlines import deadline
from ..frontend.dialects import find_dialects
from .client import Batch, Proxy, batch, close, connect, locate_names, options, ping
from .items import Items
from .link import Link
from .loop import LoopDaemon
from .service import BaseDaemon
from .threads import Daemon

__all__ = [
    "BaseDaemon",
    "Batch",
    "Daemon",
    "Items",
    "Link",
    "LoopDaemon",
    "Proxy",
    "batch",
    "close",
    "connect",
    "deadline",
    "find_dialects",
    "locate_names",
    "options",
    "ping",
]
