"""Proxies for threads: a call blocks until its reply is there."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import EllipsisType, TracebackType
from typing import Any, Self, TypeVar, cast, overload

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
from ..finding import locate, reach
from ..objects.batch import BaseBatch, results
from ..objects.proxy import BaseProxy, proxy_form, read_proxy_form, remote_of
from ..objects.table import DAEMON_ID
from ..serializers.classes import PROXY_CLASS, ClassTable
from ..serializers.codecs import Codecs, make_codecs
from ..settings import Settings
from ..uri import URI
from ..wire.events import Reply
from ..wire.framing import BATCH, ONEWAY, STREAM
from ..wire.metadata import Metadata
from .connection import Connection
from .drive import drive

__all__ = [
    "Batch",
    "Items",
    "Proxy",
    "Remote",
    "batch",
    "close",
    "codecs_for",
    "connect",
    "locate_names",
    "options",
    "ping",
]

T = TypeVar("T")
_DEFAULTS = Settings()
_QUIET = 0.25  # seconds without a call after which the peer may have gone unnoticed
_STREAM_GONE = "item stream terminated"  # what Pyro5 says, in an error of its base class


class _Line:
    """The connection that a proxy and its variants share, made anew when it is lost."""

    def __init__(
        self,
        uri: URI,
        settings: Settings,
        codecs: Codecs,
        handshake: Any,
        check: Callable[[Any], None] | None,
        sock: socket.socket | None,
    ) -> None:
        self.uri = uri
        self.settings = settings
        self.codecs = codecs
        self.handshake = handshake
        self.lock = threading.RLock()
        self.metadata = Metadata()
        self.connection: Connection | None = None
        self._check = check
        self._sock = sock
        self._seq = 0

    def ready(self) -> Connection:
        """Return a usable connection; the caller holds the lock."""
        connection = self.connection
        if connection is None or not connection.is_usable():
            if connection is not None:
                self._seq = connection.session.seq
            self.connection = None
            connection = self.connection = self._connect()
        return connection

    def drop(self) -> None:
        """Close the connection, if there is one."""
        with self.lock:
            if self.connection is not None:
                self._seq = self.connection.session.seq
                self.connection.close()
                self.connection = None

    def _connect(self) -> Connection:
        if self._sock is not None:
            return self._greet(self.uri)
        connection: Connection = drive(
            reach(self.uri, settings=self.settings, patience=self.settings.patience),
            self.settings,
            self._greet,
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
        )
        try:
            if self._check is not None:
                self._check(connection.handshake)
            if not connection.metadata:
                connection.metadata = _ask_metadata(connection, uri)
        except (
            BaseException
        ):  # or the next call would use a connection that was not approved
            connection.close()
            raise
        self.metadata = connection.metadata
        return connection


class Remote:
    """A remote object as one proxy sees it: a line to it, and time limits.

    Thread-safe: callers take turns.
    """

    __slots__ = ("line", "retries", "timeout")

    def __init__(self, line: _Line, timeout: float | None, retries: int) -> None:
        self.line = line
        self.timeout = timeout
        self.retries = retries

    @property
    def uri(self) -> URI:
        """Where the object is, as it was asked for."""
        return self.line.uri

    @property
    def metadata(self) -> Metadata:
        """The object's members; connects if that has not been done."""
        if not self.line.metadata:
            with self.line.lock:
                self.line.ready()
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
                        connection = line.ready()
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

    def _items(self, reply: Reply) -> Items:
        if reply.stream is None:
            raise RemoteProtocolError(
                "the result of the call is an iterator, but the server is not configured "
                "to allow streaming"
            )
        return Items(self, reply.stream)


class Proxy(BaseProxy):
    """A remote object, seen from threads. Use it from any of them.

    Made by :func:`connect`, or by a daemon, or received from somebody; of those only
    the first connects at once. A ``with`` block closes its connection at the end.
    """

    @classmethod
    def to(
        cls,
        uri: URI,
        *,
        settings: Settings = _DEFAULTS,
        codecs: Codecs | None = None,
        handshake: Any = "hello",
        check: Callable[[Any], None] | None = None,
        sock: socket.socket | None = None,
        metadata: Metadata | None = None,
    ) -> Self:
        """Return a proxy that connects when it is first used; see :func:`connect`."""
        codecs = codecs or codecs_for(settings)
        line = _Line(uri, settings, codecs, handshake, check, sock)
        if metadata is not None:
            line.metadata = metadata
        return cls(Remote(line, settings.timeout, settings.retries))

    def __iter__(self) -> Iterator[Any]:
        remote = remote_of(self)
        if "__iter__" in remote.metadata.methods:
            return iter(remote.invoke("__iter__", (), {}))
        if "__getitem__" in remote.metadata.methods:
            return _by_index(self)
        raise TypeError(f"remote object {remote.uri} can't be iterated over")

    def __contains__(self, item: Any) -> bool:
        remote = remote_of(self)
        if "__contains__" in remote.metadata.methods:
            return bool(remote.invoke("__contains__", (item,), {}))
        return any(item is other or item == other for other in self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        close(self)

    def __copy__(self) -> Self:
        line = remote_of(self).line
        return type(self).to(
            line.uri,
            settings=line.settings,
            codecs=line.codecs,
            handshake=line.handshake,
            metadata=line.metadata,
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()

    def __reduce__(self) -> Any:
        line = remote_of(self).line
        return _restore, (
            type(self),
            line.uri,
            line.settings,
            line.handshake,
            line.metadata,
        )


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


class Batch(BaseBatch):
    """Calls that are collected, and made all in one message when the batch is called."""

    def __call__(self, *, oneway: bool = False) -> Iterator[Any]:
        """Make the calls; return an iterator over their results, in order.

        The daemon stops at the first call that fails; its error is raised in its
        place. The batch is then empty, and can be used again.

        Args:
            oneway: Don't wait, and get no results.
        """
        calls = self._take()
        remote: Remote = self.__dict__["_remote"]
        if not calls:
            return iter(())
        flags = BATCH | ONEWAY * oneway
        values = remote.invoke("<batch>", calls, None, flags)
        return iter(()) if oneway else results(values)


@overload
def connect(
    target: str | URI,
    interface: type[T],
    *,
    settings: Settings = ...,
    handshake: Any = ...,
    check: Callable[[Any], None] | None = ...,
    sock: socket.socket | None = ...,
    classes: ClassTable | None = ...,
    daemon: Any = ...,
) -> T: ...


@overload
def connect(
    target: str | URI,
    interface: None = None,
    *,
    settings: Settings = ...,
    handshake: Any = ...,
    check: Callable[[Any], None] | None = ...,
    sock: socket.socket | None = ...,
    classes: ClassTable | None = ...,
    daemon: Any = ...,
) -> Proxy: ...


def connect(
    target: str | URI,
    interface: type[Any] | None = None,
    *,
    settings: Settings = _DEFAULTS,
    handshake: Any = "hello",
    check: Callable[[Any], None] | None = None,
    sock: socket.socket | None = None,
    classes: ClassTable | None = None,
    daemon: Any = None,
) -> Any:
    """Connect to a remote object; return a proxy for it.

    Args:
        target: A URI, or a name that a name server knows.
        interface: Its class, for type checkers; the proxy is typed as that.
        settings: Time limits, serializer, where to look for a name server.
        handshake: What the daemon's ``greets`` gets.
        check: Called with what ``greets`` gave; raises to refuse the daemon.
        sock: A connected socket, whose other end a daemon was given; *target* is then
            the id of the object. It is not closed.
        classes: How values of your classes travel; by default nobody knows them.
        daemon: The daemon of this program whose objects may be passed as arguments:
            the other side gets proxies for them.

    Raises:
        InvalidURIError: *target* looks like a URI and is none.
        NamingError: No name server was found, or it does not know the name.
        ConnectError: The daemon could not be reached, or refused.
    """
    codecs = daemon.codecs if daemon is not None else codecs_for(settings, classes)
    uri = (
        URI("PYRO", str(target), "<connected>")
        if sock is not None
        else _as_uri(target, settings)
    )
    proxy = Proxy.to(
        uri, settings=settings, codecs=codecs, handshake=handshake, check=check, sock=sock
    )
    line = remote_of(proxy).line
    with line.lock:
        line.ready()
    return cast(Any, proxy)


def close(proxy: Any) -> None:
    """Close the connection of *proxy*; its next call would make a new one."""
    remote_of(proxy).line.drop()


def options(
    proxy: T,
    *,
    timeout: float | EllipsisType | None = ...,
    retries: int | EllipsisType = ...,
) -> T:
    """Return a variant of *proxy*, over the same connection.

    Args:
        proxy: The proxy; it stays as it is.
        timeout: Limit of one call in seconds, None is none; as it was if left out.
        retries: How often a call is repeated after its connection was lost; the
            method may then have run more than once. As it was if left out.
    """
    remote: Remote = remote_of(cast(Any, proxy))
    variant = Remote(
        remote.line,
        remote.timeout if isinstance(timeout, EllipsisType) else timeout,
        remote.retries if isinstance(retries, EllipsisType) else retries,
    )
    return cast(T, type(cast(Any, proxy))(variant))


def batch(proxy: Any) -> Batch:
    """Return a batch that collects calls for the object of *proxy*."""
    return Batch(proxy)


def ping(proxy: Any) -> None:
    """Return once the daemon of *proxy* has answered; connects if need be.

    Raises:
        CommunicationError: It has not.
    """
    remote: Remote = remote_of(proxy)
    with remote.line.lock:
        remote.line.ready().ping(remote.timeout)


def locate_names(
    host: str | None = None,
    port: int | None = None,
    *,
    settings: Settings = _DEFAULTS,
    broadcast: bool = True,
) -> Proxy:
    """Return a proxy for the name server; the arguments are those of ``finding.locate``.

    Raises:
        NoNameServerError: None answered.
    """
    uri = drive(locate(host, port, settings=settings, broadcast=broadcast), settings)
    return connect(uri, settings=settings)


def codecs_for(settings: Settings, classes: ClassTable | None = None) -> Codecs:
    """Return serializers that read and write the proxies of this front-end.

    Args:
        settings: How to write.
        classes: A class table to share; by default a new one.
    """
    if classes is None:
        classes = ClassTable()
    codecs = make_codecs(classes, settings)

    def read(name: str, form: dict[str, Any]) -> Proxy:
        uri, metadata, handshake, serializer = read_proxy_form(form)
        own = (
            dataclasses.replace(settings, serializer=serializer) if serializer else settings
        )
        return Proxy.to(
            uri, settings=own, codecs=codecs, handshake=handshake, metadata=metadata
        )

    classes.register(BaseProxy, _write_proxy)
    if not classes.has_name(PROXY_CLASS):  # else its owner has proxies of another kind
        classes.register_name(PROXY_CLASS, read)
    return codecs


def _write_proxy(proxy: BaseProxy) -> dict[str, Any]:
    line = remote_of(proxy).line
    return proxy_form(line.uri, line.metadata)


def _as_uri(target: str | URI, settings: Settings) -> URI:
    if isinstance(target, URI):
        return target
    if target[:4].upper() == "PYRO" and ":" in target:
        return URI.parse(target, name_port=settings.name_port)
    return URI("PYRONAME", target)


def _ask_metadata(connection: Connection, uri: URI) -> Metadata:
    reply = connection.call("get_metadata", [uri.object], {}, object_id=DAEMON_ID)
    assert reply is not None
    return Metadata.from_wire(reply.unwrap())


def _by_index(proxy: Proxy) -> Iterator[Any]:
    index = 0
    while True:
        try:
            item = proxy[index]
        except (IndexError, StopIteration):
            return
        yield item
        index += 1


def _restore(
    cls: type[Proxy], uri: URI, settings: Settings, handshake: Any, metadata: Metadata
) -> Proxy:
    return cls.to(uri, settings=settings, handshake=handshake, metadata=metadata)
