"""Messages to bytes and back.

A message is a 40-byte header, then annotations, then a payload::

    offset  bytes  field
         0      4  b"PYRO"
         4      2  protocol version, 502
         6      1  kind, see below
         7      1  serializer id
         8      2  flags, see below
        10      2  sequence number
        12      4  payload length
        16      4  annotations length
        20     16  correlation id, meaningful if its flag is set
        36      2  reserved, zero
        38      2  magic number, 0x4DC5

An annotation is a 4-letter name, a 4-byte length, and that many bytes.
Integers are unsigned and big-endian.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from ..errors import LocalProtocolError, MessageTooLargeError, RemoteProtocolError
from .buffers import BUFFERS_CHUNK, Landing, Pieces, heads_size, read_heads, write_heads
from .intake import START_SIZE, Intake

__all__ = [
    "ANY_KIND",
    "BATCH",
    "BLOB",
    "CANCEL",
    "CHUNK_HEAD",
    "COMPRESSED",
    "CONNECT",
    "CONNECT_FAIL",
    "CONNECT_OK",
    "CORRELATED",
    "CREDIT",
    "END",
    "EXCEPTION",
    "HEADER",
    "INVOKE",
    "ITEMS",
    "KIND_NAMES",
    "MAGIC",
    "MAX_SIZE",
    "MOST_SIZE",
    "ONEWAY",
    "PING",
    "RESULT",
    "STREAM",
    "VERSION",
    "Decoder",
    "Message",
    "encode",
    "encode_beside",
    "inflate",
    "join_annotations",
    "split_annotations",
    "unexpected",
]

T = TypeVar("T", bytes, memoryview)

# Kinds of message.
CONNECT = 1
CONNECT_OK = 2
CONNECT_FAIL = 3
INVOKE = 4
RESULT = 5
PING = 6
CANCEL = 7
ITEMS = 8
CREDIT = 9

# Flags. Plain integers: testing one bit of an IntFlag costs 0.6 µs, more than
# packing a header (CPython 3.11).
EXCEPTION = 1 << 0
COMPRESSED = 1 << 1
ONEWAY = 1 << 2
BATCH = 1 << 3
STREAM = 1 << 4
BLOB = 1 << 5
CORRELATED = 1 << 6
END = 1 << 7

KIND_NAMES = {
    CONNECT: "CONNECT",
    CONNECT_OK: "CONNECT_OK",
    CONNECT_FAIL: "CONNECT_FAIL",
    INVOKE: "INVOKE",
    RESULT: "RESULT",
    PING: "PING",
    CANCEL: "CANCEL",
    ITEMS: "ITEMS",
    CREDIT: "CREDIT",
}

VERSION = 502
MAGIC = 0x4DC5
MAX_SIZE = 1 << 30
ANY_KIND = sum(1 << kind for kind in KIND_NAMES)

HEADER = struct.Struct("!4sHBBHHII16sHH")
_HEADER_SIZE = HEADER.size
_START = struct.Struct("!4sH")
_START_BYTES = _START.pack(b"PYRO", VERSION)
# The header with its start in one piece, and without what is reserved.
_FIELDS = struct.Struct("!6sBBHHII16s2xH")
_pack = _FIELDS.pack
_unpack_from = _FIELDS.unpack_from
CHUNK_HEAD = struct.Struct("!4sI")
_COMPRESS_OVER = 100  # bytes; shorter payloads gain nothing. The numbers of Pyro5.
_COMPRESS_LEVEL = 4
_NO_ANNOTATIONS: Mapping[str, bytes] = {}
_NO_CORRELATION = bytes(16)
_BESIDE_START = _HEADER_SIZE + CHUNK_HEAD.size  # where what is said of buffers begins
_CHUNKS = struct.Struct("!I")
_CHUNKS_AT = 16  # where the header says how long the annotations are
MOST_SIZE = (1 << 32) - 1  # bytes that a header can tell of
_BUFFERS_NAME = BUFFERS_CHUNK.encode("ascii")


class Message:
    """One message, as sent or as received.

    Attributes:
        kind: One of the kinds above.
        serializer_id: In what the payload is written.
        flags: Sum of the flags above.
        seq: Sequence number, 0 to 65535.
        payload: As the serializer wrote it; never compressed in here.
        annotations: Bytes by four-letter name.
        correlation: 16 bytes; to be ignored unless the flag CORRELATED is set.
        buffers: What goes beside the payload, as views; or what came there, as ``bytes``
            and ``bytearray``. If there is something, the annotation BUFS says so, but is
            empty here.
    """

    __slots__ = (
        "annotations",
        "buffers",
        "correlation",
        "flags",
        "kind",
        "payload",
        "seq",
        "serializer_id",
    )

    def __init__(
        self,
        kind: int,
        serializer_id: int,
        flags: int,
        seq: int,
        payload: bytes,
        annotations: Mapping[str, bytes] = _NO_ANNOTATIONS,
        correlation: bytes = _NO_CORRELATION,
    ) -> None:
        self.kind = kind
        self.serializer_id = serializer_id
        self.flags = flags
        self.seq = seq
        self.payload = payload
        self.annotations = annotations
        self.correlation = correlation
        self.buffers: Sequence[Any] = ()

    def lay(self, buffers: Sequence[Any]) -> None:
        """Have *buffers* go beside the payload, and say so in the annotations."""
        self.buffers = buffers
        self.annotations = {BUFFERS_CHUNK: b"", **self.annotations}

    def __repr__(self) -> str:
        kind = KIND_NAMES.get(self.kind, f"kind {self.kind}")
        return f"<{kind} seq={self.seq} flags={self.flags:#x} {len(self.payload)} bytes>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _COMPARED)

    __hash__ = None  # type: ignore[assignment]


_COMPARED = Message.__slots__


def encode(message: Message, compress: bool = False, max_size: int = MAX_SIZE) -> bytes:
    """Return the bytes of *message*.

    Args:
        message: What to encode.
        compress: Deflate the payload if it is longer than 100 bytes.
        max_size: Largest message to send, in bytes after the header; at most MOST_SIZE.

    Raises:
        LocalProtocolError: An annotation is not bytes under a 4-letter ASCII name.
        MessageTooLargeError: It has more than *max_size* bytes.
    """
    payload = message.payload
    flags = message.flags
    if compress and len(payload) > _COMPRESS_OVER:
        payload = zlib.compress(payload, _COMPRESS_LEVEL)
        flags |= COMPRESSED
    size = len(payload)
    chunks = b""
    if message.annotations:
        chunks = join_annotations(message.annotations)
    if size + len(chunks) > max_size:
        raise MessageTooLargeError(size + len(chunks), max_size)
    header = _pack(
        _START_BYTES,
        message.kind,
        message.serializer_id,
        flags,
        message.seq,
        size,
        len(chunks),
        message.correlation,
        MAGIC,
    )
    return b"".join((header, chunks, payload)) if chunks else header + payload


def encode_beside(
    message: Message, compress: bool = False, max_size: int = MAX_SIZE
) -> Pieces:
    """Return the bytes of *message*, which has buffers; these are not copied.

    Args:
        message: What to encode.
        compress: Deflate the payload, but not the buffers, as :func:`encode` does.
        max_size: Largest message to send, in bytes after the header; at most MOST_SIZE.

    Raises:
        LocalProtocolError: The buffers are too many.
        MessageTooLargeError: It has more than *max_size* bytes.
    """
    views = message.buffers
    heads = write_heads(views)
    beside = len(heads) + sum(view.nbytes for view in views)
    others = {**message.annotations}
    others.pop(BUFFERS_CHUNK, None)
    bare = Message(
        message.kind,
        message.serializer_id,
        message.flags,
        message.seq,
        message.payload,
        others,
        message.correlation,
    )
    data = encode(bare, compress)
    size = len(data) - _HEADER_SIZE + CHUNK_HEAD.size + beside
    if size > max_size:
        raise MessageTooLargeError(size, max_size)
    # The header, with more annotations than it says, and the first of these.
    (chunks,) = _CHUNKS.unpack_from(data, _CHUNKS_AT)
    start = (
        data[:_CHUNKS_AT],
        _CHUNKS.pack(chunks + CHUNK_HEAD.size + beside),
        data[_CHUNKS_AT + _CHUNKS.size : _HEADER_SIZE],
        CHUNK_HEAD.pack(_BUFFERS_NAME, beside),
        heads,
    )
    return Pieces([b"".join(start), *views, data[_HEADER_SIZE:]])


def join_annotations(
    annotations: Mapping[str, bytes], head: struct.Struct = CHUNK_HEAD
) -> bytes:
    """Return *annotations* as they stand between header and payload.

    Args:
        annotations: Bytes by four-letter name.
        head: Layout of name and length, before the bytes of each.

    Raises:
        LocalProtocolError: A name is not 4 ASCII letters, or its value not bytes.
    """
    chunks: list[bytes] = []
    for name, data in annotations.items():
        if not isinstance(name, str) or len(name) != 4 or not name.isascii():
            raise LocalProtocolError(f"annotation name {name!r} is not 4 ASCII letters")
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise LocalProtocolError(
                f"annotation {name!r} is {type(data).__name__}, must be bytes"
            )
        data = bytes(data)
        chunks.append(head.pack(name.encode("ascii"), len(data)))
        chunks.append(data)
    return b"".join(chunks)


def split_annotations(chunks: T, head: struct.Struct = CHUNK_HEAD) -> dict[str, T]:
    """Undo :func:`join_annotations`. Of two chunks with one name the last counts.

    The values are slices of *chunks*, of the same type.

    Raises:
        RemoteProtocolError: A chunk ends early, or its name is not ASCII.
    """
    annotations: dict[str, T] = {}
    start = 0
    while start < len(chunks):
        body = start + head.size
        if body > len(chunks):
            raise RemoteProtocolError(f"annotation at {start} ends early")
        name, size = head.unpack_from(chunks, start)
        start = body + size
        if start > len(chunks):
            raise RemoteProtocolError(f"annotation {name!r} ends early")
        if not name.isascii():
            raise RemoteProtocolError(f"annotation name {name!r} is not ASCII")
        annotations[name.decode("ascii")] = chunks[body:start]
    return annotations


class Decoder(Intake):
    """Turns a stream of bytes into messages.

    Feed it what the network delivers, in pieces of any size, empty ones too, and
    take messages until there is none. The messages depend on the bytes only,
    never on where they were cut. Time and memory are linear in the bytes fed;
    what a header announces is not allocated. A header that is wrong is refused
    as soon as its bytes are there: tag and version after 6 of them, as peers of
    another version wait for that.

    Attributes:
        max_size: Largest message accepted, in bytes after the header; a
            compressed payload is measured inflated.
        expected: Kinds accepted now, as a sum of ``1 << kind``.

    Source: the table at the top of this module; ``docs/reference/wire.md``.
    """

    __slots__ = ()

    def __init__(self, max_size: int = MAX_SIZE, expected: int = ANY_KIND) -> None:
        super().__init__(max_size, expected)

    def next(self) -> Message | None:
        """Return the oldest message that is complete, None if there is none.

        Raises:
            MessageTooLargeError: A header announces, or a payload inflates to,
                more than *max_size* bytes.
            RemoteProtocolError: The bytes are no message, or none that is
                expected now. The stream has lost its place; drop the decoder
                and the connection.
        """
        data = self.data
        start = self._start
        available = len(data) - start
        if available < self.wanted:
            return None
        if available < _HEADER_SIZE:
            self._check_start(data, start)
            self.wanted = _HEADER_SIZE
            return None
        # One function for all of a plain message: each call of one costs as much as
        # unpacking the header.
        (
            tag,
            kind,
            serializer_id,
            flags,
            seq,
            payload,
            chunks,
            correlation,
            magic,
        ) = _unpack_from(data, start)
        size = _HEADER_SIZE + payload + chunks
        if (
            tag != _START_BYTES
            or magic != MAGIC
            or size > _HEADER_SIZE + self.max_size
            or not self.expected >> kind & 1
        ):
            self._check_start(data, start)
            self._refuse(magic, size - _HEADER_SIZE, kind)
        if chunks and self.beside and self._has_buffers(data, start, chunks):
            return self._next_beside()
        if available < size:
            self.wanted = size
            return None
        if isinstance(data, bytearray):  # a slice of one is one, and would be copied twice
            body = bytes(memoryview(data)[start + _HEADER_SIZE : start + size])
        else:
            body = data[start + _HEADER_SIZE : start + size]
        self.wanted = START_SIZE
        if available == size:
            self.data = b""
            self._start = 0
        else:
            self._start = start + size
        annotations = _NO_ANNOTATIONS
        if chunks:
            annotations = self._split(body[:chunks])
            body = body[chunks:]
        if flags & COMPRESSED:
            body = inflate(body, chunks, self.max_size)
            flags &= ~COMPRESSED
        return Message(kind, serializer_id, flags, seq, body, annotations, correlation)

    def _has_buffers(self, data: bytes | bytearray, start: int, chunks: int) -> bool:
        """Tell whether the oldest message has buffers, or its first bytes may say so."""
        if self._landed is not None:
            return True
        name = bytes(data[start + _HEADER_SIZE : start + _HEADER_SIZE + 4])
        return chunks >= CHUNK_HEAD.size and _BUFFERS_NAME.startswith(name)

    def _next_beside(self) -> Message | None:
        """Return the oldest message, which has buffers, if it is complete."""
        if self._landed is None:
            self._begin_to_land()
        landed = self._landed
        if landed is None:
            return None
        if landed.problem is not None:
            raise landed.problem
        _, kind, serializer_id, flags, seq, size, chunks, correlation, _ = _unpack_from(
            self.data, self._start
        )
        rest = chunks - landed.total - (landed.ahead - _HEADER_SIZE)
        body = self.take(landed.ahead + rest + size, landed.ahead)
        if body is None:
            return None
        self._landed = None
        annotations = self._split(body[:rest])
        body = body[rest:]
        if flags & COMPRESSED:
            body = inflate(body, chunks, self.max_size)
            flags &= ~COMPRESSED
        message = Message(kind, serializer_id, flags, seq, body, annotations, correlation)
        message.lay(landed.buffers)
        return message

    def _begin_to_land(self) -> None:
        """Let the buffers go to memory of their own, if it is said already how many."""
        start = self._start
        data = self.data
        (chunks,) = _CHUNKS.unpack_from(data, start + _CHUNKS_AT)
        self.wanted = _BESIDE_START
        if len(data) - start < _BESIDE_START:
            return
        _, size = CHUNK_HEAD.unpack_from(data, start + _HEADER_SIZE)
        if CHUNK_HEAD.size + size > chunks:
            raise RemoteProtocolError(f"annotation {_BUFFERS_NAME!r} ends early")
        end = _BESIDE_START
        while len(data) - start >= end:  # once for their number, once for all the rest
            heads = bytes(data[start + _BESIDE_START : start + end])
            needed = heads_size(heads, size)
            if len(heads) == needed:
                self._land(Landing(read_heads(heads, size), end))
                return
            end = _BESIDE_START + needed
        self.wanted = end

    def _split(self, chunks: bytes) -> dict[str, bytes]:
        annotations = split_annotations(chunks)
        if self.beside and BUFFERS_CHUNK in annotations:
            raise RemoteProtocolError(
                f"annotation {BUFFERS_CHUNK} is not the first, or too short"
            )
        return annotations

    def _check_start(self, data: bytes | bytearray, start: int) -> None:
        tag, version = _START.unpack_from(data, start)
        if tag != b"PYRO":
            raise RemoteProtocolError(
                f"invalid data: message begins with {tag!r}, not b'PYRO'"
            )
        if version != VERSION:
            raise RemoteProtocolError(f"invalid protocol version: {version}, not {VERSION}")

    def _refuse(self, magic: int, size: int, kind: int) -> None:
        if magic != MAGIC:
            raise RemoteProtocolError(
                f"invalid magic number: {magic:#06x}, not {MAGIC:#06x}"
            )
        if size > self.max_size:
            raise MessageTooLargeError(size, self.max_size)
        raise unexpected(kind, self.expected)


def unexpected(kind: int, expected: int) -> RemoteProtocolError:
    """Return the error for a message of *kind* where only those *expected* may come."""
    names = [name for bit, name in KIND_NAMES.items() if expected >> bit & 1]
    return RemoteProtocolError(
        f"invalid message type {KIND_NAMES.get(kind, kind)}, "
        f"expected {' or '.join(names) or 'none'}"
    )


def inflate(data: bytes | memoryview, chunks_size: int, max_size: int) -> bytes:
    """Return the payload that was deflated to *data*.

    Args:
        data: The payload as it came.
        chunks_size: Bytes of annotations that came with it.
        max_size: Largest message accepted, in bytes after the header.

    Raises:
        MessageTooLargeError: It would be larger.
        RemoteProtocolError: It is damaged.
    """
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, max_size - chunks_size + 1)
    except zlib.error as error:
        raise RemoteProtocolError(f"compressed payload is damaged: {error}") from None
    if chunks_size + len(inflated) > max_size:
        raise MessageTooLargeError(chunks_size + len(inflated), max_size)
    if not inflater.eof:
        raise RemoteProtocolError("compressed payload ends early")
    return inflated
