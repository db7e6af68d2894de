"""What answering calls needs from others, and where a function is to run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from ..context import CallContext, Client
from ..objects.proxy import RemoteMethod
from ..steps import Procedure
from ..wire.buffers import Data
from ..wire.events import Call
from .pool import Pool

__all__ = ["Service", "Speaker", "runs_in_loop"]

_ASYNC = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE | inspect.CO_ASYNC_GENERATOR
_LOOP = _ASYNC | inspect.CO_GENERATOR  # calling one of these runs nothing of it yet


class Speaker(Protocol):
    """What answering needs from a connection.

    Attributes:
        session: Its conversation.
        client: Who calls.
    """

    session: Any
    client: Client

    def write(self, data: Data) -> None:
        """Send *data*; nothing if the connection is closed."""

    def ended(self) -> None:
        """Note that a call is answered."""

    def close(self) -> None:
        """Close the connection, since a call can't be answered."""


class Service(Protocol):
    """What answering needs from the one whose functions are called.

    Attributes:
        place: Where that is, as chains of calls have it.
        pool: Runs plain functions.
        apart: Whether what these give may be written in their threads, too.
        judge: Called with client, function, arguments and the error when one raised; what
            it raises counts in its place. None if nobody looks.
    """

    place: str
    pool: Pool
    apart: bool
    judge: Callable[..., Any] | None

    def admit(self, call: Call) -> None:
        """Return if there is a thread left for *call*; else raise DeadlockError."""

    def function_at_hand(self, client: Client, call: Call) -> Callable[..., Any] | None:
        """Return what to run for *call*, None if finding it may run code of the user."""

    def function(self, client: Client, call: Call) -> Callable[..., Any]:
        """Return what to run for *call*; an instance may be made for it."""

    def batch(self, client: Client, call: Call) -> Procedure[list[Any]]:
        """Return the steps of a batch."""

    def flowing(self, session: Any, call: Call, value: Any) -> bool:
        """Tell whether *value* is to be answered by a stream that flows."""

    def reply(self, session: Any, call: Call, value: Any, context: CallContext) -> Data:
        """Return the bytes that answer *call* with *value*."""

    def open(self, session: Any, call: Call, context: CallContext) -> Data:
        """Return the bytes that answer *call* with a stream that flows."""

    def fail(
        self, session: Any, call: Call, error: BaseException, context: CallContext
    ) -> Data:
        """Return the bytes that answer *call* with *error*."""

    def traceback(self, error: BaseException) -> list[str]:
        """Return the lines that show where a function failed."""

    def noticed(self, error: BaseException) -> None:
        """Called with what a function raised."""


def runs_in_loop(function: Any) -> bool:
    """Tell whether to call *function* in the loop: it is asynchronous, or a generator.

    Seen through ``functools.partial``, bound methods and ``functools.wraps``, and for
    objects that are called by their ``__call__``.
    """
    flags = _LOOP
    while True:
        code = getattr(function, "__code__", None)
        if code is not None and code.co_flags & flags:
            return True
        if isinstance(function, partial):
            function = function.func
        elif (inner := getattr(function, "__wrapped__", None)) is not None:
            function = inner
            flags = _ASYNC  # the wrapper of a generator is plain code that runs at once
        elif isinstance(function, RemoteMethod):
            return bool(getattr(function.remote, "awaited", False))
        elif code is None and not isinstance(function, type):
            return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
                getattr(type(function), "__call__", None)  # noqa: B004
            )
        else:
            return inspect.iscoroutinefunction(function)  # it may be marked as one
