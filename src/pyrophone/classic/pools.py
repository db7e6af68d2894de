"""Worker threads, as the transport for threads has them."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, Self

from .generation import Generation

__all__ = ["FULL", "Pool", "Worker"]

FULL = "no free workers, increase server threadpool size"


class Worker(threading.Thread):
    """A thread that does one job after another.

    Args:
        pool: Whose it is.
    """

    _numbers: itertools.count[int]

    def __init__(self, pool: Pool) -> None:
        super().__init__(name=f"Pyro-Worker-{next(self._numbers)}", daemon=True)
        self.pool = pool
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()

    def process(self, job: Callable[[], object] | None) -> None:
        """Do *job* next."""
        self._jobs.put(job)

    def halt(self) -> None:
        """End, behind the job at hand."""
        self._jobs.put(None)

    def run(self) -> None:
        """Do jobs, until there is None."""
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except BaseException:  # or a job that wants to exit would cost a worker
                self.pool.log.exception("unhandled error in a job of the thread pool")
            del job  # or what it holds stays alive until the next one comes
            self.pool.notify_done(self)


class Pool:
    """Workers: THREADPOOL_SIZE_MIN of them at all times, THREADPOOL_SIZE at most.

    Attributes:
        idle: Those without a job.
        busy: The others.
        closed: Whether no more jobs are taken.
        generation: The package whose it is.
        hired: Its class of workers.
        error: Its class of errors, raised by a pool that is closed.
        full: Likewise, if all workers are busy.
        log: Where errors go.
    """

    generation: Generation
    hired: Callable[[Pool], Worker]
    error: type[Exception]
    full: type[Exception]
    log: logging.Logger

    def __init__(self) -> None:
        config = self.generation.config
        if not 1 <= config.THREADPOOL_SIZE_MIN <= config.THREADPOOL_SIZE:
            raise ValueError("minimum threadpool size must be at least 1 and not above max")
        self.idle: set[Worker] = set()
        self.busy: set[Worker] = set()
        self.closed = False
        self.count_lock = threading.Lock()
        for _ in range(config.THREADPOOL_SIZE_MIN):
            self.idle.add(self._hire())

    def process(self, job: Callable[[], object]) -> None:
        """Have a worker do *job*.

        Raises:
            full: They are all busy.
            error: The pool is closed.
        """
        with self.count_lock:
            if self.closed:
                raise self.error("job queue is closed")
            if self.idle:
                worker = self.idle.pop()
            elif self.num_workers() < self.generation.config.THREADPOOL_SIZE:
                worker = self._hire()
            else:
                raise self.full(FULL)
            self.busy.add(worker)
        worker.process(job)

    def notify_done(self, worker: Any) -> None:
        """Note that *worker* is done with its job."""
        with self.count_lock:
            self.busy.discard(worker)
            if self.closed or len(self.idle) >= self.generation.config.THREADPOOL_SIZE_MIN:
                worker.halt()
            else:
                self.idle.add(worker)

    def num_workers(self) -> int:
        """Return how many workers there are."""
        return len(self.busy) + len(self.idle)

    def close(self) -> None:
        """Let the workers end, and take no more jobs."""
        with self.count_lock:
            self.closed = True
            for worker in self.idle:
                worker.halt()
            self.idle.clear()
            self.busy.clear()  # each ends with its job

    def _hire(self) -> Worker:
        worker = self.hired(self)
        worker.start()
        return worker

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def __repr__(self) -> str:
        cls = type(self)
        return (
            f"<{cls.__module__}.{cls.__name__} at 0x{id(self):x}; "
            f"{len(self.busy)} busy workers; {len(self.idle)} idle workers>"
        )
