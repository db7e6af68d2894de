"""The raw side: 100 bytes to and fro between two processes, with nothing around them."""

from __future__ import annotations

import platform
import socket
import sys

from driver import answer_orders, end_with_parent

SIZE = 100


def serve() -> None:
    """Send back what comes, to one client at a time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                while data := connection.recv(4096):
                    connection.sendall(data)


def measure(address: str) -> None:
    """Send, and wait until all of it is back."""
    connection = socket.create_connection(("127.0.0.1", int(address)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    message = bytes(SIZE)

    def ping() -> None:
        connection.sendall(message)
        missing = SIZE
        while missing:
            missing -= len(connection.recv(4096))

    with connection:
        answer_orders(f"raw socket, Python {platform.python_version()}", {"ping": ping})


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        end_with_parent()
        serve()
    else:
        measure(sys.argv[2])
