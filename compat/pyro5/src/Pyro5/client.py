"""Proxies: they connect when they are first used, and belong to one thread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import pyrophone
from pyrophone import finding
from pyrophone.objects.exposure import is_private
from pyrophone.objects.proxy import proxy_form, read_proxy_form
from pyrophone.objects.table import DAEMON_ID
from pyrophone.serializers.classes import PROXY_CLASS
from pyrophone.sync.connection import Connection
from pyrophone.sync.drive import drive
from pyrophone.wire.events import Reply
from pyrophone.wire.framing import BATCH, ONEWAY, STREAM
from pyrophone.wire.metadata import Metadata

from .batches import BatchProxy, _BatchedRemoteMethod
from .blobs import SerializedBlob, unwrapped
from .border import translated
from .callcontext import current_context
from .configure import global_config as config
from .errors import (
    CommunicationError,
    ConnectionClosedError,
    ProtocolError,
    PyroError,
    SecurityError,
    SerializeError,
    TimeoutError,
)
from .socketutil import SocketConnection
from .streams import _StreamResultIterator
from .tables import CLASSES, SERIALIZERS, codecs_for, seconds, settings
from .uris import URI, plain

__all__ = ["BatchProxy", "Proxy", "SerializedBlob"]

_PAUSE = 2.0  # seconds between attempts to reconnect
_OWN = frozenset(
    f"_pyro{name}"
    for name in (
        "Uri Connection LocalSocket Methods Attrs Oneway Timeout MaxRetries Serializer Handshake "
        "RawWireResponse Seq Owner Limit"
    ).split()
)


class _Line(SocketConnection):
    """The connection of a proxy."""

    def __init__(self, link: Connection, objectId: str, keep_open: bool) -> None:
        super().__init__(link.sock, objectId, keep_open)
        self.link = link

    def close(self) -> None:
        """Close it."""
        self.link.close()


class _RemoteMethod:
    """A method of a remote object."""

    def __init__(self, send: Any, name: str, max_retries: int) -> None:
        self.__send = send
        self.__name = name
        self.__max_retries = max_retries

    def __getattr__(self, name: str) -> _RemoteMethod:
        return _RemoteMethod(self.__send, f"{self.__name}.{name}", self.__max_retries)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for _ in range(self.__max_retries):
            try:
                return self.__send(self.__name, args, kwargs)
            except (ConnectionClosedError, TimeoutError) as error:
                if hasattr(error, "_pyroTraceback"):  # the method itself raised it
                    raise
        return self.__send(self.__name, args, kwargs)


class Proxy:
    """Stands in for a remote object. Only the thread that owns it may use it.

    Args:
        uri: Of the object; or its id, if there is a *connected_socket*.
        connected_socket: A socket whose other end a daemon was given. It is not closed.
    """

    def __init__(
        self, uri: str | URI, connected_socket: socket.socket | None = None
    ) -> None:
        if connected_socket is not None:
            uri = f"PYRO:{uri}@<<connected-socket>>:0"
        self._pyroSetUp(URI(uri))
        if config.SERIALIZER not in SERIALIZERS:
            raise ValueError(f"unknown serializer {config.SERIALIZER!r}")
        current_context.response_annotations = {}
        if connected_socket is not None:
            self._pyroOpen(connected_socket)

    def _pyroSetUp(self, uri: URI) -> None:
        self._pyroUri = uri
        self._pyroConnection: Any = None
        self._pyroLocalSocket: Any = None
        self._pyroMethods: set[str] = set()
        self._pyroAttrs: set[str] = set()
        self._pyroOneway: set[str] = set()
        self._pyroLimit: float | None = config.COMMTIMEOUT
        self._pyroMaxRetries: int = config.MAX_RETRIES
        self._pyroSerializer: str | None = None
        self._pyroHandshake: Any = "hello"
        self._pyroRawWireResponse = False
        self._pyroSeq = 0
        self._pyroOwner = threading.get_ident()

    # Connecting.

    def _pyroBind(self) -> bool:
        """Connect; return whether that was needed. The URI then is that of the object."""
        self._pyroCheckOwner()
        if self._pyroConnection is not None:
            return False
        self._pyroOpen()
        self._pyroUri = URI.of(self._pyroConnection.link.uri)
        return True

    def _pyroRelease(self) -> None:
        """Close the connection; the next use makes a new one."""
        self._pyroCheckOwner()
        self._pyroDrop()

    def _pyroReconnect(self, tries: int = 100000000) -> None:
        """Connect anew, with pauses of two seconds between the attempts.

        Raises:
            ConnectionClosedError: The last one failed, too.
        """
        self._pyroRelease()
        for left in range(tries, 0, -1):
            try:
                self._pyroBind()
                return
            except CommunicationError:
                if left > 1:
                    time.sleep(_PAUSE)
        raise ConnectionClosedError("failed to reconnect")

    def _pyroClaimOwnership(self) -> None:
        """Make the calling thread the owner."""
        self._pyroOwner = threading.get_ident()

    def _pyroValidateHandshake(self, response: Any) -> None:
        """Judge what the daemon answered; override, and raise to refuse the daemon."""

    @property
    def _pyroTimeout(self) -> float | None:
        """Limit of one call in seconds; None and 0 are none."""
        return self._pyroLimit

    @_pyroTimeout.setter
    def _pyroTimeout(self, value: float | None) -> None:
        self._pyroLimit = value
        if self._pyroConnection is not None:
            self._pyroConnection.timeout = value

    def _pyroCheckOwner(self) -> None:
        if self._pyroOwner != threading.get_ident():
            raise PyroError(
                "the calling thread is not the owner of this proxy, create a new proxy "
                "in this thread or transfer ownership."
            )

    def _pyroOpen(self, sock: socket.socket | None = None) -> None:
        how = settings(
            serializer=self._pyroSerializer or config.SERIALIZER,
            timeout=seconds(self._pyroLimit),
        )
        uri = plain(self._pyroUri)
        with translated(), current_context.outgoing():
            if sock is None:
                uri = drive(finding.resolve(uri, settings=how), how)
            link = Connection(
                uri,
                how,
                codecs_for(how),
                handshake=self._pyroHandshake,
                sock=sock,
                seq=self._pyroSeq,
            )
        self._pyroConnection = _Line(link, uri.object, sock is not None)
        self._pyroLocalSocket = link.sock.getsockname()
        try:
            if sock is None:
                self._pyroValidateHandshake(link.handshake)
            self._pyroTakeMetadata(link.metadata)
        except BaseException:  # or the next call would use a connection that was refused
            self._pyroDrop()
            raise

    def _pyroDrop(self) -> None:
        if self._pyroConnection is not None:
            self._pyroConnection.close()
            self._pyroConnection = None
            self._pyroLocalSocket = None

    def _pyroGetMetadata(
        self, objectId: str | None = None, known_metadata: Any = None
    ) -> None:
        """Ask the daemon for the names of the members, or take those that are known."""
        if known_metadata is None:
            if self._pyroConnection is None:
                self._pyroOpen()
            object_id = objectId or self._pyroConnection.objectId
            known_metadata = self._pyroInvoke(
                "get_metadata", [object_id], {}, objectId=DAEMON_ID
            )
        self._pyroTakeMetadata(Metadata.from_wire(known_metadata))

    def _pyroTakeMetadata(self, metadata: Metadata) -> None:
        self._pyroMethods = set(metadata.methods)
        self._pyroAttrs = set(metadata.attributes)
        self._pyroOneway = set(metadata.oneway)
        if not metadata:
            raise PyroError(
                "remote object doesn't expose any methods or attributes. "
                "Did you forget setting @expose on them?"
            )

    # Calling.

    def _pyroInvoke(
        self, methodname: str, vargs: Any, kwargs: Any, flags: int = 0, objectId: Any = None
    ) -> Any:
        """Call a method; return its result. May be overridden."""
        self._pyroCheckOwner()
        vargs = unwrapped(vargs, kwargs)
        if self._pyroConnection is None:
            self._pyroOpen()
        if methodname in self._pyroOneway:
            flags |= ONEWAY
        link: Connection = self._pyroConnection.link
        link.session.serializer = self._pyroSerializer or config.SERIALIZER
        try:
            with translated(), current_context.outgoing():
                reply = link.call(
                    methodname,
                    vargs,
                    kwargs,
                    flags,
                    object_id=objectId,
                    timeout=seconds(self._pyroLimit),
                )
        finally:
            self._pyroSeq = link.session.seq
            if link.closed:
                self._pyroDrop()
        return None if reply is None else self._pyroUnwrap(reply, link)

    def _pyroUnwrap(self, reply: Reply, link: Connection) -> Any:
        if reply.flags & STREAM:
            if reply.stream is None:
                self._pyroDrop()
                raise ProtocolError(
                    "result of call is an iterator, but the server is not configured "
                    "to allow streaming"
                )
            return _StreamResultIterator(reply.stream, self)
        try:
            with translated():
                return reply.unwrap()
        except (SerializeError, SecurityError):
            if link.session.features is None:  # a genuine Pyro5 now closes without a word
                self._pyroDrop()
            raise

    def _pyroInvokeBatch(self, calls: Any, oneway: bool = False) -> Any:
        """Make many calls in one message; return their results."""
        return self._pyroInvoke("<batch>", calls, None, BATCH | ONEWAY * oneway)

    # The remote object's own members.

    def __getattr__(self, name: str) -> Any:
        if is_private(name):
            raise AttributeError(f"a proxy has no attribute {name!r}")
        self._pyroKnow()
        if name in self._pyroAttrs:
            return self._pyroInvoke("__getattr__", (name,), None)
        if name in self._pyroMethods:
            return _RemoteMethod(self._pyroInvoke, name, self._pyroMaxRetries)
        raise AttributeError(
            f"remote object '{self._pyroUri}' has no exposed attribute or method '{name}'"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            super().__setattr__(name, value)
            return
        self._pyroKnow()
        if name not in self._pyroAttrs:
            raise AttributeError(
                f"remote object '{self._pyroUri}' has no exposed attribute '{name}'"
            )
        self._pyroInvoke("__setattr__", (name, value), None)

    def _pyroKnow(self) -> None:
        if not self._pyroMethods and not self._pyroAttrs and self._pyroConnection is None:
            self._pyroCheckOwner()
            self._pyroOpen()

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._pyroMethods, *self._pyroAttrs]

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return int(self._pyroSpecial("__len__"))

    def __getitem__(self, key: Any) -> Any:
        return self._pyroSpecial("__getitem__", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._pyroSpecial("__setitem__", key, value)

    def __delitem__(self, key: Any) -> None:
        self._pyroSpecial("__delitem__", key)

    def __iter__(self) -> Iterator[Any]:
        self._pyroKnow()
        if "__iter__" in self._pyroMethods:
            return iter(self._pyroSpecial("__iter__"))
        return _by_index(self)

    def __contains__(self, item: Any) -> bool:
        self._pyroKnow()
        if "__contains__" in self._pyroMethods:
            return bool(self._pyroSpecial("__contains__", item))
        return any(item is other or item == other for other in self)

    def _pyroSpecial(self, name: str, *args: Any) -> Any:
        self._pyroKnow()
        if name not in self._pyroMethods:
            raise _UnsupportedError(
                f"remote object '{self._pyroUri}' has no exposed method '{name}'"
            )
        return self.__getattr__(name)(*args)

    # What a proxy is by itself.

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Proxy) and self._pyroUri == other._pyroUri

    def __hash__(self) -> int:
        return hash(self._pyroUri)

    def __repr__(self) -> str:
        line = self._pyroConnection
        state = "not connected" if line is None else f"connected {line.family()}"
        cls = type(self)
        return (
            f"<{cls.__module__}.{cls.__name__} at 0x{id(self):x}; {state}; "
            f"for {self._pyroUri}; owner {self._pyroOwner}>"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pyroRelease()

    def __copy__(self) -> Self:
        new = type(self).__new__(type(self))
        new.__setstate__(self.__getstate__())
        new._pyroTimeout = self._pyroLimit
        new._pyroMaxRetries = self._pyroMaxRetries
        new._pyroRawWireResponse = self._pyroRawWireResponse
        return new

    def __getstate__(self) -> tuple[Any, ...]:
        return (
            str(self._pyroUri),
            tuple(self._pyroOneway),
            tuple(self._pyroMethods),
            tuple(self._pyroAttrs),
            self._pyroHandshake,
            self._pyroSerializer,
        )

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._pyroSetUp(URI(state[0]))
        self._pyroOneway, self._pyroMethods, self._pyroAttrs = map(set, state[1:4])
        self._pyroHandshake, self._pyroSerializer = state[4:]


class _UnsupportedError(AttributeError, TypeError):
    """An operator that the remote object does not expose.

    Pyro5 raises AttributeError; Python expects TypeError where it goes on without.
    """


def _by_index(proxy: Proxy) -> Iterator[Any]:
    index = 0
    while True:
        try:
            item = proxy[index]
        except (IndexError, StopIteration):
            return
        yield item
        index += 1


def _form(proxy: Proxy) -> Any:
    names = (proxy._pyroMethods, proxy._pyroOneway, proxy._pyroAttrs)
    metadata = Metadata(*map(frozenset, names))
    handshake, serializer = proxy._pyroHandshake, proxy._pyroSerializer
    return proxy_form(str(proxy._pyroUri), metadata, serializer, handshake)


def _read(name: str, form: dict[str, Any]) -> Proxy:
    uri, metadata, handshake, serializer = read_proxy_form(form)
    proxy = Proxy.__new__(Proxy)
    names = (metadata.oneway, metadata.methods, metadata.attributes)
    proxy.__setstate__((str(uri), *names, handshake, serializer))
    return proxy


CLASSES.register(Proxy, _form)
CLASSES.register_name(PROXY_CLASS, _read)
