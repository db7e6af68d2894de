"""The side of gRPC's asyncio; runs in the environment of the benchmark's peers.

In place of protobuf two numbers are packed by :mod:`struct`, which costs less.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

import grpc

from driver import answer_orders_async, at_once, one_by_one, play_on_loop

PAIR = struct.Struct("<qq")
NUMBER = struct.Struct("<q")


async def add(request: tuple[int, int], context: Any) -> int:
    """Return the sum."""
    return request[0] + request[1]


async def numbers(request: tuple[int, int], context: Any) -> AsyncIterator[int]:
    """Yield the numbers from the one to the other."""
    for number in range(*request):
        yield number


def unpack_number(data: bytes) -> int:
    """Undo ``NUMBER.pack``."""
    number: int = NUMBER.unpack(data)[0]
    return number


async def serve() -> None:
    """Serve both."""
    handlers = {
        "add": grpc.unary_unary_rpc_method_handler(add, PAIR.unpack, NUMBER.pack),
        "numbers": grpc.unary_stream_rpc_method_handler(numbers, PAIR.unpack, NUMBER.pack),
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("Bench", handlers),)
    )
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


async def measure(address: str, loop: str) -> None:
    """Call both."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{address}") as channel:

        def pack(request: tuple[int, int]) -> bytes:
            return PAIR.pack(*request)

        call = channel.unary_unary("/Bench/add", pack, unpack_number)
        read = channel.unary_stream("/Bench/numbers", pack, unpack_number)

        async def stream(count: int) -> None:
            async for _ in read((0, count)):
                pass

        await answer_orders_async(
            f"grpcio {version('grpcio')} on {loop}",
            {
                "await": one_by_one(lambda: call((1, 2))),
                "gather": at_once(lambda: call((1, 2))),
                "stream": stream,
            },
        )


if __name__ == "__main__":
    play_on_loop(serve, measure)
