"""Daemons that wait together take turns, end alone, and are interrupted together."""

from __future__ import annotations

import socket

from pyrophone.sync.group import Group


class Member:
    """A daemon as a group sees it."""

    def __init__(self, interval: float = 1.0) -> None:
        self.interval = interval
        self.stopping = False
        self.interrupted = False
        self.tick: float | None = None
        self.seen: list[str] = []

    def look_after(self, now: float) -> None:
        self.seen.append("looked")

    def finish(self) -> None:
        self.seen.append("finished")


def test_the_most_impatient_member_sets_the_pace() -> None:
    group, other = Group(), Group()
    group.members.append(Member(0.5))
    other.members.append(Member(0.25))
    assert group.interval == 0.5
    group.absorb(other)
    assert group.interval == 0.25
    for member in list(group.members):
        group.leave(member)
    assert group.interval == 0.0
    assert group.poller.poll(0) == []


def test_what_another_waited_for_is_done_by_the_group_that_absorbed_it() -> None:
    group, other = Group(), Group()
    member = Member()
    group.members.append(member)
    here, there = socket.socketpair()
    with here, there:
        other.poller.watch(here, 1, lambda: member.seen.append(here.recv(9).decode()))
        other.poller.later(lambda: member.seen.append("later"))
        group.absorb(other)
        there.send(b"data")
        group.process(10.0, None)
        while "data" not in member.seen:
            group.process(10.0, None)
        assert {"later", "data", "looked"} == set(member.seen)
        group.poller.forget(here)
    assert group.thread is None
    group.leave(member)


def test_only_the_sockets_that_are_given_are_looked_at() -> None:
    group = Group()
    pairs = [socket.socketpair() for _ in range(2)]
    seen: list[int] = []
    for number, (here, _) in enumerate(pairs):
        group.poller.watch(here, 1, lambda number=number: seen.append(number))
    gone = socket.socket()
    gone.close()
    group.process(10.0, [pairs[1][0], pairs[1][1], gone])
    assert seen == [1]
    for pair in pairs:
        for sock in pair:
            group.poller.forget(sock)
            sock.close()
    group.poller.close()


def test_who_stops_ends_alone_and_ctrl_c_ends_all() -> None:
    group = Group()
    first, second = Member(), Member()
    group.members += [first, second]
    first.stopping = True
    group.process(10.0, None)  # does not wait
    assert (first.seen, second.seen) == (["looked", "finished"], ["looked"])
    group.leave(first)
    second.interrupted = True
    group.process(0.0, [])
    assert second.seen == ["looked", "looked", "finished"]
    group.leave(second)
