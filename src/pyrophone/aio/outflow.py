"""Large messages on their way out, sent from where they are."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from typing import Any, Protocol

from ..wire.buffers import Data, Pieces

__all__ = ["Outflow"]

_COPIED = 65536  # bytes given to the transport, to learn when the other side takes more
_TURN = 1 << 23  # bytes; after so many others get their turn
_writev: Any = getattr(os, "writev", None)


class Writer(Protocol):
    """Whose messages they are.

    Attributes:
        paused: Whether the transport has enough for now.
    """

    paused: bool

    def flowed(self) -> None:
        """Note that nothing waits here any more."""


class Outflow:
    """Messages that wait to be sent behind a large one, and this one itself.

    A transport would copy what it can't send at once, or send what a user has changed in
    the meantime. So it gets little at a time; the rest goes to the system from where it is.

    Attributes:
        transport: Where to; nothing else may write to it as long as there is something
            here.
    """

    __slots__ = ("_busy", "_direct", "_lent", "_queue", "_writer", "transport")

    def __init__(self, transport: asyncio.Transport, writer: Writer) -> None:
        self.transport = transport
        self._writer = writer
        self._queue: deque[Any] = deque()
        self._lent: list[Pieces] = []
        self._busy = False
        plain = transport.get_extra_info("sslcontext") is None
        sock = transport.get_extra_info("socket") if plain and _writev else None
        self._direct = -1 if sock is None else sock.fileno()

    def write(self, data: Data, *, lent: bool = False) -> None:
        """Send *data*, behind what waits.

        Args:
            data: What to send.
            lent: Whether its buffers stay as they are until :meth:`own`; else they are
                copied, as far as they wait.
        """
        transport = self.transport
        if not self._queue and not transport.is_closing():
            # Its answer to "is there room" shall be: only if it has sent all.
            transport.set_write_buffer_limits(high=1, low=0)
        self._queue.append(data)
        self.go_on()
        if data and isinstance(data, Pieces):
            if lent:
                self._lent.append(data)
            else:
                data.own()

    def go_on(self) -> bool:
        """Give away what is taken; return whether that was all."""
        queue, transport = self._queue, self.transport
        if self._busy:  # the transport says at once that it takes more
            return False
        self._busy = True
        turn = _TURN
        try:
            while queue and not self._writer.paused:
                if transport.is_closing():
                    queue.clear()
                    break
                if turn <= 0:
                    asyncio.get_running_loop().call_soon(self.go_on)
                    return False
                data = queue[0]
                if not isinstance(data, Pieces):
                    transport.write(data)
                else:
                    turn -= self._push(data)
                    if data:
                        continue
                queue.popleft()
        finally:
            self._busy = False
        if queue:
            return False
        self._lent.clear()
        if not transport.is_closing():
            transport.set_write_buffer_limits()
        self._writer.flowed()
        return True

    def own(self) -> None:
        """Copy what waits and was lent: its owner may change it from now on."""
        for pieces in self._lent:
            if pieces:
                pieces.own()
        self._lent.clear()

    def flush(self) -> None:
        """Give all that waits to the transport, however much it is."""
        while self._queue and not self.transport.is_closing():
            self.transport.write(bytes(self._queue.popleft()))
        self._lent.clear()

    def _push(self, data: Pieces) -> int:
        """Send some of *data*; return how much."""
        if self._direct >= 0 and not self.transport.get_write_buffer_size():
            try:
                count: int = _writev(self._direct, data.head())
            except BlockingIOError:
                pass
            except OSError:
                self._direct = -1  # the transport finds it out, too, and says so
            else:
                data.sent(count)
                return count
        piece = data.head()[0][:_COPIED]
        self.transport.write(bytes(piece))
        data.sent(len(piece))
        return len(piece)
