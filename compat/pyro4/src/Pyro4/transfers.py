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
)

from .configuration import config
from .generation import PYRO4

__all__ = [
    "ERRNO_BADF",
    "ERRNO_EADDRINUSE",
    "ERRNO_EADDRNOTAVAIL",
    "ERRNO_ENOTSOCK",
    "ERRNO_RETRIES",
    "receiveData",
    "sendData",
]


def receiveData(sock: Any, size: int) -> bytes:
    """Return exactly *size* bytes from a socket.

    A socket that does not wait is asked again, with pauses. USE_MSG_WAITALL says
    whether the system is asked for all at once.

    Raises:
        ConnectionClosedError: There are no more; it has what came as ``partialData``.
        TimeoutError: They did not come in time.
    """
    return transfers.receive_data(
        PYRO4, sock, size, wait_for_all=bool(config.USE_MSG_WAITALL)
    )


def sendData(sock: Any, data: bytes) -> None:
    """Send all of *data* through a socket.

    Raises:
        ConnectionClosedError: The other side is gone.
        TimeoutError: It did not take the data in time.
    """
    transfers.send_data(PYRO4, sock, data)
