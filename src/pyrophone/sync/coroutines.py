"""Where a daemon of threads runs ``async def`` methods: one thread with a loop, for all.

Imported when the first one is called, and not before: asyncio takes longer to import than
the rest of the library.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

from ..errors import CallCancelledError
from ..objects.streams import Tap
from ..wire.events import Call
from .link import Link
from .pump import Pump, Runner
from .tapping import TapPump

__all__ = ["AsyncPump", "Coroutines", "Task"]

Done = Callable[[Any, BaseException | None], object]
_CANCELLED = "the call was cancelled while it ran"
_LONGEST = 2.0  # seconds that the end waits for coroutines which don't end


class Task:
    """One coroutine, to be run."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False

    def run(self, coroutine: Coroutine[Any, Any, Any], done: Done) -> None:
        """Run *coroutine* in a copy of the context of this moment.

        Args:
            coroutine: What to run.
            done: Called in the loop's thread, in the same context, with what it returned
                or what it raised.

        Raises:
            RuntimeError: The loop has ended.
        """
        context = contextvars.copy_context()
        try:
            self._loop.call_soon_threadsafe(self._begin, coroutine, done, context=context)
        except RuntimeError:
            coroutine.close()
            raise

    def cancel(self) -> None:
        """Raise ``CancelledError`` in it, from any thread."""
        self._cancelled = True
        try:
            self._loop.call_soon_threadsafe(self._cancel)
        except RuntimeError:  # the loop has ended, and with it all that ran there
            return

    def _begin(self, coroutine: Coroutine[Any, Any, Any], done: Done) -> None:
        if self._cancelled:
            coroutine.close()
            done(None, CallCancelledError(_CANCELLED))
        else:
            self._task = asyncio.Task(_carry_out(coroutine, done), loop=self._loop)

    def _cancel(self) -> None:
        if self._task is not None:
            # Behind its first step: before, nothing in it sees to what is to be done then.
            self._loop.call_soon(self._task.cancel)


class Coroutines:
    """A thread with a loop that runs coroutines.

    Args:
        name: Of the thread, for debuggers.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._ending = threading.Lock()
        self._gathering = threading.Lock()
        self._gathered: deque[Callable[[], object]] = deque()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def task(self) -> Task:
        """Return what is to run a coroutine."""
        return Task(self._loop)

    def result(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run *coroutine*, and wait for what it returns or raises."""
        outcome: list[tuple[Any, BaseException | None]] = []
        over = threading.Event()

        def done(value: Any, error: BaseException | None) -> None:
            outcome.append((value, error))
            over.set()

        self.task().run(coroutine, done)
        over.wait()
        value, error = outcome.pop()
        if error is not None:
            raise error
        return value

    def blocking(self, items: AsyncIterator[Any]) -> Iterator[Any]:
        """Give the items of an async iterator to who waits for each of them."""

        async def one() -> tuple[bool, Any]:
            try:
                return True, await anext(items)
            except StopAsyncIteration:
                return False, None

        try:
            while True:
                more, item = self.result(one())
                if not more:
                    return
                yield item
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                self.result(close())

    def pump(
        self, link: Link, call: Call, items: AsyncIterator[Any], runner: Runner
    ) -> AsyncPump:
        """Return what sends the items of an async iterator."""
        return AsyncPump(link, call, items, runner, self)

    def tapped(self, link: Link, call: Call, tap: Tap, runner: Runner) -> TapPump:
        """Return what sends the items of a tap."""
        return TapPump(link, call, tap, runner, self)

    def gather(self, job: Callable[[], object]) -> None:
        """Have *job* run in the loop's thread, which is woken once for many of them."""
        with self._gathering:
            self._gathered.append(job)
            first = len(self._gathered) == 1
        if first:
            self.soon(self._do_gathered)

    def soon(self, function: Callable[[], object]) -> None:
        """Have *function* called in the loop's thread."""
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            return

    def close(self) -> None:
        """Cancel what runs, and end the thread."""
        if self._ending.acquire(False):  # a second time would stop the loop at its end
            self.soon(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(_LONGEST)

    def _run(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(self._end())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            asyncio.set_event_loop(None)
            loop.close()

    def _do_gathered(self) -> None:
        with self._gathering:
            jobs, self._gathered = self._gathered, deque()
        for job in jobs:
            self._loop.call_soon(job)

    async def _end(self) -> None:
        await asyncio.sleep(0)  # what has just begun takes its first step, see Task
        tasks = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_LONGEST)


async def _carry_out(coroutine: Coroutine[Any, Any, Any], done: Done) -> None:
    try:
        value = await coroutine
    except asyncio.CancelledError:
        done(None, CallCancelledError(_CANCELLED))
    except BaseException as error:  # whatever it is, who waits is told
        done(None, error)
    else:
        done(value, None)


class AsyncPump(Pump):
    """Takes items from an async iterator and sends them."""

    def __init__(
        self,
        link: Link,
        call: Call,
        items: AsyncIterator[Any],
        runner: Runner,
        coroutines: Coroutines,
    ) -> None:
        super().__init__(link, call, items, runner)
        self._source = items
        self._coroutines = coroutines
        self._wanted = asyncio.Event()
        self._task = coroutines.task()

    def begin(self) -> None:
        """Begin, once the link knows it: it may end at once."""
        self._task.run(self._produce(), self._produced)

    def credited(self) -> None:
        """Go on: the reader has used up something, or takes more again."""
        self._coroutines.soon(self._go_on)

    def stop(self, error: BaseException | None = None) -> None:
        """Send nothing more but the end; let go of the iterator."""
        self._error = self._error or error
        self._stopped = True
        self._task.cancel()

    def _go_on(self) -> None:
        self._flush()
        self._wanted.set()

    async def _produce(self) -> None:
        """Send items until there are no more."""
        try:
            while not self._stopped:
                if self._over:
                    if not self._complete() and self._ended:
                        return
                elif self._flow.room > 0 and not self._link.stuck:
                    await self._one()
                    continue
                await self._wanted.wait()
                self._wanted.clear()
        finally:
            close = getattr(self._source, "aclose", None)
            if close is not None:
                await close()

    async def _one(self) -> None:
        try:
            self.take(await anext(self._source))
        except StopAsyncIteration:
            self._over = True
        except Exception as error:  # whatever it is, the reader is told
            self.fail(error)

    def _produced(self, value: Any, error: BaseException | None) -> None:
        if not self._ended:
            self._end()

    def let_go(self) -> None:
        """Leave the iterator to the task, which closes it."""
