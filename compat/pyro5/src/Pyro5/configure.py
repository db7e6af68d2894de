"""The configuration that all of the package shares, and reads when it is needed."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

__all__ = ["Configuration", "dump", "global_config", "set_up_logging"]

_PREFIX = "PYRO_"
_BOOLEANS = MappingProxyType(
    {
        **dict.fromkeys(("0", "off", "no", "false"), False),
        **dict.fromkeys(("1", "on", "yes", "true"), True),
    }
)
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


class Configuration:
    """The 39 items, as attributes. Values are not checked until they are used."""

    __slots__ = tuple(_DEFAULTS)

    def __init__(self) -> None:
        self.reset()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no configuration item {name}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _DEFAULTS:
            raise AttributeError(f"there is no configuration item {name}")
        object.__setattr__(self, name, value)

    def reset(self, use_environment: bool = True) -> None:
        """Set all items to their defaults, then to the variables ``PYRO_<item>``.

        Raises:
            ValueError: A variable's text can't be used for its item.
        """
        for name, value in _DEFAULTS.items():
            setattr(self, name, list(value) if isinstance(value, tuple) else value)
        if use_environment:
            for name in _DEFAULTS:
                if (text := os.environ.get(_PREFIX + name)) is not None:
                    setattr(self, name, _parse(name, text))

    def copy(self) -> Configuration:
        """Return another configuration with the same values."""
        other = Configuration()
        for name, value in self.as_dict().items():
            setattr(other, name, value)
        return other

    def as_dict(self) -> dict[str, Any]:
        """Return all items and their values."""
        return {name: getattr(self, name) for name in _DEFAULTS}

    def dump(self) -> str:
        """Return a text for people, with all values."""
        implementation = platform.python_implementation()
        lines = [
            "Pyro version: 5.17",
            f"Loaded from: {Path(__file__).parent}",
            f"Python version: {implementation} {platform.python_version()} "
            f"({platform.system()}, {os.name})",
            "Protocol version: 502",
            "Currently active global configuration settings:",
        ]
        lines += [f"{name} = {value}" for name, value in sorted(self.as_dict().items())]
        return "\n".join(lines)


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
    level = global_config.LOGLEVEL
    if not level:
        return
    if level.upper() not in logging.getLevelNamesMapping():
        raise ValueError(f"PYRO_LOGLEVEL={level!r} is no level of the module logging")
    file = global_config.LOGFILE or "pyro5.log"
    logging.basicConfig(
        level=level.upper(),
        filename=None if file == "{stderr}" else file,
        datefmt="%Y-%m-%d %H:%M:%S",
        format="[%(asctime)s.%(msecs)03d,%(name)s,%(levelname)s] %(message)s",
    )


def _parse(name: str, text: str) -> Any:
    default = _DEFAULTS[name]
    try:
        if isinstance(default, bool):
            return _BOOLEANS[text.lower()]
        if isinstance(default, (int, float)):
            return type(default)(text)
    except (KeyError, ValueError):
        kind = type(default).__name__
        raise ValueError(f"{_PREFIX}{name}={text!r} is no value of type {kind}") from None
    if isinstance(default, tuple):
        return [part.strip() for part in text.split(",")]
    return text


global_config = Configuration()

if __name__ == "__main__":
    dump()
