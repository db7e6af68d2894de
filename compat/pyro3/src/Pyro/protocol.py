"""Connections, and who may have one."""

from __future__ import annotations

from typing import Any

from .adapters import PYROAdapter, PYROSSLAdapter, getProtocolAdapter
from .connections import LocalStorage, TCPConnection
from .daemons import TCPServer
from .errors import PyroError
from .hosts import getHostname, getIPAddress
from .validators import BasicSSLValidator, DefaultConnValidator

__all__ = [
    "BasicSSLValidator",
    "DefaultConnValidator",
    "LocalStorage",
    "PYROAdapter",
    "PYROSSLAdapter",
    "TCPConnection",
    "TCPServer",
    "getHostname",
    "getIPAddress",
    "getProtocolAdapter",
]

_GONE = frozenset(
    {
        "safe_select",
        "set_reuse_addr",
        "set_sock_keepalive",
        "set_sock_no_delay",
        "sock_recvmsg",
        "sock_sendmsg",
    }
)


def __getattr__(name: str) -> Any:
    if name in _GONE:
        raise PyroError(f"Pyro.protocol.{name} is gone: use the modules socket and select")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
