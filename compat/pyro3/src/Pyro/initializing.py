"""The start of a program: what is checked and logged once per process."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time

from . import config
from .constants import CFGITEM_PYRO_INITIALIZED, VERSION
from .errors import PyroError
from .logs import Log

__all__ = ["initClient", "initServer", "initialized"]

_LOCK = threading.RLock()
_RULE = "-" * 20


def initClient(banner: object = 0) -> None:
    """Get ready as a client; what comes after the first time does nothing.

    Args:
        banner: Whether to print the version.
    """
    with _LOCK:
        if not _done():
            _begin("initClient", "Client", banner)


def initServer(banner: object = 0, storageCheck: object = 1) -> None:
    """Get ready as a server; what comes after the first time does nothing.

    Args:
        banner: Whether to print the version.
        storageCheck: Whether to see if the storage directory can be used.

    Raises:
        OSError: It can't.
    """
    with _LOCK:
        if not _done():
            if storageCheck:
                _check_storage(config.PYRO_STORAGE)
            _begin("initServer", "Server", banner)


def initialized(server: bool = False) -> None:
    """Get ready if that was not done, as whatever one begins as."""
    if not getattr(config, CFGITEM_PYRO_INITIALIZED, False):
        if server:
            initServer()
        else:
            initClient()


def _done() -> bool:
    return bool(getattr(config, CFGITEM_PYRO_INITIALIZED, False))


def _begin(function: str, kind: str, banner: object) -> None:
    if config.PYRO_MOBILE_CODE:
        raise PyroError(
            "PYRO_MOBILE_CODE=1: code does not travel, for it would run whatever others "
            "send. Install the shared modules on both sides, register their classes with "
            "Pyro.util.registerClass, or pass a proxy"
        )
    setattr(config, CFGITEM_PYRO_INITIALIZED, True)
    if config.PYRO_TRACELEVEL > 0:
        now = time.strftime("%a %b %d %H:%M:%S %Y")
        lines = [
            f"{_RULE} NEW SESSION {now} Pyro V{VERSION} {_RULE}",
            f"This is {function}.",
            "Configuration settings are as follows:",
            *(f"{name} = {value}" for name, value in config.items()),
            "Init done.",
            _RULE * 4,
        ]
        Log.raw("\n".join(lines) + "\n")
    if banner:
        sys.stdout.write(f"Pyro {kind} Initialized. Using Pyro V{VERSION}\n")


def _check_storage(path: str) -> None:
    if not os.path.exists(path):
        os.mkdir(path)
    if not os.path.isdir(path):
        raise OSError(f"PYRO_STORAGE is not a directory [{path}]")
    try:
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise OSError(f"no write access to PYRO_STORAGE [{path}]") from error
