"""A transport for one client, over a socket that is connected already."""

from __future__ import annotations

import logging

from pyrophone.classic.existing import ExistingTransport

from ..configuration import config as config
from ..kit import KIT
from .threadpoolserver import ENDS_A_CONNECTION

__all__ = ["SocketServer_ExistingConnection"]

log = logging.getLogger("Pyro4.existingconnectionserver")
log.addHandler(logging.NullHandler())


class SocketServer_ExistingConnection(ExistingTransport):
    """Serves the one client that there is, in the thread of the loop."""

    kit = KIT
    log = log
    swallowed = ENDS_A_CONNECTION

    def handleRequest(self) -> bool:
        """Have the daemon answer one request; return whether the client may go on."""
        return self.answered(self.daemon, self.conn)
