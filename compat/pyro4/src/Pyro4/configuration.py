"""The configuration that all of the package shares, and reads when it is needed."""

from __future__ import annotations

import importlib.util
import logging
import os
import pickle
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pyrophone.classic.configuration import LiveConfiguration, description
from pyrophone.classic.configuration import set_up_logging as send_lines

from . import constants

__all__ = ["AUTO", "Configuration", "config", "main", "set_up_logging"]

AUTO = "auto"  # of REQUIRE_EXPOSE: a class without any mark is exposed on this machine only
_SILENT = 9999  # above all levels
# Of older releases; they may be set, and all but the first do nothing.
_FORMER = (
    "HMAC_KEY",
    "DOTTEDNAMES",
    "THREADING2",
    "THREADPOOL_ALLOW_QUEUE",
    "THREADPOOL_IDLETIMEOUT",
    "THREADPOOL_MAXTHREADS",
    "THREADPOOL_MINTHREADS",
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "HOST": "localhost",
        "NS_HOST": "localhost",  # PYRO_HOST doesn't change it
        "NS_PORT": 9090,
        "NS_BCPORT": 9091,
        "NS_BCHOST": None,
        "NS_AUTOCLEAN": 0.0,
        "NATHOST": None,
        "NATPORT": 0,
        "COMPRESSION": False,
        "SERVERTYPE": "thread",
        "COMMTIMEOUT": 0.0,
        "POLLTIMEOUT": 2.0,
        "SOCK_REUSE": True,
        "SOCK_NODELAY": False,
        "ONEWAY_THREADED": True,
        "DETAILED_TRACEBACK": False,
        "THREADPOOL_SIZE": 40,
        "THREADPOOL_SIZE_MIN": 4,
        "AUTOPROXY": True,
        "MAX_MESSAGE_SIZE": 0,
        "BROADCAST_ADDRS": "<broadcast>, 0.0.0.0",
        "FLAME_ENABLED": False,
        "PREFER_IP_VERSION": 4,
        "SERIALIZER": "serpent",
        "SERIALIZERS_ACCEPTED": frozenset({"serpent", "marshal", "json"}),
        "LOGWIRE": False,
        "PICKLE_PROTOCOL_VERSION": pickle.HIGHEST_PROTOCOL,
        # What dill says is what pickle says; it is big, and imported when it is used.
        "DILL_PROTOCOL_VERSION": (
            pickle.HIGHEST_PROTOCOL if importlib.util.find_spec("dill") else -1
        ),
        "METADATA": True,
        "REQUIRE_EXPOSE": AUTO,
        "USE_MSG_WAITALL": hasattr(socket, "MSG_WAITALL") and sys.platform != "win32",
        "JSON_MODULE": "json",
        "MAX_RETRIES": 0,
        "ITER_STREAMING": True,
        "ITER_STREAM_LIFETIME": 0.0,
        "ITER_STREAM_LINGER": 30.0,
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
    """The 45 items, as attributes. Values are not checked until they are used.

    Items of older releases can be set, too. HMAC_KEY is then the key of new proxies and
    daemons, the others do nothing.
    """

    __slots__ = (*_DEFAULTS, *_FORMER)

    defaults = _DEFAULTS

    def __init__(self) -> None:
        self.reset()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FORMER:
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def reset(self, useenvironment: bool = True) -> None:
        """Set all items to their defaults, then to the variables ``PYRO_<item>``.

        Raises:
            ValueError: A variable's text can't be used for its item.
        """
        for name in _FORMER:
            if hasattr(self, name):
                delattr(self, name)
        self.load(os.environ if useenvironment else {})

    def parse(self, name: str, text: str) -> Any:
        """Return the value of an item that a variable gives as *text*.

        Raises:
            ValueError: It can't be used.
        """
        if name != "REQUIRE_EXPOSE":
            return super().parse(name, text)
        if text.lower() == AUTO:
            return AUTO
        return self.boolean(name, text)

    def asDict(self) -> dict[str, Any]:
        """Return all items and their values."""
        return self.values()

    def parseAddressesString(self, addresses: str) -> list[str]:
        """Return the parts between the commas, without blanks; ``''`` is an empty one."""
        parts = [part.strip() for part in addresses.split(",")]
        return ["" if part == "''" else part for part in parts]

    def dump(self) -> str:
        """Return a text for people, with all values."""
        values = {
            **self.values(),
            "LOGFILE": os.environ.get("PYRO_LOGFILE"),
            "LOGLEVEL": os.environ.get("PYRO_LOGLEVEL"),
        }
        heading = "Currently active configuration settings:"
        version, protocol = constants.VERSION, constants.PROTOCOL_VERSION
        return description(version, protocol, Path(__file__).parent, heading, values)


def main() -> None:
    """Print the configuration."""
    print(config.dump())


def set_up_logging() -> None:
    """Send log lines where ``PYRO_LOGLEVEL`` and ``PYRO_LOGFILE`` say, else nowhere.

    Raises:
        ValueError: The level is none of the names in :mod:`logging`.
    """
    log = logging.getLogger("Pyro4")
    for logger in (log, logging.getLogger("pyrophone")):
        logger.addHandler(logging.NullHandler())
    level = os.environ.get("PYRO_LOGLEVEL")
    if not level:
        if log.level == logging.NOTSET:
            log.setLevel(_SILENT)
        return
    try:
        send_lines(level, os.environ.get("PYRO_LOGFILE", "pyro.log"))
    except OSError:
        send_lines(level, "{stderr}")
        log.warning("can't write to the log file; log lines go to stderr instead")


config = Configuration()

if __name__ == "__main__":
    main()
