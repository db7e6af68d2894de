"""Asking a name server for what may not be registered yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .configure import global_config as config
from .errors import NamingError

__all__ = ["lookup", "yplookup"]


def lookup(
    nameserver: Any, name: str, return_metadata: bool = False, delay_time: float = 0
) -> Any:
    """Look up *name*; wait for it, up to *delay_time* seconds.

    Tags are in a set, whatever the serializer made of it on the way.
    """
    found = _patiently(lambda: nameserver.lookup(name, return_metadata), delay_time)
    return _with_set(found) if return_metadata else found


def yplookup(
    nameserver: Any,
    meta_all: Any = None,
    meta_any: Any = None,
    return_metadata: bool = True,
    delay_time: float = 0,
) -> Any:
    """Look up by tags; wait for a first name, up to *delay_time* seconds.

    Tags are in sets, whatever the serializer made of them on the way.
    """

    def ask() -> Any:
        found = nameserver.yplookup(meta_all, meta_any, return_metadata)
        if not found and waiting:
            raise NamingError("no name has these tags")
        return found

    waiting = bool(delay_time or config.NS_LOOKUP_DELAY)
    try:
        found = _patiently(ask, delay_time)
    except NamingError:
        waiting = False
        found = ask()
    if not return_metadata:
        return found
    return {name: _with_set(pair) for name, pair in found.items()}


def _patiently(ask: Callable[[], Any], delay: float) -> Any:
    delay = delay or config.NS_LOOKUP_DELAY
    end = time.monotonic() + delay
    while time.monotonic() < end:
        try:
            return ask()
        except NamingError:
            time.sleep(max(0.2, delay / 5))
    return ask()


def _with_set(pair: Any) -> tuple[Any, set[str]]:
    uri, metadata = pair
    return uri, set(metadata)
