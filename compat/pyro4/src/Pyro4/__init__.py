"""The package Pyro4, served by Pyrophone.

Programs written for Pyro4 4.82 import it as ever. It respells the library
:mod:`pyrophone`; what differs on purpose is listed in ``DIFFERENCES.md``.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import (
    configuration,
    constants,
    core,
    errors,
    futures,
    message,
    socketserver,
    socketutil,
    util,
)
from .configuration import config
from .constants import VERSION as __version__
from .core import (
    URI,
    Daemon,
    Proxy,
    asyncproxy,
    batch,
    behavior,
    callback,
    current_context,
    expose,
    oneway,
)
from .futures import Future
from .locating import locateNS, resolve

__all__ = [
    "URI",
    "Daemon",
    "Future",
    "Proxy",
    "__version__",
    "asyncproxy",
    "batch",
    "behavior",
    "callback",
    "config",
    "configuration",
    "constants",
    "core",
    "current_context",
    "errors",
    "expose",
    "futures",
    "locateNS",
    "message",
    "oneway",
    "resolve",
    "socketserver",
    "socketutil",
    "util",
]

configuration.set_up_logging()
globals()["async"] = asyncproxy  # as it was called until Python took the word


def __getattr__(name: str) -> Any:
    """Give programs ``Pyro4.naming`` that never imported it, as old ones don't.

    It is imported then only: ``python -m Pyro4.naming`` warns if it is there before.
    """
    if name == "naming":
        return importlib.import_module(".naming", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
