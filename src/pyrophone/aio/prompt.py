"""The call that is nothing special, on the shortest way, where it is served in a loop.

The twin ``prompt.pyx`` is for the compiled build; see :mod:`.swift`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from ..context import CallContext, serving
from ..frontend.contexts import context_for
from ..objects.functions import RELEASED
from ..wire.buffers import Data
from ..wire.events import Call
from ..wire.framing import BATCH
from .service import Service, Speaker, runs_in_loop
from .swift import CORK, SwiftCaller

if TYPE_CHECKING:
    from ..wire.session import Session
    from .functions import Functions
    from .pump import Pump

__all__ = ["DATA", "LARGE", "PromptLink", "PromptRunning", "Run"]

LARGE = 65536  # bytes that take longer to be read than to be handed to a thread
# What is no stream; mostly that is all there is to know.
DATA = frozenset({bool, bytes, dict, float, int, list, str, tuple, type(None)})


class PromptLink(SwiftCaller):
    """The daemon's end of a connection, as far as calls come and are answered."""

    __slots__ = (
        "_here",
        "_home",
        "_leaving",
        "_many",
        "_most",
        "_queue",
        "_stalled",
        "answering",
        "closed",
        "functions",
        "used",
    )

    def __init__(self, session: Session, home: Any) -> None:
        super().__init__(session)
        self.answering: PromptRunning
        self.closed = False
        self.functions: Functions | None = None
        self.used = time.monotonic()
        self._here = asyncio.get_running_loop()
        self._home = home
        self._leaving = False  # whether it was refused, and is to read why
        self._many = False
        self._most: int = home.settings.calls_per_client
        self._queue: deque[Call] = deque()
        self._stalled = False  # whether something that came may have to wait

    def write(self, data: Data, lent: bool = False) -> None:
        """Send *data*, together with others of the same moment where there may be some."""
        sink = self._sink
        if not data or sink is None:
            return
        if self._beats is not None:
            self._beats.told = time.monotonic()
        if self._stalled and self._many:  # it may be a call, whose answer is to be read
            self._here.call_soon(self._pull)
        if type(data) is not bytes:
            self._uncork()
            self._large(data, lent)
            return
        if not self._corked:
            if len(self.answering.runs) < 2:
                sink.write(data)
                return
            self._here.call_soon(self._uncork)
        self._corked.append(data)
        self._corked_size += len(data)
        if self._corked_size > CORK:
            self._uncork()

    def ended(self) -> None:
        """Note that a call is answered; take the next one, if it had to wait."""
        self.used = time.monotonic()
        while self._queue and len(self.answering.runs) < self._most and not self.closed:
            self.answering.call(self._queue.popleft())
        if self._stalled:
            self._pull()
        if self._home.stopping or self.closed:
            self._home.rested(self)

    def data_received(self, data: bytes) -> None:
        """Do what *data* asks for, unless something is to be waited for first."""
        if self._beats is not None:
            self._beats.heard = time.monotonic()
        if self._leaving:
            return
        if len(data) < LARGE and self._many and not (self._stalled or self.paused):
            call = self.session.call_in(data)
            if call is not None:  # it is alone, and nothing special
                self.used = time.monotonic()
                self._take_call(call)
                if self.paused or len(self.answering.runs) >= self._most:
                    self._stalled = self._blocked
                return
        self._received(data)

    def _take_call(self, call: Call) -> None:
        if self._home.stopping or (
            call.method == RELEASED and self.functions and self.functions.released(call)
        ):
            return
        if len(self.answering.runs) >= self._most:
            self._queue.append(call)
        else:
            self.answering.call(call)

    @property
    def _blocked(self) -> bool:
        """Whether nothing more is to be taken for now."""
        raise NotImplementedError

    def _large(self, data: Data, lent: bool) -> None:
        """Send *data*, which is not bytes."""
        raise NotImplementedError

    def _pull(self) -> None:
        """Take what has come, up to what has to wait."""
        raise NotImplementedError

    def _received(self, data: bytes) -> None:
        """Take in anything."""
        raise NotImplementedError


class Run:
    """One call under way.

    Attributes:
        call: The call.
        context: What the function is told about it.
        task: What it runs in, if it does so in the loop.
        timer: What ends it with the time of its caller.
        pump: Sends the items, if a stream is the answer.
        started: Whether the task is in code of the user.
        threaded: Whether it has a thread, or is to have one.
        late: Whether the time of its caller is over.
    """

    __slots__ = ("call", "context", "late", "pump", "started", "task", "threaded", "timer")

    def __init__(self, call: Call, context: CallContext) -> None:
        self.call = call
        self.context = context
        self.task: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.pump: Pump | None = None
        self.started = False
        self.threaded = False
        self.late = False


class PromptRunning:
    """What runs the calls of one connection, as far as nothing special is to be done.

    Args:
        speaker: The connection.
        service: Whose functions are called.

    Attributes:
        runs: The calls under way, streams and one-way calls among them.
    """

    __slots__ = ("_closed", "_loop", "_service", "_speaker", "runs")

    def __init__(self, speaker: Speaker, service: Service) -> None:
        self._speaker = speaker
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self.runs: dict[Call, Run] = {}

    def call(self, call: Call) -> None:
        """Run *call*; its answer is written when it is there."""
        service = self._service
        client = self._speaker.client
        context = context_for(client, call, service.place)
        if call.cancelled:
            context.cancelled = True
        run = self.runs[call] = Run(call, context)
        try:
            if call.flags & BATCH:
                self._batch(run)
                return
            function = service.function_at_hand(client, call)
            if function is None or not runs_in_loop(function):
                self._apart(run, function)
            elif context.deadline is None:
                run.task = self._loop.create_task(self._await(run, function))
            else:
                self._spawn(run, self._await(run, function))
        except BaseException as error:  # whatever it is, the caller is told
            self._end(run, None, error)

    async def _await(
        self, run: Run, function: Callable[..., Any] | None, value: Any = None
    ) -> None:
        """Run *function* as a task; without one, wait for *value*."""
        context = run.context
        serving.set(context)
        try:
            if context.cancelled or context.deadline is not None:
                context.check()
            run.started = True
            if function is not None:
                value = function(*run.call.args, **run.call.kwargs)
            if type(value) is CoroutineType or hasattr(type(value), "__await__"):
                value = await value
        except BaseException as error:  # whatever it is, the caller is told
            judged = error if function is None else self._judged(run, function, error)
            self._end(run, None, judged)
        else:
            self._end(run, value, None)

    def _end(self, run: Run, value: Any, error: BaseException | None) -> None:
        """Answer a call; in the loop."""
        if (
            error is None
            and type(value) in DATA
            and self._service.apart
            and not self._closed
            and serving.get() is run.context
        ):  # nothing special
            try:
                data = self._speaker.session.result(
                    run.call,
                    value,
                    annotations=run.context.reply_annotations,
                    correlation=run.context.correlation,
                )
            except BaseException as problem:  # whatever it is, the caller is told
                error = problem
            else:
                if run.timer is not None:
                    run.timer.cancel()
                self._speaker.write(data)
                del self.runs[run.call]
                self._speaker.ended()
                return
        self._conclude(run, value, error)

    def _apart(self, run: Run, function: Callable[..., Any] | None) -> None:
        """Run *function* in a thread; find it there if it is None."""
        raise NotImplementedError

    def _batch(self, run: Run) -> None:
        """Run the calls of a batch."""
        raise NotImplementedError

    def _spawn(self, run: Run, work: Coroutine[Any, Any, None]) -> None:
        """Go on with a call in a task, which ends with the time of its caller."""
        raise NotImplementedError

    def _judged(
        self, run: Run, function: Callable[..., Any], error: BaseException
    ) -> BaseException:
        """Return the error that counts."""
        raise NotImplementedError

    def _conclude(self, run: Run, value: Any, error: BaseException | None) -> None:
        """Answer any call."""
        raise NotImplementedError
