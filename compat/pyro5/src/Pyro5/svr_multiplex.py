"""A transport that does everything in the thread of its loop.

Daemons run on Pyrophone's own, which nobody can hold up; those that override how
requests are handled run on this one.
"""

from __future__ import annotations

import logging

from pyrophone.classic.multiplex import MultiplexTransport

from .svr_base import KIT

__all__ = ["SocketServer_Multiplex"]

log = logging.getLogger("Pyro5.multiplexserver")
log.addHandler(logging.NullHandler())


class SocketServer_Multiplex(MultiplexTransport):
    """Waits for all connections with one selector."""

    kit = KIT
    log = log
