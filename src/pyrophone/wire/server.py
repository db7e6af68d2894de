"""The serving end of a conversation, without the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import (
    LocalProtocolError,
    ProtocolError,
    RemoteProtocolError,
    SecurityError,
    SerializeError,
)
from .blobs import CHUNK as BLOB_CHUNK
from .blobs import Blob, read_address
from .dialects import PYRO5, Dialect
from .events import STREAM_CHUNK, Call, Greeting, Ping
from .features import FEATURES, read_features, without, write_features
from .framing import (
    BATCH,
    BLOB,
    CONNECT,
    CONNECT_FAIL,
    CONNECT_OK,
    CORRELATED,
    EXCEPTION,
    INVOKE,
    MAX_SIZE,
    ONEWAY,
    PING,
    RESULT,
    STREAM,
    Message,
)
from .states import (
    CLOSED,
    GREETING,
    NEW,
    OPEN,
    SERVER_RECEIVES,
    SERVER_SENDS,
    STATE_NAMES,
    expected,
)

if TYPE_CHECKING:
    from ..serializers.codecs import Codecs
    from .metadata import Metadata

__all__ = ["ServerSession"]

_NO_ANNOTATIONS: Mapping[str, bytes] = {}
_HANDSHAKE_SIZE = 16 * 1024


class ServerSession:
    """The serving end of a conversation.

    Give it what arrives with :meth:`receive`, then take events with :meth:`next`
    until there is none, and answer each before the next. The other methods return
    bytes to send. Not thread-safe.

    Args:
        codecs: The serializers of this connection.
        max_size: Largest message to send or accept, in bytes after the header.
        handshake_size: Likewise, until the greeting is accepted.
        compress: Whether to compress what is sent.
        greeted: No greeting is exchanged: the session starts open.
        supported: Features that this side knows.
        dialect: Which wire to speak; the codecs have to fit it.

    Attributes:
        state: One of those in ``states``.
        receive: Call it with the bytes that arrive.
        dialect: Which wire it speaks.
        features: What both ends agreed on; None if the peer is none of us.
        trace: Called with ``received`` or ``sent`` and each message, for those who
            look for a fault; None by default.
    """

    __slots__ = (
        "_codecs",
        "_compress",
        "_decoder",
        "_encode",
        "_max_size",
        "_seq",
        "_supported",
        "dialect",
        "features",
        "receive",
        "state",
        "trace",
    )

    def __init__(
        self,
        codecs: Codecs,
        *,
        max_size: int = MAX_SIZE,
        handshake_size: int = _HANDSHAKE_SIZE,
        compress: bool = False,
        greeted: bool = False,
        supported: frozenset[str] = FEATURES,
        dialect: Dialect = PYRO5,
    ) -> None:
        self.state = OPEN if greeted else NEW
        self.dialect = dialect
        self._encode = dialect.encoder()
        self.features: frozenset[str] | None = None
        self.trace: Callable[[str, Message], None] | None = None
        self._seq = 0  # of the greeting that is looked at
        self._codecs = codecs
        self._max_size = max_size
        self._compress = compress
        self._supported = supported
        size = max_size if greeted else min(handshake_size, max_size)
        self._decoder = dialect.decoder(size, expected(SERVER_RECEIVES, self.state))
        self.receive = self._decoder.feed

    @property
    def pending(self) -> int:
        """Bytes received that are no complete message yet."""
        return self._decoder.pending

    def unread(self) -> bytes:
        """Return the bytes received that are no message yet, or were refused as one."""
        return self._decoder.peek(self._decoder.pending)

    def next(self) -> Call | Greeting | Ping | None:
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
            message = self._decoder.next()
            if message is None:
                return None
            if self.trace is not None:
                self.trace("received", message)
            if message.kind == INVOKE:
                return self._call(message)
            if message.kind == PING:
                return Ping(message)
            return self._greeting(message)
        except (ProtocolError, SecurityError):
            if self.state == OPEN:
                self._go(CLOSED)
            raise

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
        payload = greeting.serializer.dumps(value)
        chunks = dict(annotations or ())
        if self.features is not None:
            chunks |= write_features(self.features)
        message = Message(
            CONNECT_OK, greeting.serializer.id, flags, greeting.seq, payload, chunks
        )
        data = self._write(message, greeting.correlation)
        self._decoder.max_size = self._max_size
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
        seq = greeting.seq if greeting else self._seq
        # A text made of whatever came or was raised must not fail here.
        payload = serializer.dumps(
            reason.encode("utf-8", "backslashreplace").decode("utf-8")
        )
        message = Message(CONNECT_FAIL, serializer.id, 0, seq, payload, annotations or {})
        self._go(CLOSED)
        return self._write(message, greeting.correlation if greeting else None)

    def result(
        self,
        call: Call,
        value: Any,
        *,
        annotations: Mapping[str, bytes] | None = None,
        correlation: bytes | None = None,
    ) -> bytes:
        """Return the bytes that answer *call* with *value*; none if one-way.

        For a batch, *value* is the list of results, a ``Failure`` in place of one
        that failed.

        Raises:
            SerializeError: The value can't be written; answer with :meth:`fault`.
        """
        if call.flags & ONEWAY:
            return b""
        if call.flags & BATCH:
            payload = self._codecs.dump_results(call.serializer, value)
        else:
            payload = call.serializer.dumps(value)
        message = Message(
            RESULT,
            call.serializer.id,
            call.flags & BATCH,
            call.seq,
            payload,
            annotations or _NO_ANNOTATIONS,
        )
        if correlation is not None or self.state != OPEN or self.trace is not None:
            return self._answer(message, correlation)
        return self._encode(message, compress=self._compress, max_size=self._max_size)

    def fault(
        self,
        call: Call,
        error: BaseException,
        traceback: list[str],
        *,
        annotations: Mapping[str, bytes] | None = None,
        correlation: bytes | None = None,
    ) -> bytes:
        """Return the bytes that answer *call* with *error*; none if one-way."""
        if call.flags & ONEWAY:
            return b""
        payload = self._codecs.dump_error(call.serializer, error, traceback)
        message = Message(
            RESULT,
            call.serializer.id,
            EXCEPTION,
            call.seq,
            payload,
            annotations or _NO_ANNOTATIONS,
        )
        return self._answer(message, correlation)

    def stream(
        self,
        call: Call,
        stream_id: str | None,
        *,
        annotations: Mapping[str, bytes] | None = None,
        correlation: bytes | None = None,
    ) -> bytes:
        """Return the bytes that answer *call* with an item stream.

        Args:
            call: The call; nothing is sent if it is one-way.
            stream_id: Where its items are; None if streaming is switched off.
            annotations: Chunks to go with it.
            correlation: 16 bytes of a UUID.
        """
        if call.flags & ONEWAY:
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
        return self._answer(message, correlation)

    def pong(self, ping: Ping, annotations: Mapping[str, bytes] | None = None) -> bytes:
        """Return the bytes that answer *ping*."""
        message = Message(PING, ping.serializer_id, 0, ping.seq, b"pong", annotations or {})
        return self._answer(message, ping.correlation)

    def adapt(self, codecs: Codecs, *, max_size: int, compress: bool) -> None:
        """Go on with other serializers and limits; those for strangers stay."""
        self._codecs = codecs
        self._max_size = max_size
        self._compress = compress
        if self.state == OPEN:
            self._decoder.max_size = max_size

    def close(self) -> None:
        """End the session; what arrives from now on is an error."""
        self._go(CLOSED)

    def _call(self, message: Message) -> Call:
        serializer = self._codecs.by_id.get(message.serializer_id)
        if serializer is None:
            return self._unreadable(message)
        call = Call(message, serializer)
        try:
            if message.flags & BLOB:
                info, call.object_id, call.method = read_address(
                    message.annotations, self._codecs.by_name["marshal"]
                )
                call.annotations = without(message.annotations, BLOB_CHUNK)
                blob = Blob(info, payload=message.payload, serializer=serializer)
                call.args = (blob,)
            else:
                call.object_id, call.method, call.args, kwargs = serializer.loads_call(
                    message.payload
                )
                call.kwargs = kwargs or {}
        except (SerializeError, SecurityError, RemoteProtocolError) as error:
            call.problem = error
        return call

    def _unreadable(self, message: Message) -> Call:
        """Return what is answered in place of a call that may not be read."""
        refusal = f"{self.dialect.refusal} {message.serializer_id}"
        serializer = self._codecs.refused.get(message.serializer_id)
        if serializer is None and self.dialect.answers_unknown:
            serializer = self._codecs.by_name["serpent"]
        if serializer is None:
            raise RemoteProtocolError(refusal)
        call = Call(message, serializer)
        call.problem = SerializeError(refusal)
        return call

    def _greeting(self, message: Message) -> Greeting:
        self._seq = message.seq
        serializer = self._codecs.by_id.get(message.serializer_id)
        if serializer is None:
            raise RemoteProtocolError(f"{self.dialect.refusal} {message.serializer_id}")
        try:
            value = serializer.loads(message.payload)
        except (SerializeError, SecurityError) as error:
            raise RemoteProtocolError(f"unreadable greeting: {error}") from error
        handshake, object_id = self.dialect.read_greeting(message.flags, value)
        if self.dialect.extensible:
            self.features = read_features(message.annotations, self._supported)
        self._go(SERVER_RECEIVES[self.state][CONNECT])
        return Greeting(message, serializer, handshake, object_id)

    def _check(self, kind: int) -> None:
        if kind not in SERVER_SENDS[self.state]:
            raise LocalProtocolError(f"session is {STATE_NAMES[self.state]}")

    def _go(self, state: int) -> None:
        self.state = state
        self._decoder.expected = expected(SERVER_RECEIVES, state)

    def _answer(self, message: Message, correlation: bytes | None) -> bytes:
        if self.state != OPEN:
            self._check(message.kind)
        return self._write(message, correlation)

    def _write(self, message: Message, correlation: bytes | None) -> bytes:
        if correlation is not None:
            message.correlation = correlation
            message.flags |= CORRELATED
        if self.trace is not None:
            self.trace("sent", message)
        return self._encode(message, compress=self._compress, max_size=self._max_size)
