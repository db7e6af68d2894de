"""A transport for one client, over a socket that is connected already."""

from __future__ import annotations

import logging

from pyrophone.classic.existing import ExistingTransport

from .svr_base import KIT

__all__ = ["SocketServer_ExistingConnection"]

log = logging.getLogger("Pyro5.existingconnectionserver")
log.addHandler(logging.NullHandler())


class SocketServer_ExistingConnection(ExistingTransport):
    """Serves the one client that there is, in the thread of the loop."""

    kit = KIT
    log = log
