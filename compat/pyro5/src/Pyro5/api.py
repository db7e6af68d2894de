"""All that programs commonly use, in one place.

What is behind a name is imported when it is first asked for: a client has no use for what a
daemon needs, and the other way round.
"""

from __future__ import annotations

import importlib
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from . import __version__ as __version__
from . import config

if TYPE_CHECKING:
    from .callcontext import current_context
    from .client import BatchProxy, Proxy, SerializedBlob
    from .core import URI, locate_ns, resolve, type_meta
    from .nameserver import start_ns, start_ns_loop
    from .serializers import SerializerBase
    from .server import Daemon, DaemonObject, behavior, callback, expose, oneway, serve

    register_class_to_dict = SerializerBase.register_class_to_dict
    register_dict_to_class = SerializerBase.register_dict_to_class
    unregister_class_to_dict = SerializerBase.unregister_class_to_dict
    unregister_dict_to_class = SerializerBase.unregister_dict_to_class

__all__ = [
    "URI",
    "BatchProxy",
    "Daemon",
    "DaemonObject",
    "Proxy",
    "SerializedBlob",
    "SerializerBase",
    "behavior",
    "callback",
    "config",
    "current_context",
    "expose",
    "locate_ns",
    "oneway",
    "register_class_to_dict",
    "register_dict_to_class",
    "resolve",
    "serve",
    "start_ns",
    "start_ns_loop",
    "type_meta",
    "unregister_class_to_dict",
    "unregister_dict_to_class",
]

_HOMES = MappingProxyType(
    {
        "callcontext": ("current_context",),
        "client": ("BatchProxy", "Proxy", "SerializedBlob"),
        "core": ("URI", "locate_ns", "resolve", "type_meta"),
        "nameserver": ("start_ns", "start_ns_loop"),
        "serializers": ("SerializerBase",),
        "server": (
            "Daemon",
            "DaemonObject",
            "behavior",
            "callback",
            "expose",
            "oneway",
            "serve",
        ),
    }
)
_OF_SERIALIZERS = frozenset(
    {
        "register_class_to_dict",
        "register_dict_to_class",
        "unregister_class_to_dict",
        "unregister_dict_to_class",
    }
)


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(importlib.import_module(f".{home}", __package__), name)
            break
    else:
        if name not in _OF_SERIALIZERS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(__getattr__("SerializerBase"), name)
    setattr(sys.modules[__name__], name, value)  # for the next time
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
