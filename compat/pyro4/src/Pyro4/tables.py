"""What the whole package shares: how classes travel, and what settings are in force."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pyrophone import Settings
from pyrophone.classic.classes import StrictClasses
from pyrophone.classic.current import current, seconds

from .configuration import config
from .dialect import TAGS
from .tls import client_tls

__all__ = ["CLASSES", "UNLIMITED", "hmac_key", "seconds", "settings"]

# What Pyrophone's table can read by itself, were it not for its name.
_NAMES = ("Pyro4.core.URI", "Pyro4.core.Daemon", "Pyro4.futures._ExceptionWrapper")
UNLIMITED = (1 << 31) - 1 + 0xFFFF  # what a message of protocol 48 can hold


class _Classes(StrictClasses):
    """Those of the package, in the names of Pyro4, and exactly in its forms."""

    __slots__ = ()

    log = logging.getLogger("Pyro4.util")
    tags = TAGS

    def registered_form(self, value: Any) -> Any:
        """Return what a registered class gives for *value*, or NO_FORM."""
        return _spelled(super().registered_form(value))

    def generic_form(self, value: Any) -> Any:
        """Return the class form of an object of which nothing special is known."""
        return self.respell(super().generic_form(value))

    def respell(self, form: Any) -> Any:
        """Return a class form of Pyrophone as one of Pyro4; other values as they are."""
        spelled = _spelled(form)
        if isinstance(spelled, dict) and spelled.get("__exception__") is True:
            for extra in ("text", "pyrophone"):  # what only Pyrophone adds, and reads
                spelled.pop(extra, None)
        return spelled

    def from_form(self, form: dict[str, Any]) -> Any:
        """Return the object of a class form; see the base."""
        name = form.get("__class__")
        known = isinstance(name, str) and self.has_name(name)
        return super().from_form(TAGS.read(form) if name in _NAMES and not known else form)


def _spelled(form: Any) -> Any:
    """Return a class form in the names of Pyro4."""
    if isinstance(form, Mapping) and isinstance(form.get("__class__"), str):
        return TAGS.write(form)
    return form


CLASSES = _Classes()  # one for the process, as Pyro4 has it


def settings(**changes: Any) -> Settings:
    """Return what the configuration says at this moment, with *changes*."""
    return current(
        config,
        client_tls,
        changes,
        max_message_size=config.MAX_MESSAGE_SIZE or UNLIMITED,
        broadcast_addresses=_addresses(),
    )


def _addresses() -> tuple[str, ...]:
    """Return where to ask by broadcast: nowhere if IPv6, which has none, is preferred."""
    if config.PREFER_IP_VERSION == 6:
        return ()
    return tuple(config.parseAddressesString(config.BROADCAST_ADDRS))


def hmac_key() -> bytes | None:
    """Return the key of new proxies and daemons: the item of releases before 4.30."""
    key = getattr(config, "HMAC_KEY", None)
    return (key.encode() if isinstance(key, str) else key) or None
