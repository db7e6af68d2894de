"""What all ends of conversations share: state, features, and how messages are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import LocalProtocolError, MessageTooLargeError, SerializeError
from .buffers import BUFFERS_CHUNK, Data
from .chunks import BEAT_CHUNK, FUNCTIONS_CHUNK, LIMIT_CHUNK, PATH_CHUNK, read_beat
from .dialects import Dialect
from .features import BEAT, BUFFERS, FLOW, LIMIT, MANY, VALUES
from .framing import (
    CORRELATED,
    MOST_SIZE,
    PING,
    Decoder,
    Message,
    encode,
    encode_beside,
)
from .states import CLOSED, OPEN, STATE_NAMES, Additions, Table, added, expected

if TYPE_CHECKING:
    from ..serializers.base import Serializer
    from ..serializers.codecs import Codecs, CrossingSerializer
    from ..serializers.functions import Crossing

__all__ = [
    "BEAT_PAYLOAD",
    "NO_ANNOTATIONS",
    "NO_SERIALIZER",
    "PING_SERIALIZER",
    "Crossed",
    "End",
]

NO_ANNOTATIONS: Mapping[str, bytes] = {}
NO_SERIALIZER = 0
PING_SERIALIZER = 42  # that of Pyro5's PING, which has nothing to read
BEAT_PAYLOAD = b"beat"
_NO_MOVES: Table = {}
_NOTHING_ADDED: Additions = {}


class Crossed(Message):
    """A message that functions go with.

    Attributes:
        across: What wrote it.
    """

    __slots__ = ("across",)

    def cross(
        self, across: CrossingSerializer, annotations: Mapping[str, bytes] | None
    ) -> None:
        """Note what wrote it, and say so in its annotations."""
        self.across = across
        self.annotations = {**(annotations or {}), FUNCTIONS_CHUNK: b""}


class End:
    """One end of a conversation; the base of :class:`.session.Session`, which see."""

    __slots__ = (
        "_beside",
        "_chunks",
        "_codecs",
        "_compress",
        "_encode",
        "_flows",
        "_limits",
        "_many",
        "_max_size",
        "_more",
        "_own_beat",
        "_plain",
        "_sendable",
        "_serializer",
        "beat",
        "crossing",
        "decoder",
        "dialect",
        "features",
        "receive",
        "state",
        "trace",
    )

    # The moves of this end, and what features add to those of both.
    sends = _NO_MOVES
    receives = _NO_MOVES
    adds = _NOTHING_ADDED
    gets = _NOTHING_ADDED

    def __init__(
        self,
        codecs: Codecs,
        serializer: str,
        dialect: Dialect,
        *,
        state: int,
        max_size: int,
        first_size: int,
        compress: bool,
        beat: float | None,
    ) -> None:
        self.state = state
        self.dialect = dialect
        self.features: frozenset[str] | None = None
        self.beat = 0.0
        self.crossing: Crossing | None = None
        self.trace: Callable[[str, Message], None] | None = None
        self._encode = dialect.encoder()
        self._codecs = codecs
        self._serializer = codecs.by_name[serializer]
        self._compress = compress
        self._max_size = min(max_size, MOST_SIZE)
        self._own_beat = beat
        self._many = False
        self._limits = False
        self._flows = False
        self._beside = False
        self._more = 0  # kinds that features allow the other side, as a sum of 1 << kind
        self._sendable = 0  # kinds that they allow this one
        self._chunks: frozenset[str] = frozenset()  # the annotations of those in force
        self.decoder = dialect.decoder(first_size, expected(self.receives, state))
        self.receive = self.decoder.feed
        self._plain = self._is_plain()

    def _is_plain(self) -> bool:
        """Tell whether messages may be written and read without what a few of them need."""
        return (
            self._encode is encode and type(self.decoder) is Decoder and not self._compress
        )

    @property
    def pending(self) -> int:
        """Bytes received that belong to no message taken so far."""
        return self.decoder.pending

    def close(self) -> None:
        """End the session; what arrives from now on is an error."""
        self._go(CLOSED)

    def pulse(self) -> bytes:
        """Return the bytes of a sign of life, which nobody answers."""
        self._check(PING)
        return self._write(Message(PING, PING_SERIALIZER, 0, 0, BEAT_PAYLOAD))

    def _offered(self, features: frozenset[str] | None) -> frozenset[str] | None:
        """Return those of *features* that this end is ready for."""
        if features is None or not self.dialect.extensible:
            return None
        if not self._codecs.values:
            features -= {VALUES, BUFFERS}
        return features if self._own_beat is not None else features - {BEAT}

    def _agree(
        self, features: frozenset[str] | None, annotations: Mapping[str, bytes]
    ) -> frozenset[str] | None:
        """Put *features* in force; return them, less what its chunk is missing for.

        Raises:
            RemoteProtocolError: A chunk is malformed.
        """
        if features and BEAT in features:
            if self._own_beat is None or BEAT_CHUNK not in annotations:
                features -= {BEAT}
            else:
                self.beat = read_beat(annotations[BEAT_CHUNK], self._own_beat)
        self.features = features
        agreed = features or frozenset()
        self._many = MANY in agreed
        self._limits = LIMIT in agreed
        self._flows = FLOW in agreed
        self._beside = self.decoder.beside = BUFFERS in agreed
        if VALUES in agreed:
            self._codecs = self._codecs.extended()
            self._serializer = self._codecs.by_name[self._serializer.name]
        chunks = {LIMIT_CHUNK, PATH_CHUNK} if self._limits else set()
        if self._flows:
            chunks.add(FUNCTIONS_CHUNK)
        if self._beside:
            chunks.add(BUFFERS_CHUNK)
        self._chunks = frozenset(chunks)
        self._more = added(self.gets, agreed)
        self._sendable = added(self.adds, agreed)
        return features

    def _go(self, state: int) -> None:
        self.state = state
        more = self._more if state == OPEN else 0
        self.decoder.expected = expected(self.receives, state) | more

    def _check(self, kind: int) -> None:
        if kind not in self.sends[self.state] and (
            self.state != OPEN or not self._sendable >> kind & 1
        ):
            raise LocalProtocolError(f"session is {STATE_NAMES[self.state]}")

    def _write(self, message: Message) -> bytes:
        """Return the bytes of *message*; if that fails, no function was exported."""
        if self.trace is not None:
            self.trace("sent", message)
        try:
            return self._encode(message, self._compress, self._max_size)
        except (LocalProtocolError, MessageTooLargeError):
            if isinstance(message, Crossed):
                message.across.retract()
            raise

    def _write_any(self, message: Message) -> Data:
        """Return the bytes of *message* likewise, be there buffers beside it or not."""
        if not message.buffers:
            return self._write(message)
        if self.trace is not None:
            self.trace("sent", message)
        try:
            return encode_beside(message, self._compress, self._max_size)
        except (LocalProtocolError, MessageTooLargeError):
            if isinstance(message, Crossed):
                message.across.retract()
            raise

    def _related(self, message: Message, correlation: bytes | None) -> Message:
        if correlation is not None:
            message.correlation = correlation
            message.flags |= CORRELATED
        return message

    # What goes beside the text.

    def _dump(self, serializer: Any, value: Any, buffers: list[Any]) -> bytes:
        """Return the bytes of *value*; what goes beside is appended to *buffers*."""
        if not self._beside:
            data: bytes = serializer.dumps(value)
            return data
        del buffers[:]
        data = serializer.dumps_beside(value, buffers)
        return data

    def _dump_call(
        self,
        serializer: Any,
        object_id: str,
        method: str,
        args: Any,
        kwargs: Any,
        buffers: list[Any],
    ) -> bytes:
        """Return the bytes of a call, likewise."""
        data: bytes
        if not self._beside:
            data = serializer.dumps_call(object_id, method, args, kwargs)
            return data
        del buffers[:]
        data = serializer.dumps_call_beside(object_id, method, args, kwargs, buffers)
        return data

    # Functions that cross. Calls without any pay nothing: writing one fails first.

    def _across(self, error: SerializeError, serializer: Serializer) -> CrossingSerializer:
        """Return what to write with again, if *error* is that of a function.

        Raises:
            SerializeError: *error*, which stays.
        """
        if not self._flows or self.crossing is None:
            raise error
        return self._codecs.across(error, serializer, self.crossing)

    def _reading(
        self, serializer: Serializer, annotations: Mapping[str, bytes]
    ) -> Serializer:
        """Return what to read a message with that came with *annotations*."""
        if self._flows and FUNCTIONS_CHUNK in annotations and self.crossing is not None:
            return self._codecs.reading(serializer, self.crossing)
        return serializer
