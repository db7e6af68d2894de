"""What the whole package shares: how classes travel, and what settings are in force."""

from __future__ import annotations

from typing import Any

from pyrophone import Settings
from pyrophone.serializers import ClassTable
from pyrophone.serializers.codecs import Codecs, make_codecs

from .configure import global_config as config

__all__ = ["CLASSES", "SERIALIZERS", "codecs_for", "seconds", "settings"]

CLASSES = ClassTable()  # one for the process, as Pyro5 has it
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
        "broadcast_addresses": tuple(config.BROADCAST_ADDRS),
        "name_wait": config.NS_LOOKUP_DELAY,
    }
    return Settings(**{**values, **changes})


def seconds(value: float | None) -> float | None:
    """Return a time as Pyrophone has it: none at all is None, never 0."""
    return value or None


def codecs_for(what: Settings) -> Codecs:
    """Return serializers that share the table of the package."""
    return make_codecs(CLASSES, what)
