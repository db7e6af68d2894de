"""Sockets: making them, sending and receiving, and the ends of connections."""

from __future__ import annotations

from .configuration import config as config
from .connections import SocketConnection, family_str
from .errors import CommunicationError as CommunicationError
from .errors import ConnectionClosedError as ConnectionClosedError
from .errors import TimeoutError as TimeoutError
from .makers import (
    _GLOBAL_DEFAULT_TIMEOUT,
    bindOnUnusedPort,
    createBroadcastSocket,
    createSocket,
    findProbablyUnusedPort,
    getInterfaceAddress,
    getIpAddress,
    getIpVersion,
    interruptSocket,
    setKeepalive,
    setNoDelay,
    setNoInherit,
    setReuseAddr,
)
from .tls import getSSLcontext
from .transfers import (
    ERRNO_BADF,
    ERRNO_EADDRINUSE,
    ERRNO_EADDRNOTAVAIL,
    ERRNO_ENOTSOCK,
    ERRNO_RETRIES,
    receiveData,
    sendData,
)

__all__ = [
    "ERRNO_BADF",
    "ERRNO_EADDRINUSE",
    "ERRNO_EADDRNOTAVAIL",
    "ERRNO_ENOTSOCK",
    "ERRNO_RETRIES",
    "_GLOBAL_DEFAULT_TIMEOUT",
    "SocketConnection",
    "bindOnUnusedPort",
    "createBroadcastSocket",
    "createSocket",
    "family_str",
    "findProbablyUnusedPort",
    "getInterfaceAddress",
    "getIpAddress",
    "getIpVersion",
    "getSSLcontext",
    "interruptSocket",
    "receiveData",
    "sendData",
    "setKeepalive",
    "setNoDelay",
    "setNoInherit",
    "setReuseAddr",
]
