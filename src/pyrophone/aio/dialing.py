"""Opens connections from a loop: TCP, Unix sockets, TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from ..errors import ConnectError
from ..net.sockets import tune
from ..settings import Settings
from ..uri import URI
from .reading import behind, reader_for

__all__ = ["dial"]

P = TypeVar("P", bound=asyncio.Protocol)
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
_FAREWELL = 1.0  # seconds that the peer may take to say goodbye by TLS


async def dial(
    make: Callable[[], P], uri: URI, settings: Settings, sock: socket.socket | None = None
) -> P:
    """Connect to the daemon of *uri*, which is of scheme ``PYRO``; return the protocol.

    Args:
        make: Makes the protocol.
        uri: With a host and port, or the name of a Unix socket.
        settings: With the time limit, and TLS.
        sock: A connected socket to use a copy of.

    Raises:
        ConnectError: Nobody is there, or no TLS came about; the text says why.
    """
    where = f"cannot connect to {uri.location}"
    timeout = settings.timeout
    scope = asyncio.timeout(timeout)
    try:
        async with scope:
            return behind(await _dial(make, uri, settings.tls, sock))
    except ssl.SSLEOFError as error:
        raise ConnectError(f"{where}: the TLS handshake was broken off") from error
    except ssl.SSLError as error:
        hint = "; does it use TLS?" if error.reason in _NO_TLS else ""
        raise ConnectError(f"{where}: {error}{hint}") from error
    except (OSError, OverflowError, ValueError) as error:  # a host may be no name
        if scope.expired():
            raise ConnectError(f"{where}: it took over {timeout} s") from error
        if settings.tls is not None and not isinstance(error, OverflowError):
            where += ": in the TLS handshake"
        raise ConnectError(f"{where}: {str(error) or 'connection lost'}") from error


async def _dial(
    make: Callable[[], P], uri: URI, tls: ssl.SSLContext | None, sock: socket.socket | None
) -> P | asyncio.BaseProtocol:
    loop = asyncio.get_running_loop()

    def reader() -> asyncio.BaseProtocol:
        return reader_for(make(), loop)

    options: dict[str, Any] = {}
    if tls is not None and sock is None:
        options = {
            "ssl": tls,
            "server_hostname": uri.host or "localhost",
            "ssl_shutdown_timeout": _FAREWELL,
        }
    if sock is not None:
        own = sock.dup()
        own.setblocking(False)
        _, protocol = await loop.create_connection(reader, sock=own)
        return protocol
    if uri.socket_name is not None:
        if not hasattr(socket, "AF_UNIX"):
            raise OSError("this system has no Unix sockets")
        _, protocol = await loop.create_unix_connection(reader, uri.socket_name, **options)
        return protocol
    port = uri.port or 0
    if not 0 <= port <= 65535:
        raise OverflowError(f"port must be 0-65535, not {port}")
    # As for threads: a server may listen on ::1 only, where localhost means that.
    host = "127.0.0.1" if uri.host == "localhost" else uri.host or "127.0.0.1"
    try:
        _, protocol = await loop.create_connection(reader, host, port, **options)
    except OSError as error:
        if host != "127.0.0.1" or isinstance(error, ssl.SSLError):
            raise
        try:
            _, protocol = await loop.create_connection(reader, "::1", port, **options)
        except OSError:
            raise error from None
    return protocol


def tune_transport(transport: asyncio.BaseTransport) -> None:
    """Set what suits short messages back and forth."""
    tune(transport.get_extra_info("socket"))
