"""Calls that are started, and not waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any

from ..errors import ConnectionLostError, LocalProtocolError
from ..frontend.deadlines import limit_of
from ..objects.proxy import RemoteMethod
from ..wire.framing import ONEWAY
from .channels import LateError
from .connection import Connection
from .hub import HUB
from .remote import Remote
from .waiters import Lost, Pending, late

__all__ = ["start"]


def start(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
    """Call a remote method, or function, without waiting; return the future of its result.

    The future can be cancelled until the result is there, also when the method runs
    already: the daemon is told then. What is to be called back with the result is called
    in a thread of its own.

    Args:
        function: A method of a proxy, ``proxy.method``, or a function that was received.
        args: Its arguments.
        kwargs: Likewise.

    Raises:
        SerializeError: An argument can't be written; nothing was sent.
    """
    if isinstance(function, RemoteMethod) and isinstance(function.remote, Remote):
        call = StartedCall(function.remote, function.__name__, args, kwargs, function.flags)
        call.begin()
        return call
    future: Future[Any] = Future()
    HUB.starts.submit(partial(copy_context().run, _run, future, function, args, kwargs))
    return future


class StartedCall(Future[Any], Pending):
    """The future of a call.

    Args:
        remote: Of which object.
        method: Name of the method.
        args: Its arguments.
        kwargs: Likewise.
        flags: ONEWAY or none.
    """

    def __init__(
        self,
        remote: Remote,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        flags: int,
    ) -> None:
        super().__init__()
        self.limit = limit_of(remote.timeout)
        self._remote = remote
        self._call = method, args, kwargs, flags
        self._attempts = remote.retries + 1
        self._context = copy_context()
        self._connection: Connection | None = None
        self._gate = threading.RLock()  # for what cancelling looks at

    def begin(self) -> None:
        """Send the call; in another thread, if a connection has to be waited for."""
        connection = self._remote.line.connection
        if connection is None or not connection.is_usable() or not self._send(connection):
            HUB.starts.submit(self._begin_slowly)

    def cancel(self) -> bool:
        """Give the call up, unless its result is there; the daemon is told."""
        with self._gate:
            if self.done():
                return self.cancelled()
            super().cancel()
            self.set_running_or_notify_cancel()  # or who waits for it would not know
            connection = self._connection
            if connection is not None and not connection.shared:
                connection.close("the call was cancelled")
        if connection is not None and connection.shared:
            connection.withdraw(self)
        return True

    def deliver(self, event: Any) -> None:
        """Take what came for the call; see :class:`Pending`."""
        HUB.results.submit(partial(self._context.copy().run, self._finish, event))

    def _begin_slowly(self) -> None:
        try:
            connection = self._context.copy().run(self._remote.acquire)
            if not connection.shared:
                self._call_here(connection)
            elif not self.done() and not self._send(connection):
                self._begin_slowly()
        except BaseException as error:  # whatever it is, who waits is told
            self._fail(error)

    def _send(self, connection: Connection) -> bool:
        """Send the call; return False if *connection* was closed before that."""
        method, args, kwargs, flags = self._call
        with self._gate:
            self._connection = connection
        try:
            self._context.copy().run(
                connection.start,
                self,
                method,
                args,
                kwargs,
                flags,
                self._remote.line.object_id,
            )
        except LocalProtocolError:
            if not connection.closed:
                raise
            return False
        except ConnectionLostError as error:
            self._lose(error)
            return True
        if flags & ONEWAY:
            self._settle(None)
        elif self.cancelled():  # in the meantime
            connection.withdraw(self)
        return True

    def _call_here(self, connection: Connection) -> None:
        """Make the call on a connection for one at a time, in this thread."""
        method, args, kwargs, flags = self._call
        line = self._remote.line
        try:
            with self._gate:
                if self.done():
                    return
                self._connection = connection
            reply = self._context.copy().run(
                partial(connection.call, timeout=self._remote.timeout),
                method,
                args,
                kwargs,
                flags,
            )
        except ConnectionLostError as error:
            self._lose(error)
        else:
            self._settle(self._remote.value(reply, connection))
        finally:
            with self._gate:
                self._connection = None
            line.release(connection)

    def _finish(self, event: Any) -> None:
        """Settle the future with what came; in a thread for that."""
        try:
            if type(event) is Lost:
                self._lose(ConnectionLostError(event.reason))
            elif isinstance(event, LateError):
                raise late(self._remote.timeout, self.limit)
            else:
                assert self._connection is not None
                self._settle(self._remote.value(event, self._connection))
        except BaseException as error:  # whatever it is, who waits is told
            self._fail(error)

    def _lose(self, error: ConnectionLostError) -> None:
        self._attempts -= 1
        if self._attempts > 0 and not self.done():
            HUB.starts.submit(self._begin_slowly)
        else:
            self._fail(error)

    def _settle(self, value: Any) -> None:
        with suppress(InvalidStateError):  # it was cancelled
            self.set_result(value)

    def _fail(self, error: BaseException) -> None:
        with suppress(InvalidStateError):
            self.set_exception(error)


def _run(future: Future[Any], function: Callable[..., Any], args: Any, kwargs: Any) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        value = function(*args, **kwargs)
    except BaseException as error:  # whatever it is, who waits is told
        future.set_exception(error)
    else:
        future.set_result(value)
