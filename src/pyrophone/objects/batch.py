"""Many calls of one object in one message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..errors import RemoteProtocolError, SerializeError
from ..serializers.classes import Failure
from .exposure import Members, is_private
from .proxy import BaseProxy, remote_of

__all__ = ["DATA", "BaseBatch", "calls_of", "results", "run_calls"]

# What is neither awaited nor read item by item; mostly that is all there is to know.
DATA = frozenset(
    {bool, bytes, dict, float, int, list, set, str, tuple, type(None), complex, bytearray}
)


class BaseBatch:
    """Collects calls; a front-end adds how to make them all, by calling the batch."""

    def __init__(self, proxy: BaseProxy) -> None:
        self.__dict__["_remote"] = remote_of(proxy)
        self.__dict__["_calls"] = []

    def __getattr__(self, name: str) -> Any:
        if is_private(name):
            raise AttributeError(f"a batch has no attribute {name!r}")
        # Kept, since the same method is mostly called many times.
        method = self.__dict__[name] = _BatchedMethod(self.__dict__["_calls"], name)
        return method

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


def calls_of(items: Sequence[Any], members: Members) -> Sequence[Any]:
    """Return the calls of a batch, each of them (method, args, kwargs).

    Args:
        items: What came.
        members: Those of the object.

    Raises:
        SerializeError: Something is no such call.
        NotExposedError: A member may not be called.
    """
    methods = members.methods
    for item in items:
        kind = type(item)
        if (kind is not tuple and kind is not list) or len(item) != 3:
            break
        name, args, kwargs = item
        kind = type(args)
        if (
            type(name) is not str
            or (kind is not tuple and kind is not list)
            or type(kwargs) is not dict
            or name not in methods
        ):
            break
    else:  # as nearly all are written
        return items
    calls = [_triple(position, item) for position, item in enumerate(items)]
    for name, _, _ in calls:
        if not isinstance(name, str) or name not in methods:
            raise members.refusal(name)
    return calls


def run_calls(
    target: Any,
    calls: Sequence[Any],
    settle: Callable[[Any], Any],
    fail: Callable[[Any, Any, Any, Exception], Any],
) -> list[Any]:
    """Make calls of *target* in order, up to the first that fails; return their results.

    Args:
        target: The object.
        calls: What :func:`calls_of` returned.
        settle: Given what may be more than data, returns the result that it stands for.
        fail: Given function, arguments and error, returns what stands for a failed call.
    """
    results = []
    for name, args, kwargs in calls:
        function = getattr(target, name)  # anew: the call before may have changed it
        try:
            result = function(*args, **kwargs)
            if type(result) not in DATA:
                result = settle(result)
        except Exception as error:  # whatever it is, the caller is told
            results.append(fail(function, args, kwargs, error))
            break
        results.append(result)
    return results


def _triple(position: int, item: Any) -> tuple[Any, Any, Any]:
    if not isinstance(item, (tuple, list)) or len(item) != 3:
        raise SerializeError(
            f"call {position + 1} of the batch is no (method, args, kwargs)"
        )
    name, args, kwargs = item
    if not isinstance(args, (tuple, list)) or not isinstance(kwargs or {}, dict):
        raise SerializeError(f"call {position + 1} of the batch has unusable arguments")
    return name, args, kwargs or {}
