"""The raw side: bytes between two processes, with nothing around them."""

from __future__ import annotations

import platform
import socket
import sys
import threading
from collections.abc import Callable

from driver import answer_orders, by_threads, end_with_parent, repeat

SIZE = 100


def serve() -> None:
    """Send back what comes, or numbers if they are asked for; a thread per client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection: socket.socket) -> None:
    """Serve one client."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        while data := connection.recv(4096):
            if data[:1] == b"S":
                with connection.makefile("wb") as stream:
                    stream.writelines(b"%d\n" % number for number in range(int(data[1:])))
            else:
                connection.sendall(data)


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

    def stream(count: int) -> None:
        own.sendall(b"S%d" % count)
        for _ in range(count):
            int(lines.readline())

    with connect() as own, own.makefile("rb") as lines:
        answer_orders(
            f"raw sockets, Python {platform.python_version()}",
            {
                "call": repeat(pinging(own)),
                "threads": by_threads(lambda: pinging(connect())),
                "stream": stream,
            },
        )


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        end_with_parent()
        serve()
    else:
        measure(sys.argv[2])
