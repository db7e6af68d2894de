"""The configuration that all of the package shares, and reads when it is needed."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pyrophone.classic.configuration import LiveConfiguration, description
from pyrophone.classic.configuration import set_up_logging as send_lines

__all__ = ["Configuration", "dump", "global_config", "set_up_logging"]

_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "HOST": "localhost",
        "NS_HOST": "localhost",
        "NS_PORT": 9090,
        "NS_BCPORT": 9091,
        "NS_BCHOST": None,
        "NS_AUTOCLEAN": 0.0,
        "NS_LOOKUP_DELAY": 0.0,
        "NATHOST": None,
        "NATPORT": 0,
        "COMPRESSION": False,
        "SERVERTYPE": "thread",
        "COMMTIMEOUT": 0.0,
        "POLLTIMEOUT": 2.0,
        "MAX_RETRIES": 0,
        "SOCK_REUSE": True,
        "SOCK_NODELAY": False,
        "DETAILED_TRACEBACK": False,
        "THREADPOOL_SIZE": 80,
        "THREADPOOL_SIZE_MIN": 4,
        "MAX_MESSAGE_SIZE": 1024 * 1024 * 1024,
        "BROADCAST_ADDRS": ("<broadcast>", "0.0.0.0"),  # a list in each configuration
        "PREFER_IP_VERSION": 0,
        "SERIALIZER": "serpent",
        "SERPENT_BYTES_REPR": False,
        "ITER_STREAMING": True,
        "ITER_STREAM_LIFETIME": 0.0,
        "ITER_STREAM_LINGER": 30.0,
        "LOGFILE": "pyro5.log",
        "LOGLEVEL": None,
        "LOGWIRE": False,
        "SSL": False,
        "SSL_SERVERCERT": "",
        "SSL_SERVERKEY": "",
        "SSL_SERVERKEYPASSWD": "",
        "SSL_REQUIRECLIENTCERT": False,
        "SSL_CLIENTCERT": "",
        "SSL_CLIENTKEY": "",
        "SSL_CLIENTKEYPASSWD": "",
        "SSL_CACERTS": "",
    }
)


class Configuration(LiveConfiguration):
    """The 39 items, as attributes. Values are not checked until they are used."""

    __slots__ = tuple(_DEFAULTS)

    defaults = _DEFAULTS

    def __init__(self) -> None:
        self.reset()

    def reset(self, use_environment: bool = True) -> None:
        """Set all items to their defaults, then to the variables ``PYRO_<item>``.

        Raises:
            ValueError: A variable's text can't be used for its item.
        """
        self.load(os.environ if use_environment else {})

    def copy(self) -> Configuration:
        """Return another configuration with the same values."""
        other = Configuration()
        for name, value in self.values().items():
            setattr(other, name, value)
        return other

    def as_dict(self) -> dict[str, Any]:
        """Return all items and their values."""
        return self.values()

    def dump(self) -> str:
        """Return a text for people, with all values."""
        heading = "Currently active global configuration settings:"
        return description("5.17", 502, Path(__file__).parent, heading, self.values())


def dump() -> None:
    """Print the configuration."""
    print(global_config.dump())


def set_up_logging() -> None:
    """Send log lines where ``PYRO_LOGLEVEL`` and ``PYRO_LOGFILE`` say, else nowhere.

    Raises:
        ValueError: The level is none of the names in :mod:`logging`.
    """
    for name in ("Pyro5", "pyrophone"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    if global_config.LOGLEVEL:
        send_lines(global_config.LOGLEVEL, global_config.LOGFILE or "pyro5.log")


global_config = Configuration()

if __name__ == "__main__":
    dump()
