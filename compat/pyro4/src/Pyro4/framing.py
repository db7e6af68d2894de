"""Messages of protocol 48 to bytes and back.

A message is a 24-byte header, then annotations, then a payload::

    offset  bytes  field
         0      4  b"PYRO"
         4      2  protocol version, 48
         6      2  kind
         8      2  flags, see below
        10      2  sequence number
        12      4  payload length, signed
        16      2  serializer id
        18      2  annotations length
        20      2  reserved, zero
        22      2  checksum: the sum of kind, version, both lengths, serializer id,
                   flags, sequence number and 0x34E9

An annotation is a 4-letter name, a 2-byte length, and that many bytes. The correlation
id is one of them, ``CORR``; the signature another, ``HMAC``. Integers are big-endian.

The messages are those of :mod:`pyrophone.wire.framing`, with its flags; what is
different on the wire is translated here.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from pyrophone.errors import (
    MessageTooLargeError,
    RemoteProtocolError,
)
from pyrophone.wire.framing import (
    BLOB,
    COMPRESSED,
    CONNECT,
    EXCEPTION,
    PING,
    STREAM,
    Message,
    inflate,
    split_annotations,
    unexpected,
)
from pyrophone.wire.intake import Intake

from .chunks import CHUNK_HEAD, check_signature, take_correlation, write_chunks

__all__ = [
    "CHECKSUM",
    "HEADER",
    "META_ON_CONNECT",
    "VERSION",
    "Decoder",
    "checksum",
    "encode",
    "shrink",
]

VERSION = 48
CHECKSUM = 0x34E9
HEADER = struct.Struct("!4sHHHHiHHHH")

# A greeting that asks for metadata, or its answer that holds some. Of the flags here it
# is the only one that Pyrophone's own messages don't have, so it stands above their 16.
META_ON_CONNECT = 1 << 16

_WIRE_META = 0x10
_WIRE_STREAM = 0x20
_WIRE_BLOB = 0x40
_MOVED = _WIRE_META | _WIRE_STREAM | _WIRE_BLOB  # bits that mean something else in there
_SAME = 0xFFFF & ~_MOVED

_START = struct.Struct("!4sH")
_COMPRESS_FROM = 200  # bytes; the number of Pyro4
_MAX_PAYLOAD = 0x7FFF_FFFF
_NO_LIMIT = 1 << 62
_KINDS = sum(1 << kind for kind in range(CONNECT, PING + 1))  # those of features are not
_NO_ANNOTATIONS: Mapping[str, bytes] = {}


def encode(
    message: Message,
    *,
    compress: bool = False,
    max_size: int = 0,
    hmac_key: bytes | None = None,
) -> bytes:
    """Return the bytes of *message*.

    Args:
        message: What to encode.
        compress: Deflate the payload if that makes it shorter, it has 200 bytes or
            more, and is no exception.
        max_size: Largest message to send, in bytes after the header; 0 is no limit.
        hmac_key: Sign the message with it.

    Raises:
        LocalProtocolError: An annotation is not bytes under a 4-letter ASCII name, or
            there are more than 65535 bytes of them.
        MessageTooLargeError: It has more than *max_size* bytes, or 2 GiB.
    """
    payload = message.payload
    flags = _wire_flags(message.flags)
    if compress and not message.flags & EXCEPTION:
        payload, shorter = shrink(payload)
        flags |= COMPRESSED * shorter
    chunks = write_chunks(message, payload, hmac_key)
    size = len(payload) + len(chunks)
    if size > (max_size or _NO_LIMIT) or len(payload) > _MAX_PAYLOAD:
        raise MessageTooLargeError(size, max_size or _MAX_PAYLOAD)
    header = HEADER.pack(
        b"PYRO",
        VERSION,
        message.kind,
        flags,
        message.seq,
        len(payload),
        message.serializer_id,
        len(chunks),
        0,
        checksum(
            message.kind,
            flags,
            message.seq,
            len(payload),
            message.serializer_id,
            len(chunks),
        ),
    )
    return b"".join((header, chunks, payload))


def shrink(payload: bytes) -> tuple[bytes, bool]:
    """Return *payload* deflated, and whether; as it is where that gains nothing."""
    if len(payload) >= _COMPRESS_FROM:
        deflated = zlib.compress(payload)
        if len(deflated) < len(payload):
            return deflated, True
    return payload, False


class Decoder(Intake):
    """Turns a stream of bytes into messages.

    The promises are those of :class:`pyrophone.wire.framing.Decoder`. The signature is
    checked before anything is made of what it covers.

    Args:
        max_size: Largest message accepted, in bytes after the header, 0 for no limit;
            a compressed payload is measured inflated, too.
        expected: Kinds accepted now, as a sum of ``1 << kind``.
        hmac_key: Accept only what is signed with it; None to accept only what has no
            signature.
    """

    __slots__ = ("_key",)

    def __init__(
        self, max_size: int = 0, expected: int = _KINDS, hmac_key: bytes | None = None
    ) -> None:
        super().__init__(max_size, expected)
        self._key = hmac_key

    def next(self) -> Message | None:
        """Return the oldest message that is complete, None if there is none.

        Raises:
            MessageTooLargeError: A header announces, or a payload inflates to,
                more than *max_size* bytes.
            RemoteProtocolError: The bytes are no message, or none that is
                expected now.
            SecurityError: The signature is missing, wrong, or not asked for.

        After an error the stream has lost its place; drop the decoder and the
        connection.
        """
        if self.pending < self.wanted:
            return None
        start = self.peek(HEADER.size)
        _check_start(start)
        if len(start) < HEADER.size:
            self.wanted = HEADER.size
            return None
        _, _, kind, flags, seq, size, serializer_id, chunks, _, found = HEADER.unpack(start)
        expected = checksum(kind, flags, seq, size, serializer_id, chunks)
        if found != expected:
            raise RemoteProtocolError(
                f"invalid checksum: {found:#06x}, not {expected:#06x}"
            )
        if size < 0:
            raise RemoteProtocolError(f"invalid payload size: {size}")
        limit = self.max_size or _NO_LIMIT
        if size + chunks > limit:
            raise MessageTooLargeError(size + chunks, limit)
        if not self.expected >> kind & 1:
            raise unexpected(kind, self.expected)
        body = self.take(HEADER.size + chunks + size, HEADER.size)
        if body is None:
            return None
        annotations = _NO_ANNOTATIONS
        if chunks:
            annotations = split_annotations(body[:chunks], CHUNK_HEAD)
            body = body[chunks:]
        annotations = check_signature(self._key, body, annotations)
        if flags & COMPRESSED:
            body = inflate(body, chunks, limit)
            flags &= ~COMPRESSED
        return _message(kind, serializer_id, flags, seq, body, annotations)


def _check_start(data: bytes) -> None:
    tag, version = _START.unpack_from(data)
    if tag != b"PYRO":
        raise RemoteProtocolError(f"invalid data: message begins with {tag!r}, not b'PYRO'")
    if version != VERSION:
        raise RemoteProtocolError(f"invalid protocol version: {version}, not {VERSION}")


def checksum(
    kind: int, flags: int, seq: int, size: int, serializer_id: int, chunks: int
) -> int:
    """Return what the last two bytes of a header must be.

    Args:
        kind: That of the message.
        flags: As on the wire.
        seq: Sequence number.
        size: Length of the payload.
        serializer_id: In what it is written.
        chunks: Length of the annotations.
    """
    return (
        kind + VERSION + size + chunks + serializer_id + flags + seq + CHECKSUM
    ) & 0xFFFF


def _wire_flags(flags: int) -> int:
    """Return the *flags* of a message as they are on the wire."""
    wire = flags & _SAME & ~COMPRESSED
    if flags & STREAM:
        wire |= _WIRE_STREAM
    if flags & BLOB:
        wire |= _WIRE_BLOB
    if flags & META_ON_CONNECT:
        wire |= _WIRE_META
    return wire


def _message(
    kind: int,
    serializer_id: int,
    wire: int,
    seq: int,
    payload: bytes,
    annotations: Mapping[str, bytes],
) -> Message:
    flags = wire & _SAME
    if wire & _WIRE_STREAM:
        flags |= STREAM
    if wire & _WIRE_BLOB:
        flags |= BLOB
    if wire & _WIRE_META:
        flags |= META_ON_CONNECT
    message = Message(kind, serializer_id, flags, seq, payload, annotations)
    take_correlation(message)
    return message
