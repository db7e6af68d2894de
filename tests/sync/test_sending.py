"""What there is no room for is kept, and sent in order."""

from __future__ import annotations

import socket

from pyrophone import Settings
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync.channels import Channel
from pyrophone.sync.exchange import Exchange
from pyrophone.wire.client import ClientSession

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
