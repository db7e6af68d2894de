"""Pyrophone's daemons, with the hooks of Pyro5."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import pyrophone.sync
from pyrophone.context import Client
from pyrophone.sync.link import Link
from pyrophone.sync.service import BaseDaemon
from pyrophone.wire.events import Call

from .blobs import wrapped
from .callcontext import current_context
from .configure import global_config as config
from .errors import PyroError
from .socketutil import connection_of
from .tables import CLASSES, seconds, settings

__all__ = ["listener", "make"]


class _Served(BaseDaemon):
    """Asks the hooks of a Pyro5 daemon. (Set before the first client comes.)"""

    outer: Any

    def describe(self) -> str:
        """Return what clients get for ``info()``."""
        outer = self.outer
        return (
            f"Pyro.Daemon bound on {outer.locationStr}, NAT {outer.natLocationStr}, "
            f"{len(self.objects.ids)} objects registered. Servertype: {self}"
        )

    def greets(self, client: Client, handshake: Any) -> Any:
        """Judge the handshake of a client."""
        return self.outer.validateHandshake(connection_of(client), handshake)

    def left_by(self, client: Client) -> None:
        """Called once a client is gone."""
        self.outer.clientDisconnect(connection_of(client))

    def annotations(self) -> Mapping[str, bytes]:
        """Return chunks to send with every message."""
        chunks: Mapping[str, bytes] = self.outer.annotations()
        return chunks

    def housekeeping(self) -> None:
        """Called about once a second while the daemon serves."""
        self.outer.housekeeping()

    def run(self, link: Link, call: Call) -> bytes:
        """Run *call*; return the bytes that answer it."""
        call.args = wrapped(call.args)
        try:
            return super().run(link, call)
        finally:
            current_context.forget()


class _ThreadServer(_Served, pyrophone.sync.Daemon):
    """Runs each call in one of its worker threads."""

    def __repr__(self) -> str:
        return f"<SocketServer_Threadpool on {self.location}>"


class _MultiplexServer(_Served, pyrophone.sync.LoopDaemon):
    """Runs one call at a time, in the thread of the loop."""

    def __repr__(self) -> str:
        return f"<SocketServer_Multiplex on {self.location}>"


def make(**arguments: Any) -> _ThreadServer | _MultiplexServer:
    """Return the daemon that SERVERTYPE asks for.

    Raises:
        PyroError: It asks for something unknown.
        ValueError: The sizes of the thread pool make no sense.
    """
    changes: dict[str, Any] = {"timeout": None}
    if limit := seconds(config.COMMTIMEOUT):
        changes["send_timeout"] = limit
    if config.SERVERTYPE == "multiplex":
        return _MultiplexServer(settings=settings(**changes), classes=CLASSES, **arguments)
    if config.SERVERTYPE != "thread":
        raise PyroError(f"invalid server type '{config.SERVERTYPE}'")
    if not 1 <= config.THREADPOOL_SIZE_MIN <= config.THREADPOOL_SIZE:
        raise ValueError(
            f"invalid threadpool sizes: THREADPOOL_SIZE_MIN={config.THREADPOOL_SIZE_MIN}, "
            f"THREADPOOL_SIZE={config.THREADPOOL_SIZE}"
        )
    changes.update(workers=config.THREADPOOL_SIZE, idle_timeout=limit)
    return _ThreadServer(settings=settings(**changes), classes=CLASSES, **arguments)


def listener(served: _ThreadServer | _MultiplexServer) -> socket.socket | None:
    """Return the socket that new clients come by; None if there is none."""
    for sock in served.sockets:
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return sock
    return None
