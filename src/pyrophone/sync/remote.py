"""The remote object behind a proxy: its line, and its limits."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import (
    ConnectError,
    ConnectionLostError,
    DeadlineExceeded,
    LocalProtocolError,
    NamingError,
)
from ..frontend.deadlines import limit_of
from ..frontend.remotes import LineRemote, stream_of, value_of
from ..wire.events import Reply
from ..wire.framing import STREAM
from ..wire.metadata import Metadata
from .channels import LateError
from .connection import Connection
from .items import Fetched, Flowing, Items
from .line import QUIET, Line

__all__ = ["Remote"]


class Remote(LineRemote[Line]):
    """A remote object as one proxy sees it; thread-safe. See :class:`.LineRemote`."""

    __slots__ = ()

    @property
    def metadata(self) -> Metadata:
        """The object's members; connects if that has not been done."""
        if not self.line.metadata:
            self.connect()
        return self.line.metadata

    def connect(self) -> None:
        """Connect, if that has not been done."""
        self.line.release(self.acquire())

    def invoke(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        object_id: str | None = None,
    ) -> Any:
        """Call a method and return its result."""
        lost: ConnectionLostError | None = None
        attempts = self.retries + 1
        while True:
            try:
                connection = self.line.connection
                quiet = time.monotonic() - QUIET
                if connection is None or connection.closed or connection.used < quiet:
                    connection = self.acquire()
                try:
                    target = object_id or self.line.object_id
                    timeout = self.timeout
                    if flags or timeout is not None:
                        reply = connection.call(
                            method, args, kwargs, flags, target, timeout
                        )
                    else:
                        reply = connection.ask(method, args, kwargs, target)
                finally:
                    if not connection.shared:
                        self.line.release(connection)
                break
            except LocalProtocolError:
                if connection is None or not (connection.closed and connection.shared):
                    raise  # else somebody closed it before anything was sent
            except ConnectionLostError as error:
                attempts -= 1
                if not attempts or _is_over(error):
                    raise
                lost = error
            except (ConnectError, NamingError) as error:
                if lost is None:
                    raise
                raise lost from error  # the first attempt may have run, and that counts
        if type(reply) is bytes:
            return connection.session.value(reply)
        return self.value(reply, connection)

    def value(self, reply: Reply | None, connection: Connection) -> Any:
        """Return what *reply*, which came by *connection*, gives; or raise it."""
        if reply is None:
            return None
        if reply.flags & STREAM:
            return self._items(reply, connection)
        return value_of(reply, connection)

    def reply(
        self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None, flags: int
    ) -> Reply | None:
        """Call a method once; return its reply as it came, None if it is one-way.

        For those who pass it on: nothing of it is read, an error is not raised.
        """
        connection = self.acquire()
        try:
            reply: Reply | None = connection.call(
                method,
                args,
                kwargs,
                flags,
                object_id=self.line.object_id,
                timeout=self.timeout,
            )
            if reply is not None and reply.flows:
                connection.abandon(reply.seq)  # nobody will read its items
            return reply
        finally:
            self.line.release(connection)

    def ping(self) -> None:
        """Return once the daemon has answered; connects if need be."""
        connection = self.acquire()
        try:
            connection.ping(self.timeout)
        finally:
            self.line.release(connection)

    def acquire(self) -> Connection:
        """Return a connection that can be used; the line wants it back.

        Raises:
            DeadlineExceeded: That could not be had in time.
        """
        limit = limit_of(None)
        try:
            return self.line.acquire(self.patience, limit)
        except LateError:
            raise DeadlineExceeded(
                "no connection was free before the deadline", sent=False
            ) from None
        except ConnectError as error:
            if limit is not None and time.monotonic() >= limit:
                raise DeadlineExceeded(
                    f"the deadline has passed: {error}", sent=False
                ) from error
            raise

    def _items(self, reply: Reply, connection: Connection) -> Items:
        if reply.flows:
            window = self.line.settings.window
            return Flowing(connection, reply.seq, window, self.timeout)
        return Fetched(self.invoke, stream_of(reply))


def _is_over(error: ConnectionLostError) -> bool:
    """Tell whether *error* says that there is no time for another attempt."""
    if not isinstance(error, DeadlineExceeded):
        return False
    limit = limit_of(None)
    return not error.sent or (limit is not None and time.monotonic() >= limit)
