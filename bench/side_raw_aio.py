"""The raw side of event loops: 100 bytes to and fro by protocols, lines by streams.

A reply belongs to the oldest question without one: less can't be kept in mind.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

from driver import answer_orders_async, at_once, one_by_one, play_on_loop

SIZE = 100


class Server(asyncio.Protocol):
    """Sends back what comes."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to send."""
        self.transport = cast(asyncio.Transport, transport)  # that of uvloop is none

    def data_received(self, data: bytes) -> None:
        """Send it back."""
        self.transport.write(data)


class Client(asyncio.Protocol):
    """Gives each reply to who waits for it."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._loop = asyncio.get_running_loop()
        self._got = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to send."""
        self.transport = cast(asyncio.Transport, transport)  # that of uvloop is none

    def data_received(self, data: bytes) -> None:
        """Wake those whose reply is there."""
        self._got += len(data)
        while self._got >= SIZE:
            self._got -= SIZE
            self._waiting.popleft().set_result(None)

    def ping(self) -> asyncio.Future[None]:
        """Send 100 bytes; the result comes when they are back."""
        self.transport.write(bytes(SIZE))
        waiting = self._loop.create_future()
        self._waiting.append(waiting)
        return waiting


async def send_numbers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send as many numbers as we are asked for, each in a line."""
    while line := await reader.readline():
        for number in range(int(line)):
            writer.write(b"%d\n" % number)
            await writer.drain()
    writer.close()


async def serve() -> None:
    """Serve both."""
    pings = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    streams = await asyncio.start_server(send_numbers, "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (pings, streams)]
    print(*ports, sep=",", flush=True)
    await pings.serve_forever()


async def measure(address: str, loop: str) -> None:
    """Use both."""
    ping_port, stream_port = map(int, address.split(","))
    _, client = await asyncio.get_running_loop().create_connection(
        Client, "127.0.0.1", ping_port
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", stream_port)

    async def stream(count: int) -> None:
        writer.write(b"%d\n" % count)
        for _ in range(count):
            int(await reader.readline())

    await answer_orders_async(
        f"raw protocols and streams of {loop}",
        {
            "await": one_by_one(client.ping),
            "gather": at_once(client.ping),
            "stream": stream,
        },
    )
    client.transport.close()
    writer.close()


if __name__ == "__main__":
    play_on_loop(serve, measure)
