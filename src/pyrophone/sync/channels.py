"""The socket of a connection that several threads use at once."""

from __future__ import annotations

import math
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

__all__ = ["READ", "WRITE", "Channel", "LateError"]

READ = 1
WRITE = 2

_CHUNK = 65536  # bytes per read
_LONGEST = 3600.0  # seconds of one wait; some systems count them in 32 bits
_DONT_WAIT: int | None = getattr(socket, "MSG_DONTWAIT", None)  # absent on Windows


class LateError(Exception):
    """What was waited for did not come in time."""


class Channel:
    """A socket that one thread reads and another one writes, at the same time.

    Args:
        sock: A connected socket; its time-out is not kept.
        keep: Never close it.

    Attributes:
        sock: Likewise.
        keep: Likewise.
        fd: The number of the socket, while it is open.
        pieces: Gives what arrives, piece by piece, until the peer ends the connection. It
            is an iterator made in C, not a function, so that what it gives is in the hands
            of who asked before a signal is looked at: Ctrl-C makes no bytes disappear.
        send: Sends what there is room for of its first argument, never waits, and returns
            how much that was, or raises ``BlockingIOError``; its second argument are
            *flags*.
        gather: Likewise of several pieces, its first argument; the second is empty, and the
            third *flags*.
        scatter: Receives into a buffer, and returns how much that was, 0 at the end; waits
            as *pieces* does.
        flags: Likewise.
        waits: Whether *pieces* waits for the next one. If not, it raises
            ``BlockingIOError`` unless :meth:`wait` was asked before.
    """

    def __init__(self, sock: socket.socket, keep: bool = False) -> None:
        self.sock = sock
        self.keep = keep
        self.fd = sock.fileno()
        self._poll = select.poll() if hasattr(select, "poll") else None
        if self._poll is not None:
            self._poll.register(sock, select.POLLIN)
        self.pieces: Iterator[bytes]
        self.send: Callable[[Any, int], int]
        self.gather: Callable[[Any, Any, int], int]
        self.scatter: Callable[[Any], int]
        if isinstance(sock, ssl.SSLSocket) or _DONT_WAIT is None:
            self.waits = False
            self.flags = 0
            sock.setblocking(False)
            careful = _Careful(sock)
            self.send = careful.send
            self.gather = careful.gather
            self.scatter = careful.scatter
            self.pieces = iter(careful.receive, b"")
        else:
            self.waits = True
            self.flags = _DONT_WAIT
            sock.setblocking(True)
            self.send = sock.send
            self.gather = sock.sendmsg
            self.scatter = sock.recv_into
            self.pieces = iter(partial(sock.recv, _CHUNK), b"")

    def wait(self, events: int, limit: float | None = None) -> int:
        """Return what can be done of *events*, READ, WRITE or both, once one of them can.

        Args:
            events: What is waited for.
            limit: Until when, by the monotonic clock; None is for ever.

        Raises:
            LateError: Until then nothing could be done.
            OSError: The socket is closed.
        """
        sock = self.sock
        while True:
            if events & READ and isinstance(sock, ssl.SSLSocket) and sock.pending():
                return READ
            seconds = _LONGEST
            if limit is not None:
                seconds = min(max(limit - time.monotonic(), 0.0), _LONGEST)
            if ready := _wait(sock.fileno(), events, seconds):
                return ready
            if limit is not None and time.monotonic() >= limit:
                raise LateError

    def wait_to_read(self, limit: float) -> None:
        """Return once something came; for the one who reads, and faster than :meth:`wait`.

        Raises:
            LateError: Until *limit*, by the monotonic clock, nothing came.
        """
        poll = self._poll
        if poll is None or not poll.poll(max(0.0, (limit - time.monotonic()) * 1000)):
            self.wait(READ, limit)

    def shut_down(self) -> None:
        """End both directions; whoever waits for the socket wakes up."""
        if not self.keep:
            with suppress(OSError):
                # Not that of TLS, which would go on without encryption.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back to the system; nobody may be reading."""
        if not self.keep:
            with suppress(OSError):
                self.sock.close()


class _Careful:
    """Sends and receives without waiting, one at a time, as OpenSSL needs it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.Lock()

    def send(self, data: bytes | memoryview, flags: int) -> int:
        with self._lock:
            try:
                return self._sock.send(data)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return 0

    def gather(self, pieces: Sequence[memoryview], _: object, flags: int) -> int:
        return self.send(pieces[0], flags)

    def scatter(self, space: memoryview) -> int:
        with self._lock:
            try:
                return self._sock.recv_into(space)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise BlockingIOError from None

    def receive(self) -> bytes:
        with self._lock:
            try:
                return self._sock.recv(_CHUNK)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise BlockingIOError from None


def _wait(number: int, events: int, seconds: float) -> int:
    if number < 0:
        raise OSError("the socket is closed")
    if not hasattr(select, "poll"):
        reading, writing, _ = select.select(
            [number] if events & READ else [],
            [number] if events & WRITE else [],
            [],
            seconds,
        )
        return READ * bool(reading) | WRITE * bool(writing)
    poll = select.poll()
    poll.register(
        number, select.POLLIN * bool(events & READ) | select.POLLOUT * bool(events & WRITE)
    )
    ready = 0
    for _, found in poll.poll(math.ceil(seconds * 1000)):
        if found & select.POLLNVAL:
            raise OSError("the socket is closed")
        # Of an error or the end both reading and writing tell what it is.
        ready |= READ * bool(found & ~select.POLLOUT) | WRITE * bool(found & ~select.POLLIN)
    return ready & events
