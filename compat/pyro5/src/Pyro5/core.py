"""URIs, names, and finding name servers."""

from __future__ import annotations

import inspect
from typing import Any

from pyrophone import finding
from pyrophone.errors import NoNameServerError
from pyrophone.finding import NAME_SERVER_ID as NAMESERVER_NAME
from pyrophone.objects.table import DAEMON_ID as DAEMON_NAME
from pyrophone.sync.drive import drive

from .batches import _ExceptionWrapper
from .border import translated
from .client import Proxy as _Proxy
from .configure import global_config as config
from .errors import CommunicationError, NamingError
from .tables import settings
from .uris import URI, resolve

__all__ = [
    "DAEMON_NAME",
    "NAMESERVER_NAME",
    "URI",
    "_ExceptionWrapper",
    "locate_ns",
    "resolve",
    "type_meta",
]


def locate_ns(host: Any = "", port: int | None = None, broadcast: bool = True) -> _Proxy:
    """Return a connected proxy for a name server.

    Args:
        host: Where it must be; left out, it is looked for at NS_HOST and by broadcast.
        port: Its port; NS_PORT if None. Without a host it is that at NS_HOST, if this
            is the same machine, and that of the broadcast; NS_PORT is tried at last.
        broadcast: Whether to ask by broadcast.

    Raises:
        NamingError: There is none.
    """
    changes = {} if host or port is None else {"broadcast_port": port}
    now = settings(**changes)
    where = str(host) or None
    # Of an NS_HOST that is another machine only NS_PORT counts.
    first = None if not where and now.broadcast_first else port
    with translated():
        try:
            uri = drive(
                finding.locate(where, first, settings=now, broadcast=broadcast), now
            )
        except NoNameServerError:
            if where or first is None:
                raise
            uri = drive(finding.locate(config.NS_HOST, settings=now), now)
    proxy = _Proxy(URI.of(uri))
    try:
        proxy._pyroBind()
    except CommunicationError as error:
        raise NamingError("Failed to locate the nameserver") from error
    return proxy


def type_meta(class_or_object: Any, prefix: str = "class:") -> set[str]:
    """Return a tag for each class that something is of, but for Python's and Pyrophone's.

    Args:
        class_or_object: The class, or an instance of it.
        prefix: What the tags begin with.
    """
    cls = class_or_object if inspect.isclass(class_or_object) else type(class_or_object)
    return {
        f"{prefix}{base.__module__}.{base.__name__}"
        for base in cls.__mro__
        if base.__module__.partition(".")[0] not in ("builtins", "pyrophone")
    }
