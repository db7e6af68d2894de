"""Connecting to a daemon."""

from __future__ import annotations

import logging
import os
import socket
import ssl
from contextlib import suppress
from typing import Any, TypeVar

from ..errors import ConnectError
from ..net.sockets import connect_socket, connect_tls
from .connections import Connection
from .uris import ClassicURI, plain

__all__ = ["Line", "dial", "place_of"]


class Line(Connection):
    """The connection of a proxy.

    Attributes:
        is_ours: Whether a daemon of Pyrophone is at the other end.
        process: Number of the process that made it.
    """

    is_ours = False

    def __init__(
        self, sock: socket.socket, objectId: str | None = None, keep_open: bool = False
    ) -> None:
        super().__init__(sock, objectId, keep_open)
        self.process = os.getpid()

    @property
    def is_inherited(self) -> bool:
        """Whether it is that of the process that this one was forked from."""
        return self.process != os.getpid()

    def close(self) -> None:
        """Close the socket; what a process inherited is left to the one that made it."""
        if self.is_inherited and not self.keep_open:
            with suppress(OSError):
                self.sock.close()  # a shutdown would be one for all who have it
        else:
            super().close()


AnyLine = TypeVar("AnyLine", bound=Line)


def place_of(uri: ClassicURI) -> Any:
    """Return where a daemon is, as texts show it."""
    return uri.sockname or (uri.host, uri.port)


def dial(
    kind: type[AnyLine],
    uri: ClassicURI,
    timeout: float | None,
    tls: ssl.SSLContext | None,
    log: logging.Logger,
) -> AnyLine:
    """Return a new connection to the daemon of *uri*.

    Args:
        kind: Of connection.
        uri: Of an object.
        timeout: Limit in seconds, also of what is done with it later; None is none.
        tls: How to encrypt, None not to.
        log: Hears of it.

    Raises:
        CommunicationError: There is none; that of the generation.
    """
    log.debug("connecting to %s", uri)
    where = plain(uri)
    try:
        if tls is None:
            sock = connect_socket(where, timeout)
        else:
            sock = connect_tls(where, tls, timeout)
    except ConnectError as error:
        reason = str(error).removeprefix(f"cannot connect to {where.location}: ")
        text = f"cannot connect to {place_of(uri)}: {reason}"
        log.error("%s", text)
        raise kind.generation.errors.CommunicationError(text) from error.__cause__
    sock.settimeout(timeout)  # of which a TLS handshake has used some
    return kind(sock, uri.object)
