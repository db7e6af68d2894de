"""Many calls in one message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from pyrophone.objects.batch import results
from pyrophone.objects.exposure import is_private

from .border import translated

__all__ = ["BatchProxy"]


class _BatchedRemoteMethod:
    """Queues calls of one method."""

    def __init__(self, calls: list[Any], name: str) -> None:
        self.__calls = calls
        self.__name = name

    def __getattr__(self, name: str) -> _BatchedRemoteMethod:
        return _BatchedRemoteMethod(self.__calls, f"{self.__name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        self.__calls.append((self.__name, args, kwargs))


class BatchProxy:
    """Collects calls for the object of *proxy*; calling the batch makes them all."""

    def __init__(self, proxy: Any) -> None:
        self.__proxy = proxy
        self.__calls: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        if is_private(name) and not name.startswith("_pyro"):
            raise AttributeError(f"a batch has no attribute {name!r}")
        return _BatchedRemoteMethod(self.__calls, name)

    def __call__(self, oneway: bool = False) -> Any:
        """Make the calls; return their results one by one.

        The server stops at the first call that fails, whose error is raised in its
        place. The batch is empty again then, whatever came of it.

        Args:
            oneway: Don't wait; there are no results then.
        """
        self.__proxy._pyroClaimOwnership()
        calls = self.__calls[:]
        self.__calls.clear()
        if not calls:
            return None if oneway else iter(())
        values = self.__proxy._pyroInvokeBatch(calls, oneway)
        return None if oneway else _results(values)

    def _pyroInvoke(self, name: str, args: Any, kwargs: Any) -> Any:
        """Make the calls; the arguments are not looked at."""
        return self()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        """Do nothing; the calls are made by calling the batch."""

    def __copy__(self) -> BatchProxy:
        new = type(self)(self.__proxy)
        new.__calls = self.__calls[:]
        return new


def _results(values: Any) -> Iterator[Any]:
    found = results(values)
    while True:
        with translated():
            try:
                value = next(found)
            except StopIteration:
                return
        yield value
