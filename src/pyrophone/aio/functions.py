"""Functions that cross a connection: those of the other side, and ours that it calls."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ..context import CallContext, Client
from ..errors import CallError, ConnectionLostError, NotExposedError, ProtocolError
from ..frontend.deadlines import limit_of
from ..objects import functions
from ..objects.calls import format_remote
from ..objects.functions import (
    CALLED,
    RELEASED,
    FunctionCrossing,
    FunctionTable,
    StubTable,
)
from ..steps import Procedure
from ..wire.buffers import Data
from ..wire.events import Call
from ..wire.framing import BATCH, ONEWAY
from .calling import Caller
from .items import FlowingItems
from .pool import Pool

__all__ = ["FunctionService", "Functions", "RemoteFunction", "release"]

_THREADS = 8
_FAREWELL = 1.0  # seconds
_GLANCE = 0.001


class RemoteFunction(functions.RemoteFunction):
    """A function of the other side. In a loop it is awaited, in a thread it blocks."""

    __slots__ = ("_functions",)

    def __init__(self, function_id: str, known: Functions) -> None:
        super().__init__(function_id)
        self._functions = known

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it; give what is awaited for the result, or in a thread the result."""
        return self._functions.invoke(self, args, kwargs)

    def release(self) -> None:
        """Give it back: it can't be called any more."""
        self._functions.give_back(self)


def release(function: Any) -> None:
    """Give back *function*, which was received: it can't be called any more.

    What is dropped is given back by itself; this is for what is kept.

    Raises:
        TypeError: It is no function of the other side.
    """
    if not isinstance(function, RemoteFunction):
        raise TypeError(f"{type(function).__name__} is no function of the other side")
    function.release()


class Functions(FunctionCrossing):
    """The functions that crossed one connection, in both directions.

    Args:
        caller: The connection.
        window: How many messages of items of a stream may be on their way here.
    """

    def __init__(self, caller: Caller, window: int) -> None:
        self._caller = caller
        self._window = window
        self._loop = asyncio.get_running_loop()
        stubs = StubTable(self._make, self._notify)
        # They are released in any thread.
        super().__init__(FunctionTable(), stubs, threading.RLock())

    # What the connection asks.

    @property
    def count(self) -> int:
        """How many functions of this side the other one has."""
        return len(self.functions)

    def function(self, call: Call) -> Callable[..., Any]:
        """Return what to run for a call of a function that the other side was given.

        Raises:
            NoSuchObjectError: There is no such function, or none any more.
        """
        function: Callable[..., Any] = self.functions.find(call.object_id)
        return function

    def released(self, call: Call) -> bool:
        """Take back a function, if that is what *call* is for."""
        if call.method != RELEASED:
            return False
        self.forget(call.object_id, *call.args[:1])
        return True

    # What functions ask.

    def invoke(self, function: RemoteFunction, args: Any, kwargs: dict[str, Any]) -> Any:
        """Call a function of the other side; see :class:`RemoteFunction`."""
        if function.released:
            raise CallError(f"{function!r} can't be called any more")
        call = self._call(function.function_id, args, kwargs, limit_of(None))
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            return self._elsewhere(call).result()
        if here is self._loop:
            return call
        return asyncio.wrap_future(self._elsewhere(call))

    # Helpers.

    def _elsewhere(self, call: Any) -> Any:
        try:
            return asyncio.run_coroutine_threadsafe(call, self._loop)
        except RuntimeError as error:
            call.close()
            raise ConnectionLostError("the loop of the connection has ended") from error

    async def _call(
        self, function_id: str, args: Any, kwargs: Any, limit: float | None
    ) -> Any:
        caller = self._caller
        reply = await caller.exchange(
            CALLED, args, kwargs, object_id=function_id, limit=limit
        )
        if reply.flows:
            return FlowingItems(caller, reply, None, self._window)
        return reply.unwrap()

    def _make(self, function_id: str) -> RemoteFunction:
        return RemoteFunction(function_id, self)

    def _notify(self) -> None:
        # At any time, in any thread: a stub has ended.
        with suppress(RuntimeError):  # the loop is closed, and the connection with it
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        caller = self._caller
        for function_id, count in self.stubs.take_released():
            with suppress(ProtocolError):
                call = caller.session.call(
                    RELEASED, (count,), {}, ONEWAY, object_id=function_id
                )
                caller.write(call)


class FunctionService:
    """What answering calls of passed functions needs to know, at a client."""

    judge: Callable[..., Any] | None = None
    apart = True
    place = "client"

    def __init__(self, known: Functions) -> None:
        self.pool = Pool(_THREADS, "pyrophone-function-#")
        self._functions = known

    async def rest(self) -> None:
        """Let the threads end; return when they have, or one takes too long."""
        self.pool.close()
        until = time.monotonic() + _FAREWELL
        while self.pool.alive and time.monotonic() < until:
            await asyncio.sleep(_GLANCE)

    def admit(self, call: Call) -> None:
        """Let *call* have a thread: who waits for it can't be told here."""

    def function_at_hand(self, client: Client, call: Call) -> Callable[..., Any]:
        """Return what to run for *call*: finding it never runs code of the user."""
        return self.function(client, call)

    def function(self, client: Client, call: Call) -> Callable[..., Any]:
        """Return what to run for *call*."""
        if call.problem is not None:
            raise call.problem
        if call.method != CALLED:
            raise NotExposedError(f"a function has no method {call.method!r:.80}")
        return self._functions.function(call)

    def batch(self, client: Client, call: Call) -> Procedure[list[Any]]:
        """Refuse a batch."""
        raise CallError("functions are not called in batches")

    def flowing(self, session: Any, call: Call, value: Any) -> bool:
        """Tell whether *value* is to be answered by a stream that flows."""
        if call.flags & (ONEWAY | BATCH):
            return False
        kind = type(value)
        return hasattr(kind, "__anext__") or (
            hasattr(kind, "__next__") and hasattr(kind, "__iter__")
        )

    def reply(self, session: Any, call: Call, value: Any, context: CallContext) -> Data:
        """Return the bytes that answer *call* with *value*."""
        data: Data = session.result(
            call,
            value,
            annotations=context.reply_annotations,
            correlation=context.correlation,
        )
        return data

    def open(self, session: Any, call: Call, context: CallContext) -> Data:
        """Return the bytes that answer *call* with a stream that flows."""
        data: Data = session.flow(
            call, annotations=context.reply_annotations, correlation=context.correlation
        )
        return data

    def fail(
        self, session: Any, call: Call, error: BaseException, context: CallContext
    ) -> Data:
        """Return the bytes that answer *call* with *error*."""
        data: Data = session.fault(
            call,
            error,
            self.traceback(error),
            annotations=context.reply_annotations,
            correlation=context.correlation,
        )
        return data

    def traceback(self, error: BaseException) -> list[str]:
        """Return the lines that show where a function failed."""
        return format_remote(error)

    def noticed(self, error: BaseException) -> None:
        """Let Ctrl-C in a function end the loop, behind the answer."""
        main = threading.current_thread() is threading.main_thread()
        if isinstance(error, KeyboardInterrupt) and main:
            asyncio.get_running_loop().call_soon(_raise, error)


def _raise(error: BaseException) -> None:
    raise error
