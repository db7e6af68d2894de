"""A name server as a service: its daemon, its answers to broadcasts, its broom."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from ..sync import Daemon
from .service import BaseNameService

__all__ = ["NameService"]


class NameService(BaseNameService):
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

    def serve(self) -> None:
        """Serve until :meth:`stop` is called or Ctrl-C is pressed."""
        threads = [
            threading.Thread(target=serve, name=f"pyrophone-{name}")
            for name, serve in self._helpers
        ]
        try:
            for thread in threads:
                thread.start()
            self._daemon.serve()
        finally:
            self.close()
            for thread in threads:
                with suppress(RuntimeError):  # Ctrl-C came before it had started to run
                    thread.join()

    def stop(self, grace: float = 5.0) -> None:
        """End it; from another thread, return when the calls that run are answered.

        Args:
            grace: How long they may take, in seconds.
        """
        self._silence()
        self._daemon.stop(grace)

    def close(self) -> None:
        """End it without waiting for calls that run."""
        self.stop(0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _make_daemon(self, host: str, port: int, **options: Any) -> Daemon:
        return Daemon(host, port, **options)

    def _give_up(self) -> None:
        self.close()
