"""Attributes that tell who watches them when they change."""

from __future__ import annotations

from collections.abc import Callable
from types import UnionType
from typing import Any, Generic, Self, TypeVar, cast, get_args, overload

__all__ = ["Watcher", "observable"]

T = TypeVar("T")
Watcher = Callable[[str], object]

_UNSET: Any = object()


class observable(Generic[T]):  # noqa: N801, it is used as property is
    """An attribute that can be watched: ``temperature = observable(float, 20.0)``.

    It is read and set as any attribute, from any thread. In a class that is exposed it may
    be read, set and watched from afar. What is changed inside a value, an item of
    a list for one, is not seen: set a new value.

    Args:
        kind: The class that values must have, or several, as ``float | None``; None lets
            everything be set. Where a float is due, an int becomes one.
        default: The value of an object where it was not set yet.
        readonly: Only the program that has the object may set it.

    Raises:
        TypeError: *kind* is no class, or *default* has another one.
    """

    def __init__(
        self,
        kind: type[T] | UnionType | None = None,
        default: T = _UNSET,
        *,
        readonly: bool = False,
    ) -> None:
        if not isinstance(kind, type | UnionType | None):
            raise TypeError(f"an observable is of a class or several, not of {kind!r}")
        self.kind = kind
        self.readonly = readonly
        self.name = ""
        # Of objects that are watched at this moment, by id(); who watches keeps them alive.
        self._watchers: dict[int, tuple[Watcher, ...]] = {}
        self._default = default if default is _UNSET else self._checked(default)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> Self | T:
        return self if instance is None else self.fget(instance)

    def __set__(self, instance: object, value: T) -> None:
        value = self._checked(value)
        self._values(instance)[self.name] = value
        for watcher in self._watchers.get(id(instance), ()):
            watcher(self.name)

    def fget(self, instance: object) -> T:
        """Return the value of *instance*.

        Raises:
            AttributeError: There is none yet.
        """
        value = self._values(instance).get(self.name, self._default)
        if value is _UNSET:
            raise AttributeError(
                f"observable {self.name!r} of {type(instance).__name__} has no value yet"
            )
        return cast(T, value)

    @property
    def fset(self) -> Callable[[object, T], None] | None:
        """What sets it from afar; None if that is not allowed."""
        return None if self.readonly else self.__set__

    def watch(self, instance: object, watcher: Watcher) -> None:
        """Have *watcher* called with the name at each change, in whatever thread that is.

        It reads the value that counts, for of two that are set at once the one that is
        told last may be the older. Two threads must not do this, or :meth:`unwatch`, at
        once.
        """
        watchers = self._watchers.get(id(instance), ())
        self._watchers[id(instance)] = (*watchers, watcher)

    def unwatch(self, instance: object, watcher: Watcher) -> None:
        """Undo :meth:`watch`."""
        watchers = self._watchers.get(id(instance), ())
        left = tuple(one for one in watchers if one != watcher)
        if left:
            self._watchers[id(instance)] = left
        else:
            self._watchers.pop(id(instance), None)

    def _values(self, instance: object) -> dict[str, Any]:
        try:
            return vars(instance)
        except TypeError:
            raise TypeError(
                f"{type(instance).__name__} has no __dict__, which observables need"
            ) from None

    def _checked(self, value: Any) -> T:
        if self.kind is None or isinstance(value, self.kind):
            return cast(T, value)
        if type(value) is int and float in (self.kind, *get_args(self.kind)):
            return cast(T, float(value))
        kind = getattr(self.kind, "__name__", str(self.kind))
        raise TypeError(
            f"observable {self.name!r} takes {kind}, not {type(value).__name__}"
        )
