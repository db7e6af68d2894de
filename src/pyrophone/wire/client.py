"""The calling end of a conversation, without the network."""

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
from .blobs import CHUNK as BLOB_CHUNK
from .blobs import Blob, address_blob
from .dialects import PYRO5, Dialect
from .events import Pong, Refusal, Reply, Welcome
from .features import CHUNK, FEATURES, read_features, without, write_features
from .framing import (
    BLOB,
    CONNECT,
    CONNECT_OK,
    CORRELATED,
    INVOKE,
    MAX_SIZE,
    ONEWAY,
    PING,
    RESULT,
    Message,
)
from .states import CLIENT_RECEIVES, CLIENT_SENDS, CLOSED, NEW, OPEN, STATE_NAMES, expected

if TYPE_CHECKING:
    from ..serializers.codecs import Codecs

__all__ = ["ClientSession"]

_NO_ANNOTATIONS: Mapping[str, bytes] = {}
_PING_SERIALIZER = 42  # that of Pyro5's PING, which has nothing to read


class ClientSession:
    """The calling end of a conversation.

    Give it what arrives with :meth:`receive`, then take events with :meth:`next`
    until there is none. The other methods return bytes to send. Not thread-safe.

    Args:
        object_id: The object to greet and to call.
        codecs: The serializers of this connection.
        serializer: Name of the one to write calls in.
        max_size: Largest message to send or accept, in bytes after the header.
        compress: Whether to compress what is sent.
        seq: Number of the last call; goes on from an earlier conversation.
        greeted: No greeting is exchanged: the session starts open.
        features: What to offer; None to offer nothing, as Pyro5 does.
        dialect: Which wire to speak; the codecs have to fit it.

    Raises:
        ValueError: There is no such serializer.

    Attributes:
        state: One of those in ``states``.
        seq: Number of the last call.
        receive: Call it with the bytes that arrive.
        dialect: Which wire it speaks.
        features: What both ends agreed on; None if the peer is none of us.
    """

    __slots__ = (
        "_calls",
        "_codecs",
        "_compress",
        "_decoder",
        "_encode",
        "_object_id",
        "_offer",
        "_serializer",
        "dialect",
        "features",
        "receive",
        "seq",
        "state",
    )

    def __init__(
        self,
        object_id: str,
        codecs: Codecs,
        *,
        serializer: str = "serpent",
        max_size: int = MAX_SIZE,
        compress: bool = False,
        seq: int = 0,
        greeted: bool = False,
        features: frozenset[str] | None = FEATURES,
        dialect: Dialect = PYRO5,
    ) -> None:
        self.state = OPEN if greeted else NEW
        self.seq = seq
        self.features: frozenset[str] | None = None
        self.dialect = dialect
        self._encode = dialect.encoder()
        self._offer = features if dialect.extensible else None
        self._object_id = object_id
        self._codecs = codecs
        if serializer not in codecs.by_name:
            raise ValueError(
                f"serializer {serializer!r} is none of {', '.join(codecs.by_name)}"
            )
        self._serializer = codecs.by_name[serializer]
        self._compress = compress
        self._decoder = dialect.decoder(max_size, expected(CLIENT_RECEIVES, self.state))
        self.receive = self._decoder.feed
        self._calls: set[int] = set()  # numbers of calls under way

    @property
    def serializer(self) -> str:
        """Name of the serializer that calls are written in; may be changed between calls.

        Raises:
            KeyError: On setting: there is no such serializer.
        """
        return self._serializer.name

    @serializer.setter
    def serializer(self, name: str) -> None:
        self._serializer = self._codecs.by_name[name]

    @property
    def calls(self) -> int:
        """How many calls are under way."""
        return len(self._calls)

    def greet(
        self,
        handshake: Any = "hello",
        *,
        annotations: Mapping[str, bytes] | None = None,
        correlation: bytes | None = None,
    ) -> bytes:
        """Return the bytes that open the conversation."""
        self._check(CONNECT)
        flags, value = self.dialect.greeting(handshake, self._object_id)
        payload = self._serializer.dumps(value)
        chunks = dict(annotations or ())
        if self._offer is not None:
            chunks |= write_features(self._offer)
        data = self._write(
            Message(CONNECT, self._serializer.id, flags, self.seq, payload, chunks),
            correlation,
        )
        self._go(CLIENT_SENDS[self.state][CONNECT])
        return data

    def call(
        self,
        method: str,
        args: Any,
        kwargs: Any,
        flags: int = 0,
        *,
        object_id: str | None = None,
        annotations: Mapping[str, bytes] | None = None,
        correlation: bytes | None = None,
    ) -> bytes:
        """Return the bytes of a new call; its number is then :attr:`seq`.

        Args:
            method: Name of the method.
            args: Its positional arguments; for a batch, the triples.
            kwargs: Its keyword arguments, None for a batch and attribute access.
            flags: ONEWAY, BATCH, or both.
            object_id: Another object of the same daemon.
            annotations: Chunks to go with it.
            correlation: 16 bytes of a UUID to go with it.

        Raises:
            SerializeError: An argument can't be written. Nothing changed.
            LocalProtocolError: The session is not open, or has 65536 calls under way.
        """
        if self.state != OPEN:
            self._check(INVOKE)
        if object_id is None:
            object_id = self._object_id
        if len(args) == 1 and type(args[0]) is Blob:
            if kwargs:
                raise LocalProtocolError("a blob must be the only argument of a call")
            flags |= BLOB
            serializer_id, payload = args[0].dump(self._serializer, object_id, method)
            marshal = self._codecs.by_name["marshal"]
            address = address_blob(args[0], marshal, object_id, method)
            annotations = {**(annotations or {}), BLOB_CHUNK: address}
        else:
            serializer_id = self._serializer.id
            payload = self._serializer.dumps_call(object_id, method, args, kwargs)
        seq = (self.seq + 1) & 0xFFFF
        if seq in self._calls:
            seq = self._free_number()
        message = Message(
            INVOKE, serializer_id, flags, seq, payload, annotations or _NO_ANNOTATIONS
        )
        if correlation is not None:
            message.correlation = correlation
            message.flags |= CORRELATED
        data = self._encode(
            message, compress=self._compress, max_size=self._decoder.max_size
        )
        self.seq = seq
        if not flags & ONEWAY:
            self._calls.add(seq)
        return data

    def ping(self, *, correlation: bytes | None = None) -> bytes:
        """Return the bytes of a ping; a :class:`Pong` answers it."""
        self._check(PING)
        return self._write(Message(PING, _PING_SERIALIZER, 0, 0, b"ping"), correlation)

    def close(self) -> None:
        """End the session; what arrives from now on is an error."""
        self._go(CLOSED)

    def next(self) -> Reply | Welcome | Refusal | Pong | None:
        """Return what arrived next, None if nothing is complete.

        Raises:
            ProtocolError: The server broke the rules; the session is closed.
            SecurityError: Likewise, those of a dialect with signatures.
        """
        try:
            message = self._decoder.next()
            if message is None:
                return None
            if message.kind == RESULT:
                try:
                    self._calls.remove(message.seq)
                    return Reply(message, self._codecs.by_id[message.serializer_id])
                except KeyError:
                    raise self._wrong_reply(message) from None
            if message.kind == PING:
                return Pong()
            return self._greeted(message)
        except (ProtocolError, SecurityError):
            self._go(CLOSED)
            raise

    def _wrong_reply(self, message: Message) -> RemoteProtocolError:
        if message.serializer_id not in self._codecs.by_id:
            return RemoteProtocolError(
                f"reply in unknown serializer {message.serializer_id}"
            )
        return RemoteProtocolError(f"reply {message.seq} answers no call")

    def _greeted(self, message: Message) -> Welcome | Refusal:
        self._go(CLIENT_RECEIVES[self.state][message.kind])
        value = self._load(message)
        if message.kind != CONNECT_OK:
            text = value if isinstance(value, str) else repr(value)
            return Refusal(text, message.annotations)
        handshake, metadata = self.dialect.read_welcome(message.flags, value)
        if self._offer is not None:
            self.features = read_features(message.annotations, self._offer)
        return Welcome(handshake, metadata, without(message.annotations, CHUNK))

    def _load(self, message: Message) -> Any:
        serializer = self._codecs.by_id.get(message.serializer_id)
        if serializer is None:
            raise RemoteProtocolError(
                f"greeting in unknown serializer {message.serializer_id}"
            )
        if not message.payload:
            return ""
        try:
            return serializer.loads(message.payload)
        except (SerializeError, SecurityError) as error:
            raise RemoteProtocolError(
                f"unreadable answer to the greeting: {error}"
            ) from error

    def _check(self, kind: int) -> None:
        if kind not in CLIENT_SENDS[self.state]:
            raise LocalProtocolError(f"session is {STATE_NAMES[self.state]}")

    def _go(self, state: int) -> None:
        self.state = state
        self._decoder.expected = expected(CLIENT_RECEIVES, state)

    def _free_number(self) -> int:
        """Return the next number of no call under way."""
        if len(self._calls) > 0xFFFF:
            raise LocalProtocolError(
                f"{len(self._calls)} calls are under way, no number is left"
            )
        seq = (self.seq + 1) & 0xFFFF
        while seq in self._calls:
            seq = (seq + 1) & 0xFFFF
        return seq

    def _write(self, message: Message, correlation: bytes | None) -> bytes:
        if correlation is not None:
            message.correlation = correlation
            message.flags |= CORRELATED
        return self._encode(
            message, compress=self._compress, max_size=self._decoder.max_size
        )
