"""Which transport a daemon gets, and what answers behind it."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from typing import Any

from ..net.addresses import advertised, location
from ..uri import URI
from .daemons import Looping, Served, check, make
from .engines import Engine, ExistingEngine
from .existing import ExistingTransport
from .kit import Kit
from .transports import Transport

__all__ = ["Fleet", "choose"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The transports of one package.

    Attributes:
        kit: The other parts of it.
        kinds: For each value of SERVERTYPE, the daemon of Pyrophone, what shows that as
            a transport, and the transport for daemons that answer by themselves.
        alone: Likewise for a socket that is connected already.
        bench: Made with a location, answers what others have received.
    """

    kit: Kit
    kinds: Mapping[str, tuple[type[Looping], type[Engine], Callable[[], Any]]]
    alone: tuple[type[Looping], type[ExistingEngine], type[ExistingTransport]]
    bench: Callable[[URI], Served]


def choose(
    fleet: Fleet, daemon: Any, own: bool, place: dict[str, Any]
) -> tuple[Transport, Any]:
    """Return the transport of *daemon*, and the daemon of Pyrophone that answers.

    Args:
        fleet: The transports there are.
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
        return _asking(fleet, daemon, place)
    config = fleet.kit.generation.config
    sock = place.get("sock")
    if sock is not None:
        if config.SSL and not hasattr(sock, "getpeercert"):
            raise OSError("user supplied socket must be an ssl socket")
        kind, alone, transport = fleet.alone
        log: logging.Logger = transport.log
        served = make(kind, place, log)
        single = alone()
        single.attach(daemon, served, sock)
        return single, served
    check(fleet.kit.generation)
    cls, shown, _ = fleet.kinds[config.SERVERTYPE]
    served = make(cls, place)
    where = served.location
    if served.listener is not None and place["unix_socket"] is None:
        where = location(place["host"] or "0.0.0.0", served.listener.getsockname()[1])
    engine = shown()
    engine.adopt(daemon, served, where)
    return engine, served


def _asking(fleet: Fleet, daemon: Any, place: dict[str, Any]) -> tuple[Transport, Any]:
    """Return a transport that has *daemon* itself answer."""
    if "sock" in place:
        single = fleet.alone[2]()
        single.init(daemon, place["sock"])
        return single, fleet.bench(URI("PYRO", "x"))
    check(fleet.kit.generation)
    transport = fleet.kinds[fleet.kit.generation.config.SERVERTYPE][2]()
    transport.init(daemon, place["host"], place["port"], place["unix_socket"])
    try:
        if place["unix_socket"] is not None:
            where = URI("PYRO", "x", place["unix_socket"])
        else:
            number = transport.sock.getsockname()[1]
            where = advertised(place["host"], number, place.get("public"))
        return transport, fleet.bench(where)
    except BaseException:
        transport.close()
        raise
