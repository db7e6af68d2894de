"""An event service as a program of its own, by threads."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from ..sync import Daemon
from .hosting import BaseEventService

__all__ = ["EventService"]

_LONGEST = 5.0  # seconds for the name to be withdrawn, where a name server hangs


class EventService(BaseEventService):
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

    def serve(self) -> None:
        """Serve until :meth:`stop` is called or Ctrl-C is pressed."""
        threads = [
            threading.Thread(target=serve, name=f"pyrophone-{name}", daemon=True)
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
                    thread.join(_LONGEST)

    def stop(self, grace: float = 5.0) -> None:
        """End it and all subscriptions; return when the calls that run are answered.

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
