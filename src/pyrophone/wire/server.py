"""The serving end of a conversation, without the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import (
    LocalProtocolError,
    ProtocolError,
    RemoteProtocolError,
    SecurityError,
    SerializeError,
)
from .buffers import Data
from .chunks import BEAT_CHUNK, write_beat
from .dialects import PYRO5, Dialect
from .events import (
    STREAM_CHUNK,
    Call,
    Cancel,
    Credit,
    Greeting,
    Ping,
    Pong,
    Portion,
    Reply,
)
from .features import VALUES, read_features, without, write_features
from .framing import (
    CONNECT,
    CONNECT_FAIL,
    CONNECT_OK,
    EXCEPTION,
    INVOKE,
    MAX_SIZE,
    MOST_SIZE,
    ONEWAY,
    PING,
    RESULT,
    STREAM,
    Message,
)
from .session import Session
from .states import (
    CLIENT_ADDS,
    CLOSED,
    GREETING,
    NEW,
    OPEN,
    SERVER_ADDS,
    SERVER_RECEIVES,
    SERVER_SENDS,
)

if TYPE_CHECKING:
    from ..serializers.codecs import Codecs
    from .metadata import Metadata

__all__ = ["ServerSession"]

Event = Greeting | Call | Ping | Cancel | Credit | Reply | Portion | Pong
_HANDSHAKE_SIZE = 16 * 1024


class ServerSession(Session):
    """The serving end of a conversation.

    Give it what arrives with :meth:`receive`, then take events with :meth:`next`
    until there is none. Without the feature ``many``, answer each before the next. The
    other methods return
    bytes to send. What it answers, and the attributes, are in :class:`.session.Session`;
    what it calls, where features let it, in :class:`.calling.Calling`.

    Args:
        codecs: The serializers of this connection.
        max_size: Largest message to send or accept, in bytes after the header.
        handshake_size: Likewise, until the greeting is accepted.
        compress: Whether to compress what is sent.
        greeted: No greeting is exchanged: the session starts open.
        supported: Features that this side knows.
        beat: Seconds between signs of life, if it knows the feature ``beat``.
        dialect: Which wire to speak; the codecs have to fit it.
    """

    __slots__ = ("_greeting_seq", "_supported")

    sends = SERVER_SENDS
    receives = SERVER_RECEIVES
    adds = SERVER_ADDS
    gets = CLIENT_ADDS

    def __init__(
        self,
        codecs: Codecs,
        *,
        max_size: int = MAX_SIZE,
        handshake_size: int = _HANDSHAKE_SIZE,
        compress: bool = False,
        greeted: bool = False,
        supported: frozenset[str] = frozenset(),
        beat: float | None = None,
        dialect: Dialect = PYRO5,
    ) -> None:
        super().__init__(
            codecs,
            next(iter(codecs.by_name)),
            dialect=dialect,
            state=OPEN if greeted else NEW,
            max_size=max_size,
            first_size=max_size if greeted else min(handshake_size, max_size),
            compress=compress,
            beat=beat,
        )
        self._greeting_seq = 0  # of the greeting that is looked at
        self._supported = self._offered(supported) or frozenset()

    @property
    def pending(self) -> int:
        """Bytes received that are no complete message yet."""
        return self.decoder.pending

    def unread(self) -> bytes:
        """Return the bytes received that are no message yet, or were refused as one."""
        return self.decoder.peek(self.decoder.pending)

    def next(self) -> Event | None:
        """Return what arrived next, None if nothing is complete.

        While a greeting waits for its answer, what came behind it waits too.

        Raises:
            ProtocolError: The client broke the rules. Send :meth:`refuse` if it
                has not been greeted yet, and close the connection.
            SecurityError: Likewise, those of a dialect with signatures.
        """
        if self.state == GREETING:
            return None
        try:
            while (message := self.decoder.next()) is not None:
                if self.trace is not None:
                    self.trace("received", message)
                event: Event | None
                if message.kind == INVOKE:
                    return self._called(message)
                if message.kind == PING:
                    event = self._pinged(message)
                elif message.kind == CONNECT:
                    return self._greeting(message)
                elif message.kind == RESULT:
                    event = self._replied(message)
                else:
                    event = self._other(message)
                if event is not None:
                    return event
            return None
        except (ProtocolError, SecurityError):
            if self.state == OPEN:
                self._go(CLOSED)
            raise

    def call(self, *args: Any, **options: Any) -> Data:
        """Return the bytes of a call of the client; see :meth:`.calling.Calling.call`.

        Raises:
            LocalProtocolError: The feature ``flow`` is not in force: clients take no calls.
        """
        self._check_flow()
        return super().call(*args, **options)

    def compose(self, *args: Any, **options: Any) -> Message | bytes:
        """Return a call of the client, as yet without number; errors as :meth:`call`."""
        self._check_flow()
        return super().compose(*args, **options)

    def welcome(
        self,
        greeting: Greeting,
        handshake: Any,
        metadata: Metadata | None,
        annotations: Mapping[str, bytes] | None = None,
    ) -> bytes:
        """Return the bytes that accept *greeting*.

        Args:
            greeting: What is accepted.
            handshake: The answer to that of the client.
            metadata: Of the greeting's object; None if it names none.
            annotations: Chunks to go with it.

        Raises:
            SerializeError: The answer *handshake* can't be written.
        """
        self._check(CONNECT_OK)
        flags, value = self.dialect.welcome(handshake, metadata)
        if self.features is not None and metadata is not None:
            value = {**value, "meta": metadata.to_wire(ours=True)}
        payload = greeting.serializer.dumps(value)
        chunks = dict(annotations or ())
        if self.features is not None:
            chunks |= write_features(self.features)
            if self.beat and self._own_beat is not None:
                chunks[BEAT_CHUNK] = write_beat(self._own_beat)
        message = Message(
            CONNECT_OK, greeting.serializer.id, flags, greeting.seq, payload, chunks
        )
        data = self._write(self._related(message, greeting.correlation))
        self.decoder.max_size = self._max_size
        self._go(OPEN)
        return data

    def refuse(
        self,
        reason: str,
        greeting: Greeting | None = None,
        annotations: Mapping[str, bytes] | None = None,
    ) -> bytes:
        """Return the bytes that refuse the client; the session is then closed.

        Args:
            reason: Text for the client.
            greeting: What is refused; None if none could be read. The text is then
                in marshal, which every peer reads.
            annotations: Chunks to go with it.
        """
        self._check(CONNECT_FAIL)
        serializer = greeting.serializer if greeting else self._codecs.by_name["marshal"]
        seq = greeting.seq if greeting else self._greeting_seq
        # A text made of whatever came or was raised must not fail here.
        payload = serializer.dumps(
            reason.encode("utf-8", "backslashreplace").decode("utf-8")
        )
        message = Message(CONNECT_FAIL, serializer.id, 0, seq, payload, annotations or {})
        self._go(CLOSED)
        return self._write(
            self._related(message, greeting.correlation if greeting else None)
        )

    def stream(
        self,
        call: Call,
        stream_id: str | None,
        *,
        annotations: Mapping[str, bytes] | None = None,
        correlation: bytes | None = None,
    ) -> Data:
        """Return the bytes that answer *call* with an item stream.

        Args:
            call: The call; nothing is sent if it is one-way.
            stream_id: Where its items are; None if streaming is switched off.
            annotations: Chunks to go with it.
            correlation: 16 bytes of a UUID.
        """
        if call.flags & ONEWAY or (self._many and self._owed.get(call.seq) is not call):
            return b""
        # For peers that know no streams; what they raise if they look no further.
        error = RemoteProtocolError("result of call is an iterator")
        payload = self._codecs.dump_error(call.serializer, error, None)
        chunks = dict(annotations or ())
        if stream_id is not None:
            chunks[STREAM_CHUNK] = stream_id.encode("ascii")
        message = Message(
            RESULT, call.serializer.id, EXCEPTION | STREAM, call.seq, payload, chunks
        )
        return self._answer(message, correlation, call)

    def adapt(self, codecs: Codecs, *, max_size: int, compress: bool) -> None:
        """Go on with other serializers and limits; those for strangers stay."""
        self._codecs = codecs.extended() if VALUES in (self.features or ()) else codecs
        self._serializer = self._codecs.by_name.get(self._serializer.name, self._serializer)
        self._max_size = min(max_size, MOST_SIZE)
        self._compress = compress
        self._plain = self._is_plain()
        if self.state == OPEN:
            self.decoder.max_size = self._max_size

    def _greeting(self, message: Message) -> Greeting:
        self._greeting_seq = message.seq
        serializer = self._codecs.by_id.get(message.serializer_id)
        if serializer is None:
            raise RemoteProtocolError(f"{self.dialect.refusal} {message.serializer_id}")
        try:
            value = serializer.loads(message.payload)
        except (SerializeError, SecurityError) as error:
            raise RemoteProtocolError(f"unreadable greeting: {error}") from error
        handshake, object_id = self.dialect.read_greeting(message.flags, value)
        if self.dialect.extensible:
            features = read_features(message.annotations, self._supported)
            self._agree(features, message.annotations)
        self._serializer = self._codecs.by_id[serializer.id]
        self._go(GREETING)
        greeting = Greeting(message, serializer, handshake, object_id)
        if self.beat:
            greeting.annotations = without(greeting.annotations, BEAT_CHUNK)
        return greeting

    def _check_flow(self) -> None:
        if not self._flows:
            raise LocalProtocolError("the client takes no calls")
