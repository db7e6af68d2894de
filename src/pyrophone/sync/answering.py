"""The functions of this side that the daemon of a connection calls."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from ..context import CallContext, Client, serving
from ..errors import (
    CallCancelledError,
    ConnectionLostError,
    NotExposedError,
    ProtocolError,
    RemoteProtocolError,
)
from ..frontend.contexts import context_for
from ..objects.calls import format_remote
from ..objects.functions import CALLED, RELEASED
from ..wire.buffers import Data
from ..wire.events import Call, Cancel, Credit
from ..wire.framing import ONEWAY
from .functions import Functions, Speaking
from .hub import HUB
from .pump import Pump
from .returns import Returns

if TYPE_CHECKING:
    from .coroutines import Coroutines

__all__ = ["Running"]

_QUEUE = 10_000
_log = logging.getLogger("pyrophone.client")


class Running(Functions):
    """Runs the functions of this side that the daemon of a connection calls.

    They run in threads for that, never in one that reads; what is ``async def`` runs in a
    loop that all connections of this process share.

    Args:
        connection: The connection.
        address: That of the daemon.
        most: Calls under way, at most. Some thousands more may wait for a thread; beyond
            that they are against the rules.
        notify: Called, from finalizers, when a function can be given back.

    Attributes:
        alone: Whether there is one thread for everything.
        open: The contexts of calls under way, by number.
        tasks: What cancels the coroutines of calls, by number.
        pumps: The streams that flow to the daemon, by number.
        stuck: Whether the daemon takes no more for now; it is never waited for here.
    """

    alone = False
    stuck = False

    def __init__(
        self,
        connection: Speaking,
        address: Any,
        most: int,
        notify: Callable[[], None],
    ) -> None:
        super().__init__(connection, notify)
        self._client = Client(address, connection.session)
        self._most = most + _QUEUE
        self._count = 0
        self._returns = Returns()
        self._over = False
        self.open: dict[int, CallContext] = {}
        self.tasks: dict[int, Callable[[], object]] = {}
        self.pumps: dict[int, Pump] = {}

    # What the connection asks, under its lock.

    def take(self, event: Any) -> None:
        """Take what the daemon asks for.

        Raises:
            RemoteProtocolError: It asks for too much, or for nothing we know.
        """
        if type(event) is Call:
            if self._count >= self._most:
                raise RemoteProtocolError(f"more than {self._most} calls are under way")
            self._count += 1
            self._returns.come(event)
            context = context_for(self._client, event, "client")
            if not event.flags & ONEWAY:
                self.open[event.seq] = context
            HUB.functions.submit(partial(self._serve, event, context))
        elif type(event) is Cancel:
            if (found := self.open.get(event.seq)) is not None:
                found.cancelled = True
            if (cancel := self.tasks.get(event.seq)) is not None:
                cancel()
            if (pump := self.pumps.get(event.seq)) is not None:
                HUB.functions.submit(pump.stop)
        elif type(event) is Credit:
            if (pump := self.pumps.get(event.seq)) is not None:
                HUB.functions.submit(pump.credited)
        else:
            raise RemoteProtocolError(f"{type(event).__name__} came unasked")

    def close(self) -> None:
        """End: the connection is gone, and with it all that crossed it."""
        with self.guard:
            self._over = True
            self.clear()
        for context in [*self.open.values()]:
            context.cancelled = True
        for cancel in [*self.tasks.values()]:
            cancel()
        for pump in [*self.pumps.values()]:
            HUB.functions.submit(pump.stop)
        HUB.leave(self)

    # What pumps ask.

    @property
    def closed(self) -> bool:
        """Whether the connection is closed."""
        connection = self._connection()
        return connection is None or connection.closed

    @property
    def session(self) -> Running:
        """What writes items: this, which takes the lock for it."""
        return self

    def items(self, call: Call, values: list[Any], *, last: bool = False) -> Data:
        """Return the bytes of items; see ``Session.items``."""
        connection = self._connection()
        if connection is None:
            return b""
        with connection.guard:
            return connection.session.items(call, values, last=last)

    def items_fault(self, call: Call, error: BaseException, traceback: list[str]) -> Data:
        """Return the bytes of an error that ends items; see ``Session.items_fault``."""
        connection = self._connection()
        if connection is None:
            return b""
        with connection.guard:
            return connection.session.items_fault(call, error, traceback)

    def deliver(self, data: Data) -> None:
        """Send *data*."""
        connection = self._connection()
        if connection is not None:
            connection.say(lambda: data)

    def done(self, key: int) -> None:
        """Note that a call was answered."""
        self.open.pop(key, None)
        self.tasks.pop(key, None)

    def submit(self, job: Callable[[], object]) -> None:
        """Have *job* run soon in another thread."""
        HUB.functions.submit(job)

    def traceback(self, error: BaseException) -> list[str]:
        """Return the lines that show the daemon where a function failed."""
        return format_remote(error)

    # Helpers.

    def _serve(self, call: Call, context: CallContext) -> None:
        """Run a call of the daemon, and answer it; in a thread for that."""
        connection = self._connection()
        if connection is None:
            return
        token = serving.set(context)
        goes_on = False
        try:
            function = self._find(connection, call)
            context.check()
            value = function(*call.args, **call.kwargs)
            goes_on = isinstance(value, Coroutine)
            if goes_on:
                self._await(call, context, value)
            else:
                self._answer(connection, call, context, value)
        except BaseException as error:  # whatever it is, the caller is told
            goes_on = False
            self._fail(connection, call, context, error)
        finally:
            serving.reset(token)
            if not goes_on:
                self._ended(connection, call)

    def _await(
        self, call: Call, context: CallContext, coroutine: Coroutine[Any, Any, Any]
    ) -> None:
        """Let *coroutine* run; its answer follows."""
        try:
            task = self._coroutines().task()
        except BaseException:
            coroutine.close()
            raise
        if not call.flags & ONEWAY:
            self.tasks[call.seq] = task.cancel
        task.run(coroutine, partial(self._awaited, call, context))
        if context.cancelled:  # since a moment
            task.cancel()

    def _awaited(
        self, call: Call, context: CallContext, value: Any, error: BaseException | None
    ) -> None:
        """Answer *call*, whose coroutine has ended."""
        connection = self._connection()
        if connection is None:
            return
        try:
            if error is not None:
                raise error
            self._answer(connection, call, context, value)
        except BaseException as problem:  # whatever it is, the caller is told
            self._fail(connection, call, context, problem)
        finally:
            self._ended(connection, call)

    def _ended(self, connection: Speaking, call: Call) -> None:
        with connection.guard:
            self._count -= 1
        if call.seq not in self.pumps:
            self.done(call.seq)

    def _coroutines(self) -> Coroutines:
        with self.guard:
            if self._over:
                raise ConnectionLostError("the connection is gone")
            return HUB.coroutines(self)

    def _find(self, connection: Speaking, call: Call) -> Callable[..., Any]:
        """Return what to run for *call*."""
        returned = None
        try:
            connection.session.read(call)
            if call.problem is not None:
                raise call.problem
            if call.method == RELEASED:
                returned = partial(self.forget, call.object_id, *call.args[:1])
                return lambda *_: None
            if call.method != CALLED:
                raise NotExposedError(f"a function has no method {call.method!r}")
            with self.guard:
                function: Callable[..., Any] = self.functions.find(call.object_id)
            return function
        finally:
            self._returns.begun(call, returned)

    def _answer(
        self, connection: Speaking, call: Call, context: CallContext, value: Any
    ) -> None:
        session = connection.session
        options: dict[str, Any] = {
            "annotations": context.reply_annotations,
            "correlation": context.correlation,
        }
        soon = hasattr(type(value), "__anext__")
        if not (soon or isinstance(value, Iterator)) or call.flags & ONEWAY:
            if context.cancelled:
                raise CallCancelledError("the caller has given up")
            connection.say(partial(session.result, call, value, **options))
            return
        connection.say(partial(session.flow, call, **options))
        if call.flow is not None:
            make: Any = self._coroutines().pump if soon else Pump
            self.pumps[call.seq] = pump = make(self, call, value, self)
            pump.begin()
            if context.cancelled or connection.closed:
                pump.stop()

    def _fail(
        self,
        connection: Speaking,
        call: Call,
        context: CallContext,
        error: BaseException,
    ) -> None:
        lines = format_remote(error)
        if call.flags & ONEWAY:
            _log.warning("error in a function that was passed:\n%s", "".join(lines))
            return
        with suppress(ProtocolError):
            connection.say(
                partial(
                    connection.session.fault,
                    call,
                    error,
                    lines,
                    annotations=context.reply_annotations,
                    correlation=context.correlation,
                )
            )
