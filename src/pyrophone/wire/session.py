"""One end of a conversation, without the network: what clients and servers share."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import RemoteProtocolError, SecurityError, SerializeError
from .answering import PONG_PAYLOAD, Answering
from .blobs import CHUNK as BLOB_CHUNK
from .blobs import Blob, read_address
from .chunks import LIMIT_CHUNK, PATH_CHUNK, read_count, read_limit, read_path
from .ends import BEAT_PAYLOAD
from .events import Call, Cancel, Credit, Ping, Pong, Portion, Reply
from .features import without
from .flows import Flow
from .framing import (
    BLOB,
    CANCEL,
    CREDIT,
    EXCEPTION,
    HEADER,
    ITEMS,
    ONEWAY,
    STREAM,
    Message,
)
from .plain import NONE, call_number
from .states import OPEN

if TYPE_CHECKING:
    from ..serializers.codecs import Codecs

__all__ = ["Session"]

_HEADER_SIZE = HEADER.size


class Session(Answering):
    """One end of a conversation; see :class:`.ClientSession` and :class:`.ServerSession`.

    It has two halves. One calls the other end, one answers it; a client uses the second,
    and a server the first, where the feature ``flow`` is in force. Each end numbers its
    own calls. Not thread-safe, but while one thread is in :meth:`receive` and
    :meth:`next`, another may be in one of the methods that return bytes to send. An answer
    that comes while its call is abandoned may come out, or be dropped.

    Attributes:
        state: One of those in ``states``.
        features: What both ends agreed on; None if the peer is none of us.
        beat: How often an end has to send something, in seconds; 0.0 if it need not.
        seq: Number of the last call of this end.
        crossing: What functions in calls and answers are exported to and made by; set
            it to let functions cross.
        lazy: Whether calls come out unread, for :meth:`read`, which may take long and
            runs code of users; False by default.
        dialect: Which wire it speaks.
        decoder: What arrived, until it is a message.
        receive: Call it with the bytes that arrive.
        trace: Called with ``received`` or ``sent`` and each message, for those who
            look for a fault; None by default.
    """

    __slots__ = ("lazy",)

    def __init__(self, codecs: Codecs, serializer: str, **options: Any) -> None:
        super().__init__(codecs, serializer, **options)
        self.lazy = False

    # Calls that arrive, and what belongs to them.

    def call_in(self, data: bytes) -> Call | None:
        """Return the call that *data* is, if it is one and no more.

        That is instead of receiving *data*, and shorter. None if there is more in it, or
        something special; then nothing was done.
        """
        decoder = self.decoder
        if not self._plain or self.state != OPEN or self.trace is not None or decoder.data:
            return None
        found = call_number(data, decoder.max_size)
        if found == NONE:
            return None
        seq = found & 0xFFFF
        serializer = self._codecs.by_id.get(found >> 16)
        if serializer is None or (self._many and seq in self._owed):
            return None
        call = Call(seq, serializer)
        try:
            call.object_id, call.method, call.args, kwargs = serializer.loads_call(
                data[_HEADER_SIZE:]
            )
            call.kwargs = kwargs or {}
        except (SerializeError, SecurityError) as error:
            call.problem = error
        if self._many:
            self._owed[seq] = call
        return call

    def _called(self, message: Message) -> Call:
        """Return the call in *message*."""
        many = self._many
        if many and message.seq in self._owed:
            raise RemoteProtocolError(f"call {message.seq} is under way already")
        serializer = self._codecs.by_id.get(message.serializer_id)
        if serializer is None:
            call = self._unreadable(message)
        else:
            call = Call.of(message, serializer)
            if message.annotations and self._chunks:
                self._take_chunks(call, message.annotations)
            if self.lazy:
                call.unread = message
            elif message.flags & BLOB or message.annotations:
                self._read(call, message)
            else:  # the same, for what is nothing special, in one function
                try:
                    call.object_id, call.method, call.args, kwargs = serializer.loads_call(
                        message.payload
                    )
                    call.kwargs = kwargs or {}
                except (SerializeError, SecurityError) as error:
                    call.problem = error
        if many and not message.flags & ONEWAY:
            self._owed[message.seq] = call
        return call

    def read(self, call: Call) -> None:
        """Read object, method and arguments of *call*, if that was not done yet.

        May be called from any thread.
        """
        message, call.unread = call.unread, None
        if message is not None:
            self._read(call, message)

    def _read(self, call: Call, message: Message) -> None:
        serializer = call.serializer
        try:
            if message.flags & BLOB:
                self._read_blob(call, message)
                return
            if message.annotations and self._flows:
                serializer = self._reading(serializer, message.annotations)
            if message.buffers:
                beside: Any = serializer
                parts = beside.loads_call_beside(message.payload, message.buffers)
            else:
                parts = serializer.loads_call(message.payload)
            call.object_id, call.method, call.args, kwargs = parts
            call.kwargs = kwargs or {}
        except (SerializeError, SecurityError, RemoteProtocolError) as error:
            call.problem = error

    def _pinged(self, message: Message) -> Ping | Pong | None:
        """Return what a PING is, where features tell; None for a sign of life."""
        if self.beat and message.payload == BEAT_PAYLOAD:
            return None
        if self._many and message.payload == PONG_PAYLOAD:
            return self._ponged(message)
        return Ping(message)

    def _other(self, message: Message) -> Cancel | Credit | Portion | None:
        """Return what a message is that only features allow; None to pass over it."""
        if message.kind == ITEMS:
            return self._portion(message)
        call = self._owed.get(message.seq)
        if message.kind == CANCEL:
            if call is None or call.cancelled:
                return None
            call.cancelled = True
            return Cancel(call)
        assert message.kind == CREDIT
        count = read_count(message.payload)
        if call is None or call.flow is None:
            return None
        count = call.flow.grant(count)
        return Credit(call, count) if count else None

    # Answers that arrive.

    def _replied(self, message: Message) -> Reply | None:
        """Return the answer in *message*, None if nobody wants it."""
        if message.flags and self._flows and _opens_stream(message):
            return self._opened(message)
        try:
            flow = self._calls.pop(message.seq)
            reply = Reply(message, self._codecs.by_id[message.serializer_id])
        except KeyError:
            raise self._wrong_reply(message) from None
        if flow is not None or message.seq in self._pings:
            raise self._wrong_reply(message)
        if message.annotations and self._chunks:
            self._take_functions(reply)
        if self._abandoned and message.seq in self._abandoned:
            self._drop(reply)
            return None
        return reply

    def _opened(self, message: Message) -> Reply | None:
        """Return the answer in *message* that opens a stream, None if nobody wants it."""
        seq = message.seq
        if self._calls.get(seq, self) is not None or seq in self._pings:
            raise self._wrong_reply(message)
        serializer = self._codecs.by_id.get(message.serializer_id)
        if serializer is None:
            raise self._wrong_reply(message)
        reply = Reply(message, serializer)
        reply.flows = True
        reply.annotations = without(reply.annotations, *self._chunks)
        self._calls[seq] = Flow()  # its number was in use, and is, without a break
        return None if seq in self._abandoned else reply

    def _portion(self, message: Message) -> Portion | None:
        """Return the items in *message*, None if nobody wants them."""
        seq = message.seq
        flow = self._calls.get(seq)
        if flow is None:
            raise RemoteProtocolError(f"items {seq} belong to no stream")
        serializer = self._codecs.by_id.get(message.serializer_id)
        if serializer is None:
            raise self._wrong_reply(message)
        portion = Portion(message, serializer)
        if portion.last:  # it may always come, or a stream without credit had no end
            del self._calls[seq]
        elif flow.room > 0:
            flow.used += 1
        else:
            raise RemoteProtocolError(
                f"items {seq} exceed the credit of {flow.granted} messages"
            )
        self._take_functions(portion)
        if seq in self._abandoned:
            self._drop(portion)
            return None
        return portion

    def _ponged(self, message: Message) -> Pong | None:
        """Return the answer to a ping, None if nobody wants it."""
        seq = message.seq
        if self._many:
            if seq not in self._pings:
                raise RemoteProtocolError(f"pong {seq} answers no ping")
            self._pings.remove(seq)
            del self._calls[seq]
            if seq in self._abandoned:
                self._abandoned.discard(seq)
                return None
        return Pong(seq)

    # Helpers.

    def _take_chunks(self, call: Call, annotations: Mapping[str, bytes]) -> None:
        """Note what features tell about *call*."""
        if self._limits:
            if LIMIT_CHUNK in annotations:
                call.limit = read_limit(annotations[LIMIT_CHUNK])
            if PATH_CHUNK in annotations:
                call.path = read_path(annotations[PATH_CHUNK])
        call.annotations = without(annotations, *self._chunks)

    def _read_blob(self, call: Call, message: Message) -> None:
        info, call.object_id, call.method = read_address(
            message.annotations, self._codecs.by_name["marshal"]
        )
        call.annotations = without(call.annotations, BLOB_CHUNK)
        plain = self._codecs.plain.by_id[call.serializer.id]
        call.args = (Blob(info, payload=message.payload, serializer=plain),)

    def _unreadable(self, message: Message) -> Call:
        """Return what is answered in place of a call that may not be read."""
        refusal = f"{self.dialect.refusal} {message.serializer_id}"
        serializer = self._codecs.refused.get(message.serializer_id)
        if serializer is None and self.dialect.answers_unknown:
            serializer = self._codecs.by_name["serpent"]
        if serializer is None:
            raise RemoteProtocolError(refusal)
        call = Call.of(message, serializer)
        call.problem = SerializeError(refusal)
        return call

    def _drop(self, reply: Reply) -> None:
        """Forget what came for an abandoned call, and the call if nothing follows."""
        if reply.seq not in self._calls:
            self._abandoned.discard(reply.seq)
        if reply.serializer is not self._codecs.by_id[reply.serializer.id]:
            # The other side keeps functions that it sent. Read, they are given back.
            with suppress(SerializeError, SecurityError):
                reply.load()

    def _take_functions(self, reply: Reply) -> None:
        reply.serializer = self._reading(reply.serializer, reply.annotations)
        reply.annotations = without(reply.annotations, *self._chunks)

    def _wrong_reply(self, message: Message) -> RemoteProtocolError:
        if message.serializer_id not in self._codecs.by_id:
            return RemoteProtocolError(
                f"reply in unknown serializer {message.serializer_id}"
            )
        return RemoteProtocolError(f"reply {message.seq} answers no call")


def _opens_stream(message: Message) -> bool:
    return message.flags & (STREAM | EXCEPTION) == STREAM
