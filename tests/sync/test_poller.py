"""The poller reports sockets, and can be woken from other threads."""

from __future__ import annotations

import socket
import threading

from pyrophone.sync.poller import Poller

LIMIT = 10.0


def test_a_readable_socket_is_reported_as_its_thing() -> None:
    here, there = socket.socketpair()
    poller = Poller()
    with here, there:
        poller.watch(here, 1, "thing")
        assert here in poller.sockets
        assert poller.poll(0) == []
        there.send(b"x")
        assert poller.poll(LIMIT) == ["thing"]
        poller.watch(here, 2, "thing")
        assert poller.poll(LIMIT) == ["thing"]
        poller.forget(here)
        poller.forget(here)
        assert poller.poll(0) == []
    poller.close()


def test_work_from_another_thread_is_done_by_the_one_that_polls() -> None:
    poller = Poller()
    names = []
    thread = threading.Thread(
        target=lambda: poller.later(lambda: names.append(threading.current_thread().name))
    )
    thread.start()
    while not names:
        poller.poll(LIMIT)
    thread.join()
    assert names == [threading.current_thread().name]
    poller.wake()
    poller.wake()
    assert poller.poll(LIMIT) == []
    assert poller.poll(0) == []
    poller.close()
    poller.wake()
