"""Messages with nothing but a payload, as most calls and answers are: the short way.

What is here does in one step what :mod:`.framing` does for all messages, or nothing.
"""

from __future__ import annotations

import struct

from .framing import HEADER, INVOKE, MAGIC, RESULT, VERSION

__all__ = ["NONE", "call_number", "plain", "result_payload"]

_FIELDS = struct.Struct("!6sBBHHII16s2sH")
_pack = _FIELDS.pack
_unpack_from = _FIELDS.unpack_from
_SIZE = HEADER.size
_START = struct.pack("!4sH", b"PYRO", VERSION)
_NO_CORRELATION = bytes(16)
_RESERVED = bytes(2)

NONE = -1


def plain(kind: int, serializer_id: int, seq: int, payload: bytes) -> bytes:
    """Return the bytes of such a message."""
    return (
        _pack(
            _START,
            kind,
            serializer_id,
            0,
            seq,
            len(payload),
            0,
            _NO_CORRELATION,
            _RESERVED,
            MAGIC,
        )
        + payload
    )


def call_number(data: bytes, max_size: int) -> int:
    """Return which call *data* is: its number, and in the bits above 16 its serializer.

    Args:
        data: What came in one piece.
        max_size: Largest payload accepted, in bytes.

    Returns:
        NONE if it is not one such message, no more and no less.
    """
    size = len(data) - _SIZE
    if not 0 <= size <= max_size:
        return NONE
    start, kind, serializer_id, flags, seq, payload, chunks, _, _, magic = _unpack_from(
        data
    )
    if (
        payload != size
        or kind != INVOKE
        or flags
        or chunks
        or start != _START
        or magic != MAGIC
    ):
        return NONE
    number: int = serializer_id << 16 | seq
    return number


def result_payload(
    data: bytes, serializer_id: int, seq: int, max_size: int
) -> bytes | None:
    """Return what *data* carries, if it is the answer to the call *seq*.

    Args:
        data: What came in one piece.
        serializer_id: In what the answer is expected.
        seq: Its number.
        max_size: Largest payload accepted, in bytes.

    Returns:
        None if it is not one such message, no more and no less.
    """
    size = len(data) - _SIZE
    if not 0 <= size <= max_size or not data.startswith(
        _pack(
            _START,
            RESULT,
            serializer_id,
            0,
            seq,
            size,
            0,
            _NO_CORRELATION,
            _RESERVED,
            MAGIC,
        )
    ):
        return None
    return data[_SIZE:]
