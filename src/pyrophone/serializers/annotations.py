"""The classes that annotations name: those whose values a peer may have built here.

Who writes ``def move(self, to: Point) -> list[Shape]`` expects points and shapes.
Annotations are resolved in the module that has them, where all the names are, or are not;
nothing is imported for it, and what can't be resolved is passed over.
"""

from __future__ import annotations

import contextlib
import inspect
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from .records import full_name, kind_of

__all__ = [
    "classes_of_interface",
    "classes_of_members",
    "is_buildable",
    "mentioned_classes",
]

_SPECIAL = frozenset(
    {"__aiter__", "__call__", "__contains__", "__getitem__", "__iter__", "__setitem__"}
)
_MOST = 10_000  # annotations inside each other


def is_buildable(cls: Any) -> bool:
    """Tell whether values of *cls* can be built of their fields."""
    if not inspect.isclass(cls) or isinstance(cls, types.GenericAlias):
        return False
    if issubclass(cls, BaseException):
        return issubclass(cls, Exception)
    return kind_of(cls) is not None


def mentioned_classes(annotations: Iterable[Any]) -> list[type]:
    """Return the classes in *annotations* that can be built, and those in their fields."""
    found: dict[type, None] = {}
    waiting = list(annotations)
    seen: set[int] = set()
    kept = []  # or the id of one that is gone could be that of another
    while waiting and len(seen) < _MOST:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        kept.append(one)
        if is_buildable(one):
            found[one] = None
            waiting += _hints(one)
        elif typing.is_typeddict(one):
            waiting += _hints(one)
        else:
            waiting += _parts(one)
    return list(found)


def classes_of_interface(interface: Any) -> list[type]:
    """Return the classes that the annotations of an interface's public members name."""
    if not inspect.isclass(interface):
        return []
    names = [name for name in dir(interface) if name[0] != "_" or name in _SPECIAL]
    members = [inspect.getattr_static(interface, name, None) for name in names]
    attributes = [] if interface.__module__ == "builtins" else _hints(interface)
    return sorted(
        {*classes_of_members(members), *mentioned_classes(attributes)}, key=full_name
    )


def classes_of_members(members: Iterable[Any]) -> list[type]:
    """Return the classes that the annotations of functions and properties name."""
    annotations: list[Any] = []
    for member in members:
        if isinstance(member, property):
            functions = [member.fget, member.fset]
        else:
            functions = [getattr(member, "__func__", member)]
        for function in functions:
            if function is not None and hasattr(function, "__annotations__"):
                annotations += _hints(function)
    return mentioned_classes(annotations)


def _parts(one: Any) -> Iterator[Any]:
    """Yield what an annotation is made of, if it is not just a class."""
    if isinstance(one, (list, tuple)):  # the arguments of a Callable
        yield from one
    elif isinstance(one, typing.TypeVar):
        yield from one.__constraints__
        yield one.__bound__
    elif isinstance(one, typing.NewType):
        yield one.__supertype__
    elif typing.get_origin(one) is typing.Literal:
        yield from map(type, typing.get_args(one))  # it may name members of an enumeration
    elif typing.get_origin(one) is not None:
        yield typing.get_origin(one)
        yield from typing.get_args(one)
    elif hasattr(one, "__value__"):  # "type X = ..."
        yield one.__value__


def _hints(owner: Any) -> list[Any]:
    """Return the annotations of a class or a function, as far as they can be resolved."""
    try:
        return list(typing.get_type_hints(owner).values())
    except Exception:  # one names what is there for type checkers only: each by itself
        names = getattr(inspect.unwrap(owner), "__globals__", None)
        if names is None:
            module = inspect.getmodule(owner)
            names = vars(module) if module is not None else {}
    found: list[Any] = []
    for annotation in getattr(owner, "__annotations__", {}).values():
        alone = types.SimpleNamespace(__annotations__={"it": annotation})
        with contextlib.suppress(Exception):  # it allows nothing then
            found += typing.get_type_hints(alone, dict(names)).values()
    return found
