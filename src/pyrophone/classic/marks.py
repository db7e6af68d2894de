"""The decorators: what may be used remotely, and how.

They are Pyrophone's, and leave the marks besides that programs of older Pyros look for.
Each package has functions of its own around them, which its programs see.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from ..objects import exposure
from ..objects.exposure import INSTANCE_MODES, is_private

__all__ = ["behavior", "callback", "expose", "is_private_attribute", "oneway"]

T = TypeVar("T")

# Pyrophone keeps them private, too.
_ALSO = ("__dict__", "__slots__", "__globals__", "__closure__", "__code__")


def is_private_attribute(name: str) -> bool:
    """Tell whether older Pyros never let *name* be used remotely."""
    return is_private(name) and name not in _ALSO


def expose(target: T, private: Callable[[str], bool], log: logging.Logger) -> T:
    """Let a method, a property, or all those of a class be used remotely.

    Args:
        target: Which.
        private: Tells whether a name never is.
        log: Hears of whole classes.

    Raises:
        AttributeError: It is private, or can't be marked here.
    """
    if isinstance(target, (classmethod, staticmethod)):
        raise AttributeError(
            "using @expose on a classmethod/staticmethod must be done after "
            f"@classmethod/@staticmethod. Method: {target.__name__}"
        )
    exposure.expose(target)
    if not inspect.isclass(target):
        _mark(target, "_pyroExposed")
        return target
    log.debug("exposing all members of %r", target)
    for name, member in vars(target).items():
        if not private(name):
            _mark(member, "_pyroExposed")
    setattr(target, "_pyroExposed", True)  # noqa: B010  # T is no class to mypy
    return target


def oneway(method: T) -> T:
    """Mark a method: clients call it without waiting, and get no reply."""
    exposure.oneway(method)
    _mark(method, "_pyroOneway")
    return method


def callback(method: T) -> T:
    """Mark a method: what it raises is told to people here, too."""
    exposure.callback(method)
    _mark(method, "_pyroCallback")
    return method


def behavior(mode: Any, creator: Any) -> Callable[[type[T]], type[T]]:
    """Mark a class with when its instances are made, and by what.

    Args:
        mode: ``session``, ``single`` or ``percall``.
        creator: Called with the class, gives the instance; None is the class itself.

    Raises:
        SyntaxError: The decorator stands there without brackets.
    """
    if not isinstance(mode, str):
        raise SyntaxError("behavior decorator is missing argument(s)")

    def mark(cls: type[T]) -> type[T]:
        if not inspect.isclass(cls):
            raise TypeError("behavior decorator can only be used on a class")
        if mode not in INSTANCE_MODES:
            raise ValueError(f"invalid instance mode: {mode}")
        if creator is not None and not callable(creator):
            raise TypeError("instance_creator must be a callable")
        exposure.instances(mode, creator)(cls)
        setattr(cls, "_pyroInstancing", (mode, creator))  # noqa: B010
        return cls

    return mark


def _mark(member: Any, name: str) -> None:
    """Set *name* on the function behind a member, if there is one."""
    if isinstance(member, property):
        member = member.fget or member.fset or member.fdel
    elif isinstance(member, (classmethod, staticmethod)):
        member = member.__func__
    if inspect.isroutine(member) and hasattr(member, "__dict__"):
        setattr(member, name, True)
