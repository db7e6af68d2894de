"""Sockets: making them, sending and receiving, and the ends of connections."""

from __future__ import annotations

from .connections import SocketConnection, connection_of, family_str
from .makers import (
    bind_unused_port,
    create_bc_socket,
    create_socket,
    find_probably_unused_port,
    get_interface,
    get_ip_address,
    interrupt_socket,
    set_keepalive,
    set_nodelay,
    set_noinherit,
    set_reuseaddr,
)
from .tls import get_ssl_context
from .transfers import (
    ERRNO_BADF,
    ERRNO_EADDRINUSE,
    ERRNO_EADDRNOTAVAIL,
    ERRNO_ENOTSOCK,
    ERRNO_RETRIES,
    USE_MSG_WAITALL,
    receive_data,
    send_data,
)

__all__ = [
    "ERRNO_BADF",
    "ERRNO_EADDRINUSE",
    "ERRNO_EADDRNOTAVAIL",
    "ERRNO_ENOTSOCK",
    "ERRNO_RETRIES",
    "USE_MSG_WAITALL",
    "SocketConnection",
    "bind_unused_port",
    "connection_of",
    "create_bc_socket",
    "create_socket",
    "family_str",
    "find_probably_unused_port",
    "get_interface",
    "get_ip_address",
    "get_ssl_context",
    "interrupt_socket",
    "receive_data",
    "send_data",
    "set_keepalive",
    "set_nodelay",
    "set_noinherit",
    "set_reuseaddr",
]
