"""Large messages leave whole, in order, and as they were."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from pyrophone.aio import outflow
from pyrophone.aio.outflow import Outflow
from pyrophone.wire.buffers import Data, Pieces

Run = Callable[[Coroutine[Any, Any, Any]], Any]
SIZE = 4 << 20  # more than a pair of sockets takes


class Sender(asyncio.Protocol):
    """Sends what is large, and counts how often all was sent."""

    def __init__(self) -> None:
        self.paused = False
        self.rounds = 0
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.outflow = Outflow(self.transport, self)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.outflow.go_on()

    def flowed(self) -> None:
        self.rounds += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


async def pair() -> tuple[Sender, socket.socket]:
    """Return one who sends, and the socket where that arrives."""
    here, there = socket.socketpair()
    here.setblocking(False)
    there.setblocking(False)
    _, sender = await asyncio.get_running_loop().create_connection(Sender, sock=here)
    return sender, there


async def received(there: socket.socket, size: int) -> bytes:
    """Return *size* bytes that arrive, or what came when no more do."""
    loop = asyncio.get_running_loop()
    data = bytearray()
    while len(data) < size and (piece := await loop.sock_recv(there, 1 << 20)):
        data += piece
    return bytes(data)


def pieces(*contents: Any) -> Data:
    """Return a message with buffers."""
    return Pieces(contents)


async def closed(sender: Sender, there: socket.socket) -> None:
    """Close both ends."""
    there.close()
    sender.transport.abort()
    await sender.lost


@pytest.mark.parametrize("direct", [True, False])
def test_messages_arrive_behind_one_another(
    run: Run, monkeypatch: pytest.MonkeyPatch, direct: bool
) -> None:
    if not direct:  # as where there is no such call
        monkeypatch.setattr(outflow, "_writev", None)
    large = bytearray(range(256)) * (SIZE // 256)

    async def main() -> None:
        sender, there = await pair()
        sender.outflow.write(pieces(b"head", large, b"text"))
        assert sender.paused
        sender.outflow.write(b"small")
        sender.outflow.write(pieces(b"more", bytes(100_000)))
        sender.outflow.write(b"last")
        assert not sender.rounds
        wanted = b"head" + large + b"textsmallmore" + bytes(100_000) + b"last"
        assert await received(there, len(wanted)) == wanted
        assert [sender.rounds] == [1]
        sender.outflow.write(b"again")
        assert await received(there, 5) == b"again"
        assert [sender.rounds] == [2]
        await closed(sender, there)

    run(main())


def test_what_is_not_sent_at_once_is_copied(run: Run) -> None:
    large = bytearray(SIZE)

    async def main() -> None:
        sender, there = await pair()
        sender.outflow.write(pieces(large))
        large[:] = b"x" * SIZE
        assert await received(there, SIZE) == bytes(SIZE)
        await closed(sender, there)

    run(main())


def test_what_is_lent_is_sent_from_where_it_is(run: Run) -> None:
    large = bytearray(SIZE)

    async def main() -> None:
        sender, there = await pair()
        sender.outflow.write(pieces(large), lent=True)
        large[-1] = 1
        assert (await received(there, SIZE))[-1] == 1
        await closed(sender, there)

    run(main())


def test_what_is_given_back_is_copied(run: Run) -> None:
    large = bytearray(SIZE)

    async def main() -> None:
        sender, there = await pair()
        sender.outflow.write(pieces(large), lent=True)
        sender.outflow.own()
        large[:] = b"x" * SIZE
        large.clear()  # nobody holds it
        assert await received(there, SIZE) == bytes(SIZE)
        await closed(sender, there)

    run(main())


def test_the_transport_gets_the_rest_before_it_is_closed(run: Run) -> None:
    async def main() -> None:
        sender, there = await pair()
        sender.outflow.write(pieces(bytes(SIZE)))
        sender.outflow.write(b"last")
        sender.outflow.flush()
        sender.transport.close()
        assert await received(there, SIZE + 5) == bytes(SIZE) + b"last"
        there.close()
        await sender.lost

    run(main())


def test_nothing_waits_for_one_who_is_gone(run: Run) -> None:
    large = bytearray(SIZE)

    async def main() -> None:
        sender, there = await pair()
        sender.outflow.write(pieces(large), lent=True)
        there.close()
        await sender.lost
        sender.paused = False
        assert sender.outflow.go_on()
        large.clear()
        sender.outflow.write(pieces(b"x"))

    run(main())


def test_who_is_gone_is_noticed_by_the_transport(run: Run) -> None:
    async def main() -> None:
        sender, there = await pair()
        there.close()
        sender.outflow.write(pieces(bytes(SIZE)))
        assert isinstance(await sender.lost, OSError)

    run(main())


def test_others_get_their_turn(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outflow, "_TURN", 1000)

    async def main() -> None:
        sender, there = await pair()
        sender.outflow.write(pieces(bytes(2000), bytes(SIZE)))
        assert (sender.paused, sender.rounds) == (False, 0)
        assert await received(there, SIZE + 2000) == bytes(SIZE + 2000)
        await closed(sender, there)

    run(main())
