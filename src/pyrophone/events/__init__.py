"""Events: publish from any process, subscribe by topic in any other.

What is behind a name is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..objects.observables import observable
    from .event import Event
    from .limits import Limits
    from .live import Change, Watch, watch, watch_all
    from .publisher import Publisher
    from .publisher_async import AsyncPublisher
    from .serve import EventService
    from .serve_async import AsyncEventService
    from .service import EventBus
    from .subscription import Subscription, subscribe
    from .topics import Pattern, check_topic

__all__ = [
    "AsyncEventService",
    "AsyncPublisher",
    "Change",
    "Event",
    "EventBus",
    "EventService",
    "Limits",
    "Pattern",
    "Publisher",
    "Subscription",
    "Watch",
    "check_topic",
    "observable",
    "subscribe",
    "watch",
    "watch_all",
]

_HOMES = MappingProxyType(
    {
        "AsyncEventService": ".serve_async",
        "AsyncPublisher": ".publisher_async",
        "Change": ".live",
        "Event": ".event",
        "EventBus": ".service",
        "EventService": ".serve",
        "Limits": ".limits",
        "Pattern": ".topics",
        "Publisher": ".publisher",
        "Subscription": ".subscription",
        "Watch": ".live",
        "check_topic": ".topics",
        "observable": "..objects.observables",
        "subscribe": ".subscription",
        "watch": ".live",
        "watch_all": ".live",
    }
)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name], __name__), name)
    setattr(sys.modules[__name__], name, value)  # for the next time
    return value
