"""Worker threads, as the transport for threads has them."""

from __future__ import annotations

import itertools
import logging

from pyrophone.classic import pools
from pyrophone.classic.pools import FULL

from .generation import PYRO5

__all__ = ["FULL", "NoFreeWorkersError", "Pool", "PoolError", "Worker"]


class PoolError(Exception):
    """The pool can't take jobs."""

    __module__ = "Pyro5.svr_threads"


class NoFreeWorkersError(PoolError):
    """All workers are busy, and there may be no more of them."""

    __module__ = "Pyro5.svr_threads"


class Worker(pools.Worker):
    """A thread that does one job after another.

    Args:
        pool: Whose it is.
    """

    __module__ = "Pyro5.svr_threads"

    _numbers = itertools.count(1)


class Pool(pools.Pool):
    """Workers: THREADPOOL_SIZE_MIN of them at all times, THREADPOOL_SIZE at most."""

    __module__ = "Pyro5.svr_threads"

    generation = PYRO5
    hired = Worker
    error = PoolError
    full = NoFreeWorkersError
    log = logging.getLogger("Pyro5.threadpoolserver")
