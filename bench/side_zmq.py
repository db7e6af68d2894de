"""The side of ZeroMQ's REQ and REP with msgpack; in the environment of the peers."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import msgpack
import zmq

from driver import (
    answer_orders,
    check_tree,
    echoing,
    make_array_bytes,
    play,
    repeat,
    sending,
    sum_of,
)

METHODS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "echo": lambda value: value,
    "take": sum_of,
}


def serve() -> None:
    """Answer lists of a method's name and its arguments."""
    socket = zmq.Context().socket(zmq.REP)
    print(socket.bind_to_random_port("tcp://127.0.0.1"), flush=True)
    while True:
        name, *args = msgpack.unpackb(socket.recv())
        socket.send(msgpack.packb(METHODS[name](*args)))


def measure(address: str) -> None:
    """Send such lists."""
    context = zmq.Context()

    def connect() -> Any:
        socket = context.socket(zmq.REQ)
        socket.connect(f"tcp://127.0.0.1:{address}")
        return socket

    def call(socket: Any, *request: Any) -> Any:
        socket.send(msgpack.packb(request))
        return msgpack.unpackb(socket.recv())

    def call_once() -> None:
        with connect() as once:
            call(once, "add", 1, 2)

    own = connect()
    answer_orders(
        f"pyzmq {version('pyzmq')}, msgpack {version('msgpack')}, "
        f"Python {platform.python_version()}",
        {
            "call": repeat(lambda: call(own, "add", 1, 2)),
            "connect": repeat(call_once),
            "tree": repeat(check_tree(lambda tree: call(own, "echo", tree))),
            "bytes": echoing(lambda data: call(own, "echo", data)),
            "array": sending(make_array_bytes, lambda data: call(own, "take", data)),
        },
    )
    context.destroy(linger=0)


if __name__ == "__main__":
    play(serve, measure)
