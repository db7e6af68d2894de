"""A bit of everything at once, at random: each outcome is right, and nothing is left."""

from __future__ import annotations

import gc
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any

import pytest

from fronts import Front
from kinds import Kind, counting
from pyrophone.errors import CommunicationError, DeadlineExceeded
from running import LIMIT, takes_long
from wards import Ward

THREADS = 4
LOOK = 0.01  # seconds between two looks at what is left


class Attack:
    """One thread of it.

    Args:
        front: Its client.
        proxy: Of a Ward; shared with the other threads.
        seed: Says what it will do.
        disconnects: Whether it closes the connection now and then, under everybody's
            calls; these may be lost then.
    """

    def __init__(self, front: Front, proxy: Any, seed: str, disconnects: bool) -> None:
        self.front = front
        self.proxy = proxy
        self.random = random.Random(seed)
        self.me = seed
        self.disconnects = disconnects

    def run(self, rounds: int) -> None:
        moves: list[Callable[[], None]] = [
            self.ask,
            self.ask,
            self.start_some,
            self.cancel,
            self.be_late,
            self.read,
            self.pass_function,
            self.batch,
            self.fail,
        ]
        if self.disconnects:
            moves.append(self.disconnect)
        for _ in range(rounds):
            move = self.random.choice(moves)
            try:
                move()
            except CommunicationError:
                if not self.disconnects:
                    raise

    def question(self) -> list[Any]:
        return [self.me, self.random.random()]

    def ask(self) -> None:
        question = self.question()
        assert self.proxy.quick(question) == question

    def start_some(self) -> None:
        questions = [self.question() for _ in range(self.random.randrange(1, 8))]
        calls = [self.front.start(self.proxy.quick, question) for question in questions]
        assert [call.result(LIMIT) for call in calls] == questions

    def cancel(self) -> None:
        call = self.front.start(self.proxy.hold_soon)
        if self.random.random() < 0.5:
            self.ask()
        assert call.cancel() or call.exception(LIMIT)
        try:
            call.result(LIMIT)
        except CancelledError:
            return
        raise AssertionError("it was held, and has ended")

    def be_late(self) -> None:
        try:
            with self.front.deadline(self.random.random() / 200):
                self.proxy.hold_soon()
        except DeadlineExceeded:
            return
        raise AssertionError("it was held, and has ended")

    def read(self) -> None:
        items = self.random.choice([self.proxy.count, self.proxy.count_soon])()
        for _ in range(self.random.randrange(6)):
            assert len(next(items)) == 30_000
        items.close()

    def pass_function(self) -> None:
        question = self.question()
        assert self.proxy.apply(lambda: question) == question

    def batch(self) -> None:
        questions = [self.question() for _ in range(3)]
        calls = self.front.batch(self.proxy)
        for question in questions:
            calls.quick(question)
        assert list(calls()) == questions

    def fail(self) -> None:
        try:
            self.proxy.apply(lambda: 1 // 0)
        except ZeroDivisionError:
            return
        raise AssertionError("it divided by zero")

    def disconnect(self) -> None:
        self.front.close(self.proxy)


def attack(front: Front, proxy: Any, seed: int, rounds: int, disconnects: bool) -> None:
    """Let several threads do what they like on one proxy."""
    wrong: list[BaseException] = []

    def run(number: int) -> None:
        try:
            Attack(front, proxy, f"{seed}.{number}", disconnects).run(rounds)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]


def held(daemon: Any) -> tuple[int, int]:
    """Return how many descriptors this process has, and how many threads too many.

    Threads of pools don't count, of the daemon or the client: they become more with the
    work, up to a limit that is known. Of others there may be one of a kind, as each is
    begun when it is first needed.
    """
    place = re.escape(daemon.location)
    worker = re.compile(rf"pyrophone-({place}(-reader)?|functions?|results|calls)-\d+")
    names = [thread.name for thread in threading.enumerate()]
    others = [name for name in names if not worker.fullmatch(name)]
    kinds = {re.sub(r"\d+", "#", name) for name in others}
    return len(os.listdir("/proc/self/fd")), len(others) - len(kinds)


def settled(daemon: Any, wanted: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Look until no more is held than is wanted, or for too long."""
    end = time.monotonic() + LIMIT
    waiting = threading.Event()
    while True:
        yield held(daemon)
        if time.monotonic() > end or all(map(int.__le__, held(daemon), wanted)):
            return
        waiting.wait(LOOK)


def attack_and_look(
    front: Front, kind: Kind, seeds: range, rounds: int, disconnects: bool
) -> None:
    """Attack a daemon again and again; it must have as much to carry after as before."""
    with kind.serving(counting(kind.base)) as daemon:
        ward = Ward()
        uri = daemon.register(ward)
        before = None
        for seed in seeds:
            proxy = front.connect(uri)
            try:
                attack(front, proxy, seed, rounds, disconnects)
                if not disconnects:
                    assert len(daemon.present) == 1
            finally:
                front.close(proxy)
            assert daemon.empty.wait(LIMIT)
            del proxy
            gc.collect()
            before = before or held(daemon)  # what is kept for the next is there by now
        assert before is not None
        # A loop that is begun in the last round has three descriptors, for ever.
        before = before[0] + 3, before[1]
        *_, after = settled(daemon, before)
        assert after[0] <= before[0]
        assert after[1] <= before[1]
        assert not daemon.present
        ward.go.open()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="there is no /proc")
@pytest.mark.parametrize("disconnects", [False, True], ids=["steady", "disconnects"])
def test_a_bit_of_everything(front: Front, kind: Kind, disconnects: bool) -> None:
    attack_and_look(front, kind, range(2), 12, disconnects)


@takes_long
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="there is no /proc")
@pytest.mark.parametrize("disconnects", [False, True], ids=["steady", "disconnects"])
def test_more_of_everything(front: Front, kind: Kind, disconnects: bool) -> None:
    attack_and_look(front, kind, range(5), 200, disconnects)
