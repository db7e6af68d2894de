"""Bytes through sockets, all of them or an error."""

from __future__ import annotations

from typing import Any

from pyrophone.classic import transfers
from pyrophone.classic.transfers import (
    ERRNO_BADF,
    ERRNO_EADDRINUSE,
    ERRNO_EADDRNOTAVAIL,
    ERRNO_ENOTSOCK,
    ERRNO_RETRIES,
    WAITS_FOR_ALL,
)

from .generation import PYRO5

__all__ = [
    "ERRNO_BADF",
    "ERRNO_EADDRINUSE",
    "ERRNO_EADDRNOTAVAIL",
    "ERRNO_ENOTSOCK",
    "ERRNO_RETRIES",
    "USE_MSG_WAITALL",
    "receive_data",
    "send_data",
]

USE_MSG_WAITALL = WAITS_FOR_ALL


def receive_data(sock: Any, size: int) -> bytes:
    """Return exactly *size* bytes from a socket.

    A socket that does not wait is asked again, with pauses.

    Raises:
        ConnectionClosedError: There are no more; it has what came as ``partialData``.
        TimeoutError: They did not come in time.
    """
    return transfers.receive_data(PYRO5, sock, size)


def send_data(sock: Any, data: bytes) -> None:
    """Send all of *data* through a socket.

    Raises:
        ConnectionClosedError: The other side is gone.
        TimeoutError: It did not take the data in time.
    """
    transfers.send_data(PYRO5, sock, data)
