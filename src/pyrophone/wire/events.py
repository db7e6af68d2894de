"""What a session tells its front-end, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import RemoteProtocolError
from .features import CHUNK, without
from .framing import CORRELATED, END, EXCEPTION, STREAM, Message
from .metadata import Metadata

if TYPE_CHECKING:
    from ..serializers.base import Serializer
    from .flows import Flow

__all__ = [
    "Call",
    "Cancel",
    "Credit",
    "Greeting",
    "Ping",
    "Pong",
    "Portion",
    "Refusal",
    "Reply",
    "Welcome",
]

STREAM_CHUNK = "STRM"
_NO_ANNOTATIONS: Mapping[str, bytes] = {}


class Greeting:
    """A client asks for a conversation about the object *object_id*.

    Attributes:
        handshake: What it sent for the daemon to judge, ``"hello"`` by default.
        object_id: What it wants to call; None if it asks for no metadata.
        annotations: The chunks that came with it.
        correlation: 16 bytes of a UUID, or None.
    """

    __slots__ = (
        "annotations",
        "correlation",
        "handshake",
        "object_id",
        "seq",
        "serializer",
    )

    def __init__(
        self,
        message: Message,
        serializer: Serializer,
        handshake: Any,
        object_id: str | None,
    ) -> None:
        self.seq = message.seq
        self.serializer = serializer
        self.handshake = handshake
        self.object_id = object_id
        self.annotations = without(message.annotations, CHUNK)
        self.correlation = message.correlation if message.flags & CORRELATED else None


class Call:
    """A request to run *method* of the object *object_id*.

    Attributes:
        seq: Number of the message.
        flags: ONEWAY, BATCH and so on.
        object_id: Of which object.
        method: Which method.
        args: Positional arguments; for a batch, triples.
        kwargs: Keyword arguments.
        annotations: The chunks that came with it.
        correlation: 16 bytes of a UUID, or None.
        problem: Why the request can't be read; then only *seq*, *flags* and what
            came beside the payload are there, and the error is the answer.
        limit: How much time its caller has left, in seconds; None if it didn't say.
        path: Who waits for it: a line for each call, outermost first.
        cancelled: Whether its caller has given it up.
        flow: The state of its answer, where that is a stream that flows, else None.
        unread: The message, while object, method and arguments are not read; else None.
    """

    __slots__ = (
        "annotations",
        "args",
        "cancelled",
        "correlation",
        "flags",
        "flow",
        "kwargs",
        "limit",
        "method",
        "object_id",
        "path",
        "problem",
        "seq",
        "serializer",
        "unread",
    )

    def __init__(
        self,
        seq: int,
        serializer: Serializer,
        flags: int = 0,
        annotations: Mapping[str, bytes] = _NO_ANNOTATIONS,
        correlation: bytes | None = None,
    ) -> None:
        self.seq = seq
        self.flags = flags
        self.serializer = serializer
        self.annotations = annotations
        self.correlation = correlation
        self.object_id = ""
        self.method = ""
        self.args: Any = ()
        self.kwargs: dict[str, Any] = {}
        self.problem: BaseException | None = None
        self.limit: float | None = None
        self.path = ""
        self.cancelled = False
        self.flow: Flow | None = None
        self.unread: Message | None = None

    @classmethod
    def of(cls, message: Message, serializer: Serializer) -> Call:
        """Return the call in *message*; not read yet."""
        related = message.flags & CORRELATED
        return cls(
            message.seq,
            serializer,
            message.flags,
            message.annotations,
            message.correlation if related else None,
        )


class Cancel:
    """The caller has no use for the answer to *call* any more; it is due all the same.

    Attributes:
        seq: Number of the call.
        call: The call, not answered yet or answered by a stream that has not ended.
    """

    __slots__ = ("call", "seq")

    def __init__(self, call: Call) -> None:
        self.seq = call.seq
        self.call = call


class Credit:
    """The reader of a stream takes *count* more messages of items.

    Attributes:
        seq: Number of the call that the stream answers.
        call: That call.
        count: How many more; what is beyond all reason is not counted.
    """

    __slots__ = ("call", "count", "seq")

    def __init__(self, call: Call, count: int) -> None:
        self.seq = call.seq
        self.call = call
        self.count = count


class Ping:
    """The client asks whether anybody is there."""

    __slots__ = ("correlation", "seq", "serializer_id")

    def __init__(self, message: Message) -> None:
        self.seq = message.seq
        self.serializer_id = message.serializer_id
        self.correlation = message.correlation if message.flags & CORRELATED else None


class Welcome:
    """The daemon accepted the greeting.

    Attributes:
        handshake: What its handshake gave.
        metadata: The members of the greeted object; falsy if it told none.
    """

    __slots__ = ("annotations", "handshake", "metadata")

    def __init__(
        self, handshake: Any, metadata: Metadata, annotations: Mapping[str, bytes]
    ) -> None:
        self.handshake = handshake
        self.metadata = metadata
        self.annotations = annotations


class Refusal:
    """The daemon refused the greeting, for the reason in *text*."""

    __slots__ = ("annotations", "text")

    def __init__(self, text: str, annotations: Mapping[str, bytes]) -> None:
        self.text = text
        self.annotations = annotations


class Pong:
    """The daemon answered the ping numbered *seq*."""

    __slots__ = ("seq",)

    def __init__(self, seq: int) -> None:
        self.seq = seq


class Reply:
    """What came back for the call numbered *seq*; not read yet.

    Attributes:
        seq: Number of the call.
        flags: Flags of the message.
        stream: Id of the item stream that is the result, else None.
        flows: Whether the result is a stream whose items come as :class:`Portion`.
        annotations: The chunks that came with it.
        payload: As the serializer wrote it.
        buffers: What came beside it.
    """

    __slots__ = (
        "annotations",
        "buffers",
        "flags",
        "flows",
        "payload",
        "seq",
        "serializer",
        "stream",
    )

    def __init__(self, message: Message, serializer: Serializer) -> None:
        self.seq = message.seq
        self.flags = message.flags
        self.annotations = message.annotations
        self.payload = message.payload
        self.buffers = message.buffers
        self.serializer = serializer
        self.stream: str | None = None
        self.flows = False
        if message.flags & STREAM:
            chunk = message.annotations.get(STREAM_CHUNK)
            self.annotations = without(message.annotations, STREAM_CHUNK)
            self.stream = chunk.decode("ascii", "replace") if chunk else None

    def load(self) -> Any:
        """Return what came, be it a value or an error.

        Raises:
            SerializeError: It can't be read. The conversation goes on.
        """
        if not self.buffers:
            return self.serializer.loads(self.payload)
        serializer: Any = self.serializer
        return serializer.loads_beside(self.payload, self.buffers)

    def unwrap(self) -> Any:
        """Return the value, or raise the error that came in its place.

        Raises:
            SerializeError: What came can't be read. The conversation goes on.
        """
        value = self.load()
        if self.flags & EXCEPTION:
            if isinstance(value, BaseException):
                try:
                    raise value
                finally:
                    del value  # or it would keep itself, by this frame in its traceback
            raise RemoteProtocolError(
                f"{type(value).__name__} came in place of an exception"
            )
        return value


class Portion(Reply):
    """Some items of the stream that answers the call numbered *seq*; not read yet.

    Attributes:
        last: Whether nothing follows.
    """

    __slots__ = ("last",)

    def __init__(self, message: Message, serializer: Serializer) -> None:
        super().__init__(message, serializer)
        self.last = bool(message.flags & END)

    def unwrap(self) -> list[Any]:
        """Return the items, or raise the error that ends the stream.

        Raises:
            SerializeError: What came can't be read. The conversation goes on.
        """
        items = super().unwrap()
        if not isinstance(items, (list, tuple)):
            raise RemoteProtocolError(f"{type(items).__name__} came in place of items")
        return list(items)
