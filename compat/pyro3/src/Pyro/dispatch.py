"""What others may do with an object, by the rules of Pyro 3."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from pyrophone import expose

from .errors import PyroError
from .objects import CallbackObjBase, ObjBase, SynchronizedObjBase
from .values import known

__all__ = ["Door", "Servant"]

_BASE = frozenset(vars(ObjBase)) | {
    "Pyro_dyncall",
    "codeValidator",
    "daemon",
    "delegate",
    "lastUsed",
    "objectGUID",
    "synlock",
}
_FOR_ALL = frozenset({"GUID", "getProxy", "getAttrProxy"})  # of the methods of ObjBase
_READABLE = frozenset({"lastUsed", "objectGUID"})
_LONGEST = 200  # characters of a name
_METHOD, _ATTRIBUTE = 1, 2


@expose
class Servant:
    """Answers for a connected object, whatever its methods are called.

    Args:
        target: The object.
        host: What serves it: is told of each call, and of errors of callbacks.
    """

    def __init__(self, target: ObjBase, host: Any) -> None:
        self._target = target
        self._host = host
        self._lock: AbstractContextManager[Any] = nullcontext()
        if isinstance(target, SynchronizedObjBase):
            self._lock = target.synlock

    def call(self, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
        """Call a method."""
        target = self._target
        known((args, kwargs))
        target.lastUsed = time.time()
        self._host.begins()
        method = self._method(name)
        try:
            with self._lock:
                return _finite(method(*args, **kwargs))
        except Exception as error:
            # Arguments that don't fit, so that no method began, concern the caller alone.
            began = error.__traceback__ is not None and error.__traceback__.tb_next
            callback = isinstance(target, CallbackObjBase) and bool(began)
            self._host.failed_in(error, callback)
            raise

    def kind(self, name: str) -> int:
        """Return 1 if there is a method of that name, else 2."""
        self._begins()
        with self._lock:
            owner = self._owner()
            public = _is_open(owner, name)
            public = public and not (owner is self._target and _is_closed(name))
            return (
                _METHOD if public and callable(getattr(owner, name, None)) else _ATTRIBUTE
            )

    def fetch(self, name: str) -> Any:
        """Return the value of an attribute that is no method."""
        self._begins()
        owner = self._owner()
        if not _is_open(owner, name) or (
            owner is self._target and name in _BASE and name not in _READABLE
        ):
            raise _missing(owner, name)
        with self._lock:
            value = getattr(owner, name)
        if callable(value):
            raise AttributeError("not an attribute")
        return _finite(value)

    def store(self, name: str, value: Any) -> None:
        """Set an attribute that is no method; it may be new."""
        self._begins()
        known(value)
        owner = self._owner()
        if not _is_open(owner, name) or (owner is self._target and name in _BASE):
            raise _missing(owner, name)
        with self._lock:
            if callable(getattr(owner, name, None)):
                raise AttributeError("not an attribute")
            setattr(owner, name, value)

    def _begins(self) -> None:
        self._target.lastUsed = time.time()
        self._host.begins()  # properties may ask who calls, too

    def _owner(self) -> Any:
        delegate = self._target.delegate
        return self._target if delegate is None else delegate

    def _method(self, name: str) -> Any:
        owner = self._owner()
        if not _is_open(owner, name) or _is_closed(name):
            raise _missing(owner, name)
        return getattr(self._target if name in _FOR_ALL else owner, name)


@expose
class Door:
    """What every daemon offers itself.

    Args:
        daemon: Whose it is.
    """

    def __init__(self, daemon: Any) -> None:
        self._daemon = daemon  # a weak reference

    def login(self, token: Any) -> tuple[int, int]:
        """Prove who calls; nothing else is answered before that, if it is asked for."""
        verdict: tuple[int, int] = self._daemon().admit(token)
        return verdict

    def call(self, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
        """Call one of the two methods that are for everybody."""
        if name not in ("getRegistered", "ResolvePYROLOC"):
            raise AttributeError(name)
        return getattr(self._daemon(), name)(*args, **kwargs)

    def kind(self, name: str) -> int:
        """Return 1 if there is a method of that name, else 2."""
        return _METHOD if name in ("getRegistered", "ResolvePYROLOC") else _ATTRIBUTE


def _finite(result: Any) -> Any:
    """Return a value that may travel; what is read item by item can't."""
    if hasattr(type(result), "__next__"):
        raise PyroError(f"a {type(result).__name__} can't travel: return a list")
    return result


def _is_open(owner: Any, name: Any) -> bool:
    """Tell whether peers may use what is called so, as far as its owner is concerned."""
    return (
        isinstance(name, str)
        and len(name) <= _LONGEST
        and name.isidentifier()
        and not name.startswith("_")
        and name not in getattr(type(owner), "_closed_to_peers", ())
    )


def _is_closed(name: str) -> bool:
    """Tell whether it is one of what ObjBase has for the program alone."""
    return name in _BASE and name not in _FOR_ALL


def _missing(owner: Any, name: Any) -> AttributeError:
    return AttributeError(
        f"{type(owner).__name__!r} object has no attribute {name!r:.220} for remote use"
    )
