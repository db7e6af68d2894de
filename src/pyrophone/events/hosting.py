"""What event services with a daemon of their own are made of, however they wait."""

from __future__ import annotations

from collections.abc import Callable
from ssl import SSLContext
from typing import Any

from ..settings import Settings
from ..uri import URI
from .limits import Limits
from .names import NameKeeper
from .service import EVENTS_ID, EventBus

__all__ = ["BaseEventService"]


class BaseEventService:
    """Events, served by a daemon of its own; a subclass waits.

    Arguments, attributes and errors are those of :class:`pyrophone.events.EventService`.
    """

    _longest: float | None = 5.0  # for the name to be withdrawn, where a name server hangs

    def __init__(
        self,
        host: str = "localhost",
        port: int = 0,
        *,
        unix_socket: str | None = None,
        public: str | None = None,
        name: str | None = EVENTS_ID,
        limits: Limits | None = None,
        tls: SSLContext | None = None,
        settings: Settings | None = None,
    ) -> None:
        settings = settings or Settings()
        self.events = EventBus(limits)
        self._daemon: Any = self._make_daemon(
            host,
            port,
            unix_socket=unix_socket,
            public=public,
            tls=tls,
            settings=settings,
        )
        self._daemon.objects.register(self.events, EVENTS_ID)
        self.uri: URI = self._daemon.uri_of(EVENTS_ID)
        self._keeper = None if name is None else NameKeeper(name, self.uri, settings)
        self._helpers: list[tuple[str, Callable[[], None]]] = []
        if self._keeper is not None:
            self._helpers.append(("names", self._keeper.serve))

    def _make_daemon(self, host: str, port: int, **options: Any) -> Any:
        """Return the daemon of a front-end."""
        raise NotImplementedError

    def _silence(self) -> None:
        """Let go of the name, and of who has subscribed: their streams have no end."""
        if self._keeper is not None:
            self._keeper.close()
        self.events.bus.close()
