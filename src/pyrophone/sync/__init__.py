"""Remote objects for threads: a call blocks until its reply is there."""

from __future__ import annotations

from .client import Batch, Proxy, batch, close, connect, locate_names, options, ping
from .loop import LoopDaemon
from .remote import Items
from .threads import Daemon

__all__ = [
    "Batch",
    "Daemon",
    "Items",
    "LoopDaemon",
    "Proxy",
    "batch",
    "close",
    "connect",
    "locate_names",
    "options",
    "ping",
]
