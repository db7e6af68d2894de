"""The decorators: what may be used remotely, and how.

They are Pyrophone's, and leave the marks that Pyro4 leaves besides.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import pyrophone
from pyrophone.objects.exposure import INSTANCE_MODES, is_private

__all__ = ["NEVER", "behavior", "callback", "expose", "is_private_attribute", "oneway"]

T = TypeVar("T")

_log = logging.getLogger("Pyro4.core")

# Pyrophone keeps them private, too.
_ALSO = ("__dict__", "__slots__", "__globals__", "__closure__", "__code__")
# It doesn't know these, of Python 2 and of Pyro4's own pickling.
NEVER = frozenset(("__unicode__", "__getstate_for_dict__", "__setstate_from_dict__"))


def is_private_attribute(attr_name: str) -> bool:
    """Tell whether a name can't be used remotely, whatever is marked."""
    return attr_name in NEVER or (is_private(attr_name) and attr_name not in _ALSO)


is_private_attribute.__module__ = "Pyro4.util"


def expose(method_or_class: T) -> T:
    """Let a method, a property, or all those of a class be used remotely.

    Raises:
        AttributeError: It is private, or can't be marked here.
    """
    _check(method_or_class)
    pyrophone.expose(method_or_class)
    if not inspect.isclass(method_or_class):
        _mark(method_or_class, "_pyroExposed")
        return method_or_class
    _log.debug("exposing all members of %r", method_or_class)
    for name, member in vars(method_or_class).items():
        if not is_private_attribute(name):
            _mark(member, "_pyroExposed")
    setattr(method_or_class, "_pyroExposed", True)  # noqa: B010  # T is no class to mypy
    return method_or_class


def oneway(method: T) -> T:
    """Mark a method: clients call it without waiting, and get no reply.

    It must be exposed besides.
    """
    pyrophone.oneway(method)
    _mark(method, "_pyroOneway")
    return method


def callback(method: T) -> T:
    """Mark a method: what it raises is logged here too, and ends the connection."""
    pyrophone.callback(method)
    _mark(method, "_pyroCallback")
    return method


def behavior(
    instance_mode: Any = "session", instance_creator: Callable[[Any], Any] | None = None
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
        if instance_mode not in INSTANCE_MODES:
            raise ValueError(f"invalid instance mode: {instance_mode}")
        if instance_creator is not None and not callable(instance_creator):
            raise TypeError("instance_creator must be a callable")
        pyrophone.instances(instance_mode, instance_creator)(cls)
        setattr(cls, "_pyroInstancing", (instance_mode, instance_creator))  # noqa: B010
        return cls

    return mark


for _public in (expose, oneway, callback, behavior):
    _public.__module__ = "Pyro4.core"


def _check(target: Any) -> None:
    """Refuse what can't be marked, in Pyro4's words."""
    if isinstance(target, (classmethod, staticmethod)):
        raise AttributeError(
            "using @expose on a classmethod/staticmethod must be done after "
            f"@classmethod/@staticmethod. Method: {target.__name__}"
        )
    function = target
    if isinstance(target, property):
        function = target.fget or target.fset or target.fdel
    elif not (inspect.isclass(target) or inspect.isroutine(target)):
        raise AttributeError(f"@expose cannot determine what this is: {target!r}")
    if is_private_attribute(getattr(function, "__name__", "")):
        raise AttributeError("exposing private names (starting with _) is not allowed")


def _mark(member: Any, name: str) -> None:
    """Set *name* on the function behind a member, if there is one."""
    if isinstance(member, property):
        member = member.fget or member.fset or member.fdel
    elif isinstance(member, (classmethod, staticmethod)):
        member = member.__func__
    if inspect.isroutine(member) and hasattr(member, "__dict__"):
        setattr(member, name, True)
