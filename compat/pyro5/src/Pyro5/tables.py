"""What the whole package shares: how classes travel, and what settings are in force."""

from __future__ import annotations

import logging
from typing import Any

from pyrophone import Settings
from pyrophone.classic.classes import StrictClasses
from pyrophone.classic.current import current, seconds

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
    return current(
        config,
        client_tls,
        changes,
        bytes_repr=config.SERPENT_BYTES_REPR,
        broadcast_addresses=_addresses(),
        name_wait=config.NS_LOOKUP_DELAY,
    )


def _addresses() -> tuple[str, ...]:
    """Return where to ask by broadcast: nowhere if IPv6, which has none, is preferred."""
    return () if config.PREFER_IP_VERSION == 6 else tuple(config.BROADCAST_ADDRS)
