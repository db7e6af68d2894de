"""Bytes through sockets, all of them or an error."""

from __future__ import annotations

import errno
import itertools
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from .generation import Generation

__all__ = [
    "ERRNO_BADF",
    "ERRNO_EADDRINUSE",
    "ERRNO_EADDRNOTAVAIL",
    "ERRNO_ENOTSOCK",
    "ERRNO_RETRIES",
    "WAITS_FOR_ALL",
    "receive_data",
    "send_data",
]


def _numbers(*names: str) -> list[int]:
    """Return the numbers of those errors, and what Windows has beside them."""
    every = [*names, *(f"WSA{name}" for name in names)]
    return [getattr(errno, name) for name in every if hasattr(errno, name)]


ERRNO_RETRIES = _numbers("EINTR", "EAGAIN", "EWOULDBLOCK", "EINPROGRESS")
ERRNO_BADF = _numbers("EBADF")
ERRNO_ENOTSOCK = _numbers("ENOTSOCK")
ERRNO_EADDRNOTAVAIL = _numbers("EADDRNOTAVAIL")
ERRNO_EADDRINUSE = _numbers("EADDRINUSE")

WAITS_FOR_ALL = hasattr(socket, "MSG_WAITALL") and sys.platform != "win32"

_CHUNK = 60_000  # bytes; larger reads of pieces gain nothing
_AT_ONCE = 1 << 24  # bytes; more is made room for only as it comes


def receive_data(
    generation: Generation, sock: Any, size: int, *, wait_for_all: bool = WAITS_FOR_ALL
) -> bytes:
    """Return exactly *size* bytes from a socket.

    A socket that does not wait is asked again, with pauses.

    Args:
        generation: Whose errors are raised.
        sock: The socket, or what is like one.
        size: How many bytes.
        wait_for_all: Ask the system for all at once, where it can.

    Raises:
        ConnectionClosedError: There are no more; it has what came as ``partialData``.
        TimeoutError: They did not come in time.
    """
    pauses = _pauses()
    first: tuple[int, ...] = ()
    if wait_for_all and not isinstance(sock, ssl.SSLSocket):
        first = (socket.MSG_WAITALL,)
    large = min(size, _AT_ONCE)
    whole: bytes = _patiently(generation, sock.recv, pauses, "receiving", large, *first)
    if len(whole) == size:
        return whole
    data = bytearray(whole)
    while len(data) < size:
        missing = min(_CHUNK, size - len(data))
        chunk = _patiently(generation, sock.recv, pauses, "receiving", missing)
        if not chunk:
            raise _cut_off(generation, data)
        data += chunk
    return bytes(data)


def _cut_off(generation: Generation, data: bytearray) -> Exception:
    """Return what is raised where *data* is not all.

    It is no variable of who raises it: the error, by its traceback, would keep itself and
    the proxy, whose connection then stayed until the garbage is collected.
    """
    error: Exception = generation.errors.ConnectionClosedError("receiving: not enough data")
    error.partialData = bytes(data)  # type: ignore[attr-defined]  # as old programs have it
    return error


def send_data(generation: Generation, sock: Any, data: bytes) -> None:
    """Send all of *data* through a socket; errors are those of *generation*.

    Raises:
        ConnectionClosedError: The other side is gone.
        TimeoutError: It did not take the data in time.
    """
    if sock.gettimeout() is None:
        _patiently(generation, sock.sendall, iter(()), "sending", data)
        return
    pauses = _pauses()
    rest = memoryview(data)
    while rest:
        rest = rest[_patiently(generation, sock.send, pauses, "sending", rest) :]


def _patiently(
    generation: Generation,
    function: Callable[..., Any],
    pauses: Iterator[float],
    doing: str,
    *args: Any,
) -> Any:
    """Call *function*, again after each of the *pauses* while the socket says "not now"."""
    while True:
        try:
            return function(*args)
        except TimeoutError as error:
            raise generation.errors.TimeoutError(f"{doing}: timeout") from error
        except OSError as error:
            pause = next(pauses, None) if _is_passing(error) else None
            if pause is None:
                lost: type[Exception] = generation.errors.ConnectionClosedError
                raise lost(f"{doing}: connection lost: {error}") from error
        time.sleep(pause)


def _is_passing(error: OSError) -> bool:
    if isinstance(error, (ssl.SSLWantReadError, ssl.SSLWantWriteError)):
        return True
    return not isinstance(error, ssl.SSLError) and error.errno in ERRNO_RETRIES


def _pauses() -> Iterator[float]:
    """Yield how long to wait before each new attempt, in seconds."""
    yield from (0.0001, 0.001, 0.01)
    for tenths in itertools.count(1):
        yield tenths / 10
