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

import hmac
import struct
import zlib
from collections.abc import Mapping

from pyrophone.errors import (
    LocalProtocolError,
    MessageTooLargeError,
    RemoteProtocolError,
    SecurityError,
)
from pyrophone.wire.framing import (
    ANY_KIND,
    BLOB,
    COMPRESSED,
    CORRELATED,
    EXCEPTION,
    STREAM,
    Message,
    inflate,
    join_annotations,
    split_annotations,
    unexpected,
)
from pyrophone.wire.intake import Intake

__all__ = [
    "CHECKSUM",
    "CHUNK_HEAD",
    "CORRELATION_CHUNK",
    "HEADER",
    "META_ON_CONNECT",
    "SIGNATURE_CHUNK",
    "VERSION",
    "Decoder",
    "checksum",
    "encode",
    "shrink",
    "sign",
]

VERSION = 48
CHECKSUM = 0x34E9
HEADER = struct.Struct("!4sHHHHiHHHH")
CHUNK_HEAD = struct.Struct("!4sH")
CORRELATION_CHUNK = "CORR"
SIGNATURE_CHUNK = "HMAC"

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
_MAX_CHUNKS = 0xFFFF
_NO_LIMIT = 1 << 62
_OWN_LAST = ("BLBI", "STRM")  # what Pyro4 writes behind the correlation id
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
    chunks = _chunks(message, payload, hmac_key)
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


def sign(key: bytes, payload: bytes, annotations: Mapping[str, bytes]) -> bytes:
    """Return the signature of a message.

    Args:
        key: Known to both sides.
        payload: As it is on the wire, that is, deflated or not.
        annotations: The chunks; that of the signature is passed over.
    """
    digest = hmac.new(key, payload, "sha1")
    for name in sorted(annotations):
        if name != SIGNATURE_CHUNK:
            digest.update(annotations[name])
    return digest.digest()


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
        self, max_size: int = 0, expected: int = ANY_KIND, hmac_key: bytes | None = None
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
        annotations = self._check_signature(body, annotations)
        if flags & COMPRESSED:
            body = inflate(body, chunks, limit)
            flags &= ~COMPRESSED
        return _message(kind, serializer_id, flags, seq, body, annotations)

    def _check_signature(
        self, payload: bytes, annotations: Mapping[str, bytes]
    ) -> Mapping[str, bytes]:
        """Return *annotations* less the signature, which is right."""
        signature = annotations.get(SIGNATURE_CHUNK)
        if (signature is None) != (self._key is None):
            raise SecurityError("hmac key config not symmetric")
        if signature is None or self._key is None:
            return annotations
        if not hmac.compare_digest(sign(self._key, payload, annotations), signature):
            raise SecurityError("message hmac mismatch")
        return {name: d for name, d in annotations.items() if name != SIGNATURE_CHUNK}


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


def _wire_annotations(message: Message) -> dict[str, bytes]:
    """Return the annotations of *message*, its correlation id where Pyro4 has it."""
    annotations = dict(message.annotations)
    if message.flags & CORRELATED:
        last = {n: annotations.pop(n) for n in _OWN_LAST if n in annotations}
        annotations[CORRELATION_CHUNK] = message.correlation
        annotations |= last
    return annotations


def _chunks(message: Message, payload: bytes, hmac_key: bytes | None) -> bytes:
    """Return the annotations of *message* as they stand between header and payload."""
    annotations = _wire_annotations(message)
    if hmac_key is not None:
        annotations.pop(SIGNATURE_CHUNK, None)
    for name, data in annotations.items():
        if isinstance(data, (bytes, bytearray, memoryview)) and len(data) > _MAX_CHUNKS:
            raise LocalProtocolError(
                f"annotation {name!r} has {len(data)} bytes, {_MAX_CHUNKS} are the most"
            )
    chunks = join_annotations(annotations, CHUNK_HEAD) if annotations else b""
    if hmac_key is not None:
        signature = {SIGNATURE_CHUNK: sign(hmac_key, payload, annotations)}
        chunks += join_annotations(signature, CHUNK_HEAD)
    if len(chunks) > _MAX_CHUNKS:
        raise LocalProtocolError(
            f"annotations have {len(chunks)} bytes, {_MAX_CHUNKS} are the most"
        )
    return chunks


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
    correlation = annotations.get(CORRELATION_CHUNK)
    if correlation is not None and len(correlation) == 16:
        message.annotations = {
            name: data for name, data in annotations.items() if name != CORRELATION_CHUNK
        }
        message.correlation = correlation
        message.flags |= CORRELATED
    return message
