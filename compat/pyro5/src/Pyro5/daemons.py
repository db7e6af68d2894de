"""Pyrophone's daemons, with the hooks of Pyro5, and as its transports."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from pyrophone import URI
from pyrophone.classic import daemons, engines
from pyrophone.classic.choosing import Fleet
from pyrophone.context import Client
from pyrophone.objects.control import DaemonObject
from pyrophone.sync.link import Link
from pyrophone.sync.pool import Workers
from pyrophone.wire.events import Call, Greeting, Ping
from pyrophone.wire.framing import BATCH, ONEWAY

from .configure import global_config as config
from .svr_base import KIT
from .svr_existingconn import SocketServer_ExistingConnection
from .svr_multiplex import SocketServer_Multiplex
from .svr_threads import SocketServer_Threadpool
from .tables import CLASSES, settings

__all__ = ["FLEET"]

_QUEUE = 1000  # one-way calls that wait for a thread; more are run where they came


class Judging(daemons.Served):
    """Has the daemon's handler look at what methods raise."""

    kit = KIT

    def failed(
        self,
        client: Client,
        method: Callable[..., Any],
        args: Any,
        kwargs: dict[str, Any],
        error: Exception,
    ) -> None:
        """Have the daemon's handler look at what a method raised."""
        outer = self.outer
        outer.methodcall_error_handler(outer, client.address, method, args, kwargs, error)


class ThreadServer(Judging, daemons.ThreadServer):
    """Runs each call in one of its worker threads."""

    transport_log = logging.getLogger("Pyro5.threadpoolserver")


class MultiplexServer(Judging, daemons.Looping):
    """Runs one call at a time, in the thread of the loop."""

    transport_log = logging.getLogger("Pyro5.multiplexserver")


class Bench(Judging):
    """Answers what others have received; has no connections of its own."""

    transport_log = logging.getLogger("Pyro5.server")

    def __init__(self, location: URI) -> None:
        super().__init__(location, settings(timeout=None, tls=None), CLASSES, DaemonObject)
        self._oneway = Workers(config.THREADPOOL_SIZE, "oneway-call")

    def answer(self, link: Link, event: Call | Greeting | Ping) -> bytes:
        """Return the bytes that answer *event*; a one-way call runs apart."""
        if (
            isinstance(event, Call)
            and event.flags & (ONEWAY | BATCH) == ONEWAY
            and self._oneway.waiting < _QUEUE
        ):
            self._oneway.submit(partial(self.run, link, event))
            return b""
        return super().answer(link, event)

    def retire(self) -> None:
        """Let go of what clients had."""
        super().retire()
        self._oneway.close()


class _ThreadEngine(engines.ThreadEngine, SocketServer_Threadpool):
    pass


class _MultiplexEngine(engines.MultiplexEngine, SocketServer_Multiplex):
    pass


class _ExistingEngine(engines.ExistingEngine, SocketServer_ExistingConnection):
    pass


for _engine in (_ThreadEngine, _MultiplexEngine, _ExistingEngine):
    _engine.__name__ = _engine.__bases__[
        1
    ].__name__  # what it passes for, in texts and tests

FLEET = Fleet(
    kit=KIT,
    kinds={
        "thread": (ThreadServer, _ThreadEngine, SocketServer_Threadpool),
        "multiplex": (MultiplexServer, _MultiplexEngine, SocketServer_Multiplex),
    },
    alone=(MultiplexServer, _ExistingEngine, SocketServer_ExistingConnection),
    bench=Bench,
)
