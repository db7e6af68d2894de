"""From a name to where an object is; who makes proxies needs this, so it is given them."""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

from pyrophone.finding import BROADCAST_QUERY, NAME_SERVER_ID
from pyrophone.net import beacon
from pyrophone.net.addresses import is_loopback

from .configuration import config
from .errors import CommunicationError, NamingError, PyroError
from .uris import URI

__all__ = ["locate", "resolve"]

_LOG = logging.getLogger("Pyro4.core")

_TRIES = 3
_WAIT = 0.7  # seconds for an answer to one broadcast
_OWN_NAME = "127.0.1.1"  # what Debian makes of a machine's name; nobody there costs nothing


def locate(
    make: Callable[[URI], Any],
    host: str | None = None,
    port: int | None = None,
    broadcast: bool = True,
    hmac_key: Any = None,
) -> Any:
    """Return a proxy for a name server, connected unless it answered a broadcast.

    Args:
        make: Gives a proxy for a URI.
        host: Where it must be, ``./u:<path>`` for a Unix socket; None looks around.
        port: Its port; None is NS_PORT. Without a host, that of the broadcast, too.
        broadcast: Whether to ask by broadcast, if there is no host.
        hmac_key: Its key.

    Raises:
        NamingError: There is none; the cause is what a connection failed of.
    """
    if host is not None:
        return _first(make, [_name_server(str(host), port)], hmac_key)
    if is_loopback(config.NS_HOST):
        try:
            return _first(make, _local(port), hmac_key)
        except NamingError as error:
            _LOG.debug("no name server on this machine: %s", error.__cause__)
    if broadcast and config.PREFER_IP_VERSION != 6:
        found = _ask_around(port)
        if found is not None:
            proxy = make(found)
            proxy._pyroHmacKey = hmac_key
            return proxy
    return _first(make, [_name_server(config.NS_HOST, None)], hmac_key)


def resolve(make: Callable[[URI], Any], uri: str | URI, hmac_key: Any = None) -> URI:
    """Return the URI that *uri* leads to; names are looked up, once.

    Args:
        make: Gives a proxy for a URI.
        uri: The URI, or its text.
        hmac_key: Key of the name server.

    Raises:
        NamingError: There is no name server, or it doesn't know the name.
        TypeError: *uri* is something else.
    """
    if isinstance(uri, str):
        uri = URI(uri)
    elif not isinstance(uri, URI):
        raise TypeError("can only resolve Pyro URIs")
    if uri.protocol == "PYRO":
        return uri
    host = f"./u:{uri.sockname}" if uri.sockname else uri.host
    names = locate(make, host, uri.port, hmac_key=hmac_key)
    try:
        if uri.protocol == "PYRONAME":
            found = names.lookup(uri.object)
        else:
            found = _any_with(names, uri.object)
    finally:
        names._pyroRelease()
    return found if isinstance(found, URI) else URI(found)


def _any_with(names: Any, tags: Any) -> Any:
    found = names.list(metadata_all=tags, return_metadata=False)
    if not found:
        raise NamingError(
            f"no registrations available with desired metadata properties {tags}"
        )
    return random.choice(list(found.values()))


def _first(make: Callable[[URI], Any], places: list[URI], hmac_key: Any) -> Any:
    """Return a proxy that is connected to the first of *places* where that works."""
    failure = None
    for place in places:
        proxy = make(place)
        proxy._pyroHmacKey = hmac_key
        try:
            proxy._pyroBind()
        except CommunicationError as error:
            failure = failure or error
        else:
            return proxy
    raise NamingError("Failed to locate the nameserver") from failure


def _local(port: int | None) -> list[URI]:
    hosts = [config.NS_HOST]
    if sys.platform == "linux" and ":" not in config.NS_HOST:
        hosts.append(_OWN_NAME)
    return [_name_server(host, port) for host in hosts]


def _ask_around(port: int | None) -> URI | None:
    """Return who answers a broadcast, None if nobody does."""
    addresses = tuple(_addresses())
    port = config.NS_BCPORT if port is None else port
    for _ in range(_TRIES):
        text = beacon.ask(BROADCAST_QUERY, addresses, port, _WAIT)
        if text is not None:
            try:
                return URI(text)
            except PyroError as error:
                _LOG.warning("an answer to a broadcast is no uri: %s", error)
    return None


def _addresses() -> Iterator[str]:
    """Give the addresses to ask by broadcast; the item may be a list, too."""
    items = config.BROADCAST_ADDRS
    for item in items.split(",") if isinstance(items, str) else items:
        item = item.strip()
        if item in ("''", '""'):
            yield ""
        elif item:
            yield item


def _name_server(host: str, port: int | None) -> URI:
    if URI.isUnixsockLocation(host):
        return URI(f"PYRO:{NAME_SERVER_ID}@{host}")
    port = config.NS_PORT if port is None else port
    host = host.strip("[]")
    return URI(f"PYRO:{NAME_SERVER_ID}@{f'[{host}]' if ':' in host else host}:{port}")
