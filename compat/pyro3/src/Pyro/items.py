"""The configuration items: their defaults, and where their values come from."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .errors import PyroError

__all__ = ["DEFAULTS", "Config", "load", "read_file"]

# Those whose default is None stay texts.
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "PYRO_STORAGE": "$CURDIR",
        "PYRO_LOGFILE": "$STORAGE/Pyro_log",
        "PYRO_USER_LOGFILE": "$STORAGE/Pyro_userlog",
        "PYRO_TRACELEVEL": 0,
        "PYRO_USER_TRACELEVEL": 0,
        "PYRO_STDLOGGING": 0,
        "PYRO_STDLOGGING_CFGFILE": "logging.cfg",
        "PYRO_DETAILED_TRACEBACK": 0,
        "PYRO_HOST": "",
        "PYRO_PUBLISHHOST": None,
        "PYRO_PORT": 7766,
        "PYRO_PORT_RANGE": 100,
        "PYRO_DNS_URI": 0,
        "PYRO_NS_HOSTNAME": None,
        "PYRO_NS_PORT": 9090,
        "PYRO_NS_BC_ADDR": None,
        "PYRO_NS_BC_PORT": 9090,
        "PYRO_NS2_HOSTNAME": None,
        "PYRO_NS2_PORT": 9091,
        "PYRO_NS2_BC_ADDR": None,
        "PYRO_NS2_BC_PORT": 9091,
        "PYRO_NS_URIFILE": "$STORAGE/Pyro_NS_URI",
        "PYRO_NS_DEFAULTGROUP": ":Default",
        "PYRO_BC_RETRIES": 1,
        "PYRO_BC_TIMEOUT": 0.75,
        "PYRO_MAXCONNECTIONS": 200,
        "PYRO_TCP_LISTEN_BACKLOG": 200,
        "PYRO_SOCK_KEEPALIVE": 1,
        "PYRO_MULTITHREADED": 1,
        "PYRO_ONEWAY_THREADED": 1,
        "PYRO_COMPRESSION": 0,
        "PYRO_CHECKSUM": 0,
        "PYRO_BROKEN_MSGWAITALL": 0,
        "PYRO_PICKLE_FORMAT": 5,
        "PYRO_XML_PICKLE": None,
        "PYRO_GNOSIS_PARANOIA": 0,
        "PYRO_MOBILE_CODE": 0,
        "PYRO_ES_QUEUESIZE": 1000,
        "PYRO_ES_BLOCKQUEUE": 1,
        "PYROSSL_CERTDIR": "$STORAGE/certs",
        "PYROSSL_CA_CERT": "ca.pem",
        "PYROSSL_CERT": "host.pem",
        "PYROSSL_KEY": None,
        "PYROSSL_POSTCONNCHECK": 1,
    }
)
_FILE = "PYRO_CONFIG_FILE"
_LINE = re.compile(r"(\w+)\s*=\s*(\S*)(?:\s.*)?")


class Config:
    """The active configuration: an attribute for each item.

    Reading an item that there is not is an AttributeError; what is assigned is not checked.
    """

    PYRO_CONFIG_FILE: str

    def __getattr__(self, name: str) -> Any:  # for type checkers; there is nothing to find
        raise AttributeError(f"no such configuration item: {name}")

    def __setattr__(self, name: str, value: Any) -> None:  # likewise
        super().__setattr__(name, value)

    def items(self) -> list[tuple[str, Any]]:
        """Return the items with their values, sorted by name."""
        return sorted((k, v) for k, v in vars(self).items() if not k.startswith("_"))


def load(environment: Mapping[str, str], folder: str) -> Config:
    """Return the configuration of a process.

    Args:
        environment: Its environment variables.
        folder: Its current directory.

    Raises:
        KeyError: The configuration file has an unknown item.
        ValueError: It is damaged, or a value has the wrong type.
        PyroError: It can't be read.
    """
    config = Config()
    path = environment.get(_FILE) or ""
    if not path and Path(folder, "Pyro.conf").is_file():
        path = "Pyro.conf"
    values: dict[str, str] = {}
    if path:
        path = str(Path(folder, path).absolute())
        values = read_file(path)
    config.PYRO_CONFIG_FILE = path
    values.update({k: environment[k] for k in DEFAULTS if environment.get(k)})
    storage = _expand(values.get("PYRO_STORAGE") or "$CURDIR", folder, folder)
    for name, default in DEFAULTS.items():
        value: Any = values.get(name) or default
        if isinstance(default, (int, float)):
            value = _number(name, value, type(default))
        elif isinstance(value, str):
            value = _expand(value, folder, storage)
        setattr(config, name, value)
    return config


def read_file(path: str) -> dict[str, str]:
    """Return what stands in a configuration file; an item without a value is left out."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PyroError(f"can't read configuration file {path}: {error}") from error
    found = {}
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{path}: not ITEM=VALUE: {line:.80}")
        if match[1] not in DEFAULTS:
            raise KeyError(match[1])
        if match[2]:
            found[match[1]] = match[2]
    return found


def _number(name: str, value: Any, kind: type) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise ValueError(f"{name} must be a number, not {value:.80}") from None


def _expand(value: str, folder: str, storage: str) -> str:
    value = value.replace("$CURDIR", folder)
    if value.startswith("$STORAGE/"):
        return os.path.join(storage, value.removeprefix("$STORAGE/"))
    return value
