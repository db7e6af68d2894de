"""The decorators: what may be used remotely, and how."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from pyrophone.classic import marks

__all__ = ["NEVER", "behavior", "callback", "expose", "is_private_attribute", "oneway"]

T = TypeVar("T")

_log = logging.getLogger("Pyro4.core")

# Pyrophone doesn't know these, of Python 2 and of Pyro4's own pickling.
NEVER = frozenset(("__unicode__", "__getstate_for_dict__", "__setstate_from_dict__"))


def is_private_attribute(attr_name: str) -> bool:
    """Tell whether a name can't be used remotely, whatever is marked."""
    return attr_name in NEVER or marks.is_private_attribute(attr_name)


is_private_attribute.__module__ = "Pyro4.util"


def expose(method_or_class: T) -> T:
    """Let a method, a property, or all those of a class be used remotely.

    Raises:
        AttributeError: It is private, or can't be marked here.
    """
    _check(method_or_class)
    return marks.expose(method_or_class, is_private_attribute, _log)


def oneway(method: T) -> T:
    """Mark a method: clients call it without waiting, and get no reply.

    It must be exposed besides.
    """
    return marks.oneway(method)


def callback(method: T) -> T:
    """Mark a method: what it raises is logged here too, and ends the connection."""
    return marks.callback(method)


def behavior(
    instance_mode: Any = "session", instance_creator: Callable[[Any], Any] | None = None
) -> Callable[[type[T]], type[T]]:
    """Mark a class with when its instances are made, and by what.

    Args:
        instance_mode: ``session``, ``single`` or ``percall``.
        instance_creator: Called with the class, gives the instance.
    """
    return marks.behavior(instance_mode, instance_creator)


for _public in (expose, oneway, callback, behavior):
    _public.__module__ = "Pyro4.core"


def _check(target: Any) -> None:
    """Refuse what can't be marked, in Pyro4's words."""
    if isinstance(target, (classmethod, staticmethod)):
        return  # of which every generation says the same
    function = target
    if isinstance(target, property):
        function = target.fget or target.fset or target.fdel
    elif not (inspect.isclass(target) or inspect.isroutine(target)):
        raise AttributeError(f"@expose cannot determine what this is: {target!r}")
    if is_private_attribute(getattr(function, "__name__", "")):
        raise AttributeError("exposing private names (starting with _) is not allowed")
