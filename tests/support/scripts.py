"""A daemon in the loop of a test that does exactly what a script says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pyrophone import URI, Settings
from pyrophone.aio.connection import Connection
from pyrophone.aio.opening import open_connection
from pyrophone.objects.functions import (
    CALLED,
    FunctionCrossing,
    FunctionTable,
    RemoteFunction,
    StubTable,
)
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.wire.events import Call, Greeting
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession

__all__ = ["CODECS", "MEMBERS", "Peer", "closes", "echoes", "open_", "scripted", "silent"]

SETTINGS = Settings()
CODECS = make_codecs(ClassTable(), SETTINGS)
MEMBERS = Metadata(frozenset({"f", "items"}), frozenset(), frozenset({"level"}))
E = TypeVar("E")


class Peer:
    """The daemon's end of one connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        **options: Any,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.session: Any = ServerSession(CODECS, **options)
        self.session.crossing = FunctionCrossing(FunctionTable(), StubTable(RemoteFunction))

    async def take(self, kind: type[E]) -> E:
        """Wait for the next event, which has to be of that *kind*."""
        while (event := self.session.next()) is None:
            data = await self.reader.read(65536)
            if not data:
                raise EOFError("the client has closed the connection")
            self.session.receive(data)
        assert isinstance(event, kind), event
        return event

    async def welcome(self) -> None:
        """Greet the client."""
        greeting = await self.take(Greeting)
        self.send(self.session.welcome(greeting, "hello", MEMBERS))

    async def call(self) -> Call:
        """Wait for a call."""
        return await self.take(Call)

    def play(self, function_id: str, *args: Any, flags: int = 0) -> int:
        """Call a function that the client passed; return the number of the call."""
        self.send(self.session.call(CALLED, args, {}, flags, object_id=function_id))
        return int(self.session.seq)

    def send(self, data: bytes) -> None:
        """Send *data*."""
        self.writer.write(data)

    async def gone(self) -> None:
        """Return when the client has closed the connection."""
        while await self.reader.read(65536):
            pass


@asynccontextmanager
async def scripted(
    script: Callable[[Peer], Awaitable[None]], **options: Any
) -> AsyncIterator[URI]:
    """Do what *script* says for each client; the block fails if a script does."""
    peers: list[asyncio.Task[None]] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def serve() -> None:
            try:
                await script(Peer(reader, writer, **options))
            finally:
                writer.close()

        peers.append(asyncio.get_running_loop().create_task(serve()))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield URI("PYRO", "x", None, *server.sockets[0].getsockname())
        await asyncio.gather(*peers)
    finally:
        server.close()
        for peer in peers:
            peer.cancel()


async def closes(peer: Peer) -> None:
    """Close at once."""


async def silent(peer: Peer) -> None:
    """Never say a word."""
    await peer.gone()


async def echoes(peer: Peer) -> None:
    """Answer each call with its arguments."""
    await peer.welcome()
    while True:
        try:
            call = await peer.call()
        except EOFError:
            return
        peer.send(peer.session.result(call, call.args))


def open_(uri: URI, settings: Settings = SETTINGS) -> Coroutine[Any, Any, Connection]:
    """Return what connects to *uri*."""
    return open_connection(uri, settings, CODECS)
