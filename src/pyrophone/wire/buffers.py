"""Bytes that travel beside the text of a message, and are copied nowhere on the way.

They stand in the first annotation, ``BUFS``::

    bytes  field
        4  how many there are
        9  of each: its kind, 1 byte, and its size, 8 bytes
           the bytes of each

Kind ``b`` arrives as ``bytes``, kind ``a`` as a ``bytearray``. Integers are unsigned and
big-endian. Source: ``docs/reference/wire.md``, features.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import LocalProtocolError, RemoteProtocolError
from .room import Room

__all__ = [
    "BUFFERS_CHUNK",
    "MOST_BUFFERS",
    "Data",
    "Landing",
    "Pieces",
    "heads_size",
    "read_heads",
    "write_heads",
]

BUFFERS_CHUNK = "BUFS"
MOST_BUFFERS = 1024  # in a message: each takes memory besides its bytes

_COUNT = struct.Struct("!I")
_HEAD = struct.Struct("!cQ")
_FIXED = b"b"
_WRITABLE = b"a"
_AT_ONCE = 64  # pieces of one system call; the least that systems allow is 16, usual 1024


def write_heads(buffers: Sequence[memoryview]) -> bytes:
    """Return what stands in ``BUFS`` before the bytes of *buffers*.

    What is of a ``bytes`` object arrives as one, all else as a ``bytearray``.

    Raises:
        LocalProtocolError: They are too many.
    """
    if len(buffers) > MOST_BUFFERS:
        raise LocalProtocolError(
            f"{len(buffers)} buffers beside one message, limit is {MOST_BUFFERS}"
        )
    heads = [_COUNT.pack(len(buffers))]
    for view in buffers:
        kind = _FIXED if type(view.obj) is bytes else _WRITABLE
        heads.append(_HEAD.pack(kind, view.nbytes))
    return b"".join(heads)


def heads_size(data: bytes, size: int) -> int:
    """Return how many bytes :func:`read_heads` needs, as far as *data* tell.

    Args:
        data: Some of them.
        size: How many bytes ``BUFS`` has in all.

    Raises:
        RemoteProtocolError: There are too many buffers, or they do not fit in it.
    """
    if len(data) < _COUNT.size:
        needed = _COUNT.size
    else:
        (count,) = _COUNT.unpack_from(data)
        if count > MOST_BUFFERS:
            raise RemoteProtocolError(
                f"{BUFFERS_CHUNK} has {count} buffers, limit is {MOST_BUFFERS}"
            )
        needed = _COUNT.size + count * _HEAD.size
    if size < needed:
        raise RemoteProtocolError(f"{BUFFERS_CHUNK} has {size} bytes, needs {needed}")
    return needed


def read_heads(data: bytes, size: int) -> list[tuple[bool, int]]:
    """Undo :func:`write_heads`: return of each whether it is fixed, and its size.

    Args:
        data: What :func:`heads_size` needs.
        size: How many bytes ``BUFS`` has in all.

    Raises:
        RemoteProtocolError: They do not fill it, or are of no kind that there is.
    """
    heads = []
    for kind, length in _HEAD.iter_unpack(data[_COUNT.size :]):
        if kind not in (_FIXED, _WRITABLE):
            raise RemoteProtocolError(f"{BUFFERS_CHUNK} has a buffer of kind {kind!r}")
        heads.append((kind == _FIXED, length))
    found = len(data) + sum(length for _, length in heads)
    if found != size:
        raise RemoteProtocolError(
            f"{BUFFERS_CHUNK} has {size} bytes, its buffers make {found}"
        )
    return heads


# Who agreed on no buffers gets bytes of a session, and nothing else; so for mypy these
# are bytes. In fact they are not, and must be asked for by their type.
if TYPE_CHECKING:
    _Bytes = bytes
else:
    _Bytes = object


class Pieces(_Bytes):
    """The bytes of a message with buffers, which are to be sent one behind the other.

    Its length is that of what was not sent yet. The buffers belong to the user: while
    they are not copied, he must not change them.
    """

    __slots__ = ("_pieces", "_size")

    def __init__(self, pieces: Sequence[bytes | memoryview]) -> None:
        views = [memoryview(piece) for piece in pieces]
        self._pieces = deque(view.cast("B") for view in views if view.nbytes)
        self._size = sum(len(piece) for piece in self._pieces)

    def __len__(self) -> int:
        return self._size

    def __bytes__(self) -> bytes:
        return b"".join(self._pieces)

    def head(self) -> list[memoryview]:
        """Return the first pieces, as many as one system call takes."""
        pieces = self._pieces
        if len(pieces) <= _AT_ONCE:
            return [*pieces]
        return [pieces[place] for place in range(_AT_ONCE)]

    def sent(self, count: int) -> None:
        """Forget the first *count* bytes."""
        pieces = self._pieces
        self._size -= count
        while count:
            piece = pieces[0]
            if count < len(piece):
                pieces[0] = piece[count:]
                return
            count -= len(piece)
            pieces.popleft()

    def own(self) -> None:
        """Copy what is left, so that the user may do with his buffers what he likes."""
        if self._pieces:
            self._pieces = deque([memoryview(bytes(self))])


Data = bytes  # or Pieces


class Landing:
    """Where the buffers of one message go while they arrive.

    Memory is taken as bytes come, not for what was announced.

    Args:
        heads: Of each whether it is fixed, and its size.
        ahead: Bytes of the message before them.

    Attributes:
        buffers: Those that are complete.
        left: How many bytes are to come.
        total: How many these were at first.
        ahead: Likewise.
        problem: Why they can't be taken in; else None.
    """

    __slots__ = ("_heads", "_room", "ahead", "buffers", "left", "problem", "total")

    def __init__(self, heads: Sequence[tuple[bool, int]], ahead: int) -> None:
        self._heads = deque(heads)
        self._room: Room | None = None
        self.ahead = ahead
        self.buffers: list[bytes | bytearray] = []
        self.left = self.total = sum(size for _, size in heads)
        self.problem: RemoteProtocolError | None = None
        self._go_on()

    def space(self) -> memoryview | None:
        """Return where the next bytes go; None if none do any more.

        It is good until :meth:`filled`.
        """
        return None if self._room is None else self._room.space()

    def filled(self, count: int) -> None:
        """Note that *count* bytes were put where :meth:`space` said."""
        room = self._room
        assert room is not None
        self.left -= count
        try:
            room.filled(count)
            if not room.left:
                self.buffers.append(room.take())
                self._go_on()
        except MemoryError:
            self._fail()

    def feed(self, data: memoryview) -> int:
        """Copy what of *data* belongs here; return how much that was."""
        done = 0
        while done < len(data) and (space := self.space()) is not None:
            count = min(len(data) - done, len(space))
            space[:count] = data[done : done + count]
            done += count
            self.filled(count)
        return done

    def _go_on(self) -> None:
        """Make room for the next one."""
        self._room = None
        while self._heads:
            fixed, size = self._heads.popleft()
            try:
                room = Room(fixed, size)
                if size:
                    self._room = room
                    return
                self.buffers.append(room.take())
            except MemoryError:
                self._fail()

    def _fail(self) -> None:
        self.problem = RemoteProtocolError(f"no memory for buffers of {self.total} bytes")
        self._room = None
        self._heads.clear()
        self.buffers.clear()
        self.left = 0
