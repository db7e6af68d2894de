"""A transport with a worker thread for each connection.

Daemons run on Pyrophone's own, which needs a worker for each call only; those that
override how requests are handled run on this one.
"""

from __future__ import annotations

import logging

from pyrophone.classic import threads

from .pools import NoFreeWorkersError, Pool, PoolError, Worker
from .svr_base import KIT

__all__ = [
    "ClientConnectionJob",
    "Housekeeper",
    "NoFreeWorkersError",
    "Pool",
    "PoolError",
    "SocketServer_Threadpool",
    "Worker",
]

log = logging.getLogger("Pyro5.threadpoolserver")
log.addHandler(logging.NullHandler())


class ClientConnectionJob(threads.Job):
    """Serves one client until it goes.

    Args:
        clientSocket: What it is connected with.
        clientAddr: Where it calls from.
        daemon: Who answers.
    """


class Housekeeper(threads.Housekeeper):
    """Reminds a daemon of its housekeeping.

    Args:
        daemon: Whom.
    """

    kit = KIT


class SocketServer_Threadpool(threads.ThreadTransport):
    """Gives each connection to a worker."""

    kit = KIT
    log = log
    job = ClientConnectionJob
    pools = Pool
    reminder = Housekeeper


ClientConnectionJob.transport = SocketServer_Threadpool
