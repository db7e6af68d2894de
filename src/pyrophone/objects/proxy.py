"""What a proxy is, whoever does the waiting."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..errors import NotExposedError, RemoteProtocolError, SerializeError
from ..serializers.classes import PROXY_CLASS
from ..serializers.functions import Passable
from ..uri import URI
from ..wire.framing import ONEWAY
from ..wire.metadata import Metadata
from .exposure import is_private

__all__ = [
    "BaseProxy",
    "Remote",
    "RemoteMethod",
    "proxy_form",
    "read_proxy_form",
    "refusal",
    "remote_of",
]


class Remote(Protocol):
    """What a front-end puts behind a proxy."""

    @property
    def uri(self) -> URI:
        """Where the object is, as it was asked for."""

    @property
    def metadata(self) -> Metadata:
        """The object's members; connects if that has not been done."""

    def invoke(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
    ) -> Any:
        """Call a method; give its result, or what can be waited for it."""


class RemoteMethod(Passable):
    """A method that runs elsewhere. It is passed as a function is: called through us."""

    __slots__ = ("__name__", "_flags", "_invoke")

    def __init__(self, invoke: Callable[..., Any], name: str, flags: int = 0) -> None:
        self._invoke = invoke
        self.__name__ = name
        self._flags = flags

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._invoke(self.__name__, args, kwargs, self._flags)

    @property
    def remote(self) -> Any:
        """What makes its calls, as :func:`remote_of` gives it for its proxy."""
        return getattr(self._invoke, "__self__", None)

    @property
    def flags(self) -> int:
        """What its calls are flagged with, ONEWAY or nothing."""
        return self._flags

    def __repr__(self) -> str:
        return f"<remote method {self.__name__}>"


class BaseProxy:
    """Stands in for a remote object.

    Its names are those of the remote object; what one does *to* a proxy are
    functions that take it. Two proxies are equal if they have the same URI.

    Args:
        remote: What does the work; one for each proxy.
    """

    def __init__(self, remote: Remote) -> None:
        self.__dict__["_pyrophone"] = remote

    def __getattr__(self, name: str) -> Any:
        if is_private(name):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        remote: Remote = self.__dict__["_pyrophone"]
        metadata = remote.metadata
        if name in metadata.methods:
            method = RemoteMethod(remote.invoke, name, ONEWAY * (name in metadata.oneway))
            self.__dict__[name] = method  # found without __getattr__ from now on
            return method
        if name in metadata.attributes:
            return remote.invoke("__getattr__", (name,), None)
        raise refusal(remote.uri, name, metadata.methods | metadata.attributes)

    def __setattr__(self, name: str, value: Any) -> None:
        remote: Remote = self.__dict__["_pyrophone"]
        if is_private(name) or name not in remote.metadata.attributes:
            raise refusal(remote.uri, name, remote.metadata.attributes)
        remote.invoke("__setattr__", (name, value), None)

    def __dir__(self) -> list[str]:
        metadata = self.__dict__["_pyrophone"].metadata
        return sorted({*super().__dir__(), *metadata.methods, *metadata.attributes})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseProxy):
            return NotImplemented
        return bool(remote_of(self).uri == remote_of(other).uri)

    def __hash__(self) -> int:
        return hash(remote_of(self).uri)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} for {remote_of(self).uri}>"

    def __len__(self) -> Any:
        return self._special("__len__", "len()")

    def __getitem__(self, key: Any) -> Any:
        return self._special("__getitem__", "items", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._special("__setitem__", "items that can be set", key, value)

    def __delitem__(self, key: Any) -> None:
        self._special("__delitem__", "items that can be deleted", key)

    def _special(self, name: str, what: str, *args: Any) -> Any:
        # Python asks for these by type, so a TypeError is what callers expect
        # where there are none: list(proxy) tries len() and goes on without.
        remote = remote_of(self)
        if name not in remote.metadata.methods:
            raise TypeError(
                f"remote object {remote.uri} has no {what}: {name} is not exposed"
            )
        return remote.invoke(name, args, {})


def remote_of(proxy: BaseProxy) -> Any:
    """Return what does the work of *proxy*.

    Raises:
        TypeError: It is no proxy.
    """
    if not isinstance(proxy, BaseProxy):
        raise TypeError(f"{type(proxy).__name__} is no proxy")
    return proxy.__dict__["_pyrophone"]


def proxy_form(
    uri: URI | str,
    metadata: Metadata,
    serializer: str | None = None,
    handshake: Any = "hello",
) -> dict[str, Any]:
    """Return the class form in which a proxy travels.

    The receiver greets with *handshake*; it is not that of our own proxy, which may
    be a secret.
    """
    state = (
        str(uri),
        tuple(metadata.oneway),
        tuple(metadata.methods),
        tuple(metadata.attributes),
        handshake,
        serializer,
    )
    return {"__class__": PROXY_CLASS, "state": state}


def read_proxy_form(form: Mapping[str, Any]) -> tuple[URI, Metadata, Any, str | None]:
    """Return URI, metadata, handshake and serializer name from a proxy's class form.

    Raises:
        SerializeError: The form is something else.
        InvalidURIError: Its URI is wrong.
    """
    match form.get("state"):
        case [str(uri), oneway, methods, attributes, handshake, serializer]:
            pass
        case [
            str(uri),
            oneway,
            methods,
            attributes,
            _,
            handshake,
            _,
        ]:  # of Pyrolite for Java
            serializer = None
        case state:
            raise SerializeError(f"state of a proxy has 6 elements, not {str(state)[:100]}")
    names = {"methods": methods, "oneway": oneway, "attrs": attributes}
    if serializer is not None and not isinstance(serializer, str):
        raise SerializeError(f"serializer of a proxy is a name, not {serializer!r}")
    try:
        return URI.parse(uri), Metadata.from_wire(names), handshake, serializer
    except RemoteProtocolError as error:
        raise SerializeError(f"malformed state of a proxy: {error}") from None


def refusal(uri: URI, name: str, known: frozenset[str]) -> NotExposedError:
    """Return the error for *name*, which is none of those *known*."""
    close = difflib.get_close_matches(name, known, 3)
    hint = f", did you mean {' or '.join(map(repr, close))}?" if close else ""
    return NotExposedError(
        f"remote object '{uri}' has no exposed attribute or method {name!r}{hint}"
    )
