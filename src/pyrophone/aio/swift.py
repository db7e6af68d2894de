"""The call that is nothing special, on the shortest way, where it is awaited.

The twin ``swift.pyx`` is for the compiled build: interpreted code is cold after each switch
between processes.
"""

from __future__ import annotations

import asyncio
import time
from asyncio import get_running_loop
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..context import answered, due, outgoing, serving
from ..frontend.deadlines import limit_of
from ..frontend.remotes import LineRemote
from ..wire.buffers import Data
from ..wire.events import Reply
from ..wire.framing import ONEWAY

if TYPE_CHECKING:
    from ..wire.session import Session
    from .beats import Beats
    from .outflow import Outflow

__all__ = ["CORK", "SwiftCaller", "SwiftConnection", "SwiftRemote"]

CORK = 65536  # bytes that are held back for others of the same moment, at most


class SwiftRemote(LineRemote[Any]):
    """A remote object, as far as it is called."""

    __slots__ = ()

    def invoke(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        object_id: str | None = None,
    ) -> Coroutine[Any, Any, Any]:
        """Return what is awaited for the result of a call.

        A one-way call is sent at once, where the connection is there; it may be awaited.
        Outside of a loop it has to be, in one.
        """
        if flags & ONEWAY:
            return self._send((method, args, kwargs, flags, object_id))
        return self._call(method, args, kwargs, flags, object_id)

    async def _call(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
    ) -> Any:
        timeout = self.timeout
        limit = None
        if timeout is not None or due.get() is not None or serving.get() is not None:
            limit = limit_of(timeout)
        line = self.line
        connection = line.connection
        if connection is None or connection.loop is not get_running_loop() or self.retries:
            call = (method, args, kwargs, flags, object_id)
            reply, connection = await self._repeat(call, limit)
        elif limit is None and not connection.paused:  # the usual case, without detours
            target = object_id or line.object_id
            waiter = connection.begin(method, args, kwargs, flags, target)
            seq = connection.session.seq
            try:
                reply = await waiter
            except asyncio.CancelledError:
                connection.abandon(seq, waiter)
                raise
            if outgoing.get() is not None:
                answered(reply.annotations)
        else:
            target = object_id or line.object_id
            reply = await connection.exchange(
                method, args, kwargs, flags, target, limit, timeout
            )
        if reply.flags or connection.session.features is None:
            return self._value(reply, connection)
        return reply.unwrap()  # the same, for most of them

    def _send(self, call: Any) -> Coroutine[Any, Any, None]:
        """Make a one-way call."""
        raise NotImplementedError

    async def _repeat(self, call: Any, limit: float | None) -> Any:
        """Make a call in any case; return its reply, and by what it came."""
        raise NotImplementedError

    def _value(self, reply: Reply, connection: Any) -> Any:
        """Return what any *reply* gives, or raise it."""
        raise NotImplementedError


class SwiftCaller:
    """What one end of a connection has for the calls over it; see :class:`.Caller`."""

    __slots__ = (
        "_beats",
        "_corked",
        "_corked_size",
        "_error",
        "_sink",
        "_waiting",
        "loop",
        "paused",
        "session",
    )

    def __init__(self, session: Session) -> None:
        self.session = session
        self.loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        self.paused = False
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._corked: list[bytes] = []  # held back for others of the same moment
        self._corked_size = 0
        self._beats: Beats | None = None
        self._error: Exception | None = None  # why the connection is closed
        self._sink: asyncio.Transport | Outflow | None = None  # where to write, if anywhere

    def _uncork(self) -> None:
        """Send what was held back."""
        data = b"".join(self._corked)
        self._corked.clear()
        self._corked_size = 0
        if data and self._sink is not None:
            self._sink.write(data)


class SwiftConnection(SwiftCaller):
    """The client's end of a connection, as far as calls come and go."""

    __slots__ = ("_reading",)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._reading = True

    def write(self, data: Data, lent: bool = False) -> None:
        """Send *data*, together with others of the same moment where there are some."""
        sink = self._sink
        if not data or sink is None:
            return
        if self._beats is not None:
            self._beats.told = time.monotonic()
        if not self._reading:  # it may be a call, whose answer is to be read
            self._resume()
        if type(data) is not bytes:
            self._uncork()
            self._large(data, lent)
            return
        if not self._waiting and not self._corked:
            sink.write(data)
            return
        if not self._corked:
            self._soon()
        self._corked.append(data)
        self._corked_size += len(data)
        if self._corked_size > CORK:
            self._uncork()

    def data_received(self, data: bytes) -> None:
        """Hand what came to those who wait for it."""
        if self._beats is not None:
            self._beats.heard = time.monotonic()
        self._received(data)

    def _large(self, data: Data, lent: bool) -> None:
        """Send *data*, which is not bytes."""
        raise NotImplementedError

    def _resume(self) -> None:
        """Read again, if that may be."""
        raise NotImplementedError

    def _soon(self) -> None:
        """See to it that what is held back is sent at the end of this moment."""
        raise NotImplementedError

    def _received(self, data: bytes) -> None:
        """Take in anything."""
        raise NotImplementedError
