"""Remote objects for threads: a call blocks until its reply is there."""

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
    release,
)
from .functions import RemoteFunction
from .items import Items
from .link import Link
from .loop import LoopDaemon
from .service import BaseDaemon
from .standalone import Standalone
from .started import start
from .threads import Daemon

__all__ = [
    "BaseDaemon",
    "Batch",
    "Daemon",
    "Items",
    "Link",
    "LoopDaemon",
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
