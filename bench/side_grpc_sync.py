"""The side of gRPC with threads; runs in the environment of the benchmark's peers.

What is sent is packed as in ``side_grpc.py``.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import grpc

from driver import (
    THREADS,
    answer_orders,
    by_threads,
    echoing,
    make_array_bytes,
    play,
    repeat,
    sending,
    sum_of,
)
from side_grpc import NUMBER, PAIR, unpack_number

OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def add(request: tuple[int, int], context: Any) -> int:
    """Return the sum."""
    return request[0] + request[1]


def echo(data: bytes, context: Any) -> bytes:
    """Return *data*."""
    return data


def take(data: bytes, context: Any) -> int:
    """Return what says that the bytes are there."""
    return sum_of(data)


def numbers(request: tuple[int, int], context: Any) -> Iterator[int]:
    """Yield the numbers from the one to the other."""
    yield from range(*request)


def serve() -> None:
    """Serve them."""
    unary = grpc.unary_unary_rpc_method_handler
    handlers = {
        "add": unary(add, PAIR.unpack, NUMBER.pack),
        "echo": unary(echo),
        "take": unary(take, None, NUMBER.pack),
        "numbers": grpc.unary_stream_rpc_method_handler(numbers, PAIR.unpack, NUMBER.pack),
    }
    server = grpc.server(ThreadPoolExecutor(THREADS), options=OPTIONS)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("Bench", handlers),)
    )
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


def measure(address: str) -> None:
    """Call them."""
    where = f"127.0.0.1:{address}"

    def pack(request: tuple[int, int]) -> bytes:
        return PAIR.pack(*request)

    def adding(channel: Any) -> Any:
        return channel.unary_unary("/Bench/add", pack, unpack_number)

    def call_once() -> None:
        # else it would share the connection of the other channel
        options = [*OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(where, options=options) as once:
            adding(once)((1, 2))

    with grpc.insecure_channel(where, options=OPTIONS) as channel:
        call = adding(channel)
        echo = channel.unary_unary("/Bench/echo")
        take = channel.unary_unary("/Bench/take", None, unpack_number)
        read = channel.unary_stream("/Bench/numbers", pack, unpack_number)

        answer_orders(
            f"grpcio {version('grpcio')}, Python {platform.python_version()}",
            {
                "call": repeat(lambda: call((1, 2))),
                "connect": repeat(call_once),
                "bytes": echoing(echo),
                "array": sending(make_array_bytes, take),
                "threads": by_threads(lambda: lambda: call((1, 2))),
                "stream": lambda count: sum(1 for _ in read((0, count))),
            },
        )


if __name__ == "__main__":
    play(serve, measure)
