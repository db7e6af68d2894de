"""Values of events as bytes: closed by who publishes, opened by who subscribes.

In between nobody looks inside: the service builds no object of a stranger, writes a value
for fifty subscribers once, and knows how large it is.

A sealed value is a head, a text in serpent, and the buffers that belong to it, in order.
The head is how many buffers there are (2 bytes), how long the text is (4 bytes), and of
each buffer whether it arrives as ``bytes``, 1, or as a ``bytearray``, 0 (1 byte), and how
long it is (8 bytes).
"""

from __future__ import annotations

import struct
from typing import Any

from ..errors import SerializeError
from ..serializers.codecs import Codecs, beside_of

__all__ = ["seal", "unseal"]

_HEAD = struct.Struct("!HI")
_BUFFER = struct.Struct("!BQ")


def seal(value: Any, codecs: Codecs) -> bytes:
    """Return *value* as bytes.

    Args:
        value: Anything that may be an argument of a call, but for functions.
        codecs: What to write with, those of a proxy.

    Raises:
        SerializeError: Something in it can't travel; the text says what and where.
    """
    buffers: list[memoryview] = []
    text = beside_of(codecs.extended().by_name["serpent"]).dumps_beside(value, buffers)
    views = [view.cast("B") for view in buffers]
    head = _HEAD.pack(len(views), len(text))
    heads = [_BUFFER.pack(type(view.obj) is bytes, len(view)) for view in views]
    return b"".join([head, *heads, text, *views])


def unseal(data: bytes | bytearray | memoryview, codecs: Codecs) -> Any:
    """Return the value of *data*.

    Raises:
        SerializeError: The bytes are malformed, or of an unknown class.
        SecurityError: They ask for a class that must not be made.
    """
    view = memoryview(data)
    try:
        count, size = _HEAD.unpack_from(view)
        start = _HEAD.size
        heads = [_BUFFER.unpack_from(view, start + n * _BUFFER.size) for n in range(count)]
    except struct.error:
        raise SerializeError(f"a sealed value of {len(view)} bytes ends early") from None
    start += count * _BUFFER.size
    expected = start + size + sum(length for _, length in heads)
    if expected != len(view):
        raise SerializeError(f"a sealed value of {len(view)} bytes should have {expected}")
    text = bytes(view[start : start + size])
    start += size
    buffers: list[bytes | bytearray] = []
    for fixed, length in heads:
        piece = view[start : start + length]
        buffers.append(bytes(piece) if fixed else bytearray(piece))
        start += length
    serializer = beside_of(codecs.extended().by_name["serpent"])
    return serializer.loads_beside(text, buffers)
