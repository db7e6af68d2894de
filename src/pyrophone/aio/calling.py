"""The calling half of one connection in a loop: who waits for the answer to which call."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from ..context import answered, outgoing, serving, to_send
from ..errors import ConnectionLostError, DeadlineExceeded
from ..frontend.chains import check_call
from ..frontend.deadlines import late
from ..wire.buffers import Data
from ..wire.events import Pong, Portion, Reply
from ..wire.framing import ONEWAY
from ..wire.session import Session
from .inflow import Inflow
from .limits import UNSENT, within
from .outflow import Outflow
from .swift import SwiftCaller

__all__ = ["Caller", "again"]


class Caller(SwiftCaller):
    """Makes calls over one connection, and gives each caller its own answer.

    A front-end's connection is one, and adds how bytes are sent. To be used in the
    loop that it was made in.

    Attributes:
        session: The conversation.
        loop: Where it is used; None once the connection is closed.
        paused: Whether the other side takes no more bytes for now; callers then wait.
        location: Where the other side is, as chains of calls have it; may be empty.
    """

    location = ""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._inflows: dict[int, Inflow] = {}
        self._pings: dict[int, asyncio.Future[None]] = {}
        self._held: deque[asyncio.Future[None]] = deque()  # callers that wait to send
        self._outflow: Outflow | None = None

    def write(self, data: Data, lent: bool = False) -> None:
        """Send *data*, if there is any.

        Args:
            data: What to send.
            lent: Whether buffers in it stay as they are until the call is abandoned.
        """
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
        object_id: str | None = None,
        limit: float | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Make a call; return its reply. If it is cancelled, the call is given up.

        Args:
            method: Name of the method.
            args: Its arguments; for a batch, the triples.
            kwargs: Likewise by keyword.
            flags: Of the message, without ONEWAY.
            object_id: Which object; None is the one that was greeted.
            limit: When its time is over, by the monotonic clock; None is never.
            timeout: What of that was set for this call, in seconds; for the text.

        Raises:
            SerializeError: An argument can't be written; nothing was sent.
            DeadlineExceeded: There was no reply in time.
            ConnectionLostError: The connection broke.
            RemoteProtocolError: The daemon broke the rules.
            DeadlockError: The call would wait for itself.
        """
        if self.paused:
            await self.writable(limit)
        waiter = self.begin(method, args, kwargs, flags, object_id, limit)
        seq = self.session.seq
        timer = None
        if limit is not None:
            assert self.loop is not None
            left = limit - time.monotonic()
            timer = self.loop.call_later(left, self._expire, seq, waiter, limit, timeout)
        try:
            reply = await waiter
        except asyncio.CancelledError:
            self.abandon(seq, waiter)
            raise
        finally:
            if timer is not None:
                timer.cancel()
        if outgoing.get() is not None:
            answered(reply.annotations)
        return reply

    def begin(
        self,
        method: str,
        args: Any,
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
        limit: float | None = None,
    ) -> asyncio.Future[Reply]:
        """Send a call; return the future of its reply. Its number is ``session.seq``.

        For those who need :meth:`exchange` faster: if the waiting is cancelled they call
        :meth:`abandon`, and *limit* is only told to the other side.
        """
        if (
            limit is None
            and self._error is None
            and serving.get() is None
            and outgoing.get() is None
        ):
            session = self.session  # the usual case, without detours
            data = session.launch(session.compose(method, args, kwargs, flags, object_id))
        else:
            data = self._compose(method, args, kwargs, flags, object_id, limit)
        if type(data) is bytes:
            self.write(data)
        else:
            self.write(data, True)
        loop = self.loop
        assert loop is not None
        waiter: asyncio.Future[Reply] = loop.create_future()
        self._waiting[self.session.seq] = waiter
        return waiter

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
        self.write(self._compose(method, args, kwargs, flags | ONEWAY, object_id, limit))

    async def ping(self, limit: float | None = None, timeout: float | None = None) -> None:
        """Return once the other side has answered a ping; raises as a call does."""
        if self.paused:
            await self.writable(limit)
        self._check(limit)
        data = self.session.ping()
        seq = self.session.seq
        self.write(data)
        assert self.loop is not None
        waiter: asyncio.Future[None] = self.loop.create_future()
        self._pings[seq] = waiter
        try:
            await within(waiter, limit, what="answer to a ping", timeout=timeout)
        except (asyncio.CancelledError, DeadlineExceeded):
            if self._pings.get(seq) is waiter:
                self._give_up(seq)
                self._pings.pop(seq, None)
            raise

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
                await within(waiter, limit)
            finally:
                self._held.remove(waiter)

    def inflow(self, reply: Reply) -> Inflow:
        """Return where the items of the stream in *reply* come in."""
        return self._inflows.get(reply.seq) or Inflow(self._error)

    def drop(self, seq: int) -> None:
        """Have no more use for the items of stream *seq*, if it has not ended."""
        if self._inflows.pop(seq, None) is not None and self._error is None:
            self.write(self.session.abandon(seq))

    # What the connection hands on.

    def settle(self, event: object) -> bool:
        """Hand *event* to who waits for it; return False if it answers nothing of ours."""
        if type(event) is Reply:
            self.replied(event)
        elif type(event) is Portion:
            inflow = self._inflows.get(event.seq)
            if inflow is not None:
                if event.last:
                    del self._inflows[event.seq]
                inflow.put(event)
        elif type(event) is Pong:
            self.ponged(event)
        else:
            return False
        return True

    def replied(self, reply: Reply) -> None:
        """Hand *reply* to who waits for it; nobody does if it is late."""
        seq = reply.seq
        waiter = self._waiting.pop(seq, None)
        if reply.flows:
            self._inflows[seq] = Inflow()
        if waiter is not None and not waiter.done():
            waiter.set_result(reply)
        else:
            self.drop(seq)

    def ponged(self, pong: Pong) -> None:
        """Hand *pong* to the one who waits for it."""
        seq = pong.seq
        if seq not in self._pings and self._pings:
            seq = next(iter(self._pings))  # a plain peer's have no numbers
        waiter = self._pings.pop(seq, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def go_on(self) -> None:
        """Wake up all who wait in :meth:`writable`."""
        self.paused = False
        for waiter in self._held:
            if not waiter.done():
                waiter.set_result(None)

    def lose(self, error: Exception) -> None:
        """Tell all who wait that nothing more comes, because of *error*."""
        self.loop = None
        self.paused = False
        self._sink = self._outflow = None
        self._error = error
        waiters: list[asyncio.Future[Any]] = [*self._waiting.values(), *self._held]
        waiters += self._pings.values()
        self._waiting.clear()
        self._pings.clear()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(again(error))
        for inflow in self._inflows.values():
            inflow.lose(error)
        self._inflows.clear()

    def flowed(self) -> None:
        """Note that nothing large is on its way out any more."""
        if self._sink is not None and self._outflow is not None:
            self._sink = self._outflow.transport

    # Helpers.

    def _flow(self, transport: asyncio.Transport, data: Data, lent: bool) -> None:
        """Send *data*, which is large; what is written in the meantime goes behind it."""
        if self._outflow is None:
            self._outflow = Outflow(transport, self)
        self._sink = self._outflow
        self._outflow.write(data, lent=lent)

    def _compose(
        self,
        method: str,
        args: Any,
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
        limit: float | None,
    ) -> Data:
        """Return the bytes of a call."""
        if self._error is not None or limit is not None:
            self._check(limit)
        annotations = correlation = path = None
        context = serving.get()
        if context is not None or outgoing.get() is not None:
            annotations, correlation = to_send()
            if context is not None:
                path = context.path
                if self.location:
                    check_call(path, self.location, object_id or "", method)
        message = self.session.compose(
            method,
            args,
            kwargs,
            flags,
            object_id,
            annotations,
            correlation,
            None if limit is None else limit - time.monotonic(),
            path,
        )
        return self.session.launch(message)

    def _check(self, limit: float | None) -> None:
        if self._error is not None:
            raise again(self._error)
        if limit is not None and limit <= time.monotonic():
            raise DeadlineExceeded(UNSENT, sent=False)

    def _expire(
        self,
        seq: int,
        waiter: asyncio.Future[Reply],
        limit: float,
        timeout: float | None,
    ) -> None:
        if not waiter.done():
            waiter.set_exception(late(timeout, limit))
            self.abandon(seq, waiter)

    def abandon(self, seq: int, waiter: asyncio.Future[Reply]) -> None:
        """Have no more use for the answer to call *seq*."""
        if self._outflow is not None:
            self._outflow.own()
        if self._waiting.get(seq) is waiter:
            del self._waiting[seq]
            self._give_up(seq)
        elif waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            self.drop(seq)  # the answer has come, and nobody takes it

    def _give_up(self, seq: int) -> None:
        if "many" in (self.session.features or ()):
            self.write(self.session.abandon(seq))
        else:
            self.spoil(ConnectionLostError("a call on this connection was given up"))


def again(error: Exception) -> Exception:
    """Return an error like *error* for one more caller: each has a traceback of its own."""
    return type(error)(*error.args)
