"""The decorators: what may be used remotely, and how."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from pyrophone.classic import marks

__all__ = ["behavior", "callback", "expose", "is_private_attribute", "oneway"]

T = TypeVar("T")

_log = logging.getLogger("Pyro5.server")


def is_private_attribute(attr_name: str) -> bool:
    """Tell whether a name can't be used remotely, whatever is marked."""
    return marks.is_private_attribute(attr_name)


def expose(method_or_class: T) -> T:
    """Let a method, a property, or all those of a class be used remotely.

    Raises:
        AttributeError: It is private, or can't be marked here.
    """
    return marks.expose(method_or_class, is_private_attribute, _log)


def oneway(method: T) -> T:
    """Mark a method: clients call it without waiting, and get no reply."""
    return marks.oneway(method)


def callback(method: T) -> T:
    """Mark a method: what it raises is logged here too, not only sent to the caller."""
    return marks.callback(method)


def behavior(
    instance_mode: str = "session", instance_creator: Callable[[Any], Any] | None = None
) -> Callable[[type[T]], type[T]]:
    """Mark a class with when its instances are made, and by what.

    Args:
        instance_mode: ``session``, ``single`` or ``percall``.
        instance_creator: Called with the class, gives the instance.
    """
    return marks.behavior(instance_mode, instance_creator)
