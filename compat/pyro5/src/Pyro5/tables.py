"""What the whole package shares: how classes travel, and what settings are in force."""

from __future__ import annotations

import logging
from typing import Any

from pyrophone import Settings
from pyrophone.classic.classes import StrictClasses
from pyrophone.net.addresses import is_loopback

from .configure import global_config as config
from .tls import client_tls

__all__ = ["CLASSES", "SERIALIZERS", "seconds", "settings"]


class _Classes(StrictClasses):
    """Those of the package."""

    __slots__ = ()

    log = logging.getLogger("Pyro5.serializers")


CLASSES = _Classes()  # one for the process, as Pyro5 has it
SERIALIZERS = ("serpent", "marshal", "json", "msgpack")


def settings(**changes: Any) -> Settings:
    """Return what the configuration says at this moment, with *changes*."""
    values: dict[str, Any] = {
        "serializer": config.SERIALIZER,
        "bytes_repr": config.SERPENT_BYTES_REPR,
        "compression": config.COMPRESSION,
        "max_message_size": config.MAX_MESSAGE_SIZE,
        "timeout": seconds(config.COMMTIMEOUT),
        "streaming": config.ITER_STREAMING,
        "stream_lifetime": seconds(config.ITER_STREAM_LIFETIME),
        "stream_linger": config.ITER_STREAM_LINGER,
        "name_host": config.NS_HOST,
        "name_port": config.NS_PORT,
        "broadcast_port": config.NS_BCPORT,
        "broadcast_addresses": _addresses(),
        "broadcast_first": not is_loopback(config.NS_HOST),
        "name_wait": config.NS_LOOKUP_DELAY,
    }
    if "tls" not in changes:
        values["tls"] = client_tls()
    return Settings(**{**values, **changes})


def _addresses() -> tuple[str, ...]:
    """Return where to ask by broadcast: nowhere if IPv6, which has none, is preferred."""
    return () if config.PREFER_IP_VERSION == 6 else tuple(config.BROADCAST_ADDRS)


def seconds(value: float | None) -> float | None:
    """Return a time as Pyrophone has it: none at all is None, never 0."""
    return value or None
