"""A daemon or a service that serves in a thread for as long as a test lasts."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar, cast

import pytest

T = TypeVar("T")

# Of clients: they stay for a second, to be used again, maybe by the test before.
_CLIENTS = re.compile("pyrophone-(keeper|results|calls|functions?)(-|$)")

LIMIT = 10.0  # seconds; more than anything here takes, however busy the machine


def takes_long(test: T) -> T:
    """Mark a test that is too long for each change: it is skipped by the guard of main."""
    skipped = pytest.mark.skipif("CI" in os.environ, reason="too long for each change")
    return cast(T, pytest.mark.slow(skipped(test)))


class Server(Protocol):
    """What serves until it is closed: a daemon, or a service that has one of its own."""

    def serve(self) -> None:
        """Serve until it is closed."""

    def close(self) -> None:
        """End it."""


D = TypeVar("D", bound=Server)


@contextmanager
def running(server: D) -> Iterator[D]:
    """Serve in a thread; at the end stop *server* and wait for the thread."""
    thread = threading.Thread(target=server.serve, name="serve")
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(LIMIT)
        assert not thread.is_alive()


def threads() -> set[str]:
    """Return the names of the threads that daemons have."""
    names = {thread.name for thread in threading.enumerate()}
    return {
        name for name in names if name.startswith("pyrophone-") and not _CLIENTS.match(name)
    }
