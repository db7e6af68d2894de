"""Which connections a proxy and its variants use, and who shares them."""

from __future__ import annotations

import asyncio
import inspect
import socket
import weakref
from collections.abc import Callable, Hashable
from typing import Any

from ..errors import CallError, DeadlockError, RefusedError
from ..finding import reach
from ..frontend.chains import check_connecting
from ..frontend.deadlines import limit_of
from ..frontend.forms import codecs_for
from ..frontend.remotes import sharing_key
from ..net.forks import Claim
from ..objects.proxy import BaseProxy
from ..objects.table import DAEMON_ID
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from ..wire.metadata import Metadata
from .connection import Connection
from .drive import drive
from .leases import Lease, Place
from .opening import open_connection

__all__ = ["Line", "shared_codecs"]


class _Shared:
    """The connections of one loop that others may use, too, by what they must agree in."""

    def __init__(self) -> None:
        self.connections: weakref.WeakValueDictionary[Hashable, Connection] = (
            weakref.WeakValueDictionary()
        )
        self.locks: weakref.WeakValueDictionary[Hashable, asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )
        self.codecs: dict[Hashable, Codecs] = {}

    def lock(self, key: Hashable) -> asyncio.Lock:
        """Return what whoever connects for *key* holds meanwhile."""
        lock = self.locks.get(key)
        if lock is None:
            lock = self.locks[key] = asyncio.Lock()
        return lock


class _Registry:
    """What is shared, for each loop; a loop that is dropped takes it along."""

    def __init__(self) -> None:
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Shared] = (
            weakref.WeakKeyDictionary()
        )

    def here(self) -> _Shared:
        """Return what the running loop shares."""
        loop = asyncio.get_running_loop()
        shared = self._loops.get(loop)
        if shared is None:
            shared = self._loops[loop] = _Shared()
        return shared


_REGISTRY = _Registry()


class Line:
    """The way from a proxy and its variants to their object.

    It may be used in several loops at once: each has connections of its own. A
    connection that is lost is made anew.

    Attributes:
        metadata: The object's members; empty until it is connected.
        object_id: What the object is called where it is; empty likewise.
        handshake: What to greet with.
        connection: The last one used that carries many calls; to be used only in the
            loop that is its ``loop``.
    """

    def __init__(
        self,
        uri: URI,
        settings: Settings,
        codecs: Codecs | None,
        handshake: Any,
        check: Callable[[Any], Any] | None,
        sock: socket.socket | None,
        dialect: Dialect = PYRO5,
        make: Callable[..., BaseProxy] | None = None,
    ) -> None:
        self.uri = uri
        self.settings = settings
        self.codecs = codecs
        self.handshake = handshake
        self.dialect = dialect
        self.metadata = Metadata()
        self.object_id = ""
        self.connection: Connection | None = None
        self._check = check
        self._sock = sock
        self._claim = Claim()
        self._make = make
        self._places: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Place] = (
            weakref.WeakKeyDictionary()
        )

    @property
    def _alone(self) -> bool:
        """Whether the object is made for each connection, which then can't be shared."""
        return self.metadata.session

    def place(self) -> Place:
        """Return the place of the running loop."""
        loop = asyncio.get_running_loop()
        place = self._places.get(loop)
        if place is None:
            for reference in self._places.keyrefs():  # a copy: other threads may add
                other = reference()
                if other is not None and other.is_closed():
                    self._places.pop(other, None)
            most = self.settings.connections if self._sock is None else 1
            place = self._places[loop] = Place(most)
        return place

    async def ready(self, patience: float | None = None) -> Place:
        """Return the place of this loop, with a connection in it.

        Args:
            patience: How long to try again if nobody answers, in seconds of pauses;
                None is that of the settings.
        """
        place = self.place()
        if (lease := place.one()) is None:
            async with place.lock:
                if (lease := place.one()) is None:
                    lease = await self._connect(patience)
                    place.leases.append(lease)
        if lease.connection.many:
            self.connection = lease.connection
        return place

    async def take(self, place: Place, patience: float | None = None) -> Lease:
        """Take a connection without a call, of those that carry one at a time."""
        return await place.take(lambda: self._connect(patience))

    async def drop(self) -> None:
        """Do without the connections of this loop; those nobody else uses are closed."""
        place = self.place()
        leases, place.leases = place.leases, []
        self.connection = None
        for lease in leases:
            connection = lease.connection
            lease.end()
            if not connection.leases:
                await connection.shut_down()

    async def _connect(self, patience: float | None) -> Lease:
        if self._sock is not None:
            self._claim.take()
            self.object_id = self.uri.object
            return await self._own(self.uri)
        lease: Lease = await drive(
            reach(
                self.uri,
                settings=self.settings,
                patience=self.settings.patience if patience is None else patience,
                dialect=self.dialect,
            ),
            self.settings,
            self._reach,
            self.dialect,
        )
        return lease

    async def _reach(self, uri: URI) -> Lease:
        """Return a connection to *uri*: that of another line, if one can be shared."""
        self.object_id = uri.object
        key = None
        if self._check is None and not self._alone:
            key = sharing_key(uri, self.settings, self.codecs, self.dialect, self.handshake)
        if key is None:
            return await self._own(uri)
        shared = _REGISTRY.here()
        async with shared.lock(key):
            connection = shared.connections.get(key)
            if connection is not None and connection.open:
                check_connecting(uri)
                lease = Lease(connection)
                try:
                    await self._learn(connection, uri)
                except DeadlockError:
                    raise
                except CallError as error:
                    where = f"connection to {uri.location}"
                    raise RefusedError(f"{where} rejected: {error}") from error
                if not self._alone:
                    return lease
                lease.end()
            lease = await self._own(uri)
            if lease.connection.many and not self._alone:
                shared.connections[key] = lease.connection
            return lease

    async def _own(self, uri: URI) -> Lease:
        """Return a connection for this line, made now."""
        connection = await open_connection(
            uri,
            self.settings,
            self._codecs(),
            handshake=self.handshake,
            sock=self._sock,
            dialect=self.dialect,
        )
        lease = Lease(connection)
        try:
            if self._check is not None:
                verdict = self._check(connection.handshake)
                if inspect.isawaitable(verdict):
                    await verdict
            if connection.metadata:
                self.metadata = connection.metadata
            else:
                await self._learn(connection, uri)
        except BaseException:  # or the next call would use what was not approved
            connection.close()
            raise
        return lease

    async def _learn(self, connection: Connection, uri: URI) -> None:
        """Ask for the members of the object."""
        timeout = self.settings.timeout
        reply = await connection.exchange(
            "get_metadata", [uri.object], {}, 0, DAEMON_ID, limit_of(timeout), timeout
        )
        self.metadata = Metadata.from_wire(reply.unwrap())

    def _codecs(self) -> Codecs:
        if self.codecs is not None:
            return self.codecs
        make, settings, dialect = self._make, self.settings, self.dialect
        assert make is not None
        return shared_codecs(
            (settings, dialect), lambda: codecs_for(make, settings, dialect=dialect)
        )


def shared_codecs(key: Hashable, make: Callable[[], Codecs]) -> Codecs:
    """Return the serializers that *make* gave for *key* in this loop, or gives now."""
    known = _REGISTRY.here().codecs
    if key not in known:
        known[key] = make()
    return known[key]
