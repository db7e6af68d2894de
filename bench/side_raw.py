"""The raw side: bytes between two processes, with nothing around them.

A client sends either zeros, which come back as they are, or a line: ``S`` and how many
numbers it wants, each in a line; ``E`` and how many bytes follow that are to come back;
``A`` and how many bytes follow that are to be taken, into memory of their own.
"""

from __future__ import annotations

import platform
import socket
import threading
from collections.abc import Callable

from driver import (
    DATA,
    answer_orders,
    by_threads,
    make_array_bytes,
    play,
    repeat,
    sending,
    sum_of,
)

SIZE = 100


def serve() -> None:
    """Do as told; a thread per client."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection: socket.socket) -> None:
    """Serve one client."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    echo = bytearray(len(DATA))  # the same memory each time: nothing else is quicker
    with connection:
        while data := connection.recv(4096):
            kind = data[:1]
            if kind == b"\0":
                connection.sendall(data)
                continue
            line, _, start = data.partition(b"\n")
            if kind == b"S":
                with connection.makefile("wb") as stream:
                    stream.writelines(b"%d\n" % number for number in range(int(line[1:])))
            elif kind == b"E":
                receive(connection, echo, start)
                connection.sendall(echo)
            else:
                place = bytearray(int(line[1:]))
                receive(connection, place, start)
                connection.sendall(bytes([sum_of(place)]))


def receive(connection: socket.socket, place: bytearray, start: bytes = b"") -> None:
    """Fill *place*, with *start* first."""
    place[: len(start)] = start
    view = memoryview(place)[len(start) :]
    while view:
        view = view[connection.recv_into(view) :]


def measure(address: str) -> None:
    """Send, and wait until all of it is back."""

    def connect() -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", int(address)))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def pinging(connection: socket.socket) -> Callable[[], None]:
        message = bytes(SIZE)

        def ping() -> None:
            connection.sendall(message)
            missing = SIZE
            while missing:
                missing -= len(connection.recv(4096))

        return ping

    def connect_and_ping() -> None:
        with connect() as once:
            pinging(once)()

    def stream(count: int) -> None:
        own.sendall(b"S%d\n" % count)
        with own.makefile("rb") as lines:
            for _ in range(count):
                int(lines.readline())

    def echo() -> None:
        own.sendall(b"E%d\n" % len(DATA))
        own.sendall(DATA)
        receive(own, place)

    def take(data: bytes) -> int:
        own.sendall(b"A%d\n" % len(data))
        own.sendall(data)
        return own.recv(1)[0]

    place = bytearray(len(DATA))
    with connect() as own:
        answer_orders(
            f"raw sockets, Python {platform.python_version()}",
            {
                "call": repeat(pinging(own)),
                "connect": repeat(connect_and_ping),
                "bytes": repeat(echo),
                "array": sending(make_array_bytes, take),
                "threads": by_threads(lambda: pinging(connect())),
                "stream": stream,
            },
        )


if __name__ == "__main__":
    play(serve, measure)
