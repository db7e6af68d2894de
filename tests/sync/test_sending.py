"""What there is no room for is kept, and sent in order."""

from __future__ import annotations

import socket
import time

import pytest

from pyrophone import Settings
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync.channels import Channel, LateError
from pyrophone.sync.exchange import Exchange
from pyrophone.wire.buffers import Pieces
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Reply

CODECS = make_codecs(ClassTable(), Settings())


def test_what_the_peer_does_not_take_is_sent_later_and_in_order() -> None:
    here, there = socket.socketpair()
    with there:
        exchange = Exchange(ClientSession("x", CODECS, greeted=True), Channel(here))
        exchange.shared = True
        exchange.say(lambda: b"a" * 5_000_000)
        exchange.say(lambda: b"b")
        assert exchange.wanted()  # somebody is to see to it
        received = b""
        while len(received) < 5_000_001:
            received += there.recv(1_000_000)
            exchange.look()
        assert received == b"a" * 5_000_000 + b"b"
        exchange.close()
        exchange.say(lambda: b"c")
        assert there.recv(1) == b""


def test_a_peer_that_is_gone_is_no_error_of_who_says_something() -> None:
    here, there = socket.socketpair()
    exchange = Exchange(ClientSession("x", CODECS, greeted=True), Channel(here))
    there.close()
    exchange.say(lambda: b"x")
    assert exchange.closed


def test_pieces_are_sent_in_order_and_what_is_left_is_nobody_elses() -> None:
    here, there = socket.socketpair()
    with there:
        exchange = Exchange(ClientSession("x", CODECS, greeted=True), Channel(here))
        exchange.shared = True
        array = bytearray(b"a" * 5_000_000)
        short = [b"%04d" % number for number in range(200)]
        pieces: list[bytes | memoryview] = [b"begin", memoryview(array), *short, b"end"]
        whole = b"".join(pieces)
        exchange.say(lambda: Pieces(pieces))
        exchange.say(lambda: b"behind")
        array[:] = bytes(len(array))
        received = b""
        while len(received) < len(whole) + 6:
            received += there.recv(1_000_000)
            exchange.look()
        assert received == whole + b"behind"
        exchange.close()


def test_who_gives_up_may_change_what_was_not_sent() -> None:
    here, there = socket.socketpair()
    with there:
        session = ClientSession("x", CODECS, greeted=True)
        exchange = Exchange(session, Channel(here))
        exchange.shared = True
        array = bytearray(b"a" * 5_000_000)
        limit = time.monotonic() + 0.05
        with pytest.raises(LateError):
            exchange.exchange(lambda _: Pieces([memoryview(array)]), None, Reply, limit)
        array[:] = bytes(len(array))
        received = b""
        while len(received) < 5_000_000:
            received += there.recv(1_000_000)
            exchange.look()
        assert received == b"a" * 5_000_000
        exchange.close()
