"""How proxies are addressed and how they travel, whoever waits for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from typing import Any

from ..objects.proxy import BaseProxy, proxy_form, read_proxy_form, remote_of
from ..serializers.annotations import classes_of_interface
from ..serializers.classes import PROXY_CLASS, ClassTable
from ..serializers.codecs import Codecs, make_codecs
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect

__all__ = ["as_uri", "asking", "codecs_for", "own_codecs"]

_LIMIT = 10.0  # seconds for a question to a name server that may hang


def as_uri(target: str | URI, settings: Settings, *, connected: bool = False) -> URI:
    """Return the URI that *target* is, or stands for: a name is one, too.

    Args:
        target: What is asked for.
        settings: For name servers.
        connected: It is the id of an object behind a socket that is connected.

    Raises:
        InvalidURIError: It looks like a URI and is none.
    """
    if connected:
        return URI("PYRO", str(target), "<connected>")
    if isinstance(target, URI):
        return target
    if target[:4].upper() == "PYRO" and ":" in target:
        return URI.parse(target, name_port=settings.name_port)
    return URI("PYRONAME", target)


def asking(settings: Settings, dialect: Dialect) -> tuple[Settings, Codecs]:
    """Return what to ask a name server with.

    Without a limit in the settings it may take 10 s: this is for questions that are
    answered at once.
    """
    if settings.timeout is None:
        settings = dataclasses.replace(settings, timeout=_LIMIT)
    return settings, _codecs(settings, ClassTable(), dialect)


def codecs_for(
    make: Callable[..., BaseProxy],
    settings: Settings,
    classes: ClassTable | None = None,
    dialect: Dialect = PYRO5,
) -> Codecs:
    """Return serializers that read and write the proxies of a front-end.

    Args:
        make: Makes a proxy of a URI and *settings*, *codecs*, *handshake*, *metadata*
            and *dialect*.
        settings: How to write.
        classes: A class table to share; by default a new one.
        dialect: What is spoken with them.
    """
    classes = ClassTable() if classes is None else classes
    codecs = _codecs(settings, classes, dialect)

    def read(name: str, form: dict[str, Any]) -> BaseProxy:
        uri, metadata, handshake, serializer = read_proxy_form(form)
        own = (
            dataclasses.replace(settings, serializer=serializer) if serializer else settings
        )
        spoken = form.get("dialect")  # put in here; peers send no such objects
        if not isinstance(spoken, Dialect):
            spoken = PYRO5
        inner = codecs if spoken is dialect else _codecs(settings, classes, spoken)
        return make(
            uri,
            settings=own,
            codecs=inner,
            handshake=handshake,
            metadata=metadata,
            dialect=spoken,
        )

    classes.register(BaseProxy, _write_proxy)
    if not classes.has_name(PROXY_CLASS):  # else its owner has proxies of another kind
        classes.register_name(PROXY_CLASS, read)
    return codecs


def own_codecs(
    make: Callable[..., BaseProxy],
    settings: Settings,
    classes: ClassTable | None,
    daemon: Any,
    dialect: Dialect,
    interface: Any = None,
    shared: Callable[[Hashable, Callable[[], Codecs]], Codecs] | None = None,
) -> Codecs | None:
    """Return what a program wants its proxy to write with; None is the usual.

    Values may then be built of the classes that the interface names.

    Args:
        make: Likewise.
        settings: Likewise.
        classes: Those of the program, if it has any.
        daemon: That of the program, if its objects may be passed.
        dialect: What is spoken.
        interface: The class that the remote object is said to have.
        shared: Gives what was made for a key before, or makes it.
    """
    found = classes_of_interface(interface) if settings.values else []

    def fresh(classes: ClassTable | None = None) -> Codecs:
        codecs = codecs_for(make, settings, classes, dialect)
        codecs.classes.allowed.update(found)
        return codecs

    if daemon is not None:
        codecs: Codecs = daemon.codecs_in(dialect)
        codecs.classes.allowed.update(found)
        return codecs
    if classes is not None:
        return fresh(classes)
    if not found:
        return None
    return fresh() if shared is None else shared((settings, dialect, *found), fresh)


def _codecs(settings: Settings, classes: ClassTable, dialect: Dialect) -> Codecs:
    return make_codecs(classes, settings, numbers=dialect.numbers, tags=dialect.tags)


def _write_proxy(proxy: BaseProxy) -> dict[str, Any]:
    line = remote_of(proxy).line
    return proxy_form(line.uri, line.metadata)
