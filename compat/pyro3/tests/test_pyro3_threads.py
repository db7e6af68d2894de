"""Objects that are threads: both have an attribute named daemon."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import Pyro.core


class Worker(Pyro.core.ObjBase, threading.Thread):
    def __init__(self) -> None:
        threading.Thread.__init__(self)
        Pyro.core.ObjBase.__init__(self)
        self.got: list[Any] = []

    def run(self) -> None:
        inner = threading.Thread(target=self.got.append, args=(1,))
        inner.start()
        inner.join()

    def count(self) -> int:
        return len(self.got)


def test_a_thread_that_is_not_connected() -> None:
    worker = Worker()
    assert worker.daemon is False
    worker.daemon = True
    assert worker.daemon is True
    worker.start()
    worker.join()
    assert worker.got == [1]


def test_a_thread_that_is_connected(running: Callable[..., Any]) -> None:
    worker = Worker()
    daemon = running()
    daemon.connect(worker)
    worker.daemon = True  # as setDaemon does
    assert worker.getDaemon() is daemon
    worker.start()
    worker.join()
    proxy = worker.getProxy()
    assert proxy.count() == 1
    daemon.disconnect(worker)  # it has run: a thread could not be told any more
    assert worker.getDaemon() is None
    proxy._release()


def test_a_program_may_keep_a_daemon_there(running: Callable[..., Any]) -> None:
    target = Pyro.core.ObjBase()
    with pytest.raises(AttributeError):
        assert target.daemon
    first, second = running(), running()
    target.daemon = first
    assert target.daemon is target.getDaemon() is first
    second.connect(target)
    assert target.daemon is second
    target.daemon = None
    assert target.getDaemon() is None
