"""The keeper gives signs of life, misses those of others, and ends with its work."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from manyfold import End, script
from pyrophone import Settings
from pyrophone.errors import ConnectionLostError
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync.connection import Connection
from running import LIMIT

CODECS = make_codecs(ClassTable(), Settings())
BEAT = 0.1


def opened(uri: Any, beat: float = BEAT) -> Connection:
    return Connection(uri, Settings(beat=beat), CODECS)


def keepers() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "pyrophone-keeper"]


@pytest.mark.slow
def test_a_quiet_connection_gives_signs_of_life_and_needs_those_of_the_peer() -> None:
    stop = threading.Event()
    heard: list[bytes] = []

    def part(end: End) -> None:
        end.sock.settimeout(0.1)
        while not stop.is_set():
            try:
                heard.append(end.sock.recv(65536))
            except TimeoutError:
                end.send(end.session.pulse())

    with script(part, beat=0.5) as uri:  # not so short that a busy machine misses three
        connection = opened(uri, 0.5)
        assert connection.session.beat == 0.5
        until = time.monotonic() + LIMIT
        while len(heard) < 2 and time.monotonic() < until:
            connection.guard.acquire(timeout=0.01)
            connection.guard.release()
        assert not connection.closed
        assert all(data.endswith(b"beat") for data in heard[:2])
        assert heard
        stop.set()
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("calling", [True, False])
def test_silence_is_taken_for_the_end(calling: bool) -> None:
    done = threading.Event()

    def part(end: End) -> None:
        if calling:
            end.call()
        assert done.wait(LIMIT)

    with script(part, beat=BEAT) as uri:
        start = time.monotonic()  # silence begins with the answer to the greeting
        connection = opened(uri)
        if calling:
            with pytest.raises(ConnectionLostError, match="no sign of life"):
                connection.call("f", (), {})
        else:
            keeper = keepers()[0]
            keeper.join(LIMIT)
        assert connection.closed
        assert time.monotonic() - start >= 3 * BEAT
        done.set()


@pytest.mark.slow
def test_its_thread_ends_with_the_last_connection() -> None:
    with script(lambda end: end.event()) as uri:
        connection = opened(uri)
        (keeper,) = keepers()
        connection.close()
        keeper.join(LIMIT)
        assert not keeper.is_alive()
