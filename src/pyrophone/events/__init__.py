"""Events: publish from any process, subscribe by topic in any other.

What is behind a name is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bus import Limits
    from .service import EventBus
    from .topics import Pattern, check_topic

__all__ = [
    "EventBus",
    "Limits",
    "Pattern",
    "check_topic",
]

_HOMES = MappingProxyType(
    {
        "EventBus": ".service",
        "Limits": ".bus",
        "Pattern": ".topics",
        "check_topic": ".topics",
    }
)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name], __name__), name)
    setattr(sys.modules[__name__], name, value)  # for the next time
    return value
