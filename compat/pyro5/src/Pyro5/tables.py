"""What the whole package shares: how classes travel, and what settings are in force."""

from __future__ import annotations

import logging
from typing import Any

from pyrophone import Settings
from pyrophone.errors import RemoteError, SecurityError, SerializeError
from pyrophone.net.addresses import is_loopback
from pyrophone.serializers import ClassTable
from pyrophone.serializers.exceptions import TRACEBACK, class_name

from .configure import global_config as config
from .tls import client_tls

__all__ = ["CLASSES", "SERIALIZERS", "seconds", "settings"]

_LOG = logging.getLogger("Pyro5.serializers")


class _Classes(ClassTable):
    """Refuses what Pyro5 refuses, and logs it as Pyro5 does."""

    __slots__ = ()

    def from_form(self, form: dict[str, Any]) -> Any:
        """Return the object of a class form.

        Raises:
            SerializeError: Its class is unknown. If it is that of an exception, the
                error has what is known of it, ``_pyroTraceback`` among it.
            SecurityError: Likewise, and there are two underscores in the name.
        """
        try:
            value = super().from_form(form)
        except SecurityError as error:
            raise SecurityError(_refusal(form["__class__"])) from error
        except SerializeError as error:
            if str(error).startswith("unsupported serialized class"):
                _LOG.warning("%s", error)
            raise
        if isinstance(value, RemoteError):  # no such thing in Pyro5
            raise _unknown(value)
        return value

    def generic_form(self, value: Any) -> Any:
        """Return the class form of an object of which nothing special is known."""
        if isinstance(value, BaseException) and not isinstance(value, Exception):
            return {
                "__class__": class_name(type(value)),
                "__exception__": True,
                "args": value.args,
                "attributes": dict(vars(value)),
            }
        return super().generic_form(value)

    def error_to_form(
        self, error: BaseException, traceback: list[str] | None
    ) -> dict[str, Any]:
        """Return the class form of what a method raised.

        What would end the client's process, were it raised there, goes as another error.
        """
        if isinstance(error, Exception):
            return super().error_to_form(error, traceback)
        form = super().generic_form(error)
        return {**form, "attributes": {**form["attributes"], TRACEBACK: traceback}}


def _unknown(error: RemoteError) -> SerializeError | SecurityError:
    _LOG.warning("unsupported serialized class: %s", error.class_name)
    new: SerializeError | SecurityError
    if "__" in error.class_name:
        new = SecurityError(_refusal(str(error)))
    else:
        new = SerializeError(f"unsupported serialized class: {error}")
    vars(new).update(vars(error))
    return new


def _refusal(what: str) -> str:
    return f"refused to deserialize types with double underscores in their name: {what}"


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
