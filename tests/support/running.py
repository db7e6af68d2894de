"""A daemon that serves in a thread for as long as a test lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from pyrophone.sync import LoopDaemon

D = TypeVar("D", bound=LoopDaemon)

LIMIT = 10.0  # seconds; more than anything here takes, however busy the machine


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
