"""Large buffers are read where they go, and all else as ever."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from pyrophone.aio.landing import Lander, land
from pyrophone.aio.reading import Reader, behind, reader_for
from pyrophone.wire.framing import INVOKE, Decoder, Message, encode_beside

Run = Callable[[Coroutine[Any, Any, Any]], Any]
SIZE = 3 << 20


def message(*buffers: Any, text: bytes = b"text") -> bytes:
    """Return a message with *buffers* beside it."""
    made = Message(INVOKE, 1, 0, 7, text)
    made.lay([memoryview(buffer) for buffer in buffers])
    return bytes(encode_beside(made, False, 1 << 30))


class Taker(asyncio.Protocol):
    """Takes messages, and counts the bytes that came to it itself."""

    def __init__(self) -> None:
        self.decoder = Decoder(1 << 30, 1 << INVOKE)
        self.decoder.beside = True
        self.messages: list[Message] = []
        self.wanted = 1
        self.bytes = 0
        self.reads = 0
        loop = asyncio.get_running_loop()
        self.done = loop.create_future()
        self.lost = loop.create_future()
        self.halves = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        self.take(data)

    def take(self, data: bytes) -> None:
        self.decoder.feed(data)
        while (found := self.decoder.next()) is not None:
            self.messages.append(found)
            if len(self.messages) == self.wanted:
                self.done.set_result(None)
        land(self.decoder, self.transport, self)

    def landed(self, *, done: bool) -> None:
        if done:
            self.take(b"")
        else:
            self.reads += 1

    def eof_received(self) -> None:
        self.halves += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


async def pair() -> tuple[Taker, socket.socket]:
    """Return one who takes messages, and the socket that they are sent by."""
    loop = asyncio.get_running_loop()
    here, there = socket.socketpair()
    here.setblocking(False)
    there.setblocking(False)
    _, reader = await loop.create_connection(lambda: reader_for(Taker(), loop), sock=here)
    taker: Any = behind(reader)
    return taker, there


async def closed(taker: Taker, there: socket.socket) -> None:
    """Close both ends; the one who takes notices it."""
    there.close()
    await taker.lost
    assert taker.halves == 1


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_buffers_go_where_they_belong(run: Run, kind: Any) -> None:
    large = kind(bytes(range(256)) * (SIZE // 256))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        taker, there = await pair()
        await loop.sock_sendall(there, message(large, kind(b"small"), large))
        await taker.done
        [found] = taker.messages
        assert found.payload == b"text"
        assert found.buffers == [large, b"small", large]
        assert type(found.buffers[0]) is kind
        assert taker.reads
        assert taker.bytes < 1 << 20
        await closed(taker, there)

    run(main())


def test_what_comes_behind_is_read_as_ever(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        taker, there = await pair()
        usual = taker.transport.get_protocol()
        taker.wanted = 5
        for part in (
            message(bytes(SIZE)) + message(text=b"one"),
            message(bytes(100)) + message(bytes(SIZE)),
            message(text=b"two"),
        ):
            await loop.sock_sendall(there, part)
        await taker.done
        texts = [found.payload for found in taker.messages]
        assert texts == [b"text", b"one", b"text", b"text", b"two"]
        while taker.transport.get_protocol() is not usual:
            await asyncio.sleep(0)
        taker.done = loop.create_future()
        taker.wanted = 6
        await loop.sock_sendall(there, message(text=b"three"))
        await taker.done
        await closed(taker, there)

    run(main())


def test_a_connection_may_end_in_the_middle(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        taker, there = await pair()
        await loop.sock_sendall(there, message(bytes(SIZE))[: SIZE // 2])
        while not taker.reads:
            await asyncio.sleep(0)
        assert isinstance(taker.transport.get_protocol(), Lander)
        await closed(taker, there)
        assert not taker.messages

    run(main())


def test_one_who_does_not_read_goes_on_not_reading(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        taker, there = await pair()
        taker.transport.pause_reading()
        taker.take(message(bytes(SIZE))[:1000])
        assert isinstance(taker.transport.get_protocol(), Lander)
        await loop.sock_sendall(there, b"x" * 1000)
        for _ in range(9):  # it is there already: the loop would give it at once
            await asyncio.sleep(0)
        assert not taker.reads
        taker.transport.resume_reading()
        while not taker.reads:
            await asyncio.sleep(0)
        await closed(taker, there)

    run(main())


def test_little_is_not_worth_it(run: Run) -> None:
    async def main() -> None:
        taker, there = await pair()
        taker.take(message(bytes(65535))[:100])
        assert not isinstance(taker.transport.get_protocol(), Lander)
        assert taker.decoder.landing is not None
        taker.take(message(bytes(65535))[100:])
        assert len(taker.messages) == 1
        land(taker.decoder, taker.transport, taker)
        await closed(taker, there)

    run(main())


def test_memory_that_is_not_there_ends_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        taker, there = await pair()
        taker.take(message(bytes(SIZE))[:1000])
        landing: Any = taker.decoder.landing
        landing._fail()  # as growing its room does
        there.send(b"xy")
        found = loop.create_future()
        monkeypatch.setattr(taker, "data_received", found.set_result)
        monkeypatch.setattr(taker, "landed", lambda done: None)
        assert await found == b"xy"
        assert isinstance(taker.transport.get_protocol(), Lander | Reader | Taker)
        await closed(taker, there)

    run(main())
