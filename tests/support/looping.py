"""Daemons of the packages Pyro4 and Pyro5, in threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["looping"]

_ENDING = 5.0  # seconds for a loop to end


@contextmanager
def looping() -> Iterator[Callable[[Any], Any]]:
    """Give what runs the request loop of a daemon until the block is over."""
    started = []

    def run(daemon: Any) -> Any:
        thread = threading.Thread(target=daemon.requestLoop)
        thread.start()
        started.append((daemon, thread))
        return daemon

    try:
        yield run
    finally:
        for daemon, thread in started:
            daemon.shutdown()
            thread.join(_ENDING)
            assert not thread.is_alive()
