"""Hosts and addresses."""

from __future__ import annotations

import ipaddress
import socket

from ..uri import URI

__all__ = ["advertised", "facing", "is_everywhere", "is_loopback", "location"]


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


def advertised(host: str, port: int, public: str | None) -> URI:
    """Return the location that others can use for a daemon that listens at *host*.

    Args:
        host: A name or address; all interfaces become the one that faces the world.
        port: Where it listens.
        public: ``host`` or ``host:port`` to use instead, behind NAT.

    Raises:
        InvalidURIError: *public* is neither.
    """
    if public is not None and _is_ipv6(public):
        return URI("PYRO", "x", None, public.strip("[]"), port)
    if public is not None:
        return URI.parse(f"PYRO:x@{public}" if ":" in public else f"PYRO:x@{public}:{port}")
    if is_everywhere(host):
        host = facing("2001:db8::1" if ":" in host else "192.0.2.1")
    return URI("PYRO", "x", None, host, port)


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text.strip("[]")).version == 6
    except ValueError:
        return False
