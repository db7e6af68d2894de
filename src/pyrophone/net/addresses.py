"""Hosts and addresses."""

from __future__ import annotations

import ipaddress
import socket

__all__ = ["facing", "is_everywhere", "is_loopback", "location"]


def is_loopback(host: str) -> bool:
    """Tell whether *host*, a name or an address, is this machine's own loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_everywhere(host: str) -> bool:
    """Tell whether *host* stands for all interfaces of this machine."""
    try:
        return not host or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def facing(peer: str) -> str:
    """Return the address of this machine's interface towards *peer*.

    Nothing is sent. Without a route it is the loopback address.
    """
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, 53))
            return str(probe.getsockname()[0])
        except OSError:
            return "::1" if family == socket.AF_INET6 else "127.0.0.1"


def location(host: str, port: int) -> str:
    """Return *host* and *port* as they stand in a URI."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
