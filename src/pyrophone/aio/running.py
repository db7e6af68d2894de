"""The answering half of one connection in a loop: runs calls, and answers each once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any

from ..context import serving
from ..errors import CallCancelledError, DeadlineExceeded
from ..objects.calls import ATTRIBUTE_ACCESS
from ..steps import Invoke, Procedure
from ..wire.buffers import Data
from ..wire.events import Cancel, Credit
from ..wire.framing import ONEWAY
from .prompt import DATA, PromptRunning, Run
from .pump import Pump, discard
from .service import runs_in_loop

__all__ = ["Running"]

_log = logging.getLogger("pyrophone.daemon")


class Running(PromptRunning):
    """Runs the calls that come over one connection.

    Asynchronous functions run as tasks of the loop, others in the pool of the service,
    decided for each. To be used in the loop that it was made in.

    Args:
        speaker: The connection.
        service: Whose functions are called.

    Attributes:
        runs: The calls under way, streams and one-way calls among them.
    """

    @property
    def count(self) -> int:
        """Calls under way, streams and one-way calls among them."""
        return len(self.runs)

    @property
    def waited_for(self) -> bool:
        """Whether a caller waits for an answer."""
        return any(not call.flags & ONEWAY for call in self.runs)

    @property
    def busy(self) -> bool:
        """Whether there are calls to let end before all ends; streams are none."""
        return any(
            run.pump is None and (not self._closed or run.call.flags & ONEWAY)
            for run in self.runs.values()
        )

    @property
    def tasks(self) -> bool:
        """Whether something runs in a task."""
        return any(run.task is not None or run.pump for run in self.runs.values())

    def holding(self, path: str) -> int:
        """Return how many threads wait for a call that the calls in *path* wait for."""
        outer = path + "\n"
        return sum(
            run.threaded and outer.startswith(run.context.path + "\n")
            for run in self.runs.values()
        )

    def cancel(self, event: Cancel) -> None:
        """Let the caller of a call give it up."""
        run = self.runs.get(event.call)
        if run is not None:
            self._cancel(run)

    def credit(self, event: Credit) -> None:
        """Go on with a stream whose reader takes more."""
        run = self.runs.get(event.call)
        if run is not None and run.pump is not None:
            run.pump.credited()

    def give_up(self) -> None:
        """Cancel all that runs, as if its callers had done so."""
        for run in list(self.runs.values()):
            self._cancel(run)

    def close(self) -> None:
        """Cancel what nobody waits for any more: the connection is gone.

        One-way calls go on; nobody ever waited for these.
        """
        self._closed = True
        for run in list(self.runs.values()):
            if not run.call.flags & ONEWAY:
                self._cancel(run)

    # Running.

    def _begin(self, run: Run, function: Callable[..., Any]) -> None:
        """Run *function*, here or in the pool."""
        if runs_in_loop(function):
            self._spawn(run, self._await(run, function))
        else:
            self._apart(run, function)

    def _apart(self, run: Run, function: Callable[..., Any] | None) -> None:
        self._thread(run, partial(self._work, run, function))

    def _batch(self, run: Run) -> None:
        steps = self._service.batch(self._speaker.client, run.call)
        self._thread(run, partial(self._advance, run, steps))

    def _thread(self, run: Run, job: Callable[[], object]) -> None:
        """Run a call in a thread, if there is one that does not wait for it."""
        if run.call.path:
            self._service.admit(run.call)
        run.threaded = True
        self._submit(job)

    def _spawn(self, run: Run, work: Coroutine[Any, Any, None]) -> None:
        """Go on with a call in a task, which ends with the time of its caller."""
        run.started = run.threaded = False
        deadline = run.context.deadline
        if deadline is not None and run.timer is None:
            left = max(0.0, deadline - time.monotonic())
            run.timer = self._loop.call_later(left, self._expire, run)
        run.task = self._loop.create_task(work)

    def _work(self, run: Run, function: Callable[..., Any] | None) -> None:
        """Run *function* in a thread of the pool; find it first if need be."""
        serving.set(run.context)
        call = run.call
        try:
            run.context.check()
            if function is None:
                function = self._service.function(self._speaker.client, call)
                if runs_in_loop(function):
                    self._post(self._begin, run, function)
                    return
        except BaseException as error:  # whatever it is, the caller is told
            self._post(self._end, run, None, error)
            return
        try:
            value = function(*call.args, **call.kwargs)
        except BaseException as error:  # whatever it is, the caller is told
            self._post(self._end, run, None, self._judged(run, function, error))
        else:
            if hasattr(type(value), "__await__"):
                self._post(self._wait_for, run, value)
            else:
                self._answer_apart(run, value)

    def _wait_for(self, run: Run, value: Any) -> None:
        self._spawn(run, self._await(run, None, value))

    def _judged(
        self, run: Run, function: Callable[..., Any], error: BaseException
    ) -> BaseException:
        """Return the error that counts."""
        judge = self._service.judge
        call = run.call
        if judge is None or not isinstance(error, Exception):
            return error
        if call.method not in ATTRIBUTE_ACCESS:
            try:
                judge(self._speaker.client, function, call.args, call.kwargs, error)
            except Exception as other:  # of the program's own method: it counts
                return other
        return error

    # Batches: a procedure, each of whose steps runs where it belongs.

    def _advance(
        self,
        run: Run,
        steps: Procedure[list[Any]],
        result: Any = None,
        error: BaseException | None = None,
    ) -> None:
        """Go on with a batch in a thread of the pool, up to what belongs into the loop."""
        serving.set(run.context)
        try:
            while True:
                step: Any = steps.send(result) if error is None else steps.throw(error)
                run.context.check()
                assert isinstance(step, Invoke)
                result = error = None
                if runs_in_loop(step.function):
                    self._post(self._await_step, run, steps, step, None)
                    return
                try:
                    result = step.function(*step.args, **step.kwargs)
                except BaseException as problem:  # the batch tells it the caller
                    error = problem
                if hasattr(type(result), "__await__"):
                    self._post(self._await_step, run, steps, None, result)
                    return
        except StopIteration as stop:
            self._answer_apart(run, stop.value)
        except BaseException as problem:  # whatever it is, the caller is told
            self._post(self._end, run, None, problem)

    def _await_step(
        self, run: Run, steps: Procedure[list[Any]], step: Invoke | None, value: Any
    ) -> None:
        self._spawn(run, self._step(run, steps, step, value))

    async def _step(
        self, run: Run, steps: Procedure[list[Any]], step: Invoke | None, value: Any
    ) -> None:
        serving.set(run.context)
        error: BaseException | None = None
        try:
            run.context.check()
            run.started = True
            if step is not None:
                value = step.function(*step.args, **step.kwargs)
            if hasattr(type(value), "__await__"):
                value = await value
        except BaseException as problem:  # the batch tells it the caller
            value, error = None, problem
        run.task = None
        try:
            self._submit(partial(self._advance, run, steps, value, error))
        except BaseException as problem:  # no thread to be had, for one
            self._end(run, None, problem)

    # Ending.

    def _answer_apart(self, run: Run, value: Any) -> None:
        """Answer a call that ran in this thread: to write much would hold up the loop.

        Streams begin in the loop.
        """
        kind = type(value)
        if (
            not self._service.apart
            or hasattr(kind, "__next__")
            or hasattr(kind, "__anext__")
        ):
            self._post(self._end, run, value, None)
            return
        try:
            data = self._answer(run, value, None)
        except BaseException as problem:  # whatever it is, the caller is told
            self._post(self._end, run, None, problem)
        else:
            self._post(self._finish, run, data)

    def _cancel(self, run: Run) -> None:
        run.context.cancelled = True
        if run.pump is not None:
            run.pump.stop()
        elif run.task is not None and run.started:
            run.task.cancel()

    def _expire(self, run: Run) -> None:
        """The time of a call is over."""
        run.late = True
        if run.task is not None and run.started:
            run.task.cancel()

    def _conclude(self, run: Run, value: Any, error: BaseException | None) -> None:
        data: Data = b""
        if not self._closed:
            try:
                data = self._answer(run, value, error)
            except BaseException as problem:  # a hook of the user's; nothing can be said
                _log.exception(
                    "a call that failed can't be answered; its connection is closed"
                )
                self._speaker.close()
                self._service.noticed(problem)
        elif error is None:
            discard(value, self._service.pool, self._loop)
        self._finish(run, data)
        if error is not None and not run.threaded:
            self._service.noticed(error)

    def _finish(self, run: Run, data: Data) -> None:
        """Send the answer of a call, and be done with it, unless it is a stream."""
        if run.timer is not None:
            run.timer.cancel()
        self._speaker.write(data)
        if run.pump is not None:
            run.pump.start(partial(self._done, run))
        else:
            self._done(run)

    def _answer(self, run: Run, value: Any, error: BaseException | None) -> Data:
        service, session = self._service, self._speaker.session
        call, context = run.call, run.context
        token = serving.set(context)
        try:
            if error is None:
                try:
                    if type(value) in DATA and service.apart:  # the short way
                        data: bytes = session.result(
                            call,
                            value,
                            annotations=context.reply_annotations,
                            correlation=context.correlation,
                        )
                        return data
                    if not service.flowing(session, call, value):
                        return service.reply(session, call, value, context)
                    data = service.open(session, call, context)
                    if call.flow is not None:
                        run.pump = Pump(call, value, self._speaker, service, context)
                    else:  # it was cancelled
                        discard(value, service.pool, self._loop)
                    return data
                except BaseException as problem:  # whatever it is, the caller is told
                    error = problem
            if isinstance(error, asyncio.CancelledError):
                error = _cancelled(error, late=run.late)
            return service.fail(session, call, error, context)
        finally:
            serving.reset(token)

    def _done(self, run: Run) -> None:
        del self.runs[run.call]
        self._speaker.ended()

    def _submit(self, job: Callable[[], object]) -> None:
        self._service.pool.submit(partial(copy_context().run, job))

    def _post(self, function: Callable[..., object], *args: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed; nobody waits for it
            self._loop.call_soon_threadsafe(function, *args)


def _cancelled(error: BaseException, *, late: bool) -> BaseException:
    if late:
        text = "the time of the call was over while it ran"
        return DeadlineExceeded(text).with_traceback(error.__traceback__)
    return CallCancelledError("the call was cancelled").with_traceback(error.__traceback__)
