"""Proxies for threads: a call blocks until its reply is there."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar, cast, overload

from ..finding import locate
from ..frontend import forms
from ..frontend.dialects import find_dialects
from ..frontend.forms import as_uri, own_codecs
from ..frontend.proxies import LineProxy, options
from ..objects.batch import BaseBatch, results
from ..objects.proxy import refusal, remote_of
from ..serializers.classes import ClassTable
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from ..wire.framing import BATCH, ONEWAY
from ..wire.metadata import Metadata
from .drive import drive
from .functions import RemoteFunction
from .hub import HUB
from .line import Line
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
    "release",
]

T = TypeVar("T")
_DEFAULTS = Settings()


class Proxy(LineProxy):
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
        dialect: Dialect = PYRO5,
    ) -> Self:
        """Return a proxy that connects when it is first used; see :func:`connect`."""
        codecs = codecs or _usual_codecs(settings, dialect)
        line = Line(uri, settings, codecs, handshake, check, sock, dialect)
        if metadata is not None:
            line.metadata = metadata
        return cls(Remote(line, settings.timeout, settings.retries, settings.patience))

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

    def __exit__(self, *what: object) -> None:
        close(self)


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
    dialect: Dialect | str = ...,
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
    dialect: Dialect | str = ...,
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
    dialect: Dialect | str = PYRO5,
) -> Any:
    """Connect to a remote object; return a proxy for it.

    Proxies to one daemon share a connection where the daemon can carry many calls on one
    and they agree in settings, handshake, classes and dialect.

    Args:
        target: A URI, or a name that a name server knows.
        interface: Its class: type checkers take the proxy for that, and values of the
            classes that its annotations name arrive as such.
        settings: Time limits, serializer, where to look for a name server.
        handshake: What the daemon's ``greets`` gets.
        check: Called with what ``greets`` gave; raises to refuse the daemon.
        sock: A connected socket, whose other end a daemon was given; *target* is then
            the id of the object. It is not closed.
        classes: How values of your classes travel; by default nobody knows them.
        daemon: The daemon of this program whose objects may be passed as arguments:
            the other side gets proxies for them.
        dialect: What the daemon speaks, and the name server, if one is asked:
            ``pyro5``, as Pyrophone's do, or the name of another, or the dialect itself.

    Raises:
        InvalidURIError: *target* looks like a URI and is none.
        NamingError: No name server was found, or it does not know the name.
        ConnectError: The daemon could not be reached, or refused.
    """
    (spoken,) = find_dialects([dialect])
    proxy = Proxy.to(
        as_uri(target, settings, connected=sock is not None),
        settings=settings,
        codecs=own_codecs(
            Proxy.to, settings, classes, daemon, spoken, interface, HUB.shared
        ),
        handshake=handshake,
        check=check,
        sock=sock,
        dialect=spoken,
    )
    remote_of(proxy).connect()
    return cast(Any, proxy)


def close(proxy: Any) -> None:
    """Do without the connection of *proxy*; its next call would make a new one.

    One that other proxies use, too, is closed when the last of them is done with it.
    """
    remote_of(proxy).line.drop()


def batch(proxy: Any) -> Batch:
    """Return a batch that collects calls for the object of *proxy*."""
    return Batch(proxy)


def get(proxy: Any, name: str) -> Any:
    """Return the attribute *name* of the remote object; ``proxy.name`` does it, too.

    Raises:
        NotExposedError: It has no such attribute.
    """
    remote: Remote = remote_of(proxy)
    if name not in remote.metadata.attributes:
        raise refusal(remote.uri, name, remote.metadata.attributes)
    return remote.invoke("__getattr__", (name,), None)


def put(proxy: Any, name: str, value: Any) -> None:
    """Set the attribute *name* of the remote object; ``proxy.name = value`` does it, too.

    Raises:
        NotExposedError: It has no such attribute.
    """
    remote: Remote = remote_of(proxy)
    if name not in remote.metadata.attributes:
        raise refusal(remote.uri, name, remote.metadata.attributes)
    remote.invoke("__setattr__", (name, value), None)


def release(function: RemoteFunction) -> None:
    """Give back a function that was received; it can't be called any more."""
    function.release()


def ping(proxy: Any) -> None:
    """Return once the daemon of *proxy* has answered; connects if need be.

    Raises:
        CommunicationError: It has not.
    """
    remote_of(proxy).ping()


def locate_names(
    host: str | None = None,
    port: int | None = None,
    *,
    settings: Settings = _DEFAULTS,
    broadcast: bool = True,
    dialect: Dialect | str = PYRO5,
) -> Proxy:
    """Return a proxy for the name server.

    Args:
        host: Where it is; this, *port* and *broadcast* are as for ``finding.locate``.
        port: Likewise.
        settings: For what is not given.
        broadcast: Likewise.
        dialect: What it speaks; see :func:`connect`.

    Raises:
        NoNameServerError: None answered.
    """
    (spoken,) = find_dialects([dialect])
    looking = locate(host, port, settings=settings, broadcast=broadcast)
    uri = drive(looking, settings, dialect=spoken)
    return connect(uri, settings=settings, dialect=spoken)


def codecs_for(
    settings: Settings, classes: ClassTable | None = None, dialect: Dialect = PYRO5
) -> Codecs:
    """Return serializers that read and write the proxies of this front-end.

    Args:
        settings: How to write.
        classes: A class table to share; by default a new one.
        dialect: What is spoken with them.
    """
    return forms.codecs_for(Proxy.to, settings, classes, dialect)


def _usual_codecs(settings: Settings, dialect: Dialect) -> Codecs:
    """Return serializers without classes of a program, the same ones for the same use."""
    return HUB.shared((settings, dialect), lambda: codecs_for(settings, dialect=dialect))


def _by_index(proxy: Proxy) -> Iterator[Any]:
    index = 0
    while True:
        try:
            item = proxy[index]
        except (IndexError, StopIteration):
            return
        yield item
        index += 1
