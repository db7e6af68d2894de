"""What strangers can do to a daemon that handles requests in a way of its own: nothing.

Such a daemon reads from its connections itself, with waits.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro4.daemons
from Pyro4.configuration import config
from Pyro4.exposure import expose
from pyrophone.wire import framing as framing502

LIMIT = 10.0
HEADER = struct.Struct("!4sHHHHiHHHH")
CONNECT, CONNECT_OK, CONNECT_FAIL, INVOKE, RESULT, PING = range(1, 7)
JSON, MARSHAL = 2, 3
META = 0x10
HELLO = {"handshake": "hello", "object": "adder"}


@expose
class Adder:
    """What the daemon serves."""

    def add(self, one: int, two: int) -> int:
        return one + two


class Hooked(Pyro4.daemons.Daemon):
    """A daemon that looks at requests first."""

    def handleRequest(self, conn: Any) -> None:
        super().handleRequest(conn)


def message(
    kind: int, payload: Any = b"", flags: int = 0, seq: int = 0, **size: int
) -> bytes:
    """Return the bytes of a message; its *size* need not be right."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    announced = size.get("size", len(data))
    checksum = sum((kind, 48, announced, JSON, flags, seq, 0x34E9)) & 0xFFFF
    return (
        HEADER.pack(b"PYRO", 48, kind, flags, seq, announced, JSON, 0, 0, checksum) + data
    )


def call(*args: Any) -> bytes:
    """Return a request."""
    form = {"object": "adder", "method": "add", "params": args, "kwargs": {}}
    return message(INVOKE, form, seq=1)


class Stranger(socket.socket):
    """A client by hand."""

    def __init__(self, place: Any) -> None:
        super().__init__()
        self.settimeout(LIMIT)
        self.connect(place)

    def ask(self, data: bytes) -> tuple[int, Any]:
        """Send *data*; return kind and payload of the answer."""
        self.sendall(data)
        head = self.exactly(HEADER.size)
        _, _, kind, _, _, size, codec, chunks, _, _ = HEADER.unpack(head)
        self.exactly(chunks)
        payload = self.exactly(size)
        return kind, (marshal if codec == MARSHAL else json).loads(payload)

    def exactly(self, size: int) -> bytes:
        """Return so many bytes."""
        data = b""
        while len(data) < size:
            more = self.recv(size - len(data))
            if not more:
                raise EOFError(data)
            data += more
        return data

    def gone(self) -> bool:
        """Tell whether the server has hung up."""
        with contextlib.suppress(ConnectionError):
            return self.recv(1) == b""
        return True


@pytest.fixture
def connect(server_type: str, running: Callable[[Any], Any]) -> Iterator[Any]:
    """Give a function that connects; afterwards the server must still answer."""
    daemon = Hooked()
    daemon.register(Adder(), "adder")
    place = running(daemon).sock.getsockname()
    with contextlib.ExitStack() as strangers:
        yield lambda: strangers.enter_context(Stranger(place))
        with Stranger(place) as last:
            assert last.ask(message(CONNECT, HELLO, META))[0] == CONNECT_OK
            assert last.ask(call(2, 3)) == (RESULT, 5)


BAD_HEADS = {
    "negative size": (message(CONNECT, size=-1), "invalid payload size: -1"),
    "large": (message(CONNECT, size=0x7FFFFFFF), "message too large"),
    "just too large": (message(CONNECT, size=16385), "message too large"),
    "another kind": (message(INVOKE, size=100), "invalid message type INVOKE"),
}


@pytest.mark.parametrize("name", BAD_HEADS)
def test_a_greeting_is_refused_by_its_header(connect: Any, name: str) -> None:
    data, reason = BAD_HEADS[name]
    client = connect()
    kind, text = client.ask(data)
    assert kind == CONNECT_FAIL
    assert reason in text
    assert client.gone()


def test_a_greeting_of_pyro5_is_refused_by_its_header(connect: Any) -> None:
    hello = framing502.encode(framing502.Message(framing502.CONNECT, 1, 0, 0, bytes(16385)))
    client = connect()
    client.sendall(hello[: framing502.HEADER.size])
    assert client.exactly(HEADER.size)[6] == framing502.CONNECT_FAIL


@pytest.mark.parametrize(
    "data",
    [
        message(INVOKE, size=-1, seq=1),
        message(CONNECT, size=0x7FFFFFFF),
        message(RESULT, size=100),
        message(INVOKE, size=100)[:-1] + b"\x00",
    ],
)
def test_a_request_that_is_none_is_not_waited_for(connect: Any, data: bytes) -> None:
    client = connect()
    client.ask(message(CONNECT, HELLO, META))
    client.sendall(data)
    assert client.gone()


@pytest.mark.slow
def test_who_greets_byte_by_byte_is_cut_off(connect: Any) -> None:
    config.COMMTIMEOUT = 0.4  # each byte is quick enough, all of them are not
    client = connect()
    client.sendall(message(CONNECT, size=16000))
    deadline = time.monotonic() + LIMIT
    while not select.select([client], [], [], 0.05)[0] and time.monotonic() < deadline:
        with contextlib.suppress(ConnectionError):
            client.send(b" ")
    assert time.monotonic() < deadline
    assert client.gone()
