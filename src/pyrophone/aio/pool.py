"""Threads that run plain functions, so that a loop goes on meanwhile."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

__all__ = ["Pool"]

_log = logging.getLogger("pyrophone.daemon")


class Pool:
    """A pool that grows with the work, up to a limit.

    Its threads don't keep the program from ending.

    Args:
        limit: Threads, at most.
        name: Of the threads, for debuggers; a ``#`` becomes a number.

    Attributes:
        free: Threads without work, less jobs that no thread has taken.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.free = 0
        self._closed = False

    @property
    def count(self) -> int:
        """Threads there are."""
        return len(self._threads)

    def submit(self, job: Callable[[], object]) -> None:
        """Have *job* run by a thread; after :meth:`close` it is dropped.

        Raises:
            RuntimeError: There is no thread, and none can be had.
        """
        with self._lock:
            if self._closed:
                return
            if self.free < 1 and len(self._threads) < self._limit:
                self._start()
            self.free -= 1
        self._jobs.put(job)

    def close(self) -> None:
        """Let the threads end; jobs that wait are dropped, running ones go on."""
        with self._lock:
            self._closed = True
            for _ in self._threads:
                self._jobs.put(None)

    @property
    def alive(self) -> bool:
        """Whether there are threads that have not ended."""
        return any(thread.is_alive() for thread in self._threads)

    def _start(self) -> None:
        name = self._name.replace("#", str(len(self._threads) + 1))
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads to be had; those there are go on
            if not self._threads:
                raise
        else:
            self._threads.append(thread)
            self.free += 1

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closed:
            try:
                job()
            except BaseException:  # a worker goes on after any job
                _log.exception("error in a worker")
            del job  # or what it holds stays alive until the next one comes
            with self._lock:
                self.free += 1
