"""How many items of a stream go into one message: the rule of who sends them."""

from __future__ import annotations

from typing import Any, Protocol

from ..errors import LocalProtocolError
from .buffers import Data
from .events import Call

__all__ = ["Batch"]

_MOST = 1024  # items in a message
_SIZE = 65536  # bytes of a message that is large enough


class _Writer(Protocol):
    def items(self, call: Call, values: list[Any], *, last: bool = False) -> Data:
        """Return the bytes of items, as a session does."""


class Batch:
    """Items of one stream that wait for others, to be sent in one message.

    An item is due at once if the reader has used up all that was sent; else when there
    are as many as make a message worth while, which grows with messages that are full.

    Args:
        call: What the stream answers; it flows already.
        source: Where items come from. If it has ``items_per_message``, there are never
            more in one.

    Attributes:
        items: What waits, oldest first.
        full: How many items make a message worth while.
    """

    __slots__ = ("_call", "_flow", "_most", "full", "items")

    def __init__(self, call: Call, source: Any = None) -> None:
        assert call.flow is not None
        self._call = call
        self._flow = call.flow
        self.items: list[Any] = []
        self.full = 1
        self._most: int = getattr(source, "items_per_message", _MOST)

    @property
    def due(self) -> bool:
        """Whether a message is to be sent now."""
        count = len(self.items)
        flow = self._flow
        if count < self.full and flow.unread > 0:
            return False
        return count > 0 and flow.room > 0

    def next(self, session: _Writer, *, last: bool = False) -> Data:
        """Return the bytes of a message with as many items as fit; these wait no more.

        Empty if there is no room, or the stream has ended. Items that can't be written
        together are halved, so that what is good goes before what is not.

        Args:
            session: What writes them.
            last: Nothing follows those that wait; said in the message that empties this.

        Raises:
            Exception: Why the first item can't be written; none waits any more.
        """
        items = self.items
        tried = count = min(len(items), self.full)
        while True:
            ends = last and count == len(items)
            if not ends and self._flow.room < 1:
                return b""
            try:
                data = session.items(self._call, items[:count], last=ends)
                break
            except Exception as error:
                if count < 2 or isinstance(error, LocalProtocolError):
                    items.clear()
                    raise
                count //= 2
                self.full = count
        del items[:count]
        if len(data) > _SIZE:
            self.full = max(1, count * _SIZE // len(data))
        elif tried == count == self.full and 2 * len(data) <= _SIZE:
            self.full = min(2 * count, self._most)
        return data
