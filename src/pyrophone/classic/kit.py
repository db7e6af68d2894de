"""What code that serves needs to know of a package for programs of an older Pyro."""

from __future__ import annotations

import dataclasses
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any

from ..serializers.codecs import Codecs
from .generation import Generation
from .makers import interrupt_socket
from .tracebacks import format_traceback

__all__ = ["LIVE", "Kit"]

# What counts for daemons that run already, in every package.
LIVE = (
    "COMMTIMEOUT",
    "COMPRESSION",
    "ITER_STREAMING",
    "ITER_STREAM_LIFETIME",
    "ITER_STREAM_LINGER",
    "LOGWIRE",
    "MAX_MESSAGE_SIZE",
)
_KNOCK = 1.0  # seconds


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The parts of one package that its daemons are made with.

    Attributes:
        generation: The package.
        log: Where its daemons say what they do.
        live: Names of what in its configuration counts for daemons that run already:
            :data:`LIVE`, and what it has besides.
        connection: Its class for one end of a connection, made with a socket.
        connection_of: Gives that for a client; the same one each time.
        create_socket: Gives a socket; takes ``bind``, ``connect``, and what is to be set.
        tls: Gives what daemons serve with, None for no TLS.
        codecs: The serializers, as the programs extend and replace them.
        context: Its current call context.
        traceback: Gives the lines of a traceback, with the remote one, of the class of
            an exception, itself, and where it happened.
        trace: Logs a message, with ``received`` or ``sent``.
        wrapped: Gives the arguments of a call as its programs have them.
        uri: Its class of URIs.
        proxy: Its class of proxies.
        reset_members: Drops what it has cached of an object's members; of those that
            are exposed, or of all.
    """

    generation: Generation
    log: logging.Logger
    live: tuple[str, ...]
    connection: Callable[..., Any]
    connection_of: Callable[[Any], Any]
    create_socket: Callable[..., socket.socket]
    tls: Callable[[], ssl.SSLContext | None]
    codecs: Codecs
    context: Any
    traceback: Callable[..., list[str]]
    trace: Callable[[str, Any], object]
    wrapped: Callable[[Any], Any]
    uri: Callable[[str], Any]
    proxy: Callable[[Any], Any]
    reset_members: Callable[[Any, bool], object]

    def listen(self, where: Any) -> socket.socket:
        """Return a socket that listens at *where*, a host and port or a socket file."""
        config = self.generation.config
        return self.create_socket(
            bind=where,
            reuseaddr=config.SOCK_REUSE,
            nodelay=config.SOCK_NODELAY,
            noinherit=True,
        )

    def knock(self, where: Any) -> None:
        """Connect with such a place, for a moment."""
        if isinstance(where, tuple):
            interrupt_socket(where)
        else:
            self.create_socket(connect=where, timeout=_KNOCK).close()

    def show(self, error: BaseException) -> list[str]:
        """Return the lines of an exception's traceback, with the remote one."""
        return self.traceback(type(error), error, error.__traceback__)

    def show_all(self, error: BaseException) -> list[str]:
        """Return those lines with the values of local variables."""
        return format_traceback(type(error), error, error.__traceback__, detailed=True)

    def forget_members(self, obj: Any) -> None:
        """Drop what is cached of an object's members."""
        for only_exposed in (True, False):
            self.reset_members(obj, only_exposed)
