"""The decorators: what may be used remotely, and how."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from pyrophone import callback, expose, instances, oneway
from pyrophone.objects.exposure import is_private as is_private_attribute

__all__ = ["behavior", "callback", "expose", "is_private_attribute", "oneway"]

T = TypeVar("T")


def behavior(
    instance_mode: str = "session", instance_creator: Callable[[Any], Any] | None = None
) -> Callable[[type[T]], type[T]]:
    """Mark a class with when its instances are made, and by what.

    Args:
        instance_mode: ``session``, ``single`` or ``percall``.
        instance_creator: Called with the class, gives the instance.
    """
    if not isinstance(instance_mode, str):
        raise SyntaxError("behavior decorator is missing argument(s)")

    def mark(cls: type[T]) -> type[T]:
        if not inspect.isclass(cls):
            raise TypeError("behavior decorator can only be used on a class")
        return instances(instance_mode, instance_creator)(cls)

    return mark
