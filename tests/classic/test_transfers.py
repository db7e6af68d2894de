"""All bytes, or an error of the generation."""

from __future__ import annotations

import gc
import socket
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from pyrophone.classic.transfers import WAITS_FOR_ALL, receive_data, send_data


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


class Recording:
    """A socket that gives two bytes at a time, and keeps how it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def recv(self, *how: int) -> bytes:
        """Give two bytes."""
        self.asked.append(how)
        return b"ab"


@pytest.mark.skipif(not WAITS_FOR_ALL, reason="not on this system")
@pytest.mark.parametrize("wanted", [True, False])
def test_the_system_is_asked_for_all_at_once_if_wanted(wanted: bool) -> None:
    sock = Recording()
    assert receive_data(PYRO5, sock, 4, wait_for_all=wanted) == b"abab"
    assert sock.asked == [(4, socket.MSG_WAITALL) if wanted else (4,), (2,)]


def test_room_is_made_only_as_bytes_come() -> None:
    class Ending(Recording):
        def recv(self, *how: int) -> bytes:
            super().recv(*how)
            return b""

    sock = Ending()
    with pytest.raises(errors.ConnectionClosedError):
        receive_data(PYRO5, sock, 1 << 31)  # which somebody may just announce
    assert max(how[0] for how in sock.asked) == 1 << 24


def test_errors_are_those_of_the_generation(pair: Any) -> None:
    near, far = pair
    far.settimeout(0.01)
    with pytest.raises(errors.TimeoutError, match=r"^receiving: timeout$"):
        receive_data(PYRO5, far, 1)
    send_data(PYRO5, near, b"abc")
    near.close()
    with pytest.raises(errors.ConnectionClosedError, match="not enough data") as caught:
        receive_data(PYRO5, far, 5)
    assert vars(caught.value) == {"partialData": b"abc"}
    with pytest.raises(errors.ConnectionClosedError, match="connection lost"):
        send_data(PYRO5, far, b"x")


def test_an_error_keeps_nothing_alive(pair: tuple[socket.socket, socket.socket]) -> None:
    """A proxy that lost its connection would go, and hang up, only with the garbage."""

    class Held:
        """Stands for a proxy, in a frame of the traceback."""

    def ask() -> weakref.ref[Held]:
        held = Held()
        with pytest.raises(errors.ConnectionClosedError):
            receive_data(PYRO5, near, 1)
        return weakref.ref(held)

    near, far = pair
    far.close()
    gc.disable()
    try:
        assert ask()() is None
    finally:
        gc.enable()
