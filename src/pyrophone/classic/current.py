"""What a live configuration says at one moment, as settings."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import Any

from ..net.addresses import is_loopback
from ..settings import Settings

__all__ = ["current", "seconds"]


def current(
    config: Any,
    tls: Callable[[], ssl.SSLContext | None],
    changes: Mapping[str, Any],
    **more: Any,
) -> Settings:
    """Return what a configuration says at this moment, as Pyrophone has it.

    Args:
        config: The configuration.
        tls: Gives what proxies are to connect with. It may fail, as it reads files, so it
            is asked only if *changes* has no ``tls``.
        changes: Settings that count more than what the configuration says.
        more: What only this package has, or has in another form.
    """
    values: dict[str, Any] = {
        "serializer": config.SERIALIZER,
        "compression": config.COMPRESSION,
        "max_message_size": config.MAX_MESSAGE_SIZE,
        "timeout": seconds(config.COMMTIMEOUT),
        "streaming": config.ITER_STREAMING,
        "stream_lifetime": seconds(config.ITER_STREAM_LIFETIME),
        "stream_linger": config.ITER_STREAM_LINGER,
        "name_host": config.NS_HOST,
        "name_port": config.NS_PORT,
        "broadcast_port": config.NS_BCPORT,
        "broadcast_first": not is_loopback(config.NS_HOST),
        **more,
    }
    if "tls" not in changes:
        values["tls"] = tls()
    return Settings(**{**values, **changes})


def seconds(value: float | None) -> float | None:
    """Return a time as Pyrophone has it: none at all is None, never 0."""
    return value or None
