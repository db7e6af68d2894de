"""Remote objects: call methods of Python objects in other processes and machines.

The names here are those of the lowest layers. Daemons and proxies are in
:mod:`pyrophone.sync`, for threads.
"""

from __future__ import annotations

from .context import annotate, correlate, current
from .errors import PyrophoneError, RemoteError
from .objects.exposure import callback, expose, instances, oneway
from .settings import Settings
from .uri import URI
from .wire.blobs import Blob

__all__ = [
    "URI",
    "Blob",
    "PyrophoneError",
    "RemoteError",
    "Settings",
    "__version__",
    "annotate",
    "callback",
    "correlate",
    "current",
    "expose",
    "instances",
    "oneway",
]

__version__ = "0.1.0"
