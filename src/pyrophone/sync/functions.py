"""Functions of the other side, as threads call them."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..errors import NoSuchObjectError
from ..objects.functions import FunctionCrossing, FunctionTable, StubTable
from ..objects.functions import RemoteFunction as BaseFunction
from ..wire.buffers import Data
from ..wire.client import ClientSession

__all__ = ["Caller", "Functions", "RemoteFunction", "Speaking"]


class Caller(Protocol):
    """What a function of the other side is called by: one end of a connection."""

    def invoke(
        self, function_id: str, args: Any, kwargs: Mapping[str, Any], *, oneway: bool
    ) -> Any:
        """Call the function; return what it returns, None if it is one-way."""

    def give_back(self, function: RemoteFunction) -> None:
        """Tell the other side that the function is not needed any more."""


class RemoteFunction(BaseFunction):
    """A function that the other side has passed; calling it calls that one, over there.

    It may be called from any thread, also by several at once, for as long as the
    connection lives it came by. It is given back when nobody here has it any more, or by
    :func:`pyrophone.sync.release`.

    Raises, when it is called:
        ConnectionLostError: The connection ended; what was passed over it is gone.
        DeadlineExceeded: The time of the block, or of the call that is being served, is
            over.
        NoSuchObjectError: It was given back.
    """

    __slots__ = ("_caller",)

    def __init__(self, function_id: str, caller: Caller) -> None:
        super().__init__(function_id)
        self._caller = caller

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._check()
        return self._caller.invoke(self.function_id, args, kwargs, oneway=False)

    def oneway(self, *args: Any, **kwargs: Any) -> None:
        """Call it without waiting; nothing comes back, no error either."""
        self._check()
        self._caller.invoke(self.function_id, args, kwargs, oneway=True)

    def release(self) -> None:
        """Give it back; it can't be called any more."""
        self._caller.give_back(self)

    def _check(self) -> None:
        if self.released:  # the other side may not know yet
            raise NoSuchObjectError(f"function {self.function_id} was given back")


class Speaking(Caller, Protocol):
    """What is needed of the connection.

    Attributes:
        closed: Whether it is.
        session: The conversation, touched under *guard* only.
        expects: Whether something may come that nobody waits for.
    """

    closed: bool
    session: ClientSession
    expects: bool

    @property
    def guard(self) -> Any:
        """The lock."""

    def say(self, make: Callable[[], Data]) -> None:
        """Send what *make* gives."""


class Functions(FunctionCrossing):
    """The functions that crossed the connection of a client, in both directions.

    The connection is held weakly: it may end with its last proxy.

    Args:
        connection: The connection.
        notify: Called, from finalizers, when a function can be given back.
    """

    def __init__(self, connection: Speaking, notify: Callable[[], None]) -> None:
        self._connection = weakref.ref(connection)
        stubs = StubTable(self._make, notify)
        super().__init__(FunctionTable(), stubs, threading.RLock())

    def export(self, function: Any) -> str:
        """Return the id under which the daemon can call *function*."""
        with self.guard:
            connection = self._connection()
            if connection is not None:
                connection.expects = True
            return super().export(function)

    def forget(self, function_id: str, count: object = 1) -> None:
        """Take note that the daemon gives a function back."""
        with self.guard:
            super().forget(function_id, count)
            connection = self._connection()
            if connection is not None:
                connection.expects = len(self.functions) > 0

    def take_released(self) -> list[tuple[str, int]]:
        """Return the functions to give back, each with how often it was received."""
        return self.stubs.take_released()

    def _make(self, function_id: str) -> RemoteFunction:
        connection = self._connection()
        assert connection is not None
        return RemoteFunction(function_id, connection)
