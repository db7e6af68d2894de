"""A daemon by hand, behind whatever has ``send`` and ``recv``."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

import pytest

import Pyro5.api
from Pyro5 import errors
from Pyro5.socketutil import SocketConnection
from pyrophone.classic.answering import Recorder, address
from pyrophone.errors import MessageTooLargeError


class Tape:
    """What came, and what was sent."""

    def __init__(self, incoming: bytes) -> None:
        self.incoming = incoming
        self.sent = b""

    def recv(self, size: int) -> bytes:
        data, self.incoming = self.incoming[:size], self.incoming[size:]
        if not data:
            raise errors.ConnectionClosedError("the end")
        return data

    def send(self, data: bytes) -> None:
        self.sent += data


def test_junk_in_place_of_a_greeting_is_refused() -> None:
    with Pyro5.api.Daemon() as daemon:
        tape = Tape(b"GET / HTTP/1.1\r\n" + b" " * 40)
        assert not daemon._handshake(tape)
        assert tape.sent[:4] == b"PYRO"
        silent = Tape(b"")
        assert not daemon._handshake(silent)
        assert silent.sent == b""


def test_a_client_is_the_same_one_each_time() -> None:
    class Counter:
        pass

    with Pyro5.api.Daemon() as daemon:
        conn: Any = Tape(b"")
        assert daemon._pyroClient(conn) is daemon._pyroClient(conn)
        setattr(Counter, "_pyroInstancing", ("session", None))  # noqa: B010
        first = daemon._getInstance(Counter, conn)
        assert daemon._getInstance(Counter, conn) is first
        assert daemon._getInstance(Counter, Tape(b"")) is not first


def test_a_recorder_keeps_what_came() -> None:
    recorder = Recorder(Tape(b"abcdef"))
    assert recorder.recv(4) == b"abcd"
    with pytest.raises(errors.ConnectionClosedError):
        Recorder(Tape(b"")).recv(1)
    assert bytes(recorder.data) == b"abcd"


def test_a_stand_in_has_no_address() -> None:
    assert address(object()) == ""


def test_a_recorder_reads_no_more_than_it_may_behind_the_header() -> None:
    recorder = Recorder(Tape(b"header" + b"x" * 20), limit=10)
    recorder.recv(6)
    recorder.recv(10)
    with pytest.raises(MessageTooLargeError, match="11 bytes, max=10"):
        recorder.recv(11)


@pytest.mark.parametrize("trickles", [False, True])
def test_who_greets_too_slowly_is_cut_off(trickles: bool) -> None:
    ours, theirs = socket.socketpair()
    with Pyro5.api.Daemon() as daemon, ours, theirs:
        ours.settimeout(0.2)
        conn = SocketConnection(ours)
        thread = threading.Thread(target=daemon._handshake, args=(conn,))
        thread.start()
        with suppress(OSError):
            while trickles and thread.is_alive():
                theirs.send(b"P")  # each is quick enough
                thread.join(0.01)
        thread.join(10)
        assert not thread.is_alive()
