"""The remote object behind a proxy: its line, its limits, its item streams."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..errors import (
    ConnectError,
    ConnectionLostError,
    NamingError,
    PyrophoneError,
    RemoteProtocolError,
    SecurityError,
    SerializeError,
    StreamError,
)
from ..finding import reach
from ..objects.table import DAEMON_ID
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from ..wire.events import Reply
from ..wire.framing import ONEWAY, STREAM
from ..wire.metadata import Metadata
from .connection import Connection
from .drive import drive

__all__ = ["Items", "Line", "Remote"]

_QUIET = 0.25  # seconds without a call after which the peer may have gone unnoticed
_STREAM_GONE = "item stream terminated"  # what Pyro5 says, in an error of its base class


class Line:
    """The connection that a proxy and its variants share, made anew when it is lost."""

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
        self.lock = threading.RLock()
        self.metadata = Metadata()
        self.connection: Connection | None = None
        self._check = check
        self._sock = sock
        self._seq = 0

    def ready(self, patience: float | None = None) -> Connection:
        """Return a usable connection; the caller holds the lock.

        Args:
            patience: How long to try again if nobody answers, in seconds of pauses;
                None is that of the settings.
        """
        connection = self.connection
        if connection is None or not connection.is_usable():
            if connection is not None:
                self._seq = connection.session.seq
            self.connection = None
            connection = self.connection = self._connect(patience)
        return connection

    def drop(self) -> None:
        """Close the connection, if there is one."""
        with self.lock:
            if self.connection is not None:
                self._seq = self.connection.session.seq
                self.connection.close()
                self.connection = None

    def _connect(self, patience: float | None) -> Connection:
        if self._sock is not None:
            return self._greet(self.uri)
        connection: Connection = drive(
            reach(
                self.uri,
                settings=self.settings,
                patience=self.settings.patience if patience is None else patience,
                dialect=self.dialect,
            ),
            self.settings,
            self._greet,
            self.dialect,
        )
        return connection

    def _greet(self, uri: URI) -> Connection:
        connection = Connection(
            uri,
            self.settings,
            self.codecs,
            handshake=self.handshake,
            sock=self._sock,
            seq=self._seq,
            dialect=self.dialect,
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
        return connection


class Remote:
    """A remote object as one proxy sees it: a line to it, and limits.

    Thread-safe: callers take turns.

    Args:
        line: Shared with the proxy's variants.
        timeout: Limit of one call in seconds, None is none.
        retries: How often a call is repeated after its connection was lost.
        patience: How long to try to connect again, in seconds.
    """

    __slots__ = ("line", "patience", "retries", "timeout")

    def __init__(
        self, line: Line, timeout: float | None, retries: int, patience: float
    ) -> None:
        self.line = line
        self.timeout = timeout
        self.retries = retries
        self.patience = patience

    @property
    def uri(self) -> URI:
        """Where the object is, as it was asked for."""
        return self.line.uri

    @property
    def metadata(self) -> Metadata:
        """The object's members; connects if that has not been done."""
        if not self.line.metadata:
            with self.line.lock:
                self.line.ready(self.patience)
        return self.line.metadata

    def invoke(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        object_id: str | None = None,
    ) -> Any:
        """Call a method and return its result."""
        line = self.line
        lost: ConnectionLostError | None = None
        attempts = self.retries + 1
        while True:
            try:
                with line.lock:
                    connection = line.connection
                    if (
                        connection is None
                        or connection.closed
                        or time.monotonic() - connection.used > _QUIET
                    ):
                        connection = line.ready(self.patience)
                    reply = connection.call(
                        method,
                        args,
                        kwargs,
                        flags,
                        object_id=object_id,
                        timeout=self.timeout,
                    )
                break
            except ConnectionLostError as error:
                attempts -= 1
                if not attempts:
                    raise
                lost = error
            except (ConnectError, NamingError) as error:
                if lost is None:
                    raise
                raise lost from error  # the first attempt may have run, and that counts
        if reply is None:
            return None
        if reply.flags & STREAM:
            return self._items(reply)
        try:
            return reply.unwrap()
        except (SerializeError, SecurityError):
            # After these a genuine Pyro5 server closes without a word.
            if connection.session.features is None:
                line.drop()
            raise

    def reply(
        self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None, flags: int
    ) -> Reply | None:
        """Call a method once; return its reply as it came, None if it is one-way.

        For those who pass it on: nothing of it is read, an error is not raised.
        """
        with self.line.lock:
            connection = self.line.ready(self.patience)
            return connection.call(method, args, kwargs, flags, timeout=self.timeout)

    def _items(self, reply: Reply) -> Items:
        if reply.stream is None:
            raise RemoteProtocolError(
                "the result of the call is an iterator, but the server is not configured "
                "to allow streaming"
            )
        return Items(self, reply.stream)


class Items(Iterator[Any]):
    """The items of a remote iterator, fetched one by one as they are asked for."""

    def __init__(self, remote: Remote, stream_id: str) -> None:
        self._remote = remote
        self.stream_id = stream_id
        self._done = False

    def __next__(self) -> Any:
        """Return the next item.

        Raises:
            StopIteration: There is none left.
            StreamError: The stream is gone, with its daemon or after its time.
        """
        if self._done:
            raise StopIteration
        try:
            return self._remote.invoke(
                "get_next_stream_item", [self.stream_id], {}, 0, DAEMON_ID
            )
        except (StopIteration, StreamError):
            self._done = True
            raise
        except PyrophoneError as error:
            if type(error) is PyrophoneError and str(error) == _STREAM_GONE:
                self._done = True
                raise StreamError(str(error)) from error
            raise

    def close(self) -> None:
        """Tell the daemon that no more items are wanted."""
        if not self._done:
            self._done = True
            self._remote.invoke("close_stream", [self.stream_id], {}, ONEWAY, DAEMON_ID)


def _ask_metadata(connection: Connection, uri: URI, timeout: float | None) -> Metadata:
    reply = connection.call(
        "get_metadata", [uri.object], {}, object_id=DAEMON_ID, timeout=timeout
    )
    assert reply is not None
    return Metadata.from_wire(reply.unwrap())
