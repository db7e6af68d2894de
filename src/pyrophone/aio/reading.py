"""Reading from the network into a buffer that is there.

For each read asyncio gets 256 KiB from the system and gives them back, which costs more
than the reading: 30 of the 60 µs that each end of a short call takes (CPython 3.11, glibc;
``make bench ARGS="--cases await"``). uvloop has a buffer of its own.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar, cast

__all__ = ["Reader", "behind", "reader_for"]

_LEAST = 4096  # bytes; so much each connection keeps
_MOST = 262144  # bytes; so much it has while large messages come
_PATIENCE = 16  # short reads in a row, after which it does with less again

P = TypeVar("P", bound=asyncio.Protocol)


class Reader(asyncio.BufferedProtocol):
    """Stands before a protocol, and reads for it.

    Its buffer grows while reads fill it, and shrinks when they no longer do.

    Args:
        protocol: What gets the bytes, and all that happens besides.
    """

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self.protocol = protocol
        self._room = memoryview(bytearray(_LEAST))
        self._idle = 0
        # Found here by the transport, these cost nothing more than without us.
        self.connection_made = protocol.connection_made  # type: ignore[method-assign]
        self.connection_lost = protocol.connection_lost  # type: ignore[method-assign]
        self.eof_received = protocol.eof_received  # type: ignore[method-assign]
        self.pause_writing = protocol.pause_writing  # type: ignore[method-assign]
        self.resume_writing = protocol.resume_writing  # type: ignore[method-assign]

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to put what comes."""
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """Hand on what has come."""
        room = self._room
        self.protocol.data_received(bytes(room[:nbytes]))
        size = len(room)
        if nbytes == size < _MOST:
            self._room = memoryview(bytearray(size * 4))
            self._idle = 0
        elif size > _LEAST and nbytes <= _LEAST:
            self._idle += 1
            if self._idle == _PATIENCE:
                self._room = memoryview(bytearray(_LEAST))
        else:
            self._idle = 0


def reader_for(
    protocol: asyncio.Protocol, loop: asyncio.AbstractEventLoop
) -> asyncio.BaseProtocol:
    """Return what a transport of *loop* is to be given for *protocol*."""
    return Reader(protocol) if isinstance(loop, asyncio.BaseEventLoop) else protocol


def behind(protocol: P | asyncio.BaseProtocol) -> P:
    """Undo :func:`reader_for`."""
    return cast(P, protocol.protocol if isinstance(protocol, Reader) else protocol)
