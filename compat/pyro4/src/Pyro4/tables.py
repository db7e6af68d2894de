"""What the whole package shares: how classes travel, and what settings are in force."""

from __future__ import annotations

import logging
from typing import Any

from pyrophone import Settings
from pyrophone.classic.classes import StrictClasses
from pyrophone.net.addresses import is_loopback

from .configuration import config

__all__ = ["CLASSES", "UNLIMITED", "hmac_key", "seconds", "settings"]

UNLIMITED = (1 << 31) - 1 + 0xFFFF  # what a message of protocol 48 can hold


class _Classes(StrictClasses):
    """Those of the package."""

    __slots__ = ()

    log = logging.getLogger("Pyro4.util")


CLASSES = _Classes()  # one for the process, as Pyro4 has it


def settings(**changes: Any) -> Settings:
    """Return what the configuration says at this moment, with *changes*."""
    values: dict[str, Any] = {
        "serializer": config.SERIALIZER,
        "compression": config.COMPRESSION,
        "max_message_size": config.MAX_MESSAGE_SIZE or UNLIMITED,
        "timeout": seconds(config.COMMTIMEOUT),
        "streaming": config.ITER_STREAMING,
        "stream_lifetime": seconds(config.ITER_STREAM_LIFETIME),
        "stream_linger": config.ITER_STREAM_LINGER,
        "name_host": config.NS_HOST,
        "name_port": config.NS_PORT,
        "broadcast_port": config.NS_BCPORT,
        "broadcast_addresses": _addresses(),
        "broadcast_first": not is_loopback(config.NS_HOST),
    }
    return Settings(**{**values, **changes})


def _addresses() -> tuple[str, ...]:
    """Return where to ask by broadcast: nowhere if IPv6, which has none, is preferred."""
    if config.PREFER_IP_VERSION == 6:
        return ()
    return tuple(config.parseAddressesString(config.BROADCAST_ADDRS))


def seconds(value: float | None) -> float | None:
    """Return a time as Pyrophone has it: none at all is None, never 0."""
    return value or None


def hmac_key() -> bytes | None:
    """Return the key of new proxies and daemons: the item of releases before 4.30."""
    key = getattr(config, "HMAC_KEY", None)
    return (key.encode() if isinstance(key, str) else key) or None
