"""Proxies: they connect when they are first used, and belong to one thread."""

from __future__ import annotations

import socket
from typing import Any

from pyrophone.objects.exposure import is_private
from pyrophone.objects.proxy import proxy_form, read_proxy_form
from pyrophone.objects.table import DAEMON_ID
from pyrophone.serializers.classes import PROXY_CLASS
from pyrophone.sync.connection import Connection
from pyrophone.wire.events import Reply
from pyrophone.wire.framing import BATCH, ONEWAY, STREAM
from pyrophone.wire.metadata import Metadata

from .batches import BatchProxy
from .blobs import SerializedBlob, unwrapped
from .border import translated
from .callcontext import current_context
from .configure import global_config as config
from .errors import (
    ProtocolError,
    SecurityError,
    SerializeError,
)
from .methods import _RemoteMethod
from .operators import Operators
from .streams import _StreamResultIterator
from .tables import CLASSES, SERIALIZERS, seconds
from .uris import URI

__all__ = ["BatchProxy", "Proxy", "SerializedBlob"]

_OWN = frozenset(
    (
        "_pyroAttrs",
        "_pyroConnection",
        "_pyroHandshake",
        "_pyroLimit",
        "_pyroLocalSocket",
        "_pyroMaxRetries",
        "_pyroMethods",
        "_pyroOneway",
        "_pyroOwner",
        "_pyroRawWireResponse",
        "_pyroSeq",
        "_pyroSerializer",
        "_pyroTimeout",
        "_pyroUri",
    )
)


class Proxy(Operators):
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

    def _pyroMethod(self, name: str) -> _RemoteMethod:
        return _RemoteMethod(self._pyroInvoke, name, self._pyroMaxRetries)

    def __getattr__(self, name: str) -> Any:
        if is_private(name):
            raise AttributeError(f"a proxy has no attribute {name!r}")
        self._pyroKnow()
        if name in self._pyroAttrs:
            return self._pyroInvoke("__getattr__", (name,), None)
        if name in self._pyroMethods:
            return self._pyroMethod(name)
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

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._pyroMethods, *self._pyroAttrs]


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
