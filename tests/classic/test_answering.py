"""A daemon by hand, behind whatever has ``send`` and ``recv``."""

from __future__ import annotations

from typing import Any

import pytest

import Pyro5.api
from Pyro5 import errors
from pyrophone.classic.answering import Recorder, address


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
