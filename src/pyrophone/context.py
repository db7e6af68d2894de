"""The call being served, and what goes along with the calls being made.

Both live in context variables, so threads and tasks each see their own. Times are those of
the front-end's clock, ``time.monotonic``, in seconds.
"""

from __future__ import annotations

import uuid
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from .errors import CallCancelledError, DeadlineExceeded

__all__ = [
    "CallContext",
    "Client",
    "annotate",
    "answered",
    "correlate",
    "current",
    "due",
    "outgoing",
    "serving",
    "to_send",
]


class Client:
    """The client at the other end of a connection to a daemon.

    Attributes:
        address: Where it calls from, as the socket gives it.
        storage: A dict for what the server program wants to keep while it is
            connected.
        instances: The objects made for this client alone, by their class.
        connection: What the front-end serves it with; its ``peer_certificate()``
            is of use to handshakes.
        dialect: Name of the wire it speaks, ``pyro5`` if it is that of Pyrophone.
    """

    __slots__ = (
        "__weakref__",
        "address",
        "connection",
        "dialect",
        "instances",
        "resources",
        "storage",
    )

    def __init__(self, address: Any = None, connection: Any = None) -> None:
        self.address = address
        self.connection = connection
        self.dialect = "pyro5"
        self.storage: dict[Any, Any] = {}
        self.instances: dict[type, Any] = {}
        self.resources: weakref.WeakSet[Any] = weakref.WeakSet()

    def track(self, resource: Any) -> None:
        """See to it that ``resource.close()`` is called when the client is gone.

        Only a weak reference is kept.
        """
        self.resources.add(resource)

    def untrack(self, resource: Any) -> None:
        """Undo :meth:`track`; something never tracked is ignored."""
        self.resources.discard(resource)


class CallContext:
    """What is known about the call being served.

    Attributes:
        client: Who calls.
        seq: Number of the message.
        flags: Flags of the message.
        serializer: Name of the serializer it came in.
        annotations: The chunks that came with it, by their four-letter names.
        reply_annotations: Chunks to send back with the reply; the method fills it.
        correlation: Bytes of the correlation id, None if the caller sent none and
            nobody asked.
        cancelled: Whether the caller has given the call up. A method that takes long
            should look now and then, or call :meth:`check`.
        deadline: When the caller's time is over, by *clock*; None is never.
        clock: Tells the time; None if there is no deadline.
        origin: The call as it came, None outside of a daemon.
        place: Where it runs, as chains of calls have it.
    """

    __slots__ = (
        "annotations",
        "cancelled",
        "client",
        "clock",
        "correlation",
        "deadline",
        "flags",
        "origin",
        "place",
        "reply_annotations",
        "seq",
        "serializer",
    )

    def __init__(
        self,
        client: Client,
        seq: int,
        flags: int,
        serializer: str,
        annotations: Mapping[str, bytes],
        correlation: bytes | None,
    ) -> None:
        self.client = client
        self.seq = seq
        self.flags = flags
        self.serializer = serializer
        self.annotations = annotations
        self.reply_annotations: dict[str, bytes] = {}
        self.correlation = correlation
        self.cancelled = False
        self.deadline: float | None = None
        self.clock: Callable[[], float] | None = None
        self.origin: Any = None
        self.place = ""

    @property
    def path(self) -> str:
        """The calls that wait for what this one calls: a line each, this one the last."""
        call = self.origin
        if call is None:
            return ""
        line = f"{self.place} {call.object_id}.{call.method}"
        return f"{call.path}\n{line}" if call.path else line

    def remaining(self) -> float | None:
        """Return how much of the caller's time is left, in seconds; None is no limit."""
        if self.deadline is None or self.clock is None:
            return None
        return max(0.0, self.deadline - self.clock())

    def check(self) -> None:
        """Return if the caller still waits for the answer.

        Raises:
            CallCancelledError: It has given up.
            DeadlineExceeded: Its time is over.
        """
        if self.cancelled:
            raise CallCancelledError("the caller has given up")
        if self.remaining() == 0.0:
            raise DeadlineExceeded("the time of the caller is over")

    @property
    def dialect(self) -> str:
        """Name of the wire that the caller speaks, ``pyro5`` or ``pyro4``."""
        return self.client.dialect

    @property
    def correlation_id(self) -> uuid.UUID:
        """Relates all calls of one activity; made up if the caller sent none."""
        if self.correlation is None:
            self.correlation = uuid.uuid4().bytes
        return uuid.UUID(bytes=self.correlation)


class _Outgoing:
    __slots__ = ("annotations", "correlation", "received")

    def __init__(
        self,
        annotations: dict[str, bytes],
        correlation: bytes | None,
        received: dict[str, bytes],
    ) -> None:
        self.annotations = annotations
        self.correlation = correlation
        self.received = received


# Front-ends set the first one around each call they run, and ask both before each call
# they make: mostly there is nothing, and a function would cost more than looking.
serving: ContextVar[CallContext | None] = ContextVar("pyrophone.serving", default=None)
outgoing: ContextVar[_Outgoing | None] = ContextVar("pyrophone.outgoing", default=None)
due: ContextVar[float | None] = ContextVar("pyrophone.due", default=None)  # of a block


def current() -> CallContext:
    """Return the context of the call being served.

    Raises:
        LookupError: No call is being served here.
    """
    context = serving.get()
    if context is None:
        raise LookupError("no call is being served here")
    return context


@contextmanager
def annotate(
    chunks: Mapping[str, bytes] | None = None, /, **named: bytes
) -> Iterator[dict[str, bytes]]:
    """Send *chunks* along with every call made in the block.

    Blocks nest: an inner one adds to the outer one's chunks.

    Args:
        chunks: Bytes by four-letter ASCII name; or as keywords.

    Returns:
        A dict that holds, after each call, what came back with its reply.
    """
    outer = outgoing.get()
    inherited = outer.annotations if outer else {}
    chunks = {**inherited, **(chunks or {}), **named}
    block = _Outgoing(chunks, outer.correlation if outer else None, {})
    token = outgoing.set(block)
    try:
        yield block.received
    finally:
        outgoing.reset(token)


@contextmanager
def correlate(correlation_id: uuid.UUID | None = None) -> Iterator[uuid.UUID]:
    """Send *correlation_id*, or a new one, along with every call made in the block."""
    correlation_id = correlation_id or uuid.uuid4()
    outer = outgoing.get()
    if outer is None:
        block = _Outgoing({}, correlation_id.bytes, {})
    else:  # what comes back belongs to the annotate() block around this one
        block = _Outgoing(outer.annotations, correlation_id.bytes, outer.received)
    token = outgoing.set(block)
    try:
        yield correlation_id
    finally:
        outgoing.reset(token)


def to_send() -> tuple[dict[str, bytes] | None, bytes | None]:
    """Return the annotations and the correlation id for a call made here and now.

    A call made by a method that is being served carries the id of that call.
    """
    block = outgoing.get()
    context = serving.get()
    if block is None and context is None:
        return None, None
    identifier = block.correlation if block else None
    if identifier is None and context is not None:
        identifier = context.correlation_id.bytes
    return (block.annotations if block else None), identifier


def answered(chunks: Mapping[str, bytes]) -> None:
    """Hand the annotations of a reply to the block around the call."""
    block = outgoing.get()
    if block is not None:
        block.received.clear()
        block.received.update(chunks)
