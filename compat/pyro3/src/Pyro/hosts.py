"""Names and addresses of hosts."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

__all__ = ["getHostname", "getIPAddress", "is_loopback"]


def getHostname(ip: str | None = None) -> str | None:
    """Return the name of this machine, or of the one at an address; None on failure."""
    try:
        return socket.gethostbyaddr(ip)[0] if ip else socket.gethostname()
    except (OSError, UnicodeError):
        return None


def getIPAddress(host: str | None = None) -> str | None:
    """Return the IPv4 address of this machine, or of a host; None if it has none."""
    try:
        return socket.gethostbyname(host or socket.gethostname())
    except (OSError, UnicodeError):
        return None


def is_loopback(host: Any) -> bool:
    """Tell whether an address is of this machine alone."""
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False
