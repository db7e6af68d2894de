"""The remote object behind a proxy: its line and its limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from ..context import serving
from ..errors import ConnectError, ConnectionLostError, NamingError
from ..frontend.chains import check_call
from ..frontend.deadlines import limit_of
from ..frontend.remotes import stream_of, value_of
from ..wire.events import Reply
from ..wire.framing import STREAM
from ..wire.metadata import Metadata
from .connection import Connection
from .items import FlowingItems, PulledItems
from .limits import within
from .lines import Line
from .sent import Sent
from .swift import SwiftRemote

__all__ = ["Remote"]

T = TypeVar("T")
# Name of the method, arguments, those by keyword, flags, and of which object, if another.
_Call = tuple[str, Sequence[Any], Mapping[str, Any] | None, int, str | None]


class Remote(SwiftRemote):
    """A remote object as one proxy sees it; see :class:`.LineRemote`.

    Attributes:
        awaited: That what it gives for a call is awaited.
    """

    awaited = True
    line: Line
    __slots__ = ()

    @property
    def metadata(self) -> Metadata:
        """The object's members; empty as long as nobody has connected."""
        return self.line.metadata

    async def members(self) -> Metadata:
        """Return the object's members; connect if that has not been done."""
        if not self.line.metadata:
            await within(self.line.ready(self.patience), limit_of(self.timeout))
        return self.line.metadata

    async def reply(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        object_id: str | None = None,
    ) -> Reply:
        """Call a method; return its reply as it came, which may be an error."""
        call = (method, args, kwargs, flags, object_id)
        reply, _ = await self._repeat(call, limit_of(self.timeout))
        return reply

    async def ping(self) -> None:
        """Return once the daemon has answered."""
        limit = limit_of(self.timeout)
        await self._use(lambda connection: connection.ping(limit, self.timeout), limit)

    async def _repeat(self, call: _Call, limit: float | None) -> tuple[Reply, Connection]:
        """Make a call, again if the connection was lost and that is wanted."""
        method, args, kwargs, flags, object_id = call
        context = serving.get()
        if context is not None and self.uri.scheme == "PYRO":
            location = str(self.uri.location)  # it may be too busy to be connected to
            check_call(context.path, location, object_id or self.uri.object, method)

        async def attempt(connection: Connection) -> tuple[Reply, Connection]:
            target = object_id or self.line.object_id
            return await connection.exchange(
                method, args, kwargs, flags, target, limit, self.timeout
            ), connection

        lost: ConnectionLostError | None = None
        attempts = self.retries + 1
        while True:
            try:
                return await self._use(attempt, limit)
            except ConnectionLostError as error:
                attempts -= 1
                if not attempts or (limit is not None and limit <= time.monotonic()):
                    raise
                lost = error
            except (ConnectError, NamingError) as error:
                if lost is None:
                    raise
                raise lost from error  # the first attempt may have run, and that counts

    def _send(self, call: _Call) -> Coroutine[Any, Any, None]:
        limit = limit_of(self.timeout)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # in a thread that was given a method of the proxy to call
            return self._send_later(call, limit)
        connection = self._many()
        if connection is None:
            lease = self.line.place().idle()
            connection = None if lease is None else lease.connection
        if connection is not None and not connection.paused:
            self._hand(call, connection, limit)
            return Sent(None)
        return Sent(loop.create_task(self._send_later(call, limit)))

    async def _send_later(self, call: _Call, limit: float | None) -> None:
        async def send(connection: Connection) -> None:
            await connection.writable(limit)
            self._hand(call, connection, limit)

        await self._use(send, limit)

    def _hand(self, call: _Call, connection: Connection, limit: float | None) -> None:
        method, args, kwargs, flags, object_id = call
        target = object_id or self.line.object_id
        connection.send(method, args, kwargs, flags, object_id=target, limit=limit)

    async def _use(
        self, act: Callable[[Connection], Awaitable[T]], limit: float | None
    ) -> T:
        """Do something with a connection: the one for many calls, or one that is free."""
        place = await within(self.line.ready(self.patience), limit)
        connection = self._many()
        if connection is not None:
            return await act(connection)
        lease = await within(self.line.take(place, self.patience), limit)
        try:
            return await act(lease.connection)
        finally:
            place.give(lease)

    def _many(self) -> Connection | None:
        """Return the connection that carries many calls, if it is there, in this loop."""
        connection = self.line.connection
        if connection is None or connection.loop is not asyncio.get_running_loop():
            return None
        return connection

    def _value(self, reply: Reply, connection: Connection) -> Any:
        """Return what *reply*, which came by *connection*, gives; or raise it."""
        if not reply.flags & STREAM:
            return value_of(reply, connection)
        if reply.flows:
            window = self.line.settings.window
            return FlowingItems(connection, reply, self.timeout, window, self)
        return PulledItems(self.reply, self.invoke, stream_of(reply))
