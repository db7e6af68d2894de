"""Proxies for asyncio: a call is awaited, and many may be under way."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, ParamSpec, TypeVar, cast, overload

from ..finding import locate
from ..frontend import forms
from ..frontend.dialects import find_dialects
from ..frontend.forms import as_uri, own_codecs
from ..frontend.proxies import options
from ..objects.batch import BaseBatch, results
from ..objects.proxy import remote_of
from ..serializers.classes import ClassTable
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from ..wire.framing import BATCH, ONEWAY
from .drive import drive
from .lines import shared_codecs
from .proxy import Proxy, read, write
from .remote import Remote

__all__ = [
    "Batch",
    "Proxy",
    "batch",
    "close",
    "codecs_for",
    "connect",
    "get",
    "locate_names",
    "options",
    "ping",
    "put",
    "start",
]

T = TypeVar("T")
P = ParamSpec("P")
_DEFAULTS = Settings()


class Batch(BaseBatch):
    """Calls that are collected, and made all in one message when the batch is called."""

    async def __call__(self, *, oneway: bool = False) -> Iterator[Any]:
        """Make the calls; return an iterator over their results, in order.

        The daemon stops at the first call that fails; its error is raised in its
        place. The batch is then empty, and can be used again.

        Args:
            oneway: Don't wait for the daemon, and get no results.
        """
        calls = self._take()
        remote: Remote = self.__dict__["_remote"]
        if not calls:
            return iter(())
        values = await remote.invoke("<batch>", calls, None, BATCH | ONEWAY * oneway)
        return iter(()) if oneway else results(values)


@overload
async def connect(
    target: str | URI,
    interface: type[T],
    *,
    settings: Settings = ...,
    handshake: Any = ...,
    check: Callable[[Any], Any] | None = ...,
    sock: socket.socket | None = ...,
    classes: ClassTable | None = ...,
    daemon: Any = ...,
    dialect: Dialect | str = ...,
) -> T: ...


@overload
async def connect(
    target: str | URI,
    interface: None = None,
    *,
    settings: Settings = ...,
    handshake: Any = ...,
    check: Callable[[Any], Any] | None = ...,
    sock: socket.socket | None = ...,
    classes: ClassTable | None = ...,
    daemon: Any = ...,
    dialect: Dialect | str = ...,
) -> Proxy: ...


async def connect(
    target: str | URI,
    interface: type[Any] | None = None,
    *,
    settings: Settings = _DEFAULTS,
    handshake: Any = "hello",
    check: Callable[[Any], Any] | None = None,
    sock: socket.socket | None = None,
    classes: ClassTable | None = None,
    daemon: Any = None,
    dialect: Dialect | str = PYRO5,
) -> Any:
    """Connect to a remote object; return a proxy for it.

    Arguments and errors are those of :func:`pyrophone.sync.connect`; but the methods of
    *interface* are awaited, and *check* may give something to await.
    """
    (spoken,) = find_dialects([dialect])
    proxy = Proxy.to(
        as_uri(target, settings, connected=sock is not None),
        settings=settings,
        codecs=own_codecs(
            Proxy.to, settings, classes, daemon, spoken, interface, shared_codecs
        ),
        handshake=handshake,
        check=check,
        sock=sock,
        dialect=spoken,
    )
    await remote_of(proxy).members()
    return cast(Any, proxy)


async def close(proxy: Any) -> None:
    """Do without the connection of *proxy*; its next call would make a new one.

    One that other proxies use, too, is closed when the last of them is done with it.
    """
    await remote_of(proxy).line.drop()


def batch(proxy: Any) -> Batch:
    """Return a batch that collects calls for the object of *proxy*."""
    return Batch(proxy)


async def ping(proxy: Any) -> None:
    """Return once the daemon of *proxy* has answered; connects if need be.

    Raises:
        CommunicationError: It has not.
    """
    await remote_of(proxy).ping()


async def get(proxy: Any, name: str) -> Any:
    """Return the exposed attribute *name* of the object of *proxy*."""
    return await read(proxy, name)


async def put(proxy: Any, name: str, value: Any) -> None:
    """Set the exposed attribute *name* of the object of *proxy*."""
    await write(proxy, name, value)


def start(
    method: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
) -> asyncio.Task[T]:
    """Call *method* of a proxy without waiting; return the task that does.

    To cancel it is to give the call up.
    """
    call = method(*args, **kwargs)
    return asyncio.get_running_loop().create_task(cast(Coroutine[Any, Any, T], call))


async def locate_names(
    host: str | None = None,
    port: int | None = None,
    *,
    settings: Settings = _DEFAULTS,
    broadcast: bool = True,
    dialect: Dialect | str = PYRO5,
) -> Proxy:
    """Return a proxy for the name server.

    Arguments and errors are those of :func:`pyrophone.sync.locate_names`.
    """
    (spoken,) = find_dialects([dialect])
    looking = locate(host, port, settings=settings, broadcast=broadcast)
    uri = await drive(looking, settings, dialect=spoken)
    return await connect(uri, settings=settings, dialect=spoken)


def codecs_for(
    settings: Settings, classes: ClassTable | None = None, dialect: Dialect = PYRO5
) -> Codecs:
    """Return serializers that read and write the proxies of this front-end.

    Arguments are those of :func:`pyrophone.sync.client.codecs_for`.
    """
    return forms.codecs_for(Proxy.to, settings, classes, dialect)
