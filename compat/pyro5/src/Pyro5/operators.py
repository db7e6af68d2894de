"""Operators and loops that reach a remote object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .calling import Calling

__all__ = ["Operators"]


class Operators(Calling):
    """Forwards what Python looks up by type, past ``__getattr__``."""

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return int(self._pyroSpecial("__len__"))

    def __getitem__(self, key: Any) -> Any:
        return self._pyroSpecial("__getitem__", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._pyroSpecial("__setitem__", key, value)

    def __delitem__(self, key: Any) -> None:
        self._pyroSpecial("__delitem__", key)

    def __iter__(self) -> Iterator[Any]:
        self._pyroKnow()
        if "__iter__" in self._pyroMethods:
            return iter(self._pyroSpecial("__iter__"))
        return _by_index(self)

    def __contains__(self, item: Any) -> bool:
        self._pyroKnow()
        if "__contains__" in self._pyroMethods:
            return bool(self._pyroSpecial("__contains__", item))
        return any(item is other or item == other for other in self)

    def _pyroSpecial(self, name: str, *args: Any) -> Any:
        self._pyroKnow()
        if name not in self._pyroMethods:
            raise _UnsupportedError(
                f"remote object '{self._pyroUri}' has no exposed attribute or method "
                f"'{name}'"
            )
        return self._pyroMethod(name)(*args)

    def _pyroMethod(self, name: str) -> Any:
        """Return a remote method."""
        raise NotImplementedError


class _UnsupportedError(AttributeError, TypeError):
    """An operator that the remote object does not expose.

    Pyro5 raises AttributeError; Python expects TypeError where it goes on without.
    """


def _by_index(proxy: Any) -> Iterator[Any]:
    index = 0
    while True:
        try:
            item = proxy[index]
        except (IndexError, StopIteration):
            return
        yield item
        index += 1
