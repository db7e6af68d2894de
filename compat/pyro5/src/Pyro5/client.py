"""Proxies: they connect when they are first used, and belong to one thread."""

from __future__ import annotations

import socket
from typing import Any

from pyrophone.objects.exposure import is_private
from pyrophone.objects.proxy import proxy_form, read_proxy_form
from pyrophone.serializers.classes import PROXY_CLASS
from pyrophone.wire.metadata import Metadata

from .batches import BatchProxy, _BatchedRemoteMethod
from .blobs import SerializedBlob
from .callcontext import current_context
from .configure import global_config as config
from .methods import _RemoteMethod
from .operators import Operators
from .serializers import serializers
from .streams import _StreamResultIterator
from .tables import CLASSES
from .uris import URI

__all__ = [
    "BatchProxy",
    "Proxy",
    "SerializedBlob",
    "_BatchedRemoteMethod",
    "_RemoteMethod",
    "_StreamResultIterator",
]

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
        "_pyroProcess",
        "_pyroRawWireResponse",
        "_pyroSending",
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
        if config.SERIALIZER not in serializers:
            raise ValueError(f"unknown serializer configured: {config.SERIALIZER!r}")
        current_context.start()
        if connected_socket is not None:
            self._pyroAdopt(connected_socket)

    # The remote object's own members.

    def _pyroMethod(self, name: str) -> _RemoteMethod:
        return _RemoteMethod(self._pyroInvoke, name, self._pyroMaxRetries)

    def __getattr__(self, name: str) -> Any:
        if not is_private(name):
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
        return sorted({*super().__dir__(), *self._pyroMethods, *self._pyroAttrs})


def _form(proxy: Proxy) -> Any:
    metadata = Metadata(
        frozenset(proxy._pyroMethods),
        frozenset(proxy._pyroOneway),
        frozenset(proxy._pyroAttrs),
    )
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
