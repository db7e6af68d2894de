"""What of an object may be used remotely: by marks, or as REQUIRE_EXPOSE says."""

from __future__ import annotations

import functools
import inspect
import os
import warnings
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from pyrophone.classic.members import read_property, write_property
from pyrophone.context import CallContext, serving
from pyrophone.errors import NotExposedError
from pyrophone.objects.exposure import Instancing, Members, is_marked
from pyrophone.wire.metadata import Metadata

from .configuration import AUTO, config
from .exposure import NEVER, is_private_attribute

__all__ = [
    "HINT",
    "PyroMembers",
    "getAttribute",
    "get_exposed_members",
    "get_exposed_property_value",
    "members_of",
    "reset_exposed_members",
    "set_exposed_property_value",
    "warn_of",
]

HINT = (
    "mark it with @Pyro4.expose, or set REQUIRE_EXPOSE to false "
    "(in the environment: PYRO_REQUIRE_EXPOSE=false)"
)

_found: weakref.WeakKeyDictionary[type, dict[bool, dict[str, set[str]]]] = (
    weakref.WeakKeyDictionary()
)
_warned: weakref.WeakSet[type] = weakref.WeakSet()


class PyroMembers(Members):
    """The members of one class that may be used remotely.

    Args:
        cls: The class.
        everything: Whether marks don't matter.
    """

    __slots__ = ("_bare", "_cls")

    def __init__(self, cls: type, everything: bool = False) -> None:
        super().__init__(cls, _is_public if everything else _is_exposed)
        self.methods -= NEVER
        if isinstance(marked := getattr(cls, "_pyroInstancing", None), tuple):
            self.instancing = Instancing(*marked)
        self._cls = cls
        self._bare = not everything and not has_marks(cls)

    @property
    def metadata(self) -> Metadata:
        """What a client is told; people here, too, if there is nothing to tell."""
        found = super().metadata
        if not (found.methods or found.attributes):
            warnings.warn(
                f"Class {self._cls} doesn't expose any methods or attributes. Did you "
                f"forget setting @expose on them? To serve it, {HINT}",
                UserWarning,
                stacklevel=2,
            )
        foreign = getattr(self._cls, "_pyroForeign", None)  # what only others' peers use
        if foreign and _is_native(serving.get()):
            return Metadata(found.methods - foreign, found.oneway, found.attributes)
        return found

    def refusal(self, name: Any, known: Iterable[str] | None = None) -> NotExposedError:
        """Return the error for a member that may not be used, in Pyro4's words."""
        if not isinstance(name, str) or is_private_attribute(name):
            return super().refusal(name, known)
        shown = name[:100]
        if known is not None:
            text = f"attempt to access unexposed or unknown remote attribute '{shown}'"
        elif hasattr(self._cls, name):
            text = f"attempt to access unexposed attribute '{shown}'"
        else:
            return NotExposedError(f"'{self.owner}' object has no attribute '{shown}'")
        if self._bare:
            text += f" of {self.owner}: {HINT}"
        return NotExposedError(text)


def _is_native(context: CallContext | None) -> bool:
    return context is None or context.client.dialect == "pyro4"


def members_of(cls: type, local: bool) -> PyroMembers:
    """Return what of *cls* a daemon serves.

    Args:
        cls: A registered class, or that of a registered object.
        local: Whether only this machine can reach the daemon. Then, if nobody has set
            REQUIRE_EXPOSE, a class without any mark is served whole.
    """
    return PyroMembers(cls, not config.REQUIRE_EXPOSE or _is_excused(cls, local))


def warn_of(cls: type, local: bool) -> None:
    """Warn, once, of a class that is served whole only because nobody else can call it.

    Args:
        cls: A class that is registered, or of whose objects one is.
        local: Whether only this machine can reach the daemon.
    """
    own = cls.__module__ == "builtins"  # of Python, which can't be registered anyway
    if own or cls in _warned or not _is_excused(cls, local):
        return
    _warned.add(cls)
    text = (
        f"class {cls.__qualname__} has no @Pyro4.expose, and is served whole, because only "
        "this machine can reach the daemon. Other machines, and Pyro4 since 4.46, would "
        f"refuse it: {HINT}"
    )
    warnings.warn_explicit(text, UserWarning, *_place(cls))


def has_marks(cls: type) -> bool:
    """Tell whether anything of a class, or of those it is derived from, is exposed."""
    return any(
        "_pyroExposed" in vars(kind) or any(map(_is_exposed, vars(kind).values()))
        for kind in cls.__mro__
    )


def get_exposed_members(
    obj: Any, only_exposed: bool = True, as_lists: bool = False, use_cache: bool = True
) -> dict[str, Any]:
    """Return the names of methods, of those without answer, and of attributes.

    Args:
        obj: An object, or a class.
        only_exposed: Whether members must be marked; else all are that are not private.
        as_lists: Whether to give lists in place of sets.
        use_cache: Whether a class is looked at only once.
    """
    cls = obj if inspect.isclass(obj) else type(obj)
    known = _found.setdefault(cls, {}) if use_cache else {}
    if only_exposed not in known:
        members = PyroMembers(cls, not only_exposed)
        known[only_exposed] = {
            "methods": set(members.methods),
            "oneway": set(members.oneway),
            "attrs": set(members.attributes),
        }
    if as_lists:
        return {kind: list(names) for kind, names in known[only_exposed].items()}
    return {**known[only_exposed]}


def reset_exposed_members(
    obj: Any, only_exposed: bool = True, as_lists: bool = False
) -> None:
    """Look at a class anew the next time."""
    cls = obj if inspect.isclass(obj) else type(obj)
    _found.get(cls, {}).pop(only_exposed, None)


def getAttribute(obj: Any, attr: str) -> Any:
    """Return an attribute of an object, if it may be used remotely.

    Raises:
        AttributeError: There is none, or it is private or not exposed.
    """
    if is_private_attribute(attr):
        raise AttributeError(f"attempt to access private attribute '{attr}'")
    value = getattr(obj, attr)
    rule = config.REQUIRE_EXPOSE
    if not rule or (rule == AUTO and not has_marks(type(obj))):
        return value
    if getattr(value, "_pyroExposed", False):
        return value
    raise AttributeError(f"attempt to access unexposed attribute '{attr}'")


def get_exposed_property_value(obj: Any, propname: str, only_exposed: bool = True) -> Any:
    """Return the value of an exposed property.

    Raises:
        AttributeError: There is none that can be read.
    """
    return read_property(obj, propname, _rule(only_exposed))


def set_exposed_property_value(
    obj: Any, propname: str, value: Any, only_exposed: bool = True
) -> Any:
    """Set an exposed property.

    Raises:
        AttributeError: There is none that can be written.
    """
    return write_property(obj, propname, value, _rule(only_exposed))


for _public in (
    getAttribute,
    get_exposed_members,
    get_exposed_property_value,
    reset_exposed_members,
    set_exposed_property_value,
):
    _public.__module__ = "Pyro4.util"


def _rule(only_exposed: bool) -> Callable[[str, property], bool]:
    def is_open(name: str, member: property) -> bool:
        if is_private_attribute(name):
            return False
        return not only_exposed or _is_exposed(member)

    return is_open


def _is_exposed(member: Any) -> bool:
    """Tell whether a member of a class body has a mark, ours or one set by hand."""
    if is_marked(member):
        return True
    if isinstance(member, property):
        member = member.fget or member.fset or member.fdel
    elif isinstance(member, (classmethod, staticmethod)):
        member = member.__func__
    if isinstance(member, (functools.cached_property, functools.partialmethod)):
        return False
    return inspect.isroutine(member) and getattr(member, "_pyroExposed", False) is True


def _is_public(member: Any) -> bool:
    """Tell whether a member of a class body is a property, or can be called."""
    if isinstance(member, (property, classmethod, staticmethod)):
        return True
    if isinstance(member, functools.cached_property):
        return False
    return inspect.isfunction(member) or inspect.ismethoddescriptor(member)


def _is_excused(cls: type, local: bool) -> bool:
    """Tell whether a class needs no marks, since nobody has said whether it does."""
    return bool(config.REQUIRE_EXPOSE == AUTO and local and not has_marks(cls))


def _place(cls: type) -> tuple[str, int]:
    """Return where a class is, and the line; in brackets, so that it is not quoted."""
    try:
        file, line = inspect.getsourcefile(cls), inspect.getsourcelines(cls)[1]
    except Exception:  # there may be no source, it may have changed, or fail to parse
        return f"<{cls.__module__}>", 0
    return f"<{os.path.basename(file or cls.__module__)}>", line
