"""The poller reports sockets, and can be woken from other threads."""

from __future__ import annotations

import socket
import threading

from pyrophone.sync.poller import Poller, readable

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


def test_a_number_that_came_back_is_another_socket() -> None:
    poller = Poller()
    here, there = socket.socketpair()
    number = here.fileno()
    poller.watch(here, 1, "old")
    with there:
        here.close()
        again, other = socket.socketpair()
        with again, other:
            assert again.fileno() == number
            poller.watch(again, 1, "new")
            other.send(b"x")
            assert poller.poll(LIMIT) == ["new"]
            assert [one for one in poller.sockets if one in (here, again)] == [again]
    poller.close()
    assert poller.sockets == []


def test_what_is_watched_moves_to_another_poller() -> None:
    first, second = Poller(), Poller()
    done: list[str] = []
    here, there = socket.socketpair()
    gone, peer = socket.socketpair()
    with here, there, peer:
        first.watch(here, 1, "thing")
        first.watch(gone, 1, "gone")
        gone.close()
        first.later(lambda: done.append("later"))
        first.move(second)
        assert first.poll(0) == []
        there.send(b"x")
        assert second.things([here, peer]) == ["thing"]
        assert done == ["later"]
        assert second.poll(LIMIT) == ["thing"]
        second.forget(here)
    second.close()


def test_closing_ends_a_poll_that_is_under_way() -> None:
    poller = Poller()
    poller.close()
    assert poller.poll(LIMIT) == []


def test_what_was_closed_is_forgotten_all_the_same() -> None:
    poller = Poller()
    before = len(poller.selector.get_map())
    pairs = [socket.socketpair() for _ in range(3)]
    for here, there in pairs:
        poller.watch(here, 1, "thing")
        here.close()
        there.close()
    for here, _ in pairs:
        poller.forget(here)
    assert len(poller.selector.get_map()) == before
    poller.close()


def test_a_poller_tells_whether_it_waits() -> None:
    poller = Poller()
    thread = threading.Thread(target=poller.poll, args=(LIMIT,))
    thread.start()
    while not poller.waiting:
        assert thread.is_alive()
    poller.wake()
    thread.join(LIMIT)
    assert not poller.waiting
    poller.close()


def test_those_that_can_be_read_are_found_among_others() -> None:
    (full, there), (empty, other), (closed, last) = (socket.socketpair() for _ in range(3))
    with full, there, empty, other, last:
        there.send(b"x")
        closed.close()
        assert readable([empty, full, closed]) == [full]
        assert full.recv(1) == b"x"
        assert readable([empty, full]) == []
