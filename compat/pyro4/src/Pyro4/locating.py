"""Finding name servers, and what they know."""

from __future__ import annotations

from typing import Any

from . import lookups
from .proxies import Proxy
from .uris import URI

__all__ = ["locateNS", "resolve"]


def locateNS(
    host: str | None = None,
    port: int | None = None,
    broadcast: bool = True,
    hmac_key: Any = None,
) -> Proxy:
    """Return a proxy for a name server, connected unless it answered a broadcast.

    Args:
        host: Where it must be; left out, it is looked for at NS_HOST and by broadcast.
        port: Its port; NS_PORT if None. Without a host it is that at NS_HOST, if this
            is the same machine, and that of the broadcast; NS_PORT is tried at last.
        broadcast: Whether to ask by broadcast.
        hmac_key: Its key, None for none.

    Raises:
        NamingError: There is none.
    """
    proxy: Proxy = lookups.locate(Proxy, host, port, broadcast, hmac_key)
    return proxy


def resolve(uri: str | URI, hmac_key: Any = None) -> URI:
    """Return the URI that *uri* leads to; names are looked up, once.

    Args:
        uri: The URI, or its text.
        hmac_key: Key of the name server, None for none.

    Raises:
        NamingError: There is no name server, or it doesn't know the name.
    """
    return lookups.resolve(Proxy, uri, hmac_key)
