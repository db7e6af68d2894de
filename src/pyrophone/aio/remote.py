"""The remote object behind a proxy: its line and its limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from ..context import answered, outgoing, serving
from ..errors import (
    ConnectError,
    ConnectionLostError,
    NamingError,
    RemoteProtocolError,
    SecurityError,
    SerializeError,
)
from ..frontend.chains import check_call
from ..frontend.deadlines import limit_of
from ..uri import URI
from ..wire.events import Reply
from ..wire.framing import ONEWAY, STREAM
from ..wire.metadata import Metadata
from .connection import Connection
from .items import FlowingItems, Items, PulledItems
from .leases import Place
from .limits import within
from .lines import Line
from .sent import Sent

__all__ = ["Remote"]


class Remote:
    """A remote object as one proxy sees it: a line to it, and limits.

    Args:
        line: Shared with the proxy's variants.
        timeout: Limit of one call in seconds, None is none.
        retries: How often a call is repeated after its connection was lost.
        patience: How long to try to connect again, in seconds.

    Attributes:
        awaited: That what it gives for a call is awaited.
    """

    awaited = True
    __slots__ = ("line", "patience", "retries", "timeout")

    def __init__(
        self, line: Line, timeout: float | None, retries: int, patience: float
    ) -> None:
        self.line = line
        self.timeout = timeout
        self.retries = retries
        self.patience = patience

    @property
    def uri(self) -> URI:
        """Where the object is, as it was asked for."""
        return self.line.uri

    @property
    def metadata(self) -> Metadata:
        """The object's members; empty as long as nobody has connected."""
        return self.line.metadata

    async def members(self) -> Metadata:
        """Return the object's members; connect if that has not been done."""
        if not self.line.metadata:
            await self._place(limit_of(self.timeout))
        return self.line.metadata

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
        """
        if flags & ONEWAY:
            return self._send(method, args, kwargs, flags, object_id)
        return self._call(method, args, kwargs, flags, object_id)

    async def reply(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        object_id: str | None = None,
    ) -> Reply:
        """Call a method; return its reply as it came, which may be an error."""
        limit = limit_of(self.timeout)
        reply, _ = await self._repeat(method, args, kwargs, flags, object_id, limit)
        return reply

    async def ping(self) -> None:
        """Return once the daemon has answered."""
        limit = limit_of(self.timeout)
        place = await self._place(limit)
        connection = self._many()
        if connection is not None:
            await connection.ping(limit)
            return
        lease = await within(self.line.take(place, self.patience), limit)
        try:
            await lease.connection.ping(limit)
        finally:
            place.give(lease)

    async def _call(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
    ) -> Any:
        limit = limit_of(self.timeout)
        connection = self.line.connection
        target = object_id or self.line.object_id
        if (
            connection is not None
            and connection.loop is asyncio.get_running_loop()
            and not self.retries
        ):
            if limit is None and not connection.paused:  # the usual case, without detours
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
                reply = await connection.exchange(
                    method, args, kwargs, flags, object_id=target, limit=limit
                )
        else:
            reply, connection = await self._repeat(
                method, args, kwargs, flags, object_id, limit
            )
        if reply.flags & STREAM:
            return self._items(reply, connection)
        try:
            return reply.unwrap()
        except (SerializeError, SecurityError):
            # After these a genuine Pyro5 server closes without a word.
            if connection.session.features is None:
                connection.close()
            raise

    async def _repeat(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
        limit: float | None,
    ) -> tuple[Reply, Connection]:
        """Make a call, again if the connection was lost and that is wanted."""
        context = serving.get()
        if context is not None and self.uri.scheme == "PYRO":
            location = str(self.uri.location)  # it may be too busy to be connected to
            check_call(context.path, location, object_id or self.uri.object, method)
        lost: ConnectionLostError | None = None
        attempts = self.retries + 1
        while True:
            try:
                return await self._attempt(method, args, kwargs, flags, object_id, limit)
            except ConnectionLostError as error:
                attempts -= 1
                if not attempts or (limit is not None and limit <= time.monotonic()):
                    raise
                lost = error
            except (ConnectError, NamingError) as error:
                if lost is None:
                    raise
                raise lost from error  # the first attempt may have run, and that counts

    async def _attempt(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
        limit: float | None,
    ) -> tuple[Reply, Connection]:
        place = await self._place(limit)
        connection = self._many()
        target = object_id or self.line.object_id
        if connection is not None:
            return await connection.exchange(
                method, args, kwargs, flags, object_id=target, limit=limit
            ), connection
        lease = await within(self.line.take(place, self.patience), limit)
        connection = lease.connection
        try:
            return await connection.exchange(
                method, args, kwargs, flags, object_id=target, limit=limit
            ), connection
        finally:
            place.give(lease)

    def _send(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
    ) -> Sent:
        limit = limit_of(self.timeout)
        connection = self._many()
        target = object_id or self.line.object_id
        if connection is None:
            lease = self.line.place().idle()
            connection = None if lease is None else lease.connection
        if connection is not None and not connection.paused:
            connection.send(method, args, kwargs, flags, object_id=target, limit=limit)
            return Sent(None)
        sending = self._send_later(method, args, kwargs, flags, object_id, limit)
        return Sent(asyncio.get_running_loop().create_task(sending))

    async def _send_later(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
        limit: float | None,
    ) -> None:
        place = await self._place(limit)
        connection = self._many()
        target = object_id or self.line.object_id
        if connection is not None:
            await connection.writable(limit)
            connection.send(method, args, kwargs, flags, object_id=target, limit=limit)
            return
        lease = await within(self.line.take(place, self.patience), limit)
        try:
            connection = lease.connection
            await connection.writable(limit)
            connection.send(method, args, kwargs, flags, object_id=target, limit=limit)
        finally:
            place.give(lease)

    def _many(self) -> Connection | None:
        """Return the connection that carries many calls, if it is there, in this loop."""
        connection = self.line.connection
        if connection is None or connection.loop is not asyncio.get_running_loop():
            return None
        return connection

    async def _place(self, limit: float | None) -> Place:
        return await within(self.line.ready(self.patience), limit)

    def _items(self, reply: Reply, connection: Connection) -> Items:
        if reply.flows:
            window = self.line.settings.window
            return FlowingItems(connection, reply, self.timeout, window, self)
        if reply.stream is None:
            raise RemoteProtocolError(
                "the result of the call is an iterator, but the server is not configured "
                "to allow streaming"
            )
        return PulledItems(self, reply.stream)
