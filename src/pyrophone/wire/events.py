"""What a session tells its front-end, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import RemoteProtocolError
from .features import CHUNK, without
from .framing import CORRELATED, EXCEPTION, STREAM, Message
from .metadata import Metadata

if TYPE_CHECKING:
    from ..serializers.base import Serializer

__all__ = ["Call", "Greeting", "Ping", "Pong", "Refusal", "Reply", "Welcome"]

STREAM_CHUNK = "STRM"


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
    """

    __slots__ = (
        "annotations",
        "args",
        "correlation",
        "flags",
        "kwargs",
        "method",
        "object_id",
        "problem",
        "seq",
        "serializer",
    )

    def __init__(self, message: Message, serializer: Serializer) -> None:
        self.seq = message.seq
        self.flags = message.flags
        self.serializer = serializer
        self.annotations = message.annotations
        self.correlation = message.correlation if message.flags & CORRELATED else None
        self.object_id = ""
        self.method = ""
        self.args: Any = ()
        self.kwargs: dict[str, Any] = {}
        self.problem: BaseException | None = None


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
    """The daemon answered a ping."""

    __slots__ = ()


class Reply:
    """What came back for the call numbered *seq*; not read yet.

    Attributes:
        seq: Number of the call.
        flags: Flags of the message.
        stream: Id of the item stream that is the result, else None.
        annotations: The chunks that came with it.
        payload: As the serializer wrote it.
    """

    __slots__ = ("annotations", "flags", "payload", "seq", "serializer", "stream")

    def __init__(self, message: Message, serializer: Serializer) -> None:
        self.seq = message.seq
        self.flags = message.flags
        self.annotations = message.annotations
        self.payload = message.payload
        self.serializer = serializer
        self.stream: str | None = None
        if message.flags & STREAM:
            chunk = message.annotations.get(STREAM_CHUNK)
            self.annotations = without(message.annotations, STREAM_CHUNK)
            self.stream = chunk.decode("ascii", "replace") if chunk else None

    def unwrap(self) -> Any:
        """Return the value, or raise the error that came in its place.

        Raises:
            SerializeError: What came can't be read. The conversation goes on.
        """
        value = self.serializer.loads(self.payload)
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
