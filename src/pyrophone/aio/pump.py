"""Sends the items of a stream ahead, as far as its reader lets it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, Protocol

from ..context import CallContext, serving
from ..errors import CallCancelledError, PyrophoneError
from ..wire.batching import Batch
from ..wire.buffers import Data
from ..wire.events import Call
from .pool import Pool

__all__ = ["Pump", "discard"]

_SLICE = 0.002  # seconds after which the items that there are go on their way, though few


class _Speaker(Protocol):
    session: Any

    def write(self, data: Data) -> None: ...


class _Service(Protocol):
    pool: Pool

    def traceback(self, error: BaseException) -> list[str]: ...


class Pump:
    """The stream that answers one call: takes items, and sends them by credit.

    A :class:`.Batch` gathers them. An asynchronous iterator is advanced in the loop, others
    by one thread of the pool at a time. Nothing is taken before the reader asks.

    Args:
        call: Answered by a stream that flows.
        items: What to send, an iterator of either kind.
        speaker: The connection.
        service: Whose function it was.
        context: That of the call.
    """

    def __init__(
        self,
        call: Call,
        items: Any,
        speaker: _Speaker,
        service: _Service,
        context: CallContext,
    ) -> None:
        assert call.flow is not None
        self._call = call
        self._flow = call.flow
        self._items = items
        self._speaker = speaker
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._serving = context
        self._context = copy_context()  # of what runs in the pool
        self._batch = Batch(call, items)
        self._stopped = False
        self._problem: Exception | None = None  # why an item could not be written
        self._waiter: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._inside = False  # whether the task is in an asynchronous iterator

    def start(self, done: Callable[[], None]) -> None:
        """Begin; *done* is called when all is sent, or nothing can be."""
        self._task = self._loop.create_task(self._run(done))

    def credited(self) -> None:
        """Take note that the reader takes more."""
        self._flush()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def stop(self) -> None:
        """End the stream: nobody reads it any more."""
        self._stopped = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self._inside and self._task is not None:
            self._task.cancel()

    async def _run(self, done: Callable[[], None]) -> None:
        serving.set(self._serving)
        error: BaseException | None = None
        try:
            while not self._flow.granted and not self._stopped:
                await self._credit()
            if hasattr(self._items, "__anext__"):
                await self._from_loop()
            else:
                await self._from_pool()
        except asyncio.CancelledError:
            self._stopped = True
        except BaseException as problem:  # whatever it is, the reader is told
            error = problem
        try:
            if self._stopped or self._problem is not None:
                await self._close()
            if error is None:
                await self._finish()
            await self._fail(error)
        finally:
            done()

    async def _from_loop(self) -> None:
        while not self._over:
            self._inside = True
            try:
                value = await self._items.__anext__()
            except StopAsyncIteration:
                return
            finally:
                self._inside = False
            self._batch.items.append(value)
            if self._flush():
                await asyncio.sleep(0)  # others have their turn, also if it never waits
            await self._room()

    async def _from_pool(self) -> None:
        while not self._over:
            job = self._loop.create_future()
            count = max(1, self._batch.full - len(self._batch.items))
            self._service.pool.submit(partial(self._take, job, count))
            values, error, ended = await job
            self._batch.items += values
            self._flush()
            if error is not None:
                raise error
            if ended:
                return
            await self._room()

    def _take(self, job: asyncio.Future[Any], count: int) -> None:
        """Take up to *count* items, in a thread of the pool."""
        drawn = self._context.run(self._draw, count)
        with suppress(RuntimeError):  # the loop is closed; nobody waits for it
            self._loop.call_soon_threadsafe(_settle, job, drawn)

    def _draw(self, count: int) -> tuple[list[Any], BaseException | None, bool]:
        """Return items, what ended the iterator, and whether it has ended."""
        serving.set(self._serving)
        values: list[Any] = []
        end = time.monotonic() + _SLICE
        try:
            while len(values) < count and not self._stopped:
                values.append(next(self._items))
                if time.monotonic() > end:
                    break
        except StopIteration:
            return values, None, True
        except BaseException as error:  # whatever it is, the reader is told
            return values, error, True
        return values, None, False

    @property
    def _over(self) -> bool:
        return self._stopped or self._problem is not None

    async def _room(self) -> None:
        """Wait while there is no use in taking more items."""
        batch = self._batch
        while not self._over and self._flow.room < 1 and len(batch.items) >= batch.full:
            await self._credit()

    async def _credit(self) -> None:
        """Wait until the reader takes more, or none."""
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _flush(self) -> bool:
        """Send what may be sent and should be; return whether anything was."""
        sent = False
        while self._batch.due and not self._over:
            self._send()
            sent = True
        return sent

    def _send(self, *, last: bool = False) -> None:
        """Send a message of items, if there is room; the end, too, if it is the last."""
        try:
            data = self._batch.next(self._speaker.session, last=last)
        except Exception as error:  # of converters, too: the reader is told
            self._problem = self._problem or error
        else:
            self._speaker.write(data)

    async def _finish(self) -> None:
        """Send what is left, and that it was all."""
        while not self._over:
            self._send(last=True)
            if not self._batch.items:
                return
            if self._flow.room < 1:
                await self._credit()

    async def _fail(self, error: BaseException | None) -> None:
        """Send what is left, and the error that ends the stream, if there is one."""
        error = error or self._problem
        while self._batch.items and not self._stopped:
            if self._flow.room > 0:
                self._send()
            else:
                await self._credit()
        if self._stopped:
            given_up = self._call.cancelled
            error = CallCancelledError(
                "the caller has given up" if given_up else "the stream was ended here"
            )
        if error is not None:
            with suppress(PyrophoneError):  # the connection is gone
                traceback = self._service.traceback(error)
                session = self._speaker.session
                self._speaker.write(session.items_fault(self._call, error, traceback))

    async def _close(self) -> None:
        """Tell the iterator that no more items are wanted."""
        close = getattr(self._items, "aclose", None)
        if close is None:
            discard(self._items, self._service.pool, self._loop)
            return
        with suppress(Exception):  # the user's code, and nobody is left to be told
            await close()


def discard(value: Any, pool: Pool, loop: asyncio.AbstractEventLoop) -> None:
    """Close *value*, if it is an iterator that can be closed; nobody waits for that."""
    if hasattr(value, "__anext__") and (close := getattr(value, "aclose", None)):
        loop.create_task(_closed(close()))
    elif hasattr(value, "__next__") and (close := getattr(value, "close", None)):
        with suppress(RuntimeError):  # no thread to be had
            pool.submit(partial(_close_quietly, close))


async def _closed(closing: Any) -> None:
    with suppress(Exception):  # of the stream, of which nobody wants to hear
        await closing


def _close_quietly(close: Callable[[], object]) -> None:
    with suppress(Exception):  # likewise
        close()


def _settle(job: asyncio.Future[Any], result: Any) -> None:
    if not job.done():
        job.set_result(result)
