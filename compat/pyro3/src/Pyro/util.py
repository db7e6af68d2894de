"""Logs, tracebacks, identities, and what else programs find here."""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Sequence
from typing import Any, NoReturn

from .arguments import ArgParser
from .errors import PyroError
from .logs import Log, LoggerBase, SystemLogger, UserLogger
from .tracebacks import excepthook, formatTraceback, getPyroTraceback
from .values import registerClass

__all__ = [
    "ArgParser",
    "Log",
    "LoggerBase",
    "SystemLogger",
    "UserLogger",
    "excepthook",
    "formatTraceback",
    "genguid_scripthelper",
    "getEventObject",
    "getGUID",
    "getLockObject",
    "getPickle",
    "getPyroTraceback",
    "getRLockObject",
    "getXMLPickle",
    "listdir",
    "registerClass",
    "supports_compression",
    "supports_multithreading",
]


def getGUID() -> str:
    """Return a new identity: 32 hexadecimal digits that tell nothing."""
    return uuid.uuid4().hex


def genguid_scripthelper(argv: Sequence[str] | None = None) -> int:
    """Print a new identity; the command ``pyro-genguid``."""
    if sys.argv[1:] if argv is None else argv:
        print("Usage: genguid  (no arguments)")
        print("Generates a Pyro GUID, a unique identity.")
        return 2
    print(getGUID())
    return 0


def getLockObject() -> Any:
    """Return a new lock."""
    return threading.Lock()


def getRLockObject() -> Any:
    """Return a new lock that its owner may take again."""
    return threading.RLock()


def getEventObject() -> threading.Event:
    """Return a new event of the module threading."""
    return threading.Event()


def supports_multithreading() -> int:
    """Tell that there are threads."""
    return 1


def supports_compression() -> int:
    """Tell that there is compression."""
    return 1


def getPickle() -> NoReturn:
    """Raise: nothing is pickled here.

    Raises:
        PyroError: Always.
    """
    raise PyroError(_NO_PICKLE)


def getXMLPickle(impl: Any = None) -> NoReturn:
    """Raise: nothing is pickled here.

    Raises:
        PyroError: Always.
    """
    raise PyroError(_NO_PICKLE)


def listdir(path: str) -> NoReturn:
    """Raise: the caching lister is gone.

    Raises:
        PyroError: Always.
    """
    raise PyroError("Pyro.util.listdir is gone: use os.listdir or pathlib")


_NO_PICKLE = (
    "this Pyro does not pickle: who sends pickles can run code. Values travel as plain "
    "data; register your classes with Pyro.util.registerClass"
)
