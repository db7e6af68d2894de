"""The functions that were passed over one connection, in both directions.

The tables have no locks: front-ends see to that. Only the end of a stub may come at any
time and in any thread, as objects end.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ..errors import NoSuchObjectError
from ..serializers.functions import Passable

__all__ = [
    "CALLED",
    "OF_FUNCTIONS",
    "RELEASED",
    "FunctionCrossing",
    "FunctionTable",
    "RemoteFunction",
    "StubTable",
]

CALLED = "__call__"  # the method of every function that was passed
RELEASED = "__release__"  # one-way; its argument is how often the function was received
OF_FUNCTIONS = (CALLED, RELEASED)  # a tuple: what a peer sends may not be hashable


class FunctionTable:
    """Functions of this side that the other side can call.

    Each is kept until it was given back as often as it was sent.
    """

    __slots__ = ("_counts", "_functions", "_ids", "_last")

    def __init__(self) -> None:
        self._last = 0
        self._ids: dict[Any, str] = {}
        self._functions: dict[str, Any] = {}
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._functions)

    def export(self, function: Any) -> str:
        """Return the id of *function*, the same for the same one, and count it as sent."""
        key = _key(function)
        function_id = self._ids.get(key)
        if function_id is None:
            self._last += 1
            self._ids[key] = function_id = str(self._last)
            self._functions[function_id] = function
            self._counts[function_id] = 0
        self._counts[function_id] += 1
        return function_id

    def find(self, function_id: str) -> Any:
        """Return the function of that id.

        Raises:
            NoSuchObjectError: There is none, or none any more.
        """
        if function_id not in self._functions:
            raise NoSuchObjectError(f"no function {function_id!r:.80} was passed, or kept")
        return self._functions[function_id]

    def release(self, function_id: str, count: object = 1) -> None:
        """Take note that the other side gives the function back that it got *count* times.

        An unknown one is no error, nor a count that is too high, or that is none.
        """
        if function_id not in self._functions or type(count) is not int or count < 1:
            return
        self._counts[function_id] -= count
        if self._counts[function_id] <= 0:
            del self._counts[function_id]
            del self._ids[_key(self._functions.pop(function_id))]

    def clear(self) -> None:
        """Forget all functions: the connection is gone."""
        self._ids.clear()
        self._functions.clear()
        self._counts.clear()


def _key(function: Any) -> Any:
    """Return what two objects have in common that are one function.

    A bound method is a new object each time; what it is bound to may say that it equals
    others, or that it has no hash.
    """
    owner = getattr(function, "__self__", None)
    if owner is None:
        return id(function)
    return id(owner), getattr(function, "__func__", None) or function.__name__


class RemoteFunction(Passable):
    """A function of the other side; base of those of the front-ends, which can be called.

    Attributes:
        function_id: Its id there.
        released: Whether it was given back; it can't be called any more.
    """

    __slots__ = ("__weakref__", "function_id", "released")

    def __init__(self, function_id: str) -> None:
        self.function_id = function_id
        self.released = False

    def __repr__(self) -> str:
        state = ", released" if self.released else ""
        return f"<remote function {self.function_id}{state}>"


class _Received(weakref.ref[RemoteFunction]):
    """A stub, weakly, and how often its function was received."""

    __slots__ = ("count", "function_id")

    count: int
    function_id: str


class StubTable:
    """Functions of the other side that somebody here may have.

    Args:
        make: Makes the stub for an id.
        notify: Called, at any time and in any thread, when a stub has ended and
            :meth:`take_released` has something.
    """

    __slots__ = ("_make", "_notify", "_released", "_stubs")

    def __init__(
        self,
        make: Callable[[str], RemoteFunction],
        notify: Callable[[], None] | None = None,
    ) -> None:
        self._make = make
        self._notify = notify
        self._stubs: dict[str, _Received] = {}
        self._released: deque[tuple[str, int]] = deque()

    def __len__(self) -> int:
        return len(self._stubs)

    def stub(self, function_id: str) -> RemoteFunction:
        """Return the stub for a function that was received once more."""
        known = self._stubs.get(function_id)
        stub = known() if known is not None else None
        if known is None or stub is None or stub.released:
            stub = self._make(function_id)
            fresh = _Received(stub, self._ended)
            fresh.function_id = function_id
            fresh.count = 1
            self._stubs[function_id] = fresh
        else:
            known.count += 1
        return stub

    def release(self, stub: RemoteFunction) -> None:
        """Give back the function of *stub*, which can't be called any more."""
        if not stub.released:
            stub.released = True
            received = self._stubs.get(stub.function_id)
            if received is not None and received() is stub:
                self._ended(received)

    def take_released(self) -> list[tuple[str, int]]:
        """Return the functions to give back, each with how often it was received.

        They are the ids for one-way calls of :data:`RELEASED`, with that as the argument.
        """
        released = []
        while self._released:
            released.append(self._released.popleft())
        return released

    def clear(self) -> None:
        """Forget all stubs: the connection is gone, and all functions with it."""
        self._stubs.clear()
        self._released.clear()

    def _ended(self, received: Any) -> None:
        # Anything may be under way in this thread: nothing here waits or takes a lock.
        function_id = received.function_id
        if self._stubs.get(function_id) is received:
            del self._stubs[function_id]
        if received.count:
            self._released.append((function_id, received.count))
            received.count = 0
            if self._notify is not None:
                self._notify()


class FunctionCrossing:
    """What a session exports functions to, and makes them by; see ``Session.crossing``.

    Base of those of the front-ends.

    Args:
        functions: Those of this side.
        stubs: Those of the other one.
        guard: What is held while they are touched, if several threads do; reentrant.
    """

    def __init__(
        self,
        functions: FunctionTable,
        stubs: StubTable,
        guard: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.functions = functions
        self.stubs = stubs
        self.guard = guard or nullcontext()

    def export(self, function: Any) -> str:
        """Return the id under which the other side can call *function*."""
        with self.guard:
            return self.functions.export(function)

    def retract(self, function_id: str) -> None:
        """Undo one :meth:`export`."""
        self.forget(function_id)

    def stub(self, function_id: str) -> Any:
        """Return what calls the function of the other side that has this id."""
        with self.guard:
            return self.stubs.stub(function_id)

    def forget(self, function_id: str, count: object = 1) -> None:
        """Take note that the other side gives a function back; see the table."""
        with self.guard:
            self.functions.release(function_id, count)

    def give_back(self, function: RemoteFunction) -> None:
        """Take note that a function of the other side is not needed any more."""
        with self.guard:
            self.stubs.release(function)

    def clear(self) -> None:
        """Forget all functions: the connection is gone."""
        with self.guard:
            self.functions.clear()
            self.stubs.clear()
