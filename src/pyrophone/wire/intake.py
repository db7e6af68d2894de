"""Bytes as they come in, until a message of them is complete."""

from __future__ import annotations

__all__ = ["Intake"]

START_SIZE = 6  # tag and version, with which messages of every version begin


class Intake:
    """What a decoder has been fed and has not used yet.

    Fed in pieces of any size, it takes time and memory linear in their bytes.

    Attributes:
        data: Bytes that were fed and are not forgotten; empty if none is pending.
        expected: Kinds of message accepted now, as a sum of ``1 << kind``.
        max_size: Largest message accepted, in bytes after the header.
        wanted: Bytes to have before another look pays.
    """

    __slots__ = ("_start", "data", "expected", "max_size", "wanted")

    def __init__(self, max_size: int, expected: int) -> None:
        self.max_size = max_size
        self.expected = expected
        self.wanted = START_SIZE
        self.data: bytes | bytearray = b""
        self._start = 0

    def feed(self, data: bytes) -> None:
        """Take in *data*."""
        if not self.data:
            self.data = data
            return
        if isinstance(self.data, bytearray):
            del self.data[: self._start]
            self.data += data
        else:
            self.data = bytearray(memoryview(self.data)[self._start :])
            self.data += data
        self._start = 0

    @property
    def pending(self) -> int:
        """Bytes that were fed and belong to no message taken so far."""
        return len(self.data) - self._start

    def peek(self, size: int) -> bytes:
        """Return the oldest *size* bytes, or as many as there are; they stay."""
        return bytes(memoryview(self.data)[self._start : self._start + size])

    def take(self, size: int, head: int = 0) -> bytes | None:
        """Return the oldest *size* bytes, less *head* of them, and forget them.

        None if they are not all there yet; :attr:`wanted` then says how many it takes.
        """
        data = self.data
        start = self._start
        available = len(data) - start
        if available < size:
            self.wanted = size
            return None
        if isinstance(data, bytearray):  # a slice of one is one, and would be copied twice
            body = bytes(memoryview(data)[start + head : start + size])
        else:
            body = data[start + head : start + size]
        self.wanted = START_SIZE
        if available == size:
            self.data = b""
            self._start = 0
        else:
            self._start = start + size
        return body
