"""The calling half of a conversation's end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import LocalProtocolError, SerializeError
from .blobs import CHUNK as BLOB_CHUNK
from .blobs import Blob, address_blob
from .buffers import Data
from .chunks import LIMIT_CHUNK, PATH_CHUNK, write_count, write_limit, write_path
from .ends import NO_ANNOTATIONS, NO_SERIALIZER, PING_SERIALIZER, Crossed, End
from .flows import Flow
from .framing import (
    BLOB,
    CANCEL,
    CORRELATED,
    CREDIT,
    INVOKE,
    ONEWAY,
    PING,
    Message,
)
from .plain import plain, result_payload
from .states import OPEN

if TYPE_CHECKING:
    from ..serializers.codecs import Codecs

__all__ = ["Calling"]


class Calling(End):
    """An end of a conversation, as far as it calls the other; see :class:`.Session`."""

    __slots__ = ("_abandoned", "_calls", "_object_id", "_pings", "seq")

    def __init__(self, codecs: Codecs, serializer: str, **options: Any) -> None:
        super().__init__(codecs, serializer, **options)
        self.seq = 0
        self._object_id = ""
        # Numbers under way: None where one answer is to come, a flow where items are.
        self._calls: dict[int, Flow | None] = {}
        self._abandoned: set[int] = set()  # those of them whose answer nobody wants
        self._pings: set[int] = set()  # those of them that are pings

    @property
    def calls(self) -> int:
        """How many calls of this end are under way, abandoned ones included."""
        return len(self._calls)

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
        limit: float | None = None,
        path: str | None = None,
    ) -> Data:
        """Return the bytes of a new call; its number is then :attr:`seq`.

        Args:
            method: Name of the method.
            args: Its positional arguments; for a batch, the triples.
            kwargs: Its keyword arguments, None for a batch and attribute access.
            flags: ONEWAY, BATCH, or both.
            object_id: Another object of the same daemon.
            annotations: Chunks to go with it.
            correlation: 16 bytes of a UUID to go with it.
            limit: How many seconds it has, if the peer cares.
            path: Who waits for it, likewise: a line for each call, outermost first.

        Raises:
            SerializeError: An argument can't be written. Nothing changed.
            LocalProtocolError: The session is not open, or has 65536 calls under way.
        """
        if (
            self.state != OPEN
            or self.trace is not None
            or (len(args) == 1 and type(args[0]) is Blob)
        ):
            more = (object_id, annotations, correlation, limit, path)
            return self.launch(self.compose(method, args, kwargs, flags, *more))
        # The same as there, in one function: what runs for each call alone is cold, and
        # functions called cost more than their work.
        if object_id is None:
            object_id = self._object_id
        if (annotations or path or limit is not None) and self._chunks:
            annotations = self._with_chunks(annotations, limit, path)
        serializer: Any = self._serializer
        buffers: list[Any] = []
        try:
            if self._beside:
                payload = serializer.dumps_call_beside(
                    object_id, method, args, kwargs, buffers
                )
            else:
                payload = serializer.dumps_call(object_id, method, args, kwargs)
        except SerializeError as error:
            across = self._across(error, serializer)
            payload = self._dump_call(across, object_id, method, args, kwargs, buffers)
            crossed = Crossed(INVOKE, serializer.id, flags, 0, payload)
            crossed.cross(across, annotations)
            if buffers:
                crossed.lay(buffers)
            return self.launch(self._related(crossed, correlation))
        seq = (self.seq + 1) & 0xFFFF
        if seq in self._calls:
            seq = self._free_number()
        message = Message(
            INVOKE, serializer.id, flags, seq, payload, annotations or NO_ANNOTATIONS
        )
        if correlation is not None:
            message.correlation = correlation
            message.flags |= CORRELATED
        data: Data
        if buffers:
            message.lay(buffers)
            data = self._write_any(message)
        else:
            data = self._encode(message, self._compress, self._max_size)
        self.seq = seq
        if not flags & ONEWAY:
            self._calls[seq] = None
        return data

    def compose(
        self,
        method: str,
        args: Any,
        kwargs: Any,
        flags: int = 0,
        object_id: str | None = None,
        annotations: Mapping[str, bytes] | None = None,
        correlation: bytes | None = None,
        limit: float | None = None,
        path: str | None = None,
    ) -> Message | bytes:
        """Return a call, written but without its number, for :meth:`launch`.

        That is its payload alone, where nothing goes along.

        This is the half of :meth:`call` that may take long and runs code of users. It
        changes nothing, and may be called from any thread at any time.
        """
        if object_id is None:
            object_id = self._object_id
        if (annotations or path or limit is not None) and self._chunks:
            annotations = self._with_chunks(annotations, limit, path)
        serializer: Any = self._serializer
        buffers: list[Any] = []
        if len(args) == 1 and type(args[0]) is Blob:
            if kwargs:
                raise LocalProtocolError("a blob must be the only argument of a call")
            flags |= BLOB
            plain = self._codecs.plain.by_name  # it may be passed on to who knows no more
            serializer_id, payload = args[0].dump(plain[serializer.name], object_id, method)
            marshal = plain["marshal"]
            address = address_blob(args[0], marshal, object_id, method)
            annotations = {**(annotations or {}), BLOB_CHUNK: address}
        else:
            serializer_id = serializer.id
            try:
                if self._beside:
                    payload = serializer.dumps_call_beside(
                        object_id, method, args, kwargs, buffers
                    )
                else:
                    payload = serializer.dumps_call(object_id, method, args, kwargs)
            except SerializeError as error:
                across = self._across(error, serializer)
                payload = self._dump_call(across, object_id, method, args, kwargs, buffers)
                crossed = Crossed(INVOKE, serializer_id, flags, 0, payload)
                crossed.cross(across, annotations)
                if buffers:
                    crossed.lay(buffers)
                return self._related(crossed, correlation)
        if not (flags or annotations or buffers) and correlation is None and self._plain:
            return payload
        message = Message(
            INVOKE, serializer_id, flags, 0, payload, annotations or NO_ANNOTATIONS
        )
        if correlation is not None:
            message.correlation = correlation
            message.flags |= CORRELATED
        if buffers:
            message.lay(buffers)
        return message

    def launch(self, message: Message | bytes) -> Data:
        """Return the bytes of a call that :meth:`compose` wrote; see :meth:`call`.

        Its number is then :attr:`seq`.
        """
        if self.state != OPEN:
            self._check(INVOKE)
        seq = (self.seq + 1) & 0xFFFF
        if seq in self._calls:
            seq = self._free_number()
        data: Data
        if isinstance(message, bytes):
            if self.trace is None and len(message) <= self._max_size:
                data = plain(INVOKE, self._serializer.id, seq, message)
                self.seq = seq
                self._calls[seq] = None
                return data
            message = Message(INVOKE, self._serializer.id, 0, seq, message)
        message.seq = seq
        if self.trace is not None or type(message) is Crossed or message.buffers:
            data = self._write_any(message)
        else:
            data = self._encode(message, self._compress, self._max_size)
        self.seq = seq
        if not message.flags & ONEWAY:
            self._calls[seq] = None
        return data

    def answer_to(self, seq: int, data: bytes) -> bytes | None:
        """Return the payload of the answer to call *seq* if it is all that *data* is.

        That is instead of receiving *data*, and shorter. None if there is more in it, or
        something special; then nothing was done.
        """
        decoder = self.decoder
        if (
            not self._plain
            or self.features is None  # else it may not go on after what can't be read
            or self.state != OPEN
            or self.trace is not None
            or decoder.data
            or seq in self._abandoned
            or self._calls.get(seq, self) is not None
        ):
            return None
        payload = result_payload(data, self._serializer.id, seq, decoder.max_size)
        if payload is not None:
            del self._calls[seq]
        return payload

    def value(self, payload: bytes) -> Any:
        """Return what *payload* says, which :meth:`answer_to` gave."""
        return self._serializer.loads(payload)

    def abandon(self, seq: int) -> bytes:
        """Return the bytes that say that nobody wants the answer to call *seq*.

        It is dropped when it comes, and its number is free then. There is nothing to
        send where the number is free already, or the peer can't be told.
        """
        if seq not in self._calls or seq in self._abandoned:
            return b""
        self._abandoned.add(seq)
        if seq not in self._calls:  # its answer came at this moment, and went out
            self._abandoned.discard(seq)
            return b""
        if self.state != OPEN or seq in self._pings or not self._sendable >> CANCEL & 1:
            return b""
        return self._write(Message(CANCEL, NO_SERIALIZER, 0, seq, b""))

    def credit(self, seq: int, count: int) -> bytes:
        """Return the bytes that ask for *count* more messages of the items of call *seq*.

        There is nothing to send where its stream has ended or was abandoned.
        """
        flow = self._calls.get(seq)
        if flow is None or seq in self._abandoned or self.state != OPEN:
            return b""
        count = flow.grant(count)
        if not count:
            return b""
        return self._write(Message(CREDIT, NO_SERIALIZER, 0, seq, write_count(count)))

    def ping(self, *, correlation: bytes | None = None) -> bytes:
        """Return the bytes of a ping; a :class:`Pong` answers it.

        Where many calls may be under way, its number is :attr:`seq`, as that of a call.
        """
        self._check(PING)
        seq = 0
        if self._many:
            self.seq = seq = self._free_number()
            self._calls[seq] = None
            self._pings.add(seq)
        message = Message(PING, PING_SERIALIZER, 0, seq, b"ping")
        return self._write(self._related(message, correlation))

    # Helpers.

    def _with_chunks(
        self,
        annotations: Mapping[str, bytes] | None,
        limit: float | None,
        path: str | None,
    ) -> Mapping[str, bytes] | None:
        """Return *annotations* with what features tell the other side about a call."""
        if annotations and not self._chunks.isdisjoint(annotations):
            names = ", ".join(sorted(self._chunks.intersection(annotations)))
            raise LocalProtocolError(f"annotation {names} is the protocol's own")
        if not self._limits or (limit is None and not path):
            return annotations
        chunks = dict(annotations or ())
        if limit is not None:
            chunks[LIMIT_CHUNK] = write_limit(limit)
        if path:
            chunks[PATH_CHUNK] = write_path(path)
        return chunks

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
