"""Which transport a daemon gets, and what answers behind it."""

from __future__ import annotations

from typing import Any

from pyrophone import URI
from pyrophone.net.addresses import advertised, location

from . import daemons, engines
from .configure import global_config as config
from .svr_base import Transport
from .svr_existingconn import SocketServer_ExistingConnection
from .svr_multiplex import SocketServer_Multiplex
from .svr_threads import SocketServer_Threadpool

__all__ = ["choose"]


def choose(daemon: Any, own: bool, place: dict[str, Any]) -> tuple[Transport, Any]:
    """Return the transport of *daemon*, and the daemon of Pyrophone that answers.

    Args:
        daemon: The daemon.
        own: Whether it has ways of its own to answer, and is to be asked.
        place: Where it listens: ``host``, ``port``, ``unix_socket`` and maybe
            ``public``; or ``sock``.

    Raises:
        OSError: It can't listen there.
        PyroError: SERVERTYPE is none.
        ValueError: The sizes of the thread pool make no sense.
    """
    if own:
        return _asking(daemon, place)
    sock = place.get("sock")
    if sock is not None:
        if config.SSL and not hasattr(sock, "getpeercert"):
            raise OSError("user supplied socket must be an ssl socket")
        served = daemons.make("multiplex", **place)
        served.transport_log = SocketServer_ExistingConnection.log
        single = engines.ExistingConnectionEngine()
        single.attach(daemon, served, sock)
        return single, served
    served = daemons.make(config.SERVERTYPE, **place)
    engine: engines.Engine = engines.ThreadEngine()
    if config.SERVERTYPE == "multiplex":
        engine = engines.MultiplexEngine()
    where = served.location
    if served.listener is not None and place["unix_socket"] is None:
        where = location(place["host"] or "0.0.0.0", served.listener.getsockname()[1])
    engine.adopt(daemon, served, where)
    return engine, served


def _asking(daemon: Any, place: dict[str, Any]) -> tuple[Transport, Any]:
    """Return a transport that has *daemon* itself answer."""
    if "sock" in place:
        single = SocketServer_ExistingConnection()
        single.init(daemon, place["sock"])
        return single, daemons.Bench(URI("PYRO", "x"))
    daemons.check(config.SERVERTYPE)
    transport: Any = SocketServer_Threadpool()
    if config.SERVERTYPE == "multiplex":
        transport = SocketServer_Multiplex()
    transport.init(daemon, place["host"], place["port"], place["unix_socket"])
    try:
        if place["unix_socket"] is not None:
            where = URI("PYRO", "x", place["unix_socket"])
        else:
            number = transport.sock.getsockname()[1]
            where = advertised(place["host"], number, place.get("public"))
        return transport, daemons.Bench(where)
    except BaseException:
        transport.close()
        raise
