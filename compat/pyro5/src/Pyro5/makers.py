"""Sockets: making them, and what can be set on them."""

from __future__ import annotations

from pyrophone.classic.makers import (
    Maker,
    interrupt_socket,
    set_keepalive,
    set_nodelay,
    set_noinherit,
    set_reuseaddr,
)

from .generation import PYRO5

__all__ = [
    "bind_unused_port",
    "create_bc_socket",
    "create_socket",
    "find_probably_unused_port",
    "get_interface",
    "get_ip_address",
    "interrupt_socket",
    "set_keepalive",
    "set_nodelay",
    "set_noinherit",
    "set_reuseaddr",
]

_MAKER = Maker(PYRO5)

bind_unused_port = _MAKER.bind_unused_port
create_bc_socket = _MAKER.create_bc_socket
create_socket = _MAKER.create_socket
find_probably_unused_port = _MAKER.find_probably_unused_port
get_interface = _MAKER.get_interface
get_ip_address = _MAKER.get_ip_address
