"""Reads go into a buffer that is there, as large as they need."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from pyrophone.aio.reading import Reader, behind, reader_for

Run = Callable[[Coroutine[Any, Any, Any]], Any]


class Notes(asyncio.Protocol):
    """Notes what happens."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.events: list[str] = []
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.events.append("made")

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def eof_received(self) -> None:
        self.events.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


def fill(reader: Reader, data: bytes) -> int:
    """Let *data* come in, as much of it as is asked for; return how much that is."""
    room = reader.get_buffer(-1)
    size = min(len(room), len(data))
    room[:size] = data[:size]
    reader.buffer_updated(size)
    return size


def test_the_protocol_gets_all_that_happens(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        here, there = socket.socketpair()
        with here, there:
            here.setblocking(False)
            protocol = Notes()
            _, reader = await loop.create_connection(
                lambda: reader_for(protocol, loop), sock=here
            )
            assert behind(reader) is protocol
            there.sendall(b"good day")
            there.shutdown(socket.SHUT_WR)
            assert await protocol.lost is None
        assert protocol.pieces == [b"good day"]
        assert protocol.events == ["made", "eof"]

    run(main())


def test_loops_with_a_buffer_of_their_own_read_themselves(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        protocol = Notes()
        own = not isinstance(loop, asyncio.BaseEventLoop)
        assert (reader_for(protocol, loop) is protocol) == own

    run(main())


def test_what_was_handed_on_stays_as_it_was() -> None:
    async def main() -> None:
        protocol = Notes()
        reader = Reader(protocol)
        fill(reader, b"one")
        fill(reader, b"two")
        assert protocol.pieces == [b"one", b"two"]

    asyncio.run(main())


def test_the_buffer_is_large_while_large_messages_come_and_small_after_a_while() -> None:
    async def main() -> None:
        reader = Reader(Notes())
        large = bytes(1 << 20)
        assert [fill(reader, large) for _ in range(5)] == [
            4096,
            16384,
            65536,
            262144,
            262144,
        ]
        for _ in range(15):
            fill(reader, b"small")
        fill(reader, bytes(5000))  # begins the count anew
        for _ in range(15):
            fill(reader, b"small")
        assert len(reader.get_buffer(-1)) == 262144
        fill(reader, b"small")
        assert len(reader.get_buffer(-1)) == 4096

    asyncio.run(main())
