"""A client of one conversation in a loop, which does what a test tells it, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pyrophone import URI, Settings
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Reply, Welcome
from pyrophone.wire.features import FEATURES
from pyrophone.wire.framing import ONEWAY

__all__ = ["Talker", "talking"]


class Talker:
    """One conversation, greeted.

    Attributes:
        session: Ours.
        writer: To the daemon.
    """

    def __init__(
        self, session: ClientSession, reader: asyncio.StreamReader, writer: Any
    ) -> None:
        self.session = session
        self.reader = reader
        self.writer = writer

    def say(self, method: str, *args: Any, **more: Any) -> int:
        """Send a call; return its number."""
        self.writer.write(self.session.call(method, args, {}, **more))
        return self.session.seq

    def cancel(self, seq: int) -> None:
        """Give a call up, and want to see its answer all the same."""
        self.writer.write(self.session.abandon(seq))
        self.session._abandoned.discard(seq)

    def credit(self, seq: int, count: int) -> None:
        """Take more messages of a stream."""
        self.writer.write(self.session.credit(seq, count))

    async def hear(self) -> Any:
        """Return what comes next; None if it is the end."""
        while (event := self.session.next()) is None:
            data = await self.reader.read(65536)
            if not data:
                return None
            self.session.receive(data)
        return event

    async def ask(self, method: str, *args: Any, **more: Any) -> Any:
        """Make a call; return its result when nothing else comes before."""
        seq = self.say(method, *args, **more)
        reply = await self.hear()
        assert isinstance(reply, Reply), reply
        assert reply.seq == seq
        return reply.unwrap()

    async def tell(self, method: str, *args: Any) -> None:
        """Make a one-way call."""
        self.say(method, *args, flags=ONEWAY)


@asynccontextmanager
async def talking(
    uri: URI, features: frozenset[str] = FEATURES, beat: float | None = None
) -> AsyncIterator[Talker]:
    """Greet the daemon of *uri*, and hang up at the end."""
    codecs = make_codecs(ClassTable(), Settings())
    session = ClientSession(uri.object, codecs, features=features, beat=beat)
    if uri.socket_name is not None:
        reader, writer = await asyncio.open_unix_connection(uri.socket_name)
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", uri.port)
    talker = Talker(session, reader, writer)
    try:
        writer.write(session.greet())
        assert isinstance(await talker.hear(), Welcome)
        yield talker
    finally:
        writer.transport.abort()
