"""A channel sends what there is room for, and waits for what can be read or sent."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from pyrophone.sync.channels import READ, WRITE, Channel, LateError


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    here, there = socket.socketpair()
    channel = Channel(here)
    yield channel, there
    channel.close()
    there.close()


def test_it_waits_for_what_is_asked(ends: tuple[Channel, socket.socket]) -> None:
    channel, there = ends
    assert channel.wait(READ | WRITE) == WRITE
    with pytest.raises(LateError):
        channel.wait(READ, time.monotonic())
    there.sendall(b"x")
    assert channel.wait(READ) == READ
    assert channel.wait(READ | WRITE) == READ | WRITE
    assert next(channel.pieces) == b"x"


def test_it_never_waits_to_send(ends: tuple[Channel, socket.socket]) -> None:
    channel, _ = ends
    sent = channel.send(bytes(10_000_000), channel.flags)
    assert 0 < sent < 10_000_000
    with suppress(BlockingIOError):
        while True:
            channel.send(b"x", channel.flags)
    with pytest.raises(LateError):
        channel.wait(WRITE, time.monotonic())


def test_its_pieces_end_with_the_connection(ends: tuple[Channel, socket.socket]) -> None:
    channel, there = ends
    there.sendall(b"last")
    there.close()
    assert list(channel.pieces) == [b"last"]


def test_a_closed_one_can_not_be_waited_for(ends: tuple[Channel, socket.socket]) -> None:
    channel, there = ends
    channel.shut_down()
    assert there.recv(1) == b""
    channel.close()
    with pytest.raises(OSError, match="closed"):
        channel.wait(READ)


def test_one_that_is_kept_stays_open() -> None:
    here, there = socket.socketpair()
    with here, there:
        channel = Channel(here, keep=True)
        channel.shut_down()
        channel.close()
        here.sendall(b"still")
        assert there.recv(9) == b"still"


def test_it_waits_where_there_is_no_poll_too(
    ends: tuple[Channel, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(select, "poll")
    here, there = socket.socketpair()
    channel = Channel(here)
    with there:
        assert channel.wait(READ | WRITE) == WRITE
        with pytest.raises(LateError):
            channel.wait(READ, time.monotonic())
        with pytest.raises(LateError):
            channel.wait_to_read(time.monotonic())
        there.sendall(b"x")
        assert channel.wait(READ | WRITE) == READ | WRITE
        channel.wait_to_read(time.monotonic() + 1)
    channel.close()
    with pytest.raises(OSError, match="closed"):
        channel.wait(READ)


def test_it_gathers_pieces_and_never_waits(ends: tuple[Channel, socket.socket]) -> None:
    channel, there = ends
    pieces = [memoryview(b"ab"), memoryview(b"c")]
    assert channel.gather(pieces, (), channel.flags) == 3
    assert there.recv(9) == b"abc"
    large = memoryview(bytes(5_000_000))
    sent = channel.gather([large, large], (), channel.flags)
    assert 0 < sent < 10_000_000


def test_it_receives_where_it_is_told(ends: tuple[Channel, socket.socket]) -> None:
    channel, there = ends
    place = bytearray(4)
    there.sendall(b"abc")
    assert channel.scatter(memoryview(place)[1:]) == 3
    assert place == b"\0abc"
    there.close()
    assert channel.scatter(memoryview(place)) == 0
