"""What name servers as services are made of, however they wait."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Callable, Iterable
from functools import partial
from ssl import SSLContext
from typing import TYPE_CHECKING, Any

from ..finding import BROADCAST_QUERY, NAME_SERVER_ID
from ..net.addresses import is_everywhere, is_loopback
from ..net.beacon import Beacon
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import Dialect
from .server import OWN_TAG, NameServer, announce
from .storage import MemoryStorage, Storage
from .sweeper import Sweeper

if TYPE_CHECKING:
    from ..events.service import EventBus

__all__ = ["BaseNameService"]

# By which the peers of other dialects find name servers, besides our own tag.
_OWN_TAGS = {"pyro4": "class:Pyro4.naming.NameServer"}


class BaseNameService:
    """A name server that others can call, and find by broadcast; a subclass serves it.

    Arguments, attributes and errors are those of :class:`pyrophone.naming.NameService`.
    """

    _longest: float | None = None  # the storage must be left in peace before it is closed

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        unix_socket: str | None = None,
        public: str | None = None,
        broadcast: bool = True,
        storage: Storage | None = None,
        sweep: float | None = None,
        grace: float = 20.0,
        tls: SSLContext | None = None,
        settings: Settings | None = None,
        dialects: Iterable[str | Dialect] | None = None,
        events: bool = False,
    ) -> None:
        if sweep is not None and not sweep > 0:
            raise ValueError(f"sweep is {sweep}, must be above 0 seconds")
        settings = settings or Settings()
        storage = MemoryStorage() if storage is None else storage
        spoken = list(settings.dialects if dialects is None else dialects)
        host = settings.name_host if host is None else host
        if host.startswith("./u:"):  # as finding takes it
            unix_socket = unix_socket or host.removeprefix("./u:")
        self._daemon: Any = self._make_daemon(
            host,
            settings.name_port if port is None else port,
            unix_socket=unix_socket,
            public=public,
            tls=tls,
            settings=settings,
            dialects=spoken,
        )
        self.names = NameServer(storage)
        self._helpers: list[tuple[str, Callable[[], None]]] = []
        self._sweeper = Sweeper(storage, grace=grace)
        self.events: EventBus | None = None
        self._beacon: Beacon | None = None
        try:
            if broadcast and unix_socket is None and _hears_broadcasts(host):
                port = int(self._daemon.listener.getsockname()[1])
                self._beacon = _make_beacon(host, port, settings)
                self._helpers.append(("beacon", self._beacon.serve))
            self.uri = self._announce(spoken)
            if events:
                self._serve_events()
        except BaseException:
            self._give_up()
            raise
        if sweep is not None:
            self._helpers.append(("sweeper", partial(self._sweeper.serve, sweep)))

    @property
    def broadcast_port(self) -> int | None:
        """UDP port at which broadcasts are answered, None if they are not."""
        return self._beacon.address[1] if self._beacon else None

    def _announce(self, spoken: Iterable[str | Dialect]) -> URI:
        """Let the names be called, and found among themselves; return where they are."""
        self._daemon.objects.register(self.names, NAME_SERVER_ID)
        uri: URI = self._daemon.uri_of(NAME_SERVER_ID)
        announce(self.names, uri, _own_tags(spoken))
        return uri

    def _serve_events(self) -> None:
        """Have an event service be called, and found by its name."""
        # Imported here: it needs asyncio, see ARCHITECTURE.md.
        service = importlib.import_module("..events.service", __package__)
        self.events = service.EventBus()
        self._daemon.objects.register(self.events, service.EVENTS_ID)
        self.names.register(service.EVENTS_ID, self._daemon.uri_of(service.EVENTS_ID))

    def _make_daemon(self, host: str, port: int, **options: Any) -> Any:
        """Return the daemon of a front-end."""
        raise NotImplementedError

    def _give_up(self) -> None:
        """Close what there is; nothing is served yet."""
        raise NotImplementedError

    def _silence(self) -> None:
        """Stop answering broadcasts and looking after names, and end subscriptions."""
        self._sweeper.close()
        if self._beacon is not None:
            self._beacon.close()
        if self.events is not None:
            self.events.bus.close()


def _own_tags(dialects: Iterable[str | Dialect]) -> set[str]:
    names = {one if isinstance(one, str) else one.name for one in dialects}
    return {OWN_TAG, *(_OWN_TAGS[name] for name in names & _OWN_TAGS.keys())}


def _hears_broadcasts(host: str) -> bool:
    """Tell whether broadcasts can come to who listens at *host*."""
    if is_everywhere(host):
        return ":" not in host
    address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]
    return not is_loopback(str(address)) and ":" not in str(address)


def _make_beacon(host: str, port: int, settings: Settings) -> Beacon:
    # Who asks is in the network, so the address behind NAT is of no use to it.
    uri = URI(
        "PYRO", NAME_SERVER_ID, None, "0.0.0.0" if is_everywhere(host) else host, port
    )
    try:
        return Beacon(uri, BROADCAST_QUERY, port=settings.broadcast_port)
    except OSError as error:
        raise OSError(
            error.errno, f"{error.strerror}: UDP port {settings.broadcast_port}"
        ) from error
