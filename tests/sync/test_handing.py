"""Calls that others run than who reads them."""

from __future__ import annotations

import threading

import pytest

from pyrophone import Settings, expose, oneway
from pyrophone.sync import Daemon, LoopDaemon, connect
from running import LIMIT, running


class Bell:
    """Says that it was rung, and in which thread, before it goes on."""

    def __init__(self) -> None:
        self.rung = threading.Semaphore(0)
        self.go = threading.Event()
        self.threads: list[str] = []

    @expose
    @oneway
    def ring(self) -> None:
        self.threads.append(threading.current_thread().name)
        self.rung.release()
        assert self.go.wait(LIMIT)

    @expose
    def quick(self) -> int:
        return 1


@pytest.mark.parametrize("kind", [Daemon, LoopDaemon])
def test_one_way_calls_can_have_threads_of_their_own(kind: type[LoopDaemon]) -> None:
    bell = Bell()
    daemon = kind(settings=Settings(oneway_threads=2))
    with running(daemon), connect(daemon.register(bell)) as proxy:
        for _ in range(3):
            proxy.ring()
        for _ in range(2):
            assert bell.rung.acquire(timeout=LIMIT)
        assert proxy.quick() == 1  # not held up
        assert not bell.rung.acquire(blocking=False)  # the third one waits
        bell.go.set()
        assert bell.rung.acquire(timeout=LIMIT)
    assert bell.threads == ["oneway-call"] * 3
