"""What is sent on a connection arrives whole and in order, whoever sends it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from pyrophone import Settings
from pyrophone.context import CallContext, Client
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync.outgoing import Outgoing
from pyrophone.wire.buffers import Pieces
from pyrophone.wire.server import ServerSession
from running import LIMIT


class Overseer:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.stopping = False
        self.told = threading.Event()

    def attention(self, link: Outgoing) -> None:
        self.told.set()


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    here.setblocking(False)
    there.settimeout(LIMIT)
    with here, there:
        yield here, there


def outgoing(sock: socket.socket, overseer: Overseer) -> Outgoing:
    session = ServerSession(make_codecs(ClassTable(), Settings()), greeted=True)
    return Outgoing(sock, session, overseer, keep=False, tls=None)


def test_many_threads_send_whole_messages(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    here, there = sockets
    way = outgoing(here, Overseer())

    def work(letter: bytes) -> None:
        for _ in range(50):
            way.deliver(letter * 20)

    threads = [threading.Thread(target=work, args=(bytes([65 + n]),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    data = b""
    while len(data) < 8 * 50 * 20:
        data += there.recv(65536)
        way.flush()  # small pieces fill the system's buffer, too
    assert all(len(set(data[at : at + 20])) == 1 for at in range(0, len(data), 20))


def test_what_the_client_does_not_take_is_kept_and_told(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    here, there = sockets
    overseer = Overseer()
    way = outgoing(here, overseer)
    way.deliver(b"x" * 5_000_000)
    assert way.stuck
    assert overseer.told.is_set()
    way.deliver(b"y")
    received = 0
    while received < 5_000_001:
        data = there.recv(65536)
        received += len(data)
        way.flush()
    assert data.endswith(b"xy") or data == b"y"
    assert not way.stuck


def test_a_stuck_connection_is_given_no_signs_of_life(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    here, there = sockets
    way = outgoing(here, Overseer())
    way.beat()
    assert there.recv(65536).endswith(b"beat")
    way.deliver(b"x" * 5_000_000)
    way.beat()
    received = b""
    while not way.flush():
        received = there.recv(65536)
    there.setblocking(False)
    while True:
        try:
            received = there.recv(65536)
        except BlockingIOError:
            break
    assert received.endswith(b"x")


def test_a_connection_that_is_lost_is_told(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    here, there = sockets
    overseer = Overseer()
    way = outgoing(here, overseer)
    there.close()
    way.deliver(b"x")
    assert overseer.told.is_set()


class Flow:
    """Stands for a stream."""

    born = 0.0

    def __init__(self) -> None:
        self.credits = 0
        self.stops = 0

    def credited(self) -> None:
        self.credits += 1

    def stop(self, error: BaseException | None = None) -> None:
        self.stops += 1


def test_streams_go_on_when_the_client_takes_more(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    here, there = sockets
    way = outgoing(here, Overseer())
    way.pumps[1] = flow = Flow()
    way.deliver(b"x" * 5_000_000)
    assert way.stuck
    while way.stuck:
        there.recv(65536)
        way.flush()
    assert flow.credits == 1
    way.cancel(1)
    way.cancel(2)  # which nobody knows
    assert flow.stops == 1


@pytest.mark.parametrize("keep", [False, True])
def test_with_a_client_that_is_given_up_its_calls_are_but_one_way_ones(
    sockets: tuple[socket.socket, socket.socket], keep: bool
) -> None:
    here, there = sockets
    session = ServerSession(make_codecs(ClassTable(), Settings()), greeted=True)
    way = Outgoing(here, session, Overseer(), keep=keep, tls=None)
    way.open[1], way.open[-1] = (
        CallContext(Client(), 1, 0, "serpent", {}, None) for _ in range(2)
    )
    way.lose()
    assert (way.open[1].cancelled, way.open[-1].cancelled) == (True, False)
    assert not way.send(b"for nobody")
    if keep:  # it is its owner's
        here.send(b"mine")
        assert there.recv(10) == b"mine"
    else:
        assert there.recv(10) == b""


def test_buffers_that_the_client_does_not_take_are_copied(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    here, there = sockets
    way = outgoing(here, Overseer())
    first, second = bytearray(b"a" * 5_000_000), bytearray(b"b" * 9)
    way.deliver(Pieces([b"begin", memoryview(first)]))
    assert way.stuck
    way.deliver(Pieces([memoryview(second), b"end"]))
    first[:] = bytes(len(first))
    second[:] = bytes(len(second))
    received = bytearray()
    while len(received) < 5_000_017:
        received += there.recv(1_000_000)
        way.flush()
    assert received == b"begin" + b"a" * 5_000_000 + b"b" * 9 + b"end"


def test_buffers_that_are_taken_are_not_copied(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    here, there = sockets
    way = outgoing(here, Overseer())
    pieces = Pieces([b"%03d" % number for number in range(100)])  # more than one call takes
    assert way.send(pieces)
    assert len(pieces) == 0
    assert there.recv(65536) == b"".join(b"%03d" % number for number in range(100))


def test_a_connection_that_is_lost_takes_no_buffers(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    here, there = sockets
    overseer = Overseer()
    way = outgoing(here, overseer)
    there.close()
    way.deliver(Pieces([b"x"]))
    assert overseer.told.is_set()
