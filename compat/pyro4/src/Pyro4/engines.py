"""Pyrophone's daemons, with the hooks and rules of Pyro4, and as its transports."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from pyrophone import URI, Settings
from pyrophone.classic import daemons, engines
from pyrophone.classic.choosing import Fleet
from pyrophone.classic.daemons import Ending
from pyrophone.context import Client
from pyrophone.errors import NoSuchObjectError, NotExposedError
from pyrophone.net.addresses import is_loopback
from pyrophone.objects.control import DaemonObject
from pyrophone.objects.exposure import Members
from pyrophone.serializers import ClassTable
from pyrophone.serializers.codecs import Codecs
from pyrophone.sync import Link
from pyrophone.wire.dialects import PYRO5, Dialect
from pyrophone.wire.events import Call, Greeting, Ping
from pyrophone.wire.framing import BATCH, ONEWAY
from pyrophone.wire.metadata import Metadata

from .configuration import config
from .dialect import Pyro4Dialect
from .kit import KIT
from .members import members_of
from .serializers import accepted
from .socketserver.existingconnectionserver import SocketServer_ExistingConnection
from .socketserver.multiplexserver import SocketServer_Multiplex
from .socketserver.threadpoolserver import SocketServer_Threadpool
from .tables import CLASSES, settings

__all__ = ["FLEET", "FULL", "ONEWAY_THREADS", "is_local"]

FULL = "no free workers, increase server threadpool size"
ONEWAY_THREADS = 500  # at a time; more one-way calls are run where they came


class _Apart(threading.Thread):
    """Makes one one-way call; what its method raises is a matter of the excepthook."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__(target=call, name="oneway-call", daemon=True)


class Rules(daemons.Served):
    """What is different from Pyrophone's daemons.

    Attributes:
        local: Whether only this machine can reach it.
    """

    kit = KIT
    local = True
    streams_attributes = False
    annotates_errors = False
    _accepted: Codecs | None = None
    _rule: Any = None

    def serializers(self, settings: Settings, classes: ClassTable | None) -> Codecs:
        """Return those that were accepted when the daemon was made."""
        if self._accepted is None:
            self._accepted = accepted(config.SERIALIZERS_ACCEPTED)
            self._apart_now = threading.BoundedSemaphore(ONEWAY_THREADS)
        return self._accepted

    def codecs_in(self, dialect: Dialect) -> Codecs:
        """Return what to read and write with; what is not accepted, not in 502 either."""
        codecs = super().codecs_in(dialect)
        if codecs is not self.codecs:
            names = {each.name for each in self.codecs.by_id.values()}
            readers = codecs.by_id.items()
            codecs.by_id = {sid: each for sid, each in readers if each.name in names}
        return codecs

    def speaks(self) -> Dialect:
        """Return protocol 48, signed if the daemon has a key."""
        return Pyro4Dialect(self._key())

    def answers(self) -> Iterable[Dialect]:
        """Return protocol 502, which has no signatures."""
        return () if self._key() is not None else (PYRO5,)

    def rekey(self) -> None:
        """Take notice of another key; it counts for those who connect from now on."""

    def members_of(self, cls: type) -> Members:
        """Return what of a class may be used."""
        return members_of(cls, self.local)

    def refresh(self) -> None:
        """Take notice of a configuration that was changed."""
        super().refresh()
        if self._rule != config.REQUIRE_EXPOSE:
            self._rule = config.REQUIRE_EXPOSE
            self.objects.refresh_all()

    def stands_in(self, uri: URI, metadata: Metadata) -> Mapping[str, Any] | None:
        """Return the form of a proxy, unless AUTOPROXY is off."""
        if not config.AUTOPROXY:
            return None
        members = (metadata.oneway, metadata.methods, metadata.attributes)
        names = (tuple(sorted(kind)) for kind in members)
        limits = (float(config.COMMTIMEOUT or 0), None, "hello", config.MAX_RETRIES, None)
        return {"__class__": "Pyro4.core.Proxy", "state": (str(uri), *names, *limits)}

    def left_by(self, client: Client) -> None:
        """Called once a client is gone."""
        self.outer._clientDisconnect(KIT.connection_of(client))

    def housekeeping(self) -> None:
        """Called about once a second while the daemon serves."""
        self.outer._housekeeping()

    def answer(self, link: Link, event: Call | Greeting | Ping) -> bytes:
        """Return the bytes that answer *event*; a one-way call may run in a thread."""
        if not isinstance(event, Call) or event.flags & (ONEWAY | BATCH) != ONEWAY:
            return super().answer(link, event)
        self.refresh()
        if event.problem is None and config.ONEWAY_THREADED and self._starts(link, event):
            return b""
        return self.run(link, event)

    def ending(self, call: Call, error: BaseException, *, callback: bool) -> Ending:
        """Tell what *error*, of a call, means for its connection."""
        if isinstance(threading.current_thread(), _Apart) and not _is_ours(call, error):
            raise error  # a matter of this thread's excepthook
        if not isinstance(error, Exception):
            return Ending.HANG_UP
        return Ending.FAREWELL if callback or call.problem is not None else Ending.ANSWER

    def _starts(self, link: Link, call: Call) -> bool:
        """Run *call* in a thread of its own, if there can be one more."""
        if not self._apart_now.acquire(blocking=False):
            return False
        try:
            _Apart(partial(self._run_apart_from, link, call)).start()
        except RuntimeError:  # the system has none left
            self._apart_now.release()
            return False
        return True

    def _run_apart_from(self, link: Link, call: Call) -> None:
        try:
            self.run(link, call)
        finally:
            self._apart_now.release()

    def _key(self) -> bytes | None:
        key: bytes | None = getattr(getattr(self, "outer", None), "_pyroHmacKey", None)
        return key


class ThreadServer(Rules, daemons.ThreadServer):
    """Runs each call in one of its worker threads, for THREADPOOL_SIZE clients."""

    transport_log = logging.getLogger("Pyro4.threadpoolserver")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._seats: set[Link] = set()
        self._seating = threading.Lock()
        super().__init__(*args, **kwargs)

    def answer(self, link: Link, event: Call | Greeting | Ping) -> bytes:
        """Return the bytes that answer *event*; too many clients are sent away."""
        if isinstance(event, Greeting) and not self._seat(link):
            self.transport_log.warning("client connection was denied: %s", FULL)
            return link.session.refuse(FULL, None, self.annotations())
        return super().answer(link, event)

    def left(self, link: Link) -> None:
        """Release what belonged to a client."""
        with self._seating:
            self._seats.discard(link)
        super().left(link)

    def _seat(self, link: Link) -> bool:
        with self._seating:
            if len(self._seats) >= config.THREADPOOL_SIZE:
                return False
            self._seats.add(link)
            return True


class MultiplexServer(Rules, daemons.Looping):
    """Runs one call at a time, in the thread of the loop."""

    transport_log = logging.getLogger("Pyro4.multiplexserver")


class AloneServer(MultiplexServer):
    """Serves the one client of a connected socket, who does not greet."""

    transport_log = logging.getLogger("Pyro4.existingconnectionserver")

    def rekey(self) -> None:
        """Speak with another key from now on."""
        for client in self.clients:
            client.connection.session = self.session(greeted=True)


class Bench(Rules):
    """Answers what others have received; has no connections of its own."""

    transport_log = logging.getLogger("Pyro4.core")

    def __init__(self, location: URI) -> None:
        super().__init__(location, settings(timeout=None, tls=None), CLASSES, DaemonObject)


class _ThreadEngine(engines.ThreadEngine, SocketServer_Threadpool):
    pass


class _MultiplexEngine(engines.MultiplexEngine, SocketServer_Multiplex):
    pass


class _ExistingEngine(engines.ExistingEngine, SocketServer_ExistingConnection):
    pass


for _engine in (_ThreadEngine, _MultiplexEngine, _ExistingEngine):
    _engine.__name__ = _engine.__bases__[1].__name__  # what it passes for, in texts
    _engine.__module__ = _engine.__bases__[1].__module__

FLEET = Fleet(
    kit=KIT,
    kinds={
        "thread": (ThreadServer, _ThreadEngine, SocketServer_Threadpool),
        "multiplex": (MultiplexServer, _MultiplexEngine, SocketServer_Multiplex),
    },
    alone=(AloneServer, _ExistingEngine, SocketServer_ExistingConnection),
    bench=Bench,
)


def _is_ours(call: Call, error: BaseException) -> bool:
    """Tell whether an error is none of the method, which was not run."""
    return call.problem is error or isinstance(error, (NoSuchObjectError, NotExposedError))


def is_local(place: Mapping[str, Any], listener: Any) -> bool:
    """Tell whether only this machine can reach a daemon.

    Args:
        place: Where it was told to listen.
        listener: Its socket; None if it has none of its own.
    """
    if "public" in place:
        return False
    sock = place.get("sock") or listener
    name = sock.getsockname()
    return not isinstance(name, tuple) or is_loopback(str(name[0]).partition("%")[0])
