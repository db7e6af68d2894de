"""The calling half of one connection in a loop: who waits for the answer to which call."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from ..context import answered, outgoing, serving, to_send
from ..errors import ConnectionLostError, DeadlineExceeded, PyrophoneError
from ..wire.client import ClientSession
from ..wire.events import Pong, Reply
from ..wire.framing import ONEWAY

__all__ = ["Caller"]


class Caller:
    """Makes calls over one connection, and gives each caller its own answer.

    A front-end's connection is one, and adds how bytes are sent. To be used in the
    loop that it was made in.

    Attributes:
        session: The conversation.
        loop: Where it is used; None once the connection is closed.
        paused: Whether the other side takes no more bytes for now; callers then wait.
    """

    def __init__(self, session: ClientSession) -> None:
        self.session = session
        self.loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        self.paused = False
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._pings: deque[asyncio.Future[None]] = deque()
        self._held: deque[asyncio.Future[None]] = deque()  # callers that wait to send
        self._error: Exception | None = None  # why the connection is closed

    def write(self, data: bytes) -> None:
        """Send *data*."""
        raise NotImplementedError

    def spoil(self, error: Exception) -> None:
        """Close the connection because of *error*, and tell all who wait."""
        raise NotImplementedError

    async def exchange(
        self,
        method: str,
        args: Any,
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        *,
        object_id: str | None = None,
        limit: float | None = None,
    ) -> Reply:
        """Make a call; return its reply. If it is cancelled, the call is given up.

        Args:
            method: Name of the method.
            args: Its arguments; for a batch, the triples.
            kwargs: Likewise by keyword.
            flags: Of the message, without ONEWAY.
            object_id: Which object; None is the one that was greeted.
            limit: When its time is over, by the monotonic clock; None is never.

        Raises:
            SerializeError: An argument can't be written; nothing was sent.
            DeadlineExceeded: There was no reply in time.
            ConnectionLostError: The connection broke.
            RemoteProtocolError: The daemon broke the rules.
        """
        if self.paused:
            await self.writable(limit)
        self._post(method, args, kwargs, flags, object_id, limit)
        seq = self.session.seq
        loop = self.loop
        assert loop is not None
        waiter: asyncio.Future[Reply] = loop.create_future()
        self._waiting[seq] = waiter
        timer = None
        if limit is not None:
            timer = loop.call_later(limit - time.monotonic(), self._expire, seq, waiter)
        try:
            reply = await waiter
        except asyncio.CancelledError:
            self._abandon(seq, waiter)
            raise
        finally:
            if timer is not None:
                timer.cancel()
        if outgoing.get() is not None:
            answered(reply.annotations)
        return reply

    def send(
        self,
        method: str,
        args: Any,
        kwargs: Mapping[str, Any] | None,
        flags: int = ONEWAY,
        *,
        object_id: str | None = None,
        limit: float | None = None,
    ) -> None:
        """Make a one-way call; see :meth:`exchange`."""
        self._post(method, args, kwargs, flags | ONEWAY, object_id, limit)

    async def ping(self, limit: float | None = None) -> None:
        """Return once the other side has answered a ping; raises as a call does."""
        if self.paused:
            await self.writable(limit)
        self._check(limit)
        self.write(self.session.ping())
        assert self.loop is not None
        waiter: asyncio.Future[None] = self.loop.create_future()
        self._pings.append(waiter)
        await self._within(waiter, limit, sent=True)

    async def writable(self, limit: float | None = None) -> None:
        """Return when the other side takes bytes again.

        Raises:
            DeadlineExceeded: It did not in time; nothing was sent.
            ConnectionLostError: The connection broke.
        """
        while self.paused:
            self._check(limit)
            assert self.loop is not None
            waiter: asyncio.Future[None] = self.loop.create_future()
            self._held.append(waiter)
            try:
                await self._within(waiter, limit, sent=False)
            finally:
                if waiter in self._held:
                    self._held.remove(waiter)

    def go_on(self) -> None:
        """Wake up all who wait in :meth:`writable`."""
        self.paused = False
        for waiter in self._held:
            if not waiter.done():
                waiter.set_result(None)

    def replied(self, reply: Reply) -> None:
        """Hand *reply* to who waits for it; nobody does if it is late."""
        waiter = self._waiting.pop(reply.seq, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(reply)

    def ponged(self, pong: Pong) -> None:
        """Hand *pong* to the one who waits for it."""
        if self._pings:
            waiter = self._pings.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def lose(self, error: Exception) -> None:
        """Tell all who wait that nothing more comes, because of *error*."""
        self.loop = None
        self.paused = False
        self._error = error
        waiters: list[asyncio.Future[Any]] = [
            *self._waiting.values(),
            *self._pings,
            *self._held,
        ]
        self._waiting.clear()
        self._pings.clear()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(_again(error))

    def _post(
        self,
        method: str,
        args: Any,
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
        limit: float | None,
    ) -> None:
        if self._error is not None or limit is not None:
            self._check(limit)
        annotations = correlation = None
        if outgoing.get() is not None or serving.get() is not None:
            annotations, correlation = to_send()
        self.write(
            self.session.call(
                method,
                args,
                kwargs,
                flags,
                object_id=object_id,
                annotations=annotations,
                correlation=correlation,
            )
        )

    def _check(self, limit: float | None) -> None:
        if self._error is not None:
            raise _again(self._error)
        if limit is not None and limit <= time.monotonic():
            raise DeadlineExceeded("the time was over before the call was sent", sent=False)

    def _expire(self, seq: int, waiter: asyncio.Future[Reply]) -> None:
        if waiter.done():
            return
        error = DeadlineExceeded("no reply within the time of the call", sent=True)
        waiter.set_exception(error)
        self._abandon(seq, waiter)

    def _abandon(self, seq: int, waiter: asyncio.Future[Reply]) -> None:
        """Have no more use for the answer to call *seq*."""
        if self._waiting.get(seq) is waiter:
            del self._waiting[seq]
            self.spoil(ConnectionLostError("a call on this connection was given up"))

    async def _within(
        self, waiter: asyncio.Future[None], limit: float | None, *, sent: bool
    ) -> None:
        if limit is None:
            await waiter
            return
        try:
            async with asyncio.timeout(limit - time.monotonic()):
                await waiter
        except TimeoutError as error:
            if isinstance(error, PyrophoneError):
                raise
            raise DeadlineExceeded("no answer within the time", sent=sent) from None


def _again(error: Exception) -> Exception:
    """Return an error like *error* for one more caller: each has a traceback of its own."""
    return type(error)(*error.args).with_traceback(None)
