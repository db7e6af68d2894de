"""Properties used by hand, by their name, if they may be used remotely."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["read_property", "write_property"]

Rule = Callable[[str, property], bool]  # tells whether a property may be used


def read_property(obj: Any, name: str, rule: Rule) -> Any:
    """Return the value of a property.

    Raises:
        AttributeError: There is none that may be read.
    """
    getter = _property(obj, name, rule).fget
    if getter is None:
        raise _refusal(name)
    return getter(obj)


def write_property(obj: Any, name: str, value: Any, rule: Rule) -> Any:
    """Set a property; return what its setter does.

    Raises:
        AttributeError: There is none that may be written.
    """
    setter = _property(obj, name, rule).fset
    if setter is None:
        raise _refusal(name)
    return setter(obj, value)


def _property(obj: Any, name: str, rule: Rule) -> property:
    member = getattr(type(obj), name)
    if not isinstance(member, property) or not rule(name, member):
        raise _refusal(name)
    return member


def _refusal(name: str) -> AttributeError:
    return AttributeError(
        f"attempt to access unexposed or unknown remote attribute '{name}'"
    )
