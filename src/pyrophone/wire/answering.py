"""The answering half of a conversation's end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import CallCancelledError, LocalProtocolError, SerializeError
from .buffers import Data
from .calling import Calling
from .ends import NO_ANNOTATIONS, Crossed
from .events import Call, Ping
from .flows import Flow
from .framing import BATCH, END, EXCEPTION, ITEMS, ONEWAY, PING, RESULT, STREAM, Message
from .plain import plain
from .states import OPEN

if TYPE_CHECKING:
    from ..serializers.codecs import Codecs

__all__ = ["PONG_PAYLOAD", "Answering"]

PONG_PAYLOAD = b"pong"
_SIMPLE = frozenset({bool, float, int, str, type(None)})  # nothing goes beside them


class Answering(Calling):
    """An end of a conversation, as far as it answers the other; see :class:`.Session`."""

    __slots__ = ("_owed",)

    def __init__(self, codecs: Codecs, serializer: str, **options: Any) -> None:
        super().__init__(codecs, serializer, **options)
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
    ) -> Data:
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
        buffers: list[Any] = []
        try:
            if flags or type(value) not in _SIMPLE:
                payload = self._dump_result(serializer, value, flags, buffers)
            else:
                payload = serializer.dumps(value)
        except SerializeError as error:
            across = self._across(error, serializer)
            payload = self._dump_result(across, value, flags, buffers)
            message = Crossed(RESULT, serializer.id, flags, call.seq, payload)
            message.cross(across, annotations)
            if buffers:
                message.lay(buffers)
            return self._answer(message, correlation, call)
        if (
            not (flags or annotations or buffers)
            and correlation is None
            and self._plain
            and self.trace is None
            and self.state == OPEN
            and len(payload) <= self._max_size
        ):
            data = plain(RESULT, serializer.id, call.seq, payload)
            if self._many:
                del self._owed[call.seq]
            return data
        message = Message(
            RESULT, serializer.id, flags, call.seq, payload, annotations or NO_ANNOTATIONS
        )
        if buffers:
            message.lay(buffers)
        return self._answer(message, correlation, call)

    def fault(
        self,
        call: Call,
        error: BaseException,
        traceback: list[str],
        *,
        annotations: Mapping[str, bytes] | None = None,
        correlation: bytes | None = None,
    ) -> Data:
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
    ) -> Data:
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

    def items(self, call: Call, values: list[Any], *, last: bool = False) -> Data:
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
        buffers: list[Any] = []
        try:
            payload = self._dump(serializer, values, buffers)
            message = Message(ITEMS, serializer.id, END * last, call.seq, payload)
        except SerializeError as error:
            across = self._across(error, serializer)
            payload = self._dump(across, values, buffers)
            message = Crossed(ITEMS, serializer.id, END * last, call.seq, payload)
            message.cross(across, None)
        if buffers:
            message.lay(buffers)
        data = self._answer(message, None, call if last else None)
        flow.used += 1
        return data

    def items_fault(self, call: Call, error: BaseException, traceback: list[str]) -> Data:
        """Return the bytes that end the stream that answers *call* with *error*.

        Empty if the stream has ended.
        """
        if call.flow is None or self._owed.get(call.seq) is not call:
            return b""
        payload = self._codecs.dump_error(call.serializer, error, traceback)
        flags = EXCEPTION | END
        message = Message(ITEMS, call.serializer.id, flags, call.seq, payload)
        return self._answer(message, None, call)

    def pong(self, ping: Ping, annotations: Mapping[str, bytes] | None = None) -> Data:
        """Return the bytes that answer *ping*."""
        message = Message(
            PING, ping.serializer_id, 0, ping.seq, PONG_PAYLOAD, annotations or {}
        )
        return self._answer(message, ping.correlation)

    def _dump_result(
        self, serializer: Any, value: Any, batch: int, buffers: list[Any]
    ) -> bytes:
        """Return the bytes of a result; what goes beside is appended to *buffers*."""
        if not batch:
            return self._dump(serializer, value, buffers)
        if not self._beside:
            return self._codecs.dump_results(serializer, value)
        del buffers[:]
        return self._codecs.dump_results(serializer, value, buffers)

    def _answer(
        self, message: Message, correlation: bytes | None, call: Call | None = None
    ) -> Data:
        """Return the bytes of *message*; if it ends the answer to *call*, that is free."""
        if self.state != OPEN:
            self._check(message.kind)
        data = self._write_any(self._related(message, correlation))
        if call is not None and self._many:
            del self._owed[call.seq]
        return data
