"""A client's end of one connection in a loop."""

from __future__ import annotations

import asyncio
import os
import socket
import weakref
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, cast

from ..context import answered, to_send
from ..errors import (
    ConnectError,
    ConnectionLostError,
    LocalProtocolError,
    ProtocolError,
    RefusedError,
    RemoteProtocolError,
    SecurityError,
)
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.client import ClientSession
from ..wire.dialects import PYRO5, Dialect
from ..wire.events import Pong, Refusal, Reply, Welcome
from ..wire.metadata import Metadata
from .calling import Caller
from .dialing import dial, tune_transport

__all__ = ["Connection", "Lease", "open_connection"]

_FAREWELL = 1.0  # seconds that sending the rest may take at the end
_CORK = 65536  # bytes that are held back for others of the same moment, at most
_OVER = "the connection was closed: receiving: not enough data"


class Connection(Caller, asyncio.Protocol):
    """One connection, made by :func:`open_connection`.

    It carries many calls at once if the other side can, else the caller sees to it that
    there is only one. It is closed when its last lease is gone, and when its loop ends:
    ``asyncio.run`` and its like finish the asynchronous generators, and one of these
    watches over each connection.

    Attributes:
        metadata: The members of the object that was greeted.
        handshake: What the daemon answered to ours.
        many: Whether it carries many calls at once.
        leases: How many use it.
    """

    def __init__(self, uri: URI, session: ClientSession) -> None:
        super().__init__(session)
        self.uri = uri
        self.metadata = Metadata()
        self.handshake: Any = None
        self.many = False
        self.leases = 0
        self._pid = os.getpid()
        self._transport: asyncio.Transport | None = None
        self._corked: list[bytes] = []
        self._corked_size = 0
        self._greeting: asyncio.Future[Welcome | Refusal] | None = None
        loop = asyncio.get_running_loop()
        self._gone: asyncio.Future[None] = loop.create_future()
        self._guard: AsyncGenerator[None, None] | None = None

    @property
    def open(self) -> bool:
        """Whether calls can be made with it, in its loop."""
        return self._error is None and self._pid == os.getpid()

    def watch(self) -> None:
        """See to it that the end of the loop closes the connection."""
        self._guard = _guard(weakref.ref(self))
        with suppress(StopIteration):
            self._guard.asend(None).send(None)

    async def greet(self, handshake: Any) -> None:
        """Open the conversation.

        Raises:
            RefusedError: The daemon refused; the text is its reason.
        """
        annotations, correlation = to_send()
        self.write(
            self.session.greet(handshake, annotations=annotations, correlation=correlation)
        )
        self._greeting = asyncio.get_running_loop().create_future()
        event = await self._greeting
        if isinstance(event, Refusal):
            raise RefusedError(f"connection to {self.uri.location} rejected: {event.text}")
        answered(event.annotations)
        self.handshake = event.handshake
        self.metadata = event.metadata
        self.many = "many" in (self.session.features or ())

    def write(self, data: bytes) -> None:
        """Send *data*, together with others of the same moment where there are some."""
        transport = self._transport
        assert transport is not None
        if not self._waiting:
            transport.write(data)
            return
        if not self._corked:
            loop = self.loop
            assert loop is not None
            loop.call_soon(self._uncork)
        self._corked.append(data)
        self._corked_size += len(data)
        if self._corked_size > _CORK:
            self._uncork()

    def spoil(self, error: Exception) -> None:
        """Close the connection at once; those who wait get *error*."""
        self._end(error, hard=True)

    def close(self) -> None:
        """Close the connection, when what was written has been sent."""
        self._end(LocalProtocolError("session is closed"), hard=False)

    def leave(self) -> None:
        """Note that one who used the connection is gone; after the last it is closed."""
        self.leases -= 1
        if not self.leases:
            self.close()

    async def shut_down(self) -> None:
        """Close the connection; return when that is done, also for its transport."""
        self.close()
        if self._transport is not None:
            await asyncio.wait([self._gone], timeout=_FAREWELL)
        if self._transport is not None:  # what was written is not wanted, it seems
            self._transport.abort()
            await asyncio.wait([self._gone], timeout=_FAREWELL)

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the *transport*."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not say so
        tune_transport(transport)

    def data_received(self, data: bytes) -> None:
        """Hand what came to those who wait for it."""
        session = self.session
        try:
            session.receive(data)
            while (event := session.next()) is not None:
                if type(event) is Reply:
                    self.replied(event)
                else:
                    self._take(event)
        except (ProtocolError, SecurityError) as error:
            self._end(error, hard=True)

    def eof_received(self) -> None:
        """Note that the other side sends no more."""
        self._end(ConnectionLostError(_OVER), hard=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell all who wait."""
        text = f"the connection was lost: {exc}" if exc else _OVER
        self._end(ConnectionLostError(text), hard=True)
        self._transport = None
        if not self._gone.done():
            self._gone.set_result(None)
        guard, self._guard = self._guard, None
        if guard is not None:
            # It waits for nothing by now; where the loop itself is ending it, it is busy.
            with suppress(StopIteration, RuntimeError):
                guard.aclose().send(None)

    def pause_writing(self) -> None:
        """Hold back those who want to send."""
        self.paused = True

    def resume_writing(self) -> None:
        """Let them send."""
        self.go_on()

    def _take(self, event: object) -> None:
        if isinstance(event, Pong):
            self.ponged(event)
        elif (
            isinstance(event, Welcome | Refusal)
            and self._greeting is not None
            and not self._greeting.done()
        ):
            self._greeting.set_result(event)

    def _uncork(self) -> None:
        data = b"".join(self._corked)
        self._corked.clear()
        self._corked_size = 0
        if data and self._transport is not None:
            self._transport.write(data)

    def _end(self, error: Exception, *, hard: bool) -> None:
        if self._error is not None or self._pid != os.getpid():
            return
        self._uncork()
        self.session.close()
        self.lose(error)
        if self._greeting is not None and not self._greeting.done():
            self._greeting.set_exception(error)
        if self._transport is not None:
            if hard:
                self._transport.abort()
            else:
                self._transport.close()


class Lease:
    """The use of a connection by one line. It ends when nobody has it any more."""

    __slots__ = ("__weakref__", "_loop", "busy", "connection")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.busy = False
        self._loop = connection.loop
        connection.leases += 1

    def end(self) -> None:
        """Do without the connection from now on; to be called in its loop."""
        if self._loop is not None:
            self._loop = None
            self.connection.leave()

    def __del__(self) -> None:
        # Perhaps in another thread, or in a child that has the loop of its parent.
        loop = self._loop
        if loop is not None and self.connection.open:
            with suppress(RuntimeError):  # the loop is closed, and so is all it had
                loop.call_soon_threadsafe(self.connection.leave)


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
    """
    session = ClientSession(
        uri.object,
        codecs,
        serializer=settings.serializer,
        max_size=settings.max_message_size,
        compress=settings.compression,
        seq=seq,
        greeted=sock is not None,
        dialect=dialect,
    )
    connection = await dial(lambda: Connection(uri, session), uri, settings, sock)
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


async def _guard(reference: weakref.ref[Connection]) -> AsyncGenerator[None, None]:
    """Close a connection when the loop finishes its asynchronous generators."""
    try:
        yield
    finally:
        connection = reference()
        if connection is not None:
            await connection.shut_down()
