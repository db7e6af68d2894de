"""Sockets: making them, and what can be set on them."""

from __future__ import annotations

import socket
from typing import Any

from pyrophone.classic.makers import (
    Maker,
    interrupt_socket,
    set_keepalive,
    set_nodelay,
    set_noinherit,
    set_reuseaddr,
)

from .configuration import config
from .generation import PYRO4

__all__ = [
    "bindOnUnusedPort",
    "createBroadcastSocket",
    "createSocket",
    "findProbablyUnusedPort",
    "getInterfaceAddress",
    "getIpAddress",
    "getIpVersion",
    "interruptSocket",
    "setKeepalive",
    "setNoDelay",
    "setNoInherit",
    "setReuseAddr",
]

_MAKER = Maker(PYRO4)
_GLOBAL_DEFAULT_TIMEOUT: Any = socket._GLOBAL_DEFAULT_TIMEOUT  # type: ignore[attr-defined]

bindOnUnusedPort = _MAKER.bind_unused_port
findProbablyUnusedPort = _MAKER.find_probably_unused_port
interruptSocket = interrupt_socket
setKeepalive = set_keepalive
setNoDelay = set_nodelay
setNoInherit = set_noinherit
setReuseAddr = set_reuseaddr


def getIpVersion(hostnameOrAddress: Any) -> int:
    """Return 4 or 6, as the address of a host is.

    Raises:
        OSError: It has none.
    """
    return _MAKER.get_ip_address(hostnameOrAddress, version=0).version


def getIpAddress(
    hostname: Any, workaround127: bool = False, ipVersion: int | None = None
) -> str:
    """Return the address of a host.

    Args:
        hostname: Its name or address; if None or empty, that of this machine.
        workaround127: Replace a loopback address by that of the interface that faces
            the world, if there is one.
        ipVersion: 4, 6, or 0 for either; None is PREFER_IP_VERSION.

    Raises:
        OSError: It has none.
        ValueError: There is no such version.
    """
    version = config.PREFER_IP_VERSION if ipVersion is None else ipVersion
    if version not in (0, 4, 6):
        raise ValueError(f"unknown value for argument ipVersion: {version}")
    found = _MAKER.get_ip_address(hostname, workaround127, version)
    if version == 6 and found.version == 4:
        raise OSError("unable to determine IPV6 address")
    return str(found)


def getInterfaceAddress(ip_address: Any) -> str:
    """Return the address of this machine's interface towards a name or address."""
    return str(_MAKER.get_interface(ip_address).ip)


def createSocket(
    bind: Any = None,
    connect: Any = None,
    reuseaddr: bool = False,
    keepalive: bool = True,
    timeout: Any = _GLOBAL_DEFAULT_TIMEOUT,
    noinherit: bool = False,
    ipv6: bool = False,
    nodelay: bool = True,
    sslContext: Any = None,
) -> socket.socket:
    """Return a new socket, that listens, or is connected, or neither.

    Args:
        bind: Where to listen: host and port, or the name of a Unix socket.
        connect: Where to connect to, likewise.
        reuseaddr: See :func:`setReuseAddr`.
        keepalive: See :func:`setKeepalive`.
        timeout: In seconds; None and 0 wait for ever, left out it is that of the process.
        noinherit: See :func:`setNoInherit`.
        ipv6: Insist on IPv6.
        nodelay: See :func:`setNoDelay`.
        sslContext: What to wrap the socket with.

    Raises:
        ValueError: The arguments don't fit together.
        OSError: The system says no.
    """
    return _MAKER.create_socket(
        bind,
        connect,
        reuseaddr,
        keepalive,
        _limit(timeout),
        noinherit,
        ipv6,
        nodelay,
        sslContext,
    )


def createBroadcastSocket(
    bind: Any = None,
    reuseaddr: bool = False,
    timeout: Any = _GLOBAL_DEFAULT_TIMEOUT,
    ipv6: bool = False,
) -> socket.socket:
    """Return a new socket for broadcasts; the arguments are as in :func:`createSocket`.

    But one with the *timeout* 0 does not wait at all.

    Raises:
        ValueError: The arguments don't fit together.
        OSError: The system says no.
    """
    sock = _MAKER.create_bc_socket(bind, reuseaddr, _limit(timeout), ipv6)
    if timeout == 0:
        sock.setblocking(False)
    return sock


def _limit(timeout: Any) -> float | None:
    """Return a time-out as the maker has it: negative to leave what it is."""
    if timeout is _GLOBAL_DEFAULT_TIMEOUT:
        return -1
    if timeout and timeout < 0:
        raise ValueError("Timeout value out of range")
    limit: float | None = timeout
    return limit
