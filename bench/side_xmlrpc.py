"""The side of XML-RPC, as the standard library has it."""

from __future__ import annotations

import platform
from typing import Any
from xmlrpc.client import Binary, ServerProxy
from xmlrpc.server import SimpleXMLRPCServer

from driver import DATA, answer_orders, check_tree, play, repeat


def add(a: Any, b: Any) -> Any:
    """Return the sum."""
    return a + b


def echo(value: Any) -> Any:
    """Return *value*."""
    return value


def serve() -> None:
    """Serve two functions."""
    with SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False) as server:
        server.register_function(add)
        server.register_function(echo)
        print(server.server_address[1], flush=True)
        server.serve_forever()


def measure(address: str) -> None:
    """Call them."""
    where = f"http://127.0.0.1:{address}"
    server: Any = ServerProxy(where)

    def call_once() -> None:
        with ServerProxy(where) as once:
            once.add(1, 2)

    answer_orders(
        f"xmlrpc, Python {platform.python_version()}",
        {
            "call": repeat(lambda: server.add(1, 2)),
            "connect": repeat(call_once),
            "tree": repeat(check_tree(server.echo)),
            "bytes": repeat(lambda: server.echo(Binary(DATA))),
        },
    )


if __name__ == "__main__":
    play(serve, measure)
