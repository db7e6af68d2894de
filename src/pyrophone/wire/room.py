"""Memory that is filled as bytes arrive.

The twin ``room.pyx`` is for the compiled build: there ``bytes`` are filled where they are.
"""

from __future__ import annotations

__all__ = ["Room"]

# Bytes that there are beyond what has arrived: as many again, but
_LEAST = 1 << 16
_MOST = 1 << 20


class Room:
    """Memory for one buffer.

    It grows as it is filled: however much was announced, there is not more of it than
    has arrived, and a step of bounded size.

    Args:
        fixed: Whether it becomes ``bytes``; else a ``bytearray``.
        size: Its size in the end.

    Attributes:
        left: How many bytes are missing.
    """

    __slots__ = ("_data", "_filled", "_fixed", "_view", "left")

    def __init__(self, fixed: bool, size: int) -> None:
        self._fixed = fixed
        self._data = bytearray(min(size, _LEAST))
        self._filled = 0
        self._view: memoryview | None = None
        self.left = size

    def space(self) -> memoryview:
        """Return where the next bytes go; good until :meth:`filled`."""
        if self._view is None:
            whole = memoryview(self._data)
            self._view = whole[self._filled :]
            whole.release()
        return self._view

    def filled(self, count: int) -> None:
        """Note that *count* bytes were put there.

        Raises:
            MemoryError: There is no more; it is of no use any longer.
        """
        if self._view is not None:
            self._view.release()
            self._view = None
        self._filled += count
        self.left -= count
        if self._filled == len(self._data) and self.left:
            self._data += bytes(min(self.left, max(_LEAST, min(self._filled, _MOST))))

    def take(self) -> bytes | bytearray:
        """Return what was filled to the end."""
        return bytes(self._data) if self._fixed else self._data
