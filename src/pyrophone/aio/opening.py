"""Opens a connection to a daemon and greets it."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from ..errors import ConnectError, ConnectionLostError, RemoteProtocolError
from ..frontend.chains import check_connecting
from ..frontend.remotes import session_to
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from .connection import Connection
from .dialing import dial

__all__ = ["open_connection"]


async def open_connection(
    uri: URI,
    settings: Settings,
    codecs: Codecs,
    *,
    handshake: Any = "hello",
    sock: socket.socket | None = None,
    seq: int = 0,
    dialect: Dialect = PYRO5,
) -> Connection:
    """Connect to a daemon and greet it; return the connection.

    Args:
        uri: Of scheme ``PYRO``.
        settings: Time limits and sizes, and TLS.
        codecs: The serializers.
        handshake: What to greet with.
        sock: Use a copy of this connected socket, and don't greet.
        seq: Number of the last call of an earlier connection.
        dialect: What to speak; the serializers have to fit it.

    Raises:
        ConnectError: Nobody is there.
        RefusedError: The daemon refused; the text is its reason.
        DeadlockError: It waits for the call that is being served here, and for nobody else.
    """
    check_connecting(uri)
    session = session_to(
        uri, settings, codecs, seq=seq, greeted=sock is not None, dialect=dialect
    )
    connection = await dial(lambda: Connection(uri, session, settings), uri, settings, sock)
    connection.watch()
    if sock is not None:
        return connection
    where = f"cannot connect to {uri.location}"
    try:
        async with asyncio.timeout(settings.timeout):
            await connection.greet(handshake)
    except TimeoutError as error:
        connection.spoil(ConnectError(where))
        text = f"{where}: no reply within {settings.timeout} s"
        raise ConnectError(text) from error
    except ConnectionLostError as error:
        raise ConnectError(f"{where}: {error}") from error
    except RemoteProtocolError:
        raise
    except BaseException:
        connection.close()
        raise
    return connection
