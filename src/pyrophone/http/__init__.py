"""Named objects for those who speak HTTP: JSON over it, and a page to try them out."""

from __future__ import annotations

from .gateway import Gateway
from .server import GatewayServer

__all__ = ["Gateway", "GatewayServer"]
