"""One end of a conversation, without the network: what clients and servers share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import (
    CallCancelledError,
    LocalProtocolError,
    RemoteProtocolError,
    SecurityError,
    SerializeError,
)
from .blobs import CHUNK as BLOB_CHUNK
from .blobs import Blob, read_address
from .calling import Calling
from .chunks import LIMIT_CHUNK, PATH_CHUNK, read_count, read_limit, read_path
from .ends import BEAT_PAYLOAD, NO_ANNOTATIONS, Crossed
from .events import Call, Cancel, Credit, Ping, Pong, Portion
from .features import without
from .flows import Flow
from .framing import (
    BATCH,
    BLOB,
    CANCEL,
    CREDIT,
    END,
    EXCEPTION,
    ITEMS,
    ONEWAY,
    PING,
    RESULT,
    STREAM,
    Message,
)
from .states import OPEN

if TYPE_CHECKING:
    from ..serializers.base import Serializer
    from ..serializers.codecs import Codecs

__all__ = ["Session"]

PONG_PAYLOAD = b"pong"


class Session(Calling):
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
        receive: Call it with the bytes that arrive.
        trace: Called with ``received`` or ``sent`` and each message, for those who
            look for a fault; None by default.
    """

    __slots__ = ("_owed", "lazy")

    def __init__(self, codecs: Codecs, serializer: str, **options: Any) -> None:
        super().__init__(codecs, serializer, **options)
        self.lazy = False
        self._owed: dict[int, Call] = {}  # calls of the other end, until all is answered

    @property
    def owed(self) -> int:
        """How many calls of the other end are not answered to the end.

        Counted where many calls may be under way; else 0.
        """
        return len(self._owed)

    def result(
        self,
        call: Call,
        value: Any,
        *,
        annotations: Mapping[str, bytes] | None = None,
        correlation: bytes | None = None,
    ) -> bytes:
        """Return the bytes that answer *call* with *value*.

        None if it is one-way, or was answered already. For a batch, *value* is the list
        of results, a ``Failure`` in place of one that failed.

        Raises:
            SerializeError: The value can't be written; answer with :meth:`fault`.
        """
        if call.flags & ONEWAY or (self._many and self._owed.get(call.seq) is not call):
            return b""
        serializer = call.serializer
        flags = call.flags & BATCH
        message: Message
        try:
            payload = self._dump(serializer, flags, value)
        except SerializeError as error:
            across = self._across(error, serializer)
            payload = self._dump(across, flags, value)
            message = Crossed(RESULT, serializer.id, flags, call.seq, payload)
            message.cross(across, annotations)
            return self._answer(message, correlation, call)
        message = Message(
            RESULT, serializer.id, flags, call.seq, payload, annotations or NO_ANNOTATIONS
        )
        if correlation is not None or self.state != OPEN or self.trace is not None:
            return self._answer(message, correlation, call)
        data = self._encode(message, compress=self._compress, max_size=self._max_size)
        if self._many:
            del self._owed[call.seq]
        return data

    def fault(
        self,
        call: Call,
        error: BaseException,
        traceback: list[str],
        *,
        annotations: Mapping[str, bytes] | None = None,
        correlation: bytes | None = None,
    ) -> bytes:
        """Return the bytes that answer *call* with *error*.

        None if it is one-way, or was answered already.
        """
        if call.flags & ONEWAY or (self._many and self._owed.get(call.seq) is not call):
            return b""
        payload = self._codecs.dump_error(call.serializer, error, traceback)
        message = Message(
            RESULT,
            call.serializer.id,
            EXCEPTION,
            call.seq,
            payload,
            annotations or NO_ANNOTATIONS,
        )
        return self._answer(message, correlation, call)

    def flow(
        self,
        call: Call,
        *,
        annotations: Mapping[str, bytes] | None = None,
        correlation: bytes | None = None,
    ) -> bytes:
        """Return the bytes that answer *call* with a stream whose items follow.

        ``call.flow`` is its credit from then on. A call that was cancelled is answered
        by ``CallCancelledError`` instead, and ``call.flow`` stays None: no items follow.

        Raises:
            LocalProtocolError: The feature ``flow`` is not in force.
        """
        if not self._flows:
            raise LocalProtocolError("the other side knows no streams that flow")
        if call.cancelled:
            gone = CallCancelledError("the caller has given up")
            return self.fault(
                call, gone, [], annotations=annotations, correlation=correlation
            )
        if call.flags & ONEWAY or self._owed.get(call.seq) is not call:
            return b""
        message = Message(
            RESULT,
            call.serializer.id,
            STREAM,
            call.seq,
            b"",
            annotations or NO_ANNOTATIONS,
        )
        data = self._answer(message, correlation)
        call.flow = Flow()
        return data

    def items(self, call: Call, values: list[Any], *, last: bool = False) -> bytes:
        """Return the bytes of the next items of the stream that answers *call*.

        Empty if the stream has ended. Each message takes one of ``call.flow.room``, but
        the last one takes none.

        Raises:
            SerializeError: One of *values* can't be written; nothing changed.
            MessageTooLargeError: They are too many; nothing changed.
            LocalProtocolError: There is no room for more.
        """
        flow = call.flow
        if flow is None or self._owed.get(call.seq) is not call:
            return b""
        if not last and flow.room < 1:
            raise LocalProtocolError("the reader takes no more items for now")
        serializer = call.serializer
        message: Message
        try:
            payload = serializer.dumps(values)
            message = Message(ITEMS, serializer.id, END * last, call.seq, payload)
        except SerializeError as error:
            across = self._across(error, serializer)
            payload = across.dumps(values)
            message = Crossed(ITEMS, serializer.id, END * last, call.seq, payload)
            message.cross(across, None)
        data = self._answer(message, None, call if last else None)
        flow.used += 1
        return data

    def items_fault(self, call: Call, error: BaseException, traceback: list[str]) -> bytes:
        """Return the bytes that end the stream that answers *call* with *error*.

        Empty if the stream has ended.
        """
        if call.flow is None or self._owed.get(call.seq) is not call:
            return b""
        payload = self._codecs.dump_error(call.serializer, error, traceback)
        flags = EXCEPTION | END
        message = Message(ITEMS, call.serializer.id, flags, call.seq, payload)
        return self._answer(message, None, call)

    def pong(self, ping: Ping, annotations: Mapping[str, bytes] | None = None) -> bytes:
        """Return the bytes that answer *ping*."""
        message = Message(
            PING, ping.serializer_id, 0, ping.seq, PONG_PAYLOAD, annotations or {}
        )
        return self._answer(message, ping.correlation)

    # What arrives.

    def _called(self, message: Message) -> Call:
        """Return the call in *message*."""
        many = self._many
        if many and message.seq in self._owed:
            raise RemoteProtocolError(f"call {message.seq} is under way already")
        serializer = self._codecs.by_id.get(message.serializer_id)
        if serializer is None:
            call = self._unreadable(message)
        else:
            call = Call(message, serializer)
            if message.annotations and self._chunks:
                self._take_chunks(call, message.annotations)
            if self.lazy:
                call.unread = message
            else:
                self._read(call, message)
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
            call.object_id, call.method, call.args, kwargs = serializer.loads_call(
                message.payload
            )
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
        call.args = (Blob(info, payload=message.payload, serializer=call.serializer),)

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

    def _dump(self, serializer: Serializer, flags: int, value: Any) -> bytes:
        if flags & BATCH:
            return self._codecs.dump_results(serializer, value)
        return serializer.dumps(value)

    def _answer(
        self, message: Message, correlation: bytes | None, call: Call | None = None
    ) -> bytes:
        """Return the bytes of *message*; if it ends the answer to *call*, that is free."""
        if self.state != OPEN:
            self._check(message.kind)
        data = self._write(self._related(message, correlation))
        if call is not None and self._many:
            del self._owed[call.seq]
        return data
