"""A name server as a service: its daemon, its answers to broadcasts, its broom."""

from __future__ import annotations

from ..sync import Standalone
from .service import BaseNameService

__all__ = ["NameService"]


class NameService(Standalone, BaseNameService):
    """A name server that others can call, and find by broadcast.

    It listens from the start, and answers while :meth:`serve` runs. Leaving a ``with``
    block stops it.

    Args:
        host: Where to listen: a name or address, ``""`` is all interfaces; None is
            that of the settings, this machine only.
        port: TCP port, 0 for any free one; None is that of the settings.
        unix_socket: Listen at this Unix socket instead.
        public: ``host`` or ``host:port`` to put into URIs, behind NAT.
        broadcast: Answer broadcasts; never done at a loopback address, a Unix socket
            or IPv6, where none can come from.
        storage: Where the names are kept, by default in memory. It is not closed.
        sweep: Drop names whose daemon is gone, looking every so many seconds; see
            :class:`pyrophone.naming.Sweeper`.
        grace: For how long a daemon must have been gone then, in seconds.
        tls: What to serve with; None is without TLS. See
            :func:`pyrophone.net.tls.server_context`.
        settings: For what is not given, and for the daemon.
        dialects: What else clients may speak on the same port, by name or as it is; by
            default what the settings say. Each is given URIs and tags as it knows them.
        events: Be an event service, too, of the name ``Pyrophone.Events``; see
            :class:`pyrophone.events.EventBus`.

    Attributes:
        names: The object that is served.
        events: The other one, or None.
        uri: Where it is.

    Raises:
        OSError: It can't listen there.
        NamingError: The storage can't be used.
        DaemonError: There is no dialect of that name.
    """

    def _give_up(self) -> None:
        self.close()
