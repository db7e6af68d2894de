"""Remote objects: call methods of Python objects in other processes and machines.

The names here are those of the lowest layers. Daemons and proxies are in
:mod:`pyrophone.sync`, for threads.

What is behind a name is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .context import annotate, correlate, current
    from .errors import PyrophoneError, RemoteError
    from .objects.exposure import callback, expose, instances, oneway
    from .objects.observables import observable
    from .serializers.records import Record
    from .settings import Settings
    from .uri import URI
    from .wire.blobs import Blob

__all__ = [
    "URI",
    "Blob",
    "PyrophoneError",
    "Record",
    "RemoteError",
    "Settings",
    "__version__",
    "annotate",
    "callback",
    "correlate",
    "current",
    "expose",
    "instances",
    "observable",
    "oneway",
]

__version__ = "0.1.0"

_HOMES = MappingProxyType(
    {
        "annotate": ".context",
        "correlate": ".context",
        "current": ".context",
        "PyrophoneError": ".errors",
        "RemoteError": ".errors",
        "callback": ".objects.exposure",
        "expose": ".objects.exposure",
        "instances": ".objects.exposure",
        "observable": ".objects.observables",
        "oneway": ".objects.exposure",
        "Record": ".serializers.records",
        "Settings": ".settings",
        "URI": ".uri",
        "Blob": ".wire.blobs",
    }
)
_MODULES = frozenset({"context", "errors", "settings", "uri"})


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name], __name__), name)
    setattr(sys.modules[__name__], name, value)  # for the next time
    return value
