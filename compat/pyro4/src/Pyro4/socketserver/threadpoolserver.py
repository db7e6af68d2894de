"""A transport with a worker thread for each connection.

Daemons run on Pyrophone's own, which needs a worker for each call only; those that
override how requests are handled run on this one.
"""

from __future__ import annotations

import logging

from pyrophone.classic import threads

from ..configuration import config as config
from ..kit import KIT
from .threadpool import NoFreeWorkersError, Pool, PoolError, Worker

__all__ = [
    "ENDS_A_CONNECTION",
    "ClientConnectionJob",
    "Housekeeper",
    "NoFreeWorkersError",
    "Pool",
    "PoolError",
    "SocketServer_Threadpool",
    "Worker",
]

log = logging.getLogger("Pyro4.threadpoolserver")
log.addHandler(logging.NullHandler())

# What a method may raise that costs its client the connection, and the server nothing.
ENDS_A_CONNECTION = (Exception, SystemExit, GeneratorExit)


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
    swallowed = ENDS_A_CONNECTION
    job = ClientConnectionJob
    pools = Pool
    reminder = Housekeeper


ClientConnectionJob.transport = SocketServer_Threadpool
