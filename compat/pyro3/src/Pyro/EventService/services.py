"""The event service, and what starts it in a program."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

from .. import config, constants, core, naming
from ..errors import NamingError, ProtocolError, PyroError
from ..objects import FixedObjBase
from ..util import Log
from .deliveries import MOST_BYTES, Delivery, weight
from .Event import Event
from .subscriptions import Subscriptions, texts

__all__ = ["EventService", "EventServiceStarter"]

IDLE = 20.0  # seconds after which a connection that transfers nothing is dropped
_TURN = 0.05  # seconds to wait for room in a queue before that in the next
_ROUND = 3.0  # seconds between looks at the condition of the loop


class EventService(FixedObjBase):
    """Hands events on to those who want them."""

    def __init__(self) -> None:
        FixedObjBase.__init__(self)
        self._subscriptions = Subscriptions()

    def publish(self, subjects: Any, message: Any) -> None:
        """Give *message* to all who want to hear of one of *subjects*.

        Where a queue is full, it goes in as soon as there is room, or not at all: see
        ``PYRO_ES_BLOCKQUEUE``. Those with room have it by then.
        """
        now, size = time.time(), weight(message)
        if size > MOST_BYTES:
            raise PyroError(f"event of more than {MOST_BYTES} bytes")
        for subject in texts(subjects):
            event = Event(subject, message, now)
            found = self._subscriptions.find(subject)
            limit = int(config.PYRO_ES_QUEUESIZE)
            full = [one for one in found if not one.put(event, size, limit)]
            while full and config.PYRO_ES_BLOCKQUEUE:
                # In turns, so that one that gets on need not wait for one that doesn't.
                full = [one for one in full if not one.put(event, size, limit, _TURN)]

    def subscribe(self, subjects: Any, subscriber: Any) -> None:
        """Have *subscriber*, a proxy, hear of these subjects."""
        identity = _identity(subscriber)
        self._subscriptions.add(
            identity, texts(subjects), lambda: self._delivery(identity, subscriber)
        )

    def subscribeMatch(self, patterns: Any, subscriber: Any) -> None:
        """Have *subscriber* hear of all subjects that match one of these patterns."""
        identity = _identity(subscriber)
        self._subscriptions.add_patterns(
            identity, texts(patterns), lambda: self._delivery(identity, subscriber)
        )

    def unsubscribe(self, subjects: Any, subscriber: Any) -> None:
        """Have *subscriber* hear no more of these subjects, or patterns."""
        self._subscriptions.remove(_identity(subscriber), texts(subjects))

    def _close(self) -> None:
        """Let go of all subscribers, and of publishers that wait for them."""
        self._subscriptions.close()

    def _delivery(self, identity: str, subscriber: Any) -> Delivery:
        subscriber._setOneway("event")
        subscriber._setTimeout(IDLE)

        def send(event: Event) -> None:
            try:
                subscriber.event(event)
            except ProtocolError as error:
                Log.warn("EventService", "lost subscriber", subscriber.URI, error)
                raise
            except Exception as error:  # one event, of a class of the program
                Log.error("EventService", "event can't be sent:", error)

        def ended(delivery: Delivery) -> None:
            subscriber._release()
            self._subscriptions.ended(identity, delivery)

        return Delivery(send, ended)


def _identity(subscriber: Any) -> str:
    """Return what tells a subscriber from others."""
    if not isinstance(subscriber, core.DynamicProxy):
        raise TypeError("a subscriber is given by a proxy for it")
    return subscriber.objectID


class EventServiceStarter:
    """Starts an event service.

    Args:
        identification: Pass phrase that clients must know, and that is shown to the name
            server; None lets anybody in.

    Attributes:
        daemon: Its daemon, once it is initialized.
        es: The service, likewise.
    """

    def __init__(self, identification: Any = None) -> None:
        self.daemon: Any = None
        self.es: Any = None
        self._identification = identification
        self._started = threading.Event()
        self._is_ending = False

    def start(self, *args: Any, **kwargs: Any) -> None:
        """Run an event service until the program is interrupted.

        Args:
            *args: As for :meth:`initialize`.
            **kwargs: Likewise.
        """
        self.initialize(*args, **kwargs)
        self.serve()

    def serve(self) -> None:
        """Serve what was initialized until the program is interrupted."""
        try:
            with contextlib.suppress(KeyboardInterrupt):
                self.daemon.requestLoop(lambda: not self._is_ending, _ROUND)
        finally:
            self.shutdown(self.es)
        print("Event Server gracefully stopped.")

    def initialize(
        self,
        hostname: str | None = "",
        port: int | None = None,
        useNameServer: Any = 1,
        norange: Any = 0,
        *,
        replace: bool = False,
    ) -> None:
        """Make an event service; the caller runs the loop.

        Args:
            hostname: Where to listen; by default ``PYRO_HOST``, or else loopback.
            port: TCP port; by default ``PYRO_PORT``.
            useNameServer: Register it.
            norange: Take this port and no other; 0 is any free one then.
            replace: Take the name over, if it is taken.

        Raises:
            NamingError: There is no name server, or it has an event service already.
            DaemonError: It can't listen there.
        """
        core.initServer()
        names = self._names(replace) if useNameServer else None
        try:
            self.daemon = core.Daemon(
                host=hostname or None, port=port or 0, norange=norange
            )
            self.daemon.setTimeout(IDLE)
            if self._identification:
                self.daemon.setAllowedIdentifications([self._identification])
            if names is not None:
                self.daemon.useNameServer(names)
            self.es = EventService()
            uri = self.daemon.connect(self.es, constants.EVENTSERVER_NAME)
        except BaseException:
            self.shutdown(self.es)
            raise
        print("URI=", uri)
        warning = self.daemon.validateHostnameAndIP()
        if warning:
            print("WARNING:", warning)
        print("Event Server started.", flush=True)
        self._started.set()

    def waitUntilStarted(self, timeout: float | None = None) -> bool:
        """Wait until it can be used; tell whether it can."""
        return self._started.wait(timeout)

    def getServerSockets(self) -> Any:
        """Return what to wait for in a loop of one's own; ask again in each round."""
        return self.daemon.getServerSockets()

    def handleRequests(self, timeout: float | None = None) -> None:
        """Serve who is there, or comes within *timeout* seconds; None is for ever."""
        self.daemon.handleRequests(timeout)

    def shutdown(self, es: Any = None) -> None:
        """End the service, which loses all subscriptions.

        Args:
            es: The service, if its name shall be removed at once.
        """
        self._is_ending = True
        self._started.clear()
        if self.es is not None:
            self.es._close()
        if self.daemon is not None:
            self.daemon.shutdown(es is not None)

    def _names(self, replace: bool) -> Any:
        """Return the name server, which has no event service."""
        locator = naming.NameServerLocator(identification=self._identification)
        names = locator.getNS()
        try:
            names.resolve(constants.EVENTSERVER_NAME)
        except NamingError:
            return names
        if not replace:
            raise NamingError("name already exists", constants.EVENTSERVER_NAME)
        names.unregister(constants.EVENTSERVER_NAME)
        return names
