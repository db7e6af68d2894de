"""An event service for as long as a test lasts, which can be started anew where it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyrophone import URI
from pyrophone.events import EventBus
from pyrophone.sync import Daemon
from running import running

__all__ = ["event_service"]


@contextmanager
def event_service(port: int = 0, **options: Any) -> Iterator[URI]:
    """Serve events at a port of this machine; give the URI of the service."""
    with running(Daemon("127.0.0.1", port, **options)) as daemon:
        yield daemon.register(EventBus(), "Pyrophone.Events")
