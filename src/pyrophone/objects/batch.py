"""Many calls of one object in one message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import RemoteProtocolError
from ..serializers.classes import Failure
from .exposure import is_private
from .proxy import BaseProxy, remote_of

__all__ = ["BaseBatch", "results"]


class BaseBatch:
    """Collects calls; a front-end adds how to make them all, by calling the batch."""

    def __init__(self, proxy: BaseProxy) -> None:
        self.__dict__["_remote"] = remote_of(proxy)
        self.__dict__["_calls"] = []

    def __getattr__(self, name: str) -> Any:
        if is_private(name):
            raise AttributeError(f"a batch has no attribute {name!r}")
        return _BatchedMethod(self.__dict__["_calls"], name)

    def __len__(self) -> int:
        return len(self.__dict__["_calls"])

    def __bool__(self) -> bool:
        return True

    def _take(self) -> list[tuple[str, Any, Any]]:
        """Return the collected calls, and forget them."""
        calls: list[tuple[str, Any, Any]] = self.__dict__["_calls"]
        taken = calls[:]
        calls.clear()
        return taken


class _BatchedMethod:
    __slots__ = ("_calls", "_name")

    def __init__(self, calls: list[tuple[str, Any, Any]], name: str) -> None:
        self._calls = calls
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        self._calls.append((self._name, args, kwargs))


def results(values: Any) -> Iterator[Any]:
    """Give the results of a batch one by one; a failed call raises in its place."""
    if not isinstance(values, (list, tuple)):
        raise RemoteProtocolError(
            f"{type(values).__name__} came in place of a batch's results"
        )
    return _each(values)


def _each(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, Failure):
            raise value.error
        yield value
