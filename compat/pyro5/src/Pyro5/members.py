"""What of an object may be used remotely, looked up by hand."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from typing import Any

from pyrophone.classic.members import read_property, write_property
from pyrophone.objects.exposure import Members

from .exposure import is_private_attribute

__all__: list[str] = []

_found: weakref.WeakKeyDictionary[type, dict[bool, dict[str, set[str]]]] = (
    weakref.WeakKeyDictionary()
)


def _get_exposed_members(obj: Any, only_exposed: bool = True) -> dict[str, set[str]]:
    """Return the names of methods, of those without answer, and of attributes.

    Args:
        obj: An object, or a class; it is looked at only once.
        only_exposed: Whether members must be exposed; else all are that are not private.
    """
    cls = obj if inspect.isclass(obj) else type(obj)
    known = _found.setdefault(cls, {})
    if only_exposed not in known:
        known[only_exposed] = _exposed(cls) if only_exposed else _all(cls)
    return known[only_exposed]


def _reset_exposed_members(obj: Any, only_exposed: bool = True) -> None:
    """Look at a class anew the next time."""
    cls = obj if inspect.isclass(obj) else type(obj)
    _found.get(cls, {}).pop(only_exposed, None)


def _get_attribute(obj: Any, attr: str) -> Any:
    """Return an exposed method of an object, or an attribute that is an exposed object.

    Raises:
        AttributeError: There is none, or it is not exposed.
    """
    if is_private_attribute(attr):
        raise AttributeError(f"attempt to access private attribute '{attr}'")
    value = getattr(obj, attr)
    if getattr(value, "_pyroExposed", False) or attr in Members(type(obj)).methods:
        return value
    raise AttributeError(f"attempt to access unexposed attribute '{attr}'")


def _get_exposed_property_value(obj: Any, propname: str, only_exposed: bool = True) -> Any:
    """Return the value of an exposed property.

    Raises:
        AttributeError: There is none that can be read.
    """
    return read_property(obj, propname, _rule(obj, only_exposed))


def _set_exposed_property_value(
    obj: Any, propname: str, value: Any, only_exposed: bool = True
) -> Any:
    """Set an exposed property.

    Raises:
        AttributeError: There is none that can be written.
    """
    return write_property(obj, propname, value, _rule(obj, only_exposed))


def _rule(obj: Any, only_exposed: bool) -> Callable[[str, property], bool]:
    def is_open(name: str, member: property) -> bool:
        if is_private_attribute(name):
            return False
        return not only_exposed or name in Members(type(obj)).attributes

    return is_open


def _exposed(cls: type) -> dict[str, set[str]]:
    members = Members(cls)
    return {
        "methods": set(members.methods),
        "oneway": set(members.oneway),
        "attrs": set(members.attributes),
    }


def _all(cls: type) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"methods": set(), "oneway": set(), "attrs": set()}
    for name in dir(cls):
        if is_private_attribute(name):
            continue
        value = getattr(cls, name, None)
        if isinstance(value, property):
            found["attrs"].add(name)
        elif inspect.isfunction(value) or inspect.ismethod(value):
            found["methods"].add(name)
            if getattr(value, "_pyroOneway", False):
                found["oneway"].add(name)
    return found
