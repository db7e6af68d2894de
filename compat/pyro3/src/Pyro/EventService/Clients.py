"""Base classes of programs that publish events, and of those that listen to them."""

from __future__ import annotations

import threading
import time
from typing import Any

from .. import constants, core, naming
from ..logs import shown
from . import Server as Server  # to be there, as programs expect
from .Event import Event
from .subscriptions import texts

__all__ = ["Event", "Publisher", "Subscriber"]

_ROUND = 0.5  # seconds in which listen() notices abort()
FRESH = 10.0  # seconds; the service closes connections that are idle for 20


class _Client:
    """A program that finds the event service.

    Args:
        ident: Pass phrase for the service, and for the name server.
        esURI: Where the service is, as text; otherwise the name server is asked.
    """

    ES_uri: Any
    ES_ident: Any
    _closed_to_peers: frozenset[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        closed = [vars(base).get("_closed_to_peers", ()) for base in cls.__mro__]
        cls._closed_to_peers = frozenset[str]().union(*closed)  # of who does both

    def _find(self, ident: Any, esURI: Any) -> None:
        self.ES_ident = ident
        if esURI:
            self.ES_uri = core.PyroURI(esURI)
            return
        self.NS = naming.NameServerLocator(identification=ident).getNS()
        self.ES_uri = self.NS.resolve(constants.EVENTSERVER_NAME)

    def getES(self) -> Any:
        """Return a new proxy for the event service."""
        service = core.getProxyForURI(core.PyroURI(self.ES_uri))
        service._setIdentification(self.ES_ident)
        return service


_SECRETS = frozenset({"ES_ident", "ES_uri", "NS", "getES"})


class Publisher(_Client):
    """Publishes events.

    Args:
        ident: Pass phrase for the service, and for the name server.
        esURI: Where the service is, as text; otherwise the name server is asked.

    Attributes:
        ES_uri: Where it is.
        ES_ident: The pass phrase.
    """

    _closed_to_peers = _SECRETS

    def __init__(self, ident: Any = None, esURI: Any = None) -> None:
        core.initClient()
        self._find(ident, esURI)
        self._publishing = threading.Lock()
        self._service = self.getES()
        self._last = time.monotonic()

    def publish(self, subjects: Any, message: Any) -> None:
        """Give *message* to all who want to hear of one of *subjects*."""
        with self._publishing:
            # One connection for all, but none that the service may be about to close.
            if time.monotonic() - self._last > FRESH:
                self._service._release()
            self._service.publish(texts(subjects), message)
            self._last = time.monotonic()


class Subscriber(core.CallbackObjBase, _Client):
    """Listens to events.

    Args:
        ident: Pass phrase for the service, and for the name server.
        esURI: Where the service is, as text; otherwise the name server is asked.

    Attributes:
        abortListen: Whether :meth:`listen` shall end.
        daemon: What events come to.
        NS: The name server, if it was asked.
    """

    NS: Any = None
    _closed_to_peers = _SECRETS | {
        "abort",
        "abortListen",
        "listen",
        "setThreading",
        "subscribe",
        "subscribeMatch",
        "unsubscribe",
    }

    def __init__(self, ident: Any = None, esURI: Any = None) -> None:
        core.initServer()
        core.initClient()
        super().__init__()
        self._find(ident, esURI)
        self.abortListen = 0
        # The object keeps no daemon alive, so this does.
        self._listening_at = core.Daemon()
        self._listening_at.connect(self)

    def subscribe(self, subjects: Any) -> None:
        """Hear of these subjects: one or several, in any case."""
        self._ask("subscribe", subjects)

    def subscribeMatch(self, patterns: Any) -> None:
        """Hear of all subjects that match a regular expression, from their start."""
        self._ask("subscribeMatch", patterns)

    def unsubscribe(self, subjects: Any) -> None:
        """Hear no more of these subjects, or patterns."""
        self._ask("unsubscribe", subjects)

    def event(self, event: Event) -> None:
        """Take an event; programs override this."""
        print(shown(event))

    def setThreading(self, threaded: Any) -> None:
        """Have events handled one after the other, by who listens, if 0; not later."""
        self._listening_at.threaded = threaded

    def listen(self) -> None:
        """Handle events until :meth:`abort` is called."""
        self.abortListen = 0
        self._listening_at.requestLoop(lambda: not self.abortListen, _ROUND)

    def abort(self) -> None:
        """Have :meth:`listen` end soon."""
        self.abortListen = 1

    def _ask(self, method: str, wanted: Any) -> None:
        service = self.getES()
        try:
            getattr(service, method)(texts(wanted), self.getProxy())
        finally:
            service._release()
