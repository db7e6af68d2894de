"""The way from proxies to their daemon: a connection they share, or some of their own."""

from __future__ import annotations

import socket
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from ..errors import CommunicationError, DeadlockError, PyrophoneError
from ..finding import reach
from ..frontend.chains import check_connecting
from ..frontend.remotes import sharing_key
from ..net.forks import Claim
from ..objects.table import DAEMON_ID
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from ..wire.metadata import Metadata
from .channels import LateError
from .connection import Connection
from .drive import drive
from .hub import HUB
from .waiters import seconds_until

__all__ = ["QUIET", "Line"]

QUIET = 0.25  # seconds without a call after which the peer may have gone unnoticed


class Line:
    """What a proxy and its variants reach their object by, made anew when it is lost.

    A daemon that can carry many calls on one connection gets one, from all proxies of this
    process that speak to it alike. An object that lives for one connection has its own, and
    so have proxies that were given a socket, or judge the daemon themselves. To other
    daemons a line has several connections if callers need them, for one call at a time.

    Attributes:
        uri: Where the object is, as it was asked for.
        dialect: What is spoken.
        settings: Time limits and sizes.
        codecs: The serializers.
        handshake: What to greet with.
        metadata: The object's members; falsy if they are not known yet.
        connection: That for many calls, None if there is none.
        object_id: What calls have to name, None if it is what the connection is for.
    """

    def __init__(
        self,
        uri: URI,
        settings: Settings,
        codecs: Codecs,
        handshake: Any,
        check: Callable[[Any], None] | None,
        sock: socket.socket | None,
        dialect: Dialect = PYRO5,
    ) -> None:
        self.uri = uri
        self.dialect = dialect
        self.settings = settings
        self.codecs = codecs
        self.handshake = handshake
        self.metadata = Metadata()
        self.connection: Connection | None = None
        self.object_id: str | None = None
        self._check = check
        self._sock = sock
        self._claim = Claim()
        self._seq = 0
        self._spare: list[Connection] = []  # those for one call at a time, not in use
        self._count = 0  # of them all
        self._most = 1 if sock is not None else settings.connections
        self._term = 0  # how often they were all dropped
        self._changed = threading.Condition()
        self._connecting = False
        HUB.remember(self)

    def acquire(
        self, patience: float | None = None, limit: float | None = None
    ) -> Connection:
        """Return a usable connection; one that is not shared is then the caller's.

        Args:
            patience: How long to try again if nobody answers, in seconds of pauses;
                None is that of the settings.
            limit: By when it must be there, by the monotonic clock.

        Raises:
            LateError: All connections were in use until *limit*.
        """
        with self._changed:
            while (connection := self._at_hand()) is None and (
                self._connecting or self._count >= self._most
            ):
                seconds = seconds_until(limit)
                if not self._changed.wait(None if seconds < 0 else seconds):
                    raise LateError
            if connection is not None:
                return connection
            self._connecting = True
            self._forget()
        try:
            connection = self._connect(patience, limit)
        finally:
            with self._changed:
                self._connecting = False
                self._changed.notify_all()
        with self._changed:
            if connection.shared:
                connection.users.add(weakref.ref(self, connection.users.discard))
                self.connection = connection
            else:
                connection.term = self._term
                self._count += 1
        return connection

    def release(self, connection: Connection) -> None:
        """Take back what :meth:`acquire` gave, if it is not shared."""
        if connection.shared:
            return
        with self._changed:
            if connection.term != self._term:
                connection.close()
            if connection.closed:
                self._seq = connection.session.seq
                self._count -= 1
            else:
                self._spare.append(connection)
            self._changed.notify()

    def drop(self) -> None:
        """Close the connections, but for one that others share, and those in use."""
        with self._changed:
            connection = self._forget()
            self._term += 1
            for spare in self._spare:
                self._seq = spare.session.seq
                spare.close()
            self._count -= len(self._spare)
            self._spare.clear()
        if connection is not None and not connection.users:
            connection.close()

    def disown(self) -> None:
        """Give up what is the parent's, in a process that was forked off."""
        self._changed = threading.Condition()
        self._connecting = False
        self._spare.clear()
        self._count = 0
        self.connection = None

    def _forget(self) -> Connection | None:
        connection = self.connection
        self.connection = None
        if connection is not None:
            self._seq = connection.session.seq
            for user in list(connection.users):
                if user() is self:
                    connection.users.discard(user)
        return connection

    def _at_hand(self) -> Connection | None:
        connection = self.connection
        if connection is not None and connection.is_usable():
            return connection
        while self._spare:
            spare = self._spare.pop()
            if not spare.closed and (
                time.monotonic() - spare.used <= QUIET or spare.is_usable()
            ):
                return spare
            self._seq = spare.session.seq
            self._count -= 1
        return None

    def _connect(self, patience: float | None, limit: float | None) -> Connection:
        if self._sock is not None:
            self._claim.take()
            return self._greet(self.uri, limit)
        connection: Connection = drive(
            reach(
                self.uri,
                settings=self.settings,
                patience=self.settings.patience if patience is None else patience,
                dialect=self.dialect,
            ),
            self.settings,
            lambda uri: self._attach(uri, limit),
            self.dialect,
        )
        return connection

    def _attach(self, uri: URI, limit: float | None) -> Connection:
        """Return the connection that all share, or a new one."""
        key = None
        if self._sock is None and self._check is None and not self.metadata.session:
            key = sharing_key(uri, self.settings, self.codecs, self.dialect, self.handshake)
        if key is None:
            return self._greet(uri, limit)
        with HUB.entry(key, limit) as entry:
            connection: Connection | None = entry.connection
            if connection is None or not connection.is_usable():
                connection = self._greet(uri, limit)
                if connection.shared and not connection.metadata.session:
                    entry.connection = connection
                return connection
        if self._join(connection, uri):
            return connection
        return self._greet(uri, limit)

    def _join(self, connection: Connection, uri: URI) -> bool:
        """Ask for the object over a shared connection; return False if that won't do."""
        check_connecting(uri)
        try:
            metadata = _ask_metadata(connection, uri, self.settings.timeout)
        except CommunicationError:
            if connection.closed:
                return False
            raise
        except DeadlockError:  # all its threads wait for this call
            raise
        except PyrophoneError:
            return False  # the answer to a greeting says best what is wrong
        if metadata.session:
            return False
        self.metadata = metadata
        self.object_id = None if uri.object == connection.uri.object else uri.object
        return True

    def _greet(self, uri: URI, limit: float | None) -> Connection:
        connection = Connection(
            uri,
            self.settings,
            self.codecs,
            handshake=self.handshake,
            sock=self._sock,
            seq=self._seq,
            dialect=self.dialect,
            limit=limit,
        )
        try:
            if self._check is not None:
                self._check(connection.handshake)
            if not connection.metadata:
                connection.metadata = _ask_metadata(connection, uri, self.settings.timeout)
        except BaseException:  # or the next call would use what was not approved
            connection.close()
            raise
        self.metadata = connection.metadata
        self.object_id = None
        return connection


def _ask_metadata(connection: Connection, uri: URI, timeout: float | None) -> Metadata:
    reply = connection.call(
        "get_metadata", [uri.object], {}, object_id=DAEMON_ID, timeout=timeout
    )
    assert reply is not None
    return Metadata.from_wire(reply.unwrap())
