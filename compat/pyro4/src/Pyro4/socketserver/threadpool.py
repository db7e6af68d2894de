"""Worker threads, as the transport for threads has them."""

from __future__ import annotations

import itertools
import logging

from pyrophone.classic import pools

from ..configuration import config as config
from ..generation import PYRO4

__all__ = ["NoFreeWorkersError", "Pool", "PoolError", "Worker"]

log = logging.getLogger("Pyro4.threadpool")


class PoolError(Exception):
    """The pool can't take jobs."""


class NoFreeWorkersError(PoolError):
    """All workers are busy, and there may be no more of them."""


class Worker(pools.Worker):
    """A thread that does one job after another.

    Args:
        pool: Whose it is.
    """

    _numbers = itertools.count(1)


class Pool(pools.Pool):
    """Workers: THREADPOOL_SIZE_MIN of them at all times, THREADPOOL_SIZE at most."""

    generation = PYRO4
    hired = Worker
    error = PoolError
    full = NoFreeWorkersError
    log = log
