"""Proxies: they connect when they are first used, and threads may share them."""

from __future__ import annotations

import base64
import binascii
import socket
from typing import Any, Self

from pyrophone.objects.exposure import is_private

from .asynchronous import _AsyncRemoteMethod
from .batches import _BatchProxyAdapter, wanted
from .callcontext import current_context
from .calling import Calling
from .configuration import config
from .errors import PyroError, SerializeError
from .methods import _RemoteMethod
from .pickles import FAMILY
from .serializers import get_serializer
from .tables import CLASSES
from .uris import URI

__all__ = ["Proxy"]

_CLASS = "Pyro4.core.Proxy"  # on the wire, of subclasses, too
_KEY = "b64:"  # before a key in there


class Proxy(Calling):
    """Stands in for a remote object. Threads that share it take turns.

    Args:
        uri: Of the object; or its id, if there is a *connected_socket*.
        connected_socket: A socket whose other end a daemon was given. It is not closed.
    """

    __module__ = "Pyro4.core"

    __pyroAttributes = frozenset(
        (
            "_Proxy__async",
            "_pyroAttrs",
            "_pyroConnection",
            "_pyroHandshake",
            "_pyroHmacKey",
            "_pyroKey",
            "_pyroLimit",
            "_pyroLock",
            "_pyroMaxRetries",
            "_pyroMethods",
            "_pyroOneway",
            "_pyroProcess",
            "_pyroRawWireResponse",
            "_pyroSending",
            "_pyroSeq",
            "_pyroSerializer",
            "_pyroTimeout",
            "_pyroUri",
        )
    )

    def __init__(
        self, uri: str | URI, connected_socket: socket.socket | None = None
    ) -> None:
        if connected_socket is not None:
            uri = f"PYRO:{uri}@<<connected-socket>>:0"
        self._pyroSetUp(URI(uri))
        get_serializer(config.SERIALIZER)  # raises if there is none
        current_context.start()
        if connected_socket is not None:
            self._pyroAdopt(connected_socket)

    def _pyroSetUp(self, uri: Any) -> None:
        super()._pyroSetUp(uri)
        self.__async = False

    # The remote object's own members.

    def __getattr__(self, name: str) -> Any:
        if name in self.__pyroAttributes or (is_private(name) and config.METADATA):
            raise AttributeError(self._pyroUnknown("attribute or method", name))
        if name.startswith("__") and is_private(name):  # Python asks, not the program
            raise AttributeError(name)
        if config.METADATA:
            self._pyroKnow()
        if name in self._pyroAttrs:
            return self._pyroInvoke("__getattr__", (name,), None)
        if name in self._pyroMethods or not config.METADATA:
            return self._pyroMethod(name)
        raise AttributeError(self._pyroUnknown("attribute or method", name))

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__pyroAttributes:
            super().__setattr__(name, value)
            return
        if config.METADATA:
            self._pyroKnow()
        if name in self._pyroAttrs:
            self._pyroInvoke("__setattr__", (name, value), None)
        elif config.METADATA:
            raise AttributeError(self._pyroUnknown("attribute", name))
        else:
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._pyroMethods, *self._pyroAttrs})

    def _pyroMethod(self, name: str) -> _RemoteMethod | _AsyncRemoteMethod:
        if self.__async:
            return _AsyncRemoteMethod(self, name, self._pyroMaxRetries)
        return _RemoteMethod(self._pyroInvoke, name, self._pyroMaxRetries)

    def _pyroUnknown(self, what: str, name: str) -> str:
        uri = vars(self).get("_pyroUri")  # not there if it was never quite made
        return f"remote object '{uri}' has no exposed {what} '{name}'"

    def _pyroBatch(self) -> _BatchProxyAdapter:
        """Return what collects calls, and makes them all at once."""
        return _BatchProxyAdapter(self)

    def _pyroAsync(self, asynchronous: bool = True, **former: Any) -> Self:
        """Have methods return future results, or values again; return the proxy itself.

        Args:
            asynchronous: Which of the two.
            former: ``async``, as *asynchronous* was called once.
        """
        self.__async = wanted(asynchronous, former)
        return self

    # Copies, and how it travels.

    def _pyroSpawn(self, uri: URI) -> Proxy:
        return Proxy(uri)

    def _pyroTwin(self) -> Proxy:
        twin = Proxy.__new__(Proxy)
        twin._pyroSetUp(URI(self._pyroUri))
        twin._pyroResemble(self)
        return twin

    def _pyroResemble(self, other: Proxy) -> None:
        self._pyroMethods = set(other._pyroMethods)
        self._pyroAttrs = set(other._pyroAttrs)
        self._pyroOneway = set(other._pyroOneway)
        self._pyroSerializer = other._pyroSerializer
        self._pyroTimeout = other._pyroTimeout
        self._pyroHandshake = other._pyroHandshake
        self._pyroHmacKey = other._pyroHmacKey
        self._pyroRawWireResponse = other._pyroRawWireResponse
        self._pyroMaxRetries = other._pyroMaxRetries

    def __copy__(self) -> Self:
        new = type(self)(URI(self._pyroUri))
        new._pyroResemble(self)
        new._pyroAsync(self.__async)
        return new

    def __getstate__(self) -> tuple[Any, ...]:
        return (
            self._pyroUri,
            set(self._pyroOneway),
            set(self._pyroMethods),
            set(self._pyroAttrs),
            self._pyroTimeout,
            self._pyroHmacKey,
            self._pyroHandshake,
            self._pyroMaxRetries,
            self._pyroSerializer,
        )

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # The time limit and the retries are those of the configuration here. Who sends
        # but eight parts knows no serializers of single proxies.
        uri, oneway, methods, attributes, _, key, handshake, _, *serializer = state
        self._pyroSetUp(URI(uri))
        self._pyroOneway, self._pyroMethods = set(oneway), set(methods)
        self._pyroAttrs = set(attributes)
        self._pyroHmacKey, self._pyroHandshake = key, handshake
        self._pyroSerializer = serializer[0] if serializer else None

    def __getstate_for_dict__(self) -> tuple[Any, ...]:
        uri, oneway, methods, attributes, limit, key, *others = self.__getstate__()
        if key is not None:
            key = _KEY + base64.b64encode(key).decode()
        names = map(tuple, (oneway, methods, attributes))
        return str(uri), *names, limit, key, *others

    def __setstate_from_dict__(self, state: tuple[Any, ...]) -> None:
        uri, oneway, methods, attributes, limit, key, *others = state
        if key is not None:
            if not isinstance(key, str) or not key.startswith(_KEY):
                raise SerializeError("the key of a proxy is no text that begins with b64:")
            key = base64.b64decode(key.removeprefix(_KEY), validate=True)
        self.__setstate__((uri, oneway, methods, attributes, limit, key, *others))
        # Who sends it must not choose that answers be read by pickle here.
        risky = self._pyroSerializer in FAMILY and self._pyroSerializer != config.SERIALIZER
        if risky and self._pyroSerializer not in config.SERIALIZERS_ACCEPTED:
            self._pyroSerializer = None


def _form(proxy: Proxy) -> dict[str, Any]:
    return {"__class__": _CLASS, "state": proxy.__getstate_for_dict__()}


def _read(name: str, form: dict[str, Any]) -> Proxy:
    state = form.get("state")
    proxy = Proxy.__new__(Proxy)
    try:
        if not isinstance(state, (list, tuple)) or not _is_sound(*state):
            raise SerializeError("its state is something else")
        proxy.__setstate_from_dict__(tuple(state))
    except (TypeError, binascii.Error, PyroError) as error:
        raise SerializeError(f"malformed {name}: {error}") from error
    return proxy


def _is_sound(uri: Any, *state: Any) -> bool:
    """Tell whether the parts of a proxy's state are of the types that they must be."""
    oneway, methods, attributes, _, _, _, _, *serializer = state
    names = (oneway, methods, attributes)
    return (
        isinstance(uri, str)
        and all(isinstance(each, (list, tuple, set, frozenset)) for each in names)
        and all(isinstance(name, str) for each in names for name in each)
        and len(serializer) <= 1
        and all(isinstance(name, str | None) for name in serializer)
    )


CLASSES.register(Proxy, _form)
CLASSES.register_name(_CLASS, _read)
