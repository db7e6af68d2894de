"""Bytes as they come in, until a message of them is complete."""

from __future__ import annotations

from .buffers import Landing

__all__ = ["Intake"]

START_SIZE = 6  # tag and version, with which messages of every version begin
_NEVER = 1 << 62  # bytes that there never are


class Intake:
    """What a decoder has been fed and has not used yet.

    Fed in pieces of any size, it takes time and memory linear in their bytes.

    While buffers of a message arrive, its bytes may also be put right where they go: ask
    :meth:`space`, and say :meth:`filled`. *data* then is what came before them, and after.

    Attributes:
        beside: Whether messages may have buffers; False by default.
        data: Bytes that were fed and are not forgotten; empty if none is pending.
        expected: Kinds of message accepted now, as a sum of ``1 << kind``.
        landing: Where the buffers of the oldest message go, while they arrive; else None.
        max_size: Largest message accepted, in bytes after the header.
        wanted: Bytes to have before another look pays.
    """

    __slots__ = (
        "_landed",
        "_start",
        "beside",
        "data",
        "expected",
        "landing",
        "max_size",
        "wanted",
    )

    def __init__(self, max_size: int, expected: int) -> None:
        self.max_size = max_size
        self.expected = expected
        self.wanted = START_SIZE
        self.data: bytes | bytearray = b""
        self._start = 0
        self.beside = False
        self.landing: Landing | None = None
        self._landed: Landing | None = None  # it has all that it waited for

    def feed(self, data: bytes) -> None:
        """Take in *data*."""
        if not self.data:
            self.data = data
            return
        if self.landing is not None:
            data = data[self._place(data) :]
        if isinstance(self.data, bytearray):
            del self.data[: self._start]
            self.data += data
        else:
            self.data = bytearray(memoryview(self.data)[self._start :])
            self.data += data
        self._start = 0

    def space(self) -> memoryview | None:
        """Return where the next bytes are to be put; None if they are to be fed.

        It is good until :meth:`filled`, or :meth:`feed`.
        """
        return None if self.landing is None else self.landing.space()

    def filled(self, count: int) -> None:
        """Take in *count* bytes that were put where :meth:`space` said."""
        landing = self.landing
        assert landing is not None
        landing.filled(count)
        if not landing.left:
            self._have_landed(landing)

    @property
    def pending(self) -> int:
        """Bytes that were fed and belong to no message taken so far."""
        landing = self.landing or self._landed
        came = 0 if landing is None else landing.total - landing.left
        return len(self.data) - self._start + came

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

    def _land(self, landing: Landing) -> None:
        """Let what comes go to *landing*, beginning with what there is behind its head."""
        came = self.data
        head = self._start + landing.ahead
        self.data = bytearray(memoryview(came)[self._start : head])
        self._start = 0
        self.wanted = _NEVER
        self.landing = landing
        behind = memoryview(came)[head:]
        self.data += behind[self._place(behind) :]

    def _place(self, data: bytes | memoryview) -> int:
        """Put *data* where it goes; return how much of it that was."""
        landing = self.landing
        assert landing is not None
        count = landing.feed(memoryview(data))
        if not landing.left:
            self._have_landed(landing)
        return count

    def _have_landed(self, landing: Landing) -> None:
        self.landing = None
        self._landed = landing
        self.wanted = START_SIZE
