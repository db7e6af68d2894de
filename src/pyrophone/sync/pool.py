"""Threads that run calls."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable

__all__ = ["Workers"]

_IDLE_LIMIT = 30.0  # seconds after which a worker without work ends
_log = logging.getLogger("pyrophone.daemon")


class Workers:
    """A pool that grows with the work and shrinks without it.

    Args:
        limit: Threads, at most.
        name: Of the threads, for debuggers; a ``#`` becomes a number.
        idle: Seconds after which a worker without work ends.

    Attributes:
        roomy: Whether one more job would be run at once.
    """

    def __init__(self, limit: int, name: str, idle: float = _IDLE_LIMIT) -> None:
        self._limit = limit
        self._idle_limit = idle
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._numbers = itertools.count(1)
        self._count = 0
        self._idle = 0
        self._waiting = 0  # jobs that no worker has taken
        self._closed = False
        self.roomy = True

    @property
    def count(self) -> int:
        """Threads there are."""
        return self._count

    @property
    def waiting(self) -> int:
        """Jobs that no worker has taken yet."""
        return self._waiting

    def submit(self, job: Callable[[], object]) -> None:
        """Have *job* run by a worker; after :meth:`close` it is dropped."""
        with self._lock:
            if self._closed:
                return
            self._waiting += 1
            grow = self._waiting > self._idle and self._count < self._limit
            if grow:
                self._count += 1
            self._look()
        self._jobs.put(job)
        if grow:
            self._start()

    def close(self, wait: float = 0.0) -> None:
        """Let the workers end; jobs that wait are dropped, running ones go on.

        Args:
            wait: How long to wait for those that have ended their jobs, in seconds, so
                that nothing of these is held any more.
        """
        with self._lock:
            self._closed = True
            threads = list(self._threads)
            for _ in range(self._count):
                self._jobs.put(None)
        deadline = time.monotonic() + wait
        for thread in threads:
            # One that is about to start, and can't be joined yet, finds nothing to do.
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _look(self) -> None:
        self.roomy = self._count < self._limit or self._idle > self._waiting

    def _start(self) -> None:
        name = self._name.replace("#", str(next(self._numbers)))
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:  # no more threads to be had; those there are go on
            with self._lock:
                self._threads.discard(thread)
                self._count -= 1
                if not self._count:
                    raise

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                job()
            except BaseException:  # a worker goes on after any job
                _log.exception("error in a worker")
            del job  # or what it holds stays alive until the next one comes
        with self._lock:
            self._threads.discard(threading.current_thread())
            self._count -= 1
            self._look()

    def _take(self) -> Callable[[], object] | None:
        with self._lock:
            self._idle += 1
            self._look()
        try:
            job = self._jobs.get(timeout=self._idle_limit)
        except queue.Empty:
            job = None
        with self._lock:
            self._idle -= 1
            if job is not None:
                self._waiting -= 1
            elif self._waiting > self._idle and not self._closed:
                # A job was handed to this worker while it gave up; leave no job behind.
                job = self._jobs.get()
                if job is not None:
                    self._waiting -= 1
            self._look()
            return None if self._closed else job
