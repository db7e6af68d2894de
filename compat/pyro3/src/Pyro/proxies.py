"""Proxies: remote objects as clients see them."""

from __future__ import annotations

import re
from typing import Any

from .adapters import PYROAdapter, getProtocolAdapter
from .errors import ProtocolError, PyroError
from .initializing import initialized
from .uris import PyroURI, processStringURI
from .values import CLASSES, uri_of

__all__ = [
    "DynamicProxy",
    "DynamicProxyWithAttrs",
    "getAttrProxyForURI",
    "getProxyForURI",
]

_METHOD, _ATTRIBUTE = 1, 2
_FOREVER = 1e8  # seconds; longer ones are too much for sockets
_OWN = frozenset({"URI", "objectID", "adapter"})
_SPECIAL = re.compile(r"__\w+__")
_KINDS: dict[str, type[DynamicProxy]] = {}


class _RemoteMethod:
    """A method of a remote object; it can be kept, and called later."""

    __slots__ = ("_name", "_proxy")

    def __init__(self, proxy: DynamicProxy, name: str) -> None:
        self._proxy = proxy
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._proxy.adapter.call(self._name, args, kwargs)

    def __repr__(self) -> str:
        return f"<remote method {self._name} of {self._proxy!r}>"


class DynamicProxy:
    """A remote object, any attribute of which is a method of it.

    Nothing is connected before the first call. What is assigned stays here.

    Args:
        URI: Where the object is; a text, too. It belongs to the proxy from then on.
    """

    URI: PyroURI
    objectID: str
    adapter: PYROAdapter

    def __init__(self, URI: PyroURI | str) -> None:
        initialized()
        if not isinstance(URI, PyroURI):
            URI = processStringURI(URI)
        elif URI.protocol == "PYRONAME":
            URI = PyroURI(str(URI))
        fields = self.__dict__
        fields["URI"] = URI
        fields["objectID"] = URI.objectID
        fields["adapter"] = getProtocolAdapter(URI.protocol)
        fields["adapter"].take(URI)

    def __getattr__(self, name: str) -> Any:
        if _SPECIAL.fullmatch(name) or name in _OWN:
            raise AttributeError(name)
        return _RemoteMethod(self, name)

    def _setOneway(self, methods: str | list[str] | tuple[str, ...]) -> None:
        """Call these methods without waiting from now on."""
        self.adapter.setOneway(methods)

    def _setTimeout(self, timeout: float | None) -> None:
        """Limit connecting, and each call, in seconds; None is no limit."""
        self.adapter.setTimeout(timeout)

    def _setIdentification(self, ident: Any) -> None:
        """Say who calls; something false is nobody."""
        self.adapter.setIdentification(ident)

    def _setNewConnectionValidator(self, validator: Any) -> None:
        """Prove who calls in another way."""
        self.adapter.setNewConnectionValidator(validator)

    def _release(self) -> None:
        """Close the connection; the next call connects again."""
        self.adapter.release()

    def _transferThread(self, newOwnerThread: Any = None) -> None:
        """Do nothing: any thread may use a proxy."""

    def _local(self) -> Any:
        """Raise: it never worked.

        Raises:
            PyroError: Always.
        """
        raise PyroError("_local is gone: ask the daemon with getLocalObjectForProxy(proxy)")

    def _islocal(self) -> Any:
        """Raise: it never worked.

        Raises:
            PyroError: Always.
        """
        raise PyroError("_islocal is gone: compare proxy.URI with that of the daemon")

    def __copy__(self) -> Any:
        copied = object.__new__(type(self))
        for name, value in self.__dict__.items():
            copied.__dict__[name] = value
        copied.__dict__["URI"] = self.URI.clone()
        copied.__dict__["adapter"] = self.adapter.copied(copied.URI)
        return copied

    def __deepcopy__(self, memo: Any) -> Any:
        raise PyroError("cannot deepcopy a proxy")

    def __reduce__(self) -> tuple[Any, ...]:
        form = _write(self)
        return _read, (form["__class__"], form)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DynamicProxy) and self.objectID == other.objectID

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.objectID)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self.URI}>"

    __str__ = __repr__


class DynamicProxyWithAttrs(DynamicProxy):
    """A remote object whose attributes can be read and written, too."""

    _attributes: dict[str, int]

    def __init__(self, URI: PyroURI | str) -> None:
        super().__init__(URI)
        self.__dict__["_attributes"] = {}

    def findattr(self, attr: str) -> int:
        """Return 1 if the remote object has a method of that name, else 2; it is kept."""
        kind = self._attributes.get(attr)
        if kind is None:
            kind = self.adapter.invoke("kind", (attr,))
            if type(kind) is not int or kind not in (_METHOD, _ATTRIBUTE):
                raise ProtocolError(f"the daemon does not say what {attr} is")
            self._attributes[attr] = kind
        return kind

    def __getattr__(self, name: str) -> Any:
        if _SPECIAL.fullmatch(name) or name in _OWN or name == "_attributes":
            raise AttributeError(name)
        if self.findattr(name) == _METHOD:
            return _RemoteMethod(self, name)
        return self.adapter.invoke("fetch", (name,))

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN or name == "_attributes":
            self.__dict__[name] = value
        elif self.findattr(name) == _ATTRIBUTE:
            self.adapter.invoke("store", (name, value))
        else:
            raise AttributeError("not an attribute")

    def __copy__(self) -> Any:
        copied = super().__copy__()
        copied.__dict__["_attributes"] = dict(self._attributes)
        return copied


def getProxyForURI(URI: PyroURI | str) -> DynamicProxy:
    """Return a proxy for what is at *URI*; a PYRONAME is looked up now.

    Raises:
        URIError: It is none.
        ProtocolError: There is no such protocol.
        NamingError: The name is unknown, or there is no name server.
    """
    return DynamicProxy(URI)


def getAttrProxyForURI(URI: PyroURI | str) -> DynamicProxyWithAttrs:
    """Return an attribute proxy likewise."""
    return DynamicProxyWithAttrs(URI)


def travels(cls: type[DynamicProxy]) -> None:
    """Let proxies of *cls* arrive as such, not connected."""
    _KINDS[cls.__name__] = cls
    CLASSES.register_name(f"Pyro.core.{cls.__name__}", _read)


def _write(proxy: DynamicProxy) -> dict[str, Any]:
    name = next(c.__name__ for c in type(proxy).__mro__ if _KINDS.get(c.__name__) is c)
    uri, adapter = proxy.URI, proxy.adapter
    return {
        "__class__": f"Pyro.core.{name}",
        "parts": (uri.protocol, uri.address, uri.port, uri.objectID),
        "objectID": proxy.objectID,
        "timeout": adapter.timeout,
        "oneway": sorted(adapter.onewayMethods),
    }


def _read(name: str, form: dict[str, Any]) -> DynamicProxy:
    uri = uri_of(form.get("parts"))
    proxy = _KINDS[name.rpartition(".")[2]](uri)
    timeout, oneway, identity = map(form.get, ("timeout", "oneway", "objectID"))
    if isinstance(timeout, (int, float)) and 0 < timeout < _FOREVER:
        proxy.adapter.setTimeout(timeout)
    if isinstance(oneway, (list, tuple)) and all(isinstance(one, str) for one in oneway):
        proxy.adapter.setOneway(list(oneway))
    if isinstance(identity, str):
        proxy.__dict__["objectID"] = identity
    return proxy


CLASSES.register(DynamicProxy, _write)
travels(DynamicProxy)
travels(DynamicProxyWithAttrs)
