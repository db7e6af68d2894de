"""What code that serves needs to know of a package for programs of an older Pyro."""

from __future__ import annotations

import dataclasses
import logging
import ssl
from collections.abc import Callable
from typing import Any

from ..serializers.codecs import Codecs
from .generation import Generation

__all__ = ["Kit"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The parts of one package that its daemons are made with.

    Attributes:
        generation: The package.
        log: Where its daemons say what they do.
        live: Names of what in its configuration counts for daemons that run already.
        connection: Its class for one end of a connection, made with a socket.
        connection_of: Gives that for a client; the same one each time.
        key: By which a client's storage has it.
        listen: Gives a socket that listens, at a host and port or a socket file.
        knock: Connects with such a place, for a moment.
        tls: Gives what daemons serve with, None for no TLS.
        codecs: The serializers, as the programs extend and replace them.
        context: Its current call context.
        show: Gives the lines of an exception's traceback, with the remote one.
        show_all: Likewise, with the values of local variables.
        trace: Logs a message, with ``received`` or ``sent``.
        wrapped: Gives the arguments of a call as its programs have them.
        uri: Its class of URIs.
        proxy: Its class of proxies.
        forget_members: Drops what it has cached of an object's members.
    """

    generation: Generation
    log: logging.Logger
    live: tuple[str, ...]
    connection: Callable[..., Any]
    connection_of: Callable[[Any], Any]
    key: str
    listen: Callable[[Any], Any]
    knock: Callable[[Any], object]
    tls: Callable[[], ssl.SSLContext | None]
    codecs: Codecs
    context: Any
    show: Callable[[BaseException], list[str]]
    show_all: Callable[[BaseException], list[str]]
    trace: Callable[[str, Any], object]
    wrapped: Callable[[Any], Any]
    uri: Callable[[str], Any]
    proxy: Callable[[Any], Any]
    forget_members: Callable[[Any], object]
