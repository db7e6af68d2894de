"""A daemon that serves in a thread for as long as a test lasts."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import pytest

from pyrophone.sync import LoopDaemon

D = TypeVar("D", bound=LoopDaemon)
T = TypeVar("T")

LIMIT = 10.0  # seconds; more than anything here takes, however busy the machine


def takes_long(test: T) -> T:
    """Mark a test that is too long for each change: it is skipped by the guard of main."""
    skipped = pytest.mark.skipif("CI" in os.environ, reason="too long for each change")
    return cast(T, pytest.mark.slow(skipped(test)))


@contextmanager
def running(daemon: D) -> Iterator[D]:
    """Serve *daemon* in a thread; at the end stop it and wait for the thread."""
    thread = threading.Thread(target=daemon.serve, name="serve")
    thread.start()
    try:
        yield daemon
    finally:
        daemon.close()
        thread.join(LIMIT)
        assert not thread.is_alive()
