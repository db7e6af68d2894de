"""A transport that does everything in the thread of its loop.

Daemons run on Pyrophone's own, which nobody can hold up; those that override how
requests are handled run on this one.
"""

from __future__ import annotations

import logging
from typing import Any

from pyrophone.classic.multiplex import MultiplexTransport

from ..configuration import config as config
from ..kit import KIT
from .threadpoolserver import ENDS_A_CONNECTION

__all__ = ["SocketServer_Multiplex"]

log = logging.getLogger("Pyro4.multiplexserver")
log.addHandler(logging.NullHandler())


class SocketServer_Multiplex(MultiplexTransport):
    """Waits for all connections with one selector."""

    kit = KIT
    log = log
    swallowed = ENDS_A_CONNECTION

    def handleRequest(self, conn: Any) -> bool:
        """Have the daemon answer one request; return whether the connection may go on."""
        return self.answered(self.daemon, conn)
