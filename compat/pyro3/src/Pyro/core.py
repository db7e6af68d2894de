"""Objects, daemons, URIs and proxies: the heart of Pyro 3."""

from __future__ import annotations

from . import config as config
from . import constants as constants
from . import errors as errors
from . import protocol as protocol
from . import util as util
from .constants import VERSION
from .daemons import Daemon
from .errors import (
    ConnectionClosedError,
    ConnectionDeniedError,
    DaemonError,
    NamingError,
    NoModuleError,
    ProtocolError,
    PyroError,
    PyroExceptionCapsule,
    TimeoutError,
    URIError,
)
from .initializing import initClient, initServer
from .objects import CallbackObjBase, ObjBase, SynchronizedObjBase
from .proxies import (
    DynamicProxy,
    DynamicProxyWithAttrs,
    getAttrProxyForURI,
    getProxyForURI,
)
from .uris import PyroURI, processStringURI
from .util import Log

__all__ = [
    "CallbackObjBase",
    "ConnectionClosedError",
    "ConnectionDeniedError",
    "Daemon",
    "DaemonError",
    "DynamicProxy",
    "DynamicProxyWithAttrs",
    "Log",
    "NamingError",
    "NoModuleError",
    "ObjBase",
    "ProtocolError",
    "PyroError",
    "PyroExceptionCapsule",
    "PyroURI",
    "SynchronizedObjBase",
    "TimeoutError",
    "URIError",
    "getAttrProxyForURI",
    "getProxyForURI",
    "initClient",
    "initServer",
    "processStringURI",
]

if __name__ == "__main__":
    print("Pyro version:", VERSION)
