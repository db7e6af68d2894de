"""The other direction of a connection: a daemon calls functions of its client."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from ..context import answered, outgoing, serving, to_send
from ..errors import (
    ConnectionLostError,
    DeadlineExceeded,
    LocalProtocolError,
    ProtocolError,
)
from ..frontend.deadlines import limit_of
from ..net.sockets import wait_for
from ..objects.functions import (
    CALLED,
    RELEASED,
    FunctionCrossing,
    FunctionTable,
    StubTable,
)
from ..objects.functions import RemoteFunction as BaseFunction
from ..settings import Settings
from ..wire.buffers import Data
from ..wire.events import Call, Portion, Reply
from ..wire.framing import ONEWAY
from ..wire.server import ServerSession
from ..wire.states import CLOSED
from .functions import RemoteFunction
from .returns import Returns

__all__ = ["Callbacks", "Reader"]

_LOOK_AGAIN = 0.05  # seconds
_AHEAD = 4000  # one-way calls that the client may not have begun
_NOBODY = ""  # the id of no function: calling it is an error, once earlier calls run


class Incoming(Protocol):
    """A connection that is read by one thread at a time.

    Attributes:
        sock: The socket.
        session: The conversation.
        stuck: Whether the client takes no more for now.
        turn: Is had by who reads.
    """

    sock: socket.socket
    session: ServerSession
    stuck: bool
    turn: threading.Lock

    def attend(self) -> int:
        """Do what can be done without running code of the user."""

    def deliver(self, data: Data) -> None:
        """Send *data*, from any thread."""


class Reader(Protocol):
    """What callbacks need from their daemon.

    Attributes:
        settings: How many items are wanted ahead, for one.
    """

    settings: Settings

    def serves_here(self) -> bool:
        """Tell whether this is the one thread that reads."""

    def attention(self, link: Any) -> None:
        """Have the link looked at by who waits for sockets."""


class _Waiter:
    """A thread that waits for what the client answers."""

    def __init__(self) -> None:
        self.events: deque[Reply] = deque()
        self.lost = False
        self.bell = threading.Semaphore(0)

    def put(self, event: Reply) -> None:
        self.events.append(event)
        self.bell.release()

    def lose(self) -> None:
        self.lost = True
        self.bell.release()


class Callbacks(FunctionCrossing):
    """Calls functions of one client, and knows those that it was given.

    Args:
        link: The connection.
        reader: The daemon.

    Attributes:
        returns: The order in which the client gives functions back.
    """

    def __init__(self, link: Incoming, reader: Reader) -> None:
        self._link = link
        self._reader = reader
        self._lock = threading.RLock()  # functions are exported while a call is written
        super().__init__(FunctionTable(), StubTable(self._make), self._lock)
        self._waiters: dict[int, _Waiter] = {}
        self._closed = False
        self._ahead = 0  # one-way calls since the client was known to have begun all
        self.returns = Returns()
        link.session.crossing = self

    # What the daemon asks.

    @property
    def waiting(self) -> bool:
        """Whether an answer of the client is waited for."""
        return bool(self._waiters)

    def function(self, call: Call) -> Callable[..., Any]:
        """Return what to run for a call of a function that the client was given.

        Args:
            call: It is one of OF_FUNCTIONS.

        Raises:
            NoSuchObjectError: It has no such function, or none any more.
        """
        if call.method == CALLED:
            try:
                function: Callable[..., Any] = self.functions.find(call.object_id)
            finally:
                self.returns.begun(call)
            return function
        forget = partial(self.forget, call.object_id, *call.args[:1])
        self.returns.begun(call, forget)
        return lambda *_: None

    def settle(self, event: Any) -> None:
        """Take what came for a call of ours."""
        waiter = self._waiters.get(event.seq)
        if waiter is not None:
            if event.last if type(event) is Portion else not event.flows:
                self._waiters.pop(event.seq, None)  # the number may be another's now
            waiter.put(event)

    def tidy(self) -> None:
        """Tell the client what is not needed any more."""
        for function_id, count in self.stubs.take_released():
            with suppress(ProtocolError, ConnectionLostError):
                self._send(RELEASED, function_id, (count,), {}, oneway=True)

    def close(self) -> None:
        """End: nothing will come any more."""
        with self._lock:
            self._closed = True
            waiters = [*self._waiters.values()]
            self._waiters.clear()
            self.clear()
        for waiter in waiters:
            waiter.lose()

    # What functions ask.

    def invoke(
        self, function_id: str, args: Any, kwargs: Mapping[str, Any], *, oneway: bool
    ) -> Any:
        """Call a function of the client; return what it returns."""
        self.tidy()
        limit = limit_of(None)
        if oneway:
            self._keep_pace(limit)
        seq, waiter = self._send(
            CALLED, function_id, args, kwargs, oneway=oneway, limit=limit
        )
        if oneway:
            return None
        reply = self._next(seq, waiter, limit)
        if outgoing.get() is not None:
            answered(reply.annotations)
        if reply.flows:
            return self._items(seq, waiter)
        return reply.unwrap()

    def give_back(self, function: BaseFunction) -> None:
        """Tell the client that a function is not needed any more."""
        super().give_back(function)
        self.tidy()

    # Helpers.

    def _make(self, function_id: str) -> RemoteFunction:
        return RemoteFunction(function_id, self)

    def _send(
        self,
        method: str,
        function_id: str,
        args: Any,
        kwargs: Mapping[str, Any],
        *,
        oneway: bool,
        limit: float | None = None,
    ) -> tuple[int, _Waiter]:
        annotations, correlation = to_send()
        context = serving.get()
        left = None
        if limit is not None:
            left = limit - time.monotonic()
            if left <= 0:
                raise DeadlineExceeded("the deadline has passed; nothing was sent", False)
        waiter = _Waiter()
        session = self._link.session
        with self._lock:
            if self._closed:
                raise _gone()
            try:
                data = session.call(
                    method,
                    args,
                    kwargs,
                    ONEWAY if oneway else 0,
                    object_id=function_id,
                    annotations=annotations,
                    correlation=correlation,
                    limit=left,
                    path=context.path if context is not None else None,
                )
            except LocalProtocolError:
                if session.state == CLOSED:  # by who reads, and we are told in a moment
                    raise _gone() from None
                raise
            seq = session.seq
            if not oneway:
                self._waiters[seq] = waiter
        self._link.deliver(data)
        return seq, waiter

    def _keep_pace(self, limit: float | None) -> None:
        """Before a one-way call, wait for a client that is far behind with earlier ones."""
        with self._lock:
            self._ahead += 1
            if self._ahead <= _AHEAD:
                return
        question = self._send(CALLED, _NOBODY, (), {}, oneway=False, limit=limit)
        try:
            self._next(*question, limit)
        except DeadlineExceeded as error:
            raise DeadlineExceeded(
                f"the client is {_AHEAD} one-way calls behind; nothing was sent", sent=False
            ) from error
        with self._lock:
            self._ahead = 0

    def _next(self, seq: int, waiter: _Waiter, limit: float | None) -> Reply:
        """Return what comes next for a call."""
        try:
            if self._reader.serves_here():
                self._read_until(waiter, limit)
            else:
                self._reader.attention(self._link)
                if not waiter.bell.acquire(timeout=_left(limit)):
                    raise DeadlineExceeded("the client did not answer in time")
        except BaseException:
            self._abandon(seq, waiter)
            raise
        if waiter.events:
            return waiter.events.popleft()
        raise _gone()

    def _read_until(self, waiter: _Waiter, limit: float | None) -> None:
        """Read this connection until there is something; nobody else would."""
        link = self._link
        while not waiter.bell.acquire(False):
            left = _left(limit)
            if left is not None and left <= 0:
                raise DeadlineExceeded("the client did not answer in time")
            if link.turn.acquire(timeout=_LOOK_AGAIN):
                try:
                    if wait_for(link.sock, _LOOK_AGAIN, write=link.stuck):
                        link.attend()
                finally:
                    link.turn.release()

    def _abandon(self, seq: int, waiter: _Waiter) -> None:
        with self._lock, suppress(ProtocolError):
            if self._waiters.get(seq) is waiter:
                del self._waiters[seq]
                self._link.deliver(self._link.session.abandon(seq))

    def _items(self, seq: int, waiter: _Waiter) -> Iterator[Any]:
        """Give the items of a stream that the client sends."""
        window = self._reader.settings.window
        wanted = window
        try:
            while True:
                with self._lock:
                    if self._waiters.get(seq) is waiter:  # not all has come
                        self._link.deliver(self._link.session.credit(seq, wanted))
                portion = self._next(seq, waiter, limit_of(None))
                assert isinstance(portion, Portion)
                yield from portion.unwrap()
                if portion.last:
                    return
                wanted = 1
        finally:
            self._abandon(seq, waiter)


def _left(limit: float | None) -> float | None:
    if limit is None:
        return None
    return min(max(0.0, limit - time.monotonic()), threading.TIMEOUT_MAX)


def _gone() -> ConnectionLostError:
    return ConnectionLostError(
        "the client is gone, and with it the functions that it has passed"
    )
