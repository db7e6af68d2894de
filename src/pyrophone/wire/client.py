"""The calling end of a conversation, without the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ProtocolError, RemoteProtocolError, SecurityError, SerializeError
from .chunks import BEAT_CHUNK, write_beat
from .dialects import PYRO5, Dialect
from .events import (
    Call,
    Cancel,
    Credit,
    Ping,
    Pong,
    Portion,
    Refusal,
    Reply,
    Welcome,
)
from .features import BEAT, CHUNK, read_features, without, write_features
from .framing import CONNECT, CONNECT_OK, INVOKE, MAX_SIZE, PING, RESULT, Message
from .session import Session
from .states import (
    CLIENT_ADDS,
    CLIENT_RECEIVES,
    CLIENT_SENDS,
    CLOSED,
    NEW,
    OPEN,
    SERVER_ADDS,
)

if TYPE_CHECKING:
    from ..serializers.codecs import Codecs

__all__ = ["ClientSession"]

Event = Reply | Portion | Welcome | Refusal | Pong | Ping | Call | Cancel | Credit


class ClientSession(Session):
    """The calling end of a conversation.

    Give it what arrives with :meth:`receive`, then take events with :meth:`next`
    until there is none. The other methods return bytes to send. What it calls is in
    :class:`.calling.Calling`; what it answers, where features let the server call, and
    the attributes, in :class:`.session.Session`.

    Args:
        object_id: The object to greet and to call.
        codecs: The serializers of this connection.
        serializer: Name of the one to write calls in.
        max_size: Largest message to send or accept, in bytes after the header.
        compress: Whether to compress what is sent.
        seq: Number of the last call; goes on from an earlier conversation.
        greeted: No greeting is exchanged: the session starts open.
        features: What to offer; None to offer nothing, as Pyro5 does.
        beat: Seconds between signs of life, to offer the feature ``beat``; None not to.
        dialect: Which wire to speak; the codecs have to fit it.

    Raises:
        ValueError: There is no such serializer.
    """

    __slots__ = ("_offer",)

    sends = CLIENT_SENDS
    receives = CLIENT_RECEIVES
    adds = CLIENT_ADDS
    gets = SERVER_ADDS

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
        features: frozenset[str] | None = frozenset(),
        beat: float | None = None,
        dialect: Dialect = PYRO5,
    ) -> None:
        if serializer not in codecs.by_name:
            raise ValueError(
                f"serializer {serializer!r} is none of {', '.join(codecs.by_name)}"
            )
        super().__init__(
            codecs,
            serializer,
            dialect=dialect,
            state=OPEN if greeted else NEW,
            max_size=max_size,
            first_size=max_size,
            compress=compress,
            beat=beat,
        )
        self.seq = seq
        self._object_id = object_id
        self._offer = self._offered(features)

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
            if BEAT in self._offer and self._own_beat is not None:
                chunks[BEAT_CHUNK] = write_beat(self._own_beat)
        message = Message(CONNECT, self._serializer.id, flags, self.seq, payload, chunks)
        data = self._write(self._related(message, correlation))
        self._go(CLIENT_SENDS[self.state][CONNECT])
        return data

    def next(self) -> Event | None:
        """Return what arrived next, None if nothing is complete.

        Raises:
            ProtocolError: The server broke the rules; the session is closed.
            SecurityError: Likewise, those of a dialect with signatures.
        """
        try:
            while (message := self.decoder.next()) is not None:
                event: Event | None
                if message.kind == RESULT:
                    if (
                        message.flags
                        or message.annotations
                        or self._abandoned
                        or self._pings
                    ):
                        event = self._replied(message)
                    else:  # the same, for what is nothing special, in one function
                        try:
                            flow = self._calls.pop(message.seq)
                            serializer = self._codecs.by_id[message.serializer_id]
                        except KeyError:
                            raise self._wrong_reply(message) from None
                        if flow is not None:
                            raise self._wrong_reply(message)
                        return Reply(message, serializer)
                elif message.kind == PING:
                    event = self._pinged(message)
                elif message.kind == INVOKE:
                    event = self._called(message)
                elif self.state == OPEN:
                    event = self._other(message)
                else:
                    event = self._greeted(message)
                if event is not None:
                    return event
            return None
        except (ProtocolError, SecurityError):
            self._go(CLOSED)
            raise

    def _pinged(self, message: Message) -> Ping | Pong | None:
        event = super()._pinged(message)
        if type(event) is Ping and not self._many:
            return Pong(message.seq)  # whatever it says: the server asks nothing
        return event

    def _greeted(self, message: Message) -> Welcome | Refusal:
        value = self._load(message)
        if message.kind != CONNECT_OK:
            self._go(CLOSED)
            text = value if isinstance(value, str) else repr(value)
            return Refusal(text, message.annotations)
        handshake, metadata = self.dialect.read_welcome(message.flags, value)
        annotations = message.annotations
        if self._offer is not None:
            features = read_features(annotations, self._offer)
            if self._agree(features, annotations) != features:
                raise RemoteProtocolError(f"the greeting was answered without {BEAT_CHUNK}")
            annotations = without(annotations, CHUNK, *(BEAT_CHUNK,) * bool(self.beat))
        self._go(OPEN)
        return Welcome(handshake, metadata, annotations)

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
