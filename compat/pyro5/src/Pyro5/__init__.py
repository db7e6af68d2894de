"""The package Pyro5, served by Pyrophone.

Programs written for Pyro5 5.17 import it as ever. It respells the library
:mod:`pyrophone`; what differs on purpose is listed in ``DIFFERENCES.md``.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import configure
from .configure import global_config as config

__all__ = ["__author__", "__version__", "config", "configure"]

__version__ = "5.17"  # the Pyro5 that it stands in for
__author__ = "The Pyrophone authors"

# What programs find here once they have imported Pyro5.api, which imports little by itself.
_MODULES = frozenset(
    {"callcontext", "client", "core", "errors", "nameserver", "protocol", "serializers"}
    | {"server", "socketutil"}
)

configure.set_up_logging()


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
