"""An event service as a program of its own, by threads."""

from __future__ import annotations

from ..sync import Standalone
from .hosting import BaseEventService

__all__ = ["EventService"]


class EventService(Standalone, BaseEventService):
    """Events for all programs around: an :class:`EventBus` with a daemon of its own.

    It listens from the start, and answers while :meth:`serve` runs. Leaving a ``with``
    block stops it. Events are kept in memory only.

    Args:
        host: Where to listen: a name or address, ``""`` is all interfaces.
        port: TCP port, 0 for any free one.
        unix_socket: Listen at this Unix socket instead.
        public: ``host`` or ``host:port`` to put into URIs, behind NAT.
        name: Registered in the name server as soon as there is one, and again when it
            was restarted; None is not at all.
        limits: What strangers may take of it.
        tls: What to serve with; None is without TLS. See
            :func:`pyrophone.net.tls.server_context`.
        settings: For the daemon, and to find the name server.

    Attributes:
        events: The object that is served.
        uri: Where it is.

    Raises:
        OSError: It can't listen there.
    """
