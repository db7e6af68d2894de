"""What a proxy is in asyncio: whatever asks the other side is awaited."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, NoReturn, Self

from ..frontend.proxies import LineProxy
from ..objects.exposure import is_private
from ..objects.proxy import RemoteMethod, refusal, remote_of
from ..serializers.codecs import Codecs
from ..serializers.functions import Passable
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from ..wire.framing import ONEWAY
from ..wire.metadata import Metadata
from .lines import Line
from .remote import Remote

__all__ = ["Proxy", "read", "write"]

_DEFAULTS = Settings()
_OPERATORS = (
    "__contains__",
    "__delitem__",
    "__getitem__",
    "__iter__",
    "__len__",
    "__setitem__",
)


class Proxy(LineProxy):
    """A remote object, seen from asyncio. Many tasks may use it, in any loop.

    Made by :func:`connect`, or by a daemon, or received from somebody; of those only
    the first connects at once. An ``async with`` block closes its connection at the end.

    Methods are awaited, and so is an attribute that is read. What Python does not await
    has its method: ``await proxy.__len__()`` in place of ``len(proxy)``.
    """

    def __init__(self, remote: Remote) -> None:
        super().__init__(remote)
        # Python looks at the class for its operators, and programs here first.
        for name in _OPERATORS:
            self.__dict__[name] = RemoteMethod(remote.invoke, name)

    @classmethod
    def to(
        cls,
        uri: URI,
        *,
        settings: Settings = _DEFAULTS,
        codecs: Codecs | None = None,
        handshake: Any = "hello",
        check: Callable[[Any], Any] | None = None,
        sock: socket.socket | None = None,
        metadata: Metadata | None = None,
        dialect: Dialect = PYRO5,
    ) -> Self:
        """Return a proxy that connects when it is first used; see :func:`connect`."""
        line = Line(uri, settings, codecs, handshake, check, sock, dialect, cls.to)
        if metadata is not None:
            line.metadata = metadata
        return cls(Remote(line, settings.timeout, settings.retries, settings.patience))

    def __getattr__(self, name: str) -> Any:
        remote: Remote = self.__dict__["_pyrophone"]
        if not remote.metadata and not is_private(name):
            return _Unknown(self, name)
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(
            f"to set an attribute of a remote object has to be awaited: "
            f"await put(proxy, {name!r}, value)"
        )

    async def __aiter__(self) -> AsyncIterator[Any]:
        remote: Remote = remote_of(self)
        methods = (await remote.members()).methods
        for name in ("__aiter__", "__iter__"):
            if name in methods:
                async for item in await remote.invoke(name, (), {}):
                    yield item
                return
        if "__getitem__" not in methods:
            raise TypeError(f"remote object {remote.uri} can't be iterated over")
        index = 0
        while True:
            reply = await remote.reply("__getitem__", (index,), {})
            try:
                item = reply.unwrap()
            except (IndexError, StopIteration):
                return
            yield item
            index += 1

    def __iter__(self) -> NoReturn:
        raise TypeError("a proxy for asyncio is iterated over by 'async for'")

    def __len__(self) -> NoReturn:
        raise _operator("len()", "__len__()")

    def __contains__(self, item: Any) -> NoReturn:
        raise _operator("'in'", "__contains__(item)")

    def __getitem__(self, key: Any) -> NoReturn:
        raise _operator("proxy[key]", "__getitem__(key)")

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise _operator("proxy[key] = value", "__setitem__(key, value)")

    def __delitem__(self, key: Any) -> NoReturn:
        raise _operator("del proxy[key]", "__delitem__(key)")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *what: object) -> None:
        await remote_of(self).line.drop()


class _Unknown(Passable):
    """A member of an object that nobody has connected to: to be called, or awaited."""

    __slots__ = ("_name", "_proxy")

    def __init__(self, proxy: Proxy, name: str) -> None:
        self._proxy = proxy
        self._name = name

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        remote: Remote = remote_of(self._proxy)
        members = await remote.members()
        if self._name not in members.methods:
            raise refusal(remote.uri, self._name, members.methods | members.attributes)
        flags = ONEWAY * (self._name in members.oneway)
        return await remote.invoke(self._name, args, kwargs, flags)

    def __await__(self) -> Generator[Any, Any, Any]:
        return read(self._proxy, self._name).__await__()

    def __repr__(self) -> str:
        return f"<remote member {self._name}>"


async def read(proxy: Any, name: str) -> Any:
    """Return the attribute *name* of the object of *proxy*."""
    remote: Remote = remote_of(proxy)
    members = await remote.members()
    if is_private(name) or name not in members.attributes:
        raise refusal(remote.uri, name, members.attributes)
    return await remote.invoke("__getattr__", (name,), None)


async def write(proxy: Any, name: str, value: Any) -> None:
    """Set the attribute *name* of the object of *proxy*."""
    remote: Remote = remote_of(proxy)
    members = await remote.members()
    if is_private(name) or name not in members.attributes:
        raise refusal(remote.uri, name, members.attributes)
    await remote.invoke("__setattr__", (name, value), None)


def _operator(what: str, method: str) -> TypeError:
    return TypeError(f"{what} can't be awaited: await proxy.{method}")
