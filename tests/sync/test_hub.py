"""What a process shares: connections, kept by nobody but their users, and by no child."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pyrophone import expose
from pyrophone.errors import ConnectionLostError
from pyrophone.sync import Daemon, close, connect, start
from pyrophone.sync.channels import LateError
from pyrophone.sync.hub import Hub
from running import LIMIT, running

NO_FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
QUIETLY = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


def forking(test: Any) -> Any:
    return NO_FORKS(QUIETLY(test))


class Something:
    closed = False

    def disown(self) -> None:
        self.closed = True


def test_an_entry_knows_its_connection_as_long_as_somebody_uses_it() -> None:
    hub = Hub()
    connection = Something()
    with hub.entry("key", None) as entry:
        assert entry.connection is None
        entry.connection = connection
    with hub.entry("key", None) as entry:
        assert entry.connection is connection
        connection.closed = True
        assert entry.connection is None
        connection.closed = False
        del connection
        assert entry.connection is None


def test_who_looks_for_a_connection_is_alone_and_waits_no_longer_than_told() -> None:
    hub = Hub()
    with hub.entry("key", None), pytest.raises(LateError):
        with hub.entry("key", time.monotonic() + 0.01):
            raise AssertionError
    with hub.entry("key", time.monotonic()), hub.entry("another", None):
        pass


def test_a_child_is_told_what_is_its_parents() -> None:
    hub = Hub()
    mine, gone = Something(), Something()
    hub.remember(mine)
    hub.remember(gone)
    del gone
    with hub.entry("key", None) as entry:
        entry.connection = mine
        hub.disown()
    assert mine.closed
    with hub.entry("key", time.monotonic()) as entry:
        assert entry.connection is None


@expose
class Counter:
    def __init__(self) -> None:
        self.go = threading.Event()
        self.inside = threading.Semaphore(0)

    def wait(self, number: int) -> int:
        self.inside.release()
        assert self.go.wait(LIMIT)
        return number

    def echo(self, value: Any) -> Any:
        return value

    def count(self) -> Iterator[int]:
        yield from range(1000)


def child(function: Callable[[], bool]) -> int:
    """Run *function* in a child; return its exit status, 0 if it gave True."""
    number = os.fork()
    if number == 0:
        status = 2
        try:
            status = 0 if function() else 1
        finally:
            os._exit(status)
    _, status = os.waitpid(number, 0)
    return os.waitstatus_to_exitcode(status)


@forking
def test_both_go_on_while_others_of_the_parent_are_in_calls() -> None:
    counter = Counter()
    with running(Daemon()) as daemon, connect(daemon.register(counter)) as proxy:
        answers: list[int] = []
        threads = [
            threading.Thread(target=lambda n: answers.append(proxy.wait(n)), args=(n,))
            for n in range(5)
        ]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert counter.inside.acquire(timeout=LIMIT)
        begun = start(proxy.wait, 5)
        assert counter.inside.acquire(timeout=LIMIT)
        items = proxy.count()
        assert next(items) == 0

        def use() -> bool:
            mine = [proxy.echo(number) for number in range(50)] == [*range(50)]
            started = start(proxy.echo, "x").result(LIMIT) == "x"
            try:
                list(items)
            except ConnectionLostError:
                return mine and started
            return False

        assert child(use) == 0
        assert proxy.echo("still") == "still"
        counter.go.set()
        for thread in threads:
            thread.join(LIMIT)
        assert sorted(answers) == [0, 1, 2, 3, 4]
        assert begun.result(LIMIT) == 5
        assert list(items) == [*range(1, 1000)]


@forking
def test_what_the_child_closes_stays_open_for_the_parent() -> None:
    with running(Daemon()) as daemon, connect(daemon.register(Counter())) as proxy:
        assert proxy.echo(1) == 1

        def use() -> bool:
            close(proxy)
            return bool(proxy.echo(2) == 2)

        assert child(use) == 0
        assert proxy.echo(3) == 3


@forking
def test_children_of_children_and_of_multiprocessing_do_so_too() -> None:
    with running(Daemon()) as daemon, connect(daemon.register(Counter())) as proxy:
        assert proxy.echo(1) == 1

        def grandchild() -> bool:
            return bool(proxy.echo(3) == 3)

        assert child(lambda: proxy.echo(2) == 2 and child(grandchild) == 0) == 0
        process = multiprocessing.get_context("fork").Process(target=proxy.echo, args=(4,))
        process.start()
        process.join(LIMIT)
        assert process.exitcode == 0
        assert proxy.echo(5) == 5


def test_what_is_remembered_of_the_past_is_bounded() -> None:
    hub = Hub()
    kept = Something()
    with hub.entry(-1, None) as entry:
        entry.connection = kept
    for number in range(200):
        with hub.entry(number, None):
            pass
    with hub.entry(-1, None) as entry:
        assert entry.connection is kept
    asked, made = [*range(65), 64, 0], []
    for number in asked:
        if hub.shared(number, object) not in made:
            made.append(hub.shared(number, object))
    assert len(made) == len(asked) - 1  # what was made last is known, the first is not


def test_without_a_shared_connection_there_is_nobody_to_wake() -> None:
    hub = Hub()
    connection: Any = Something()
    hub.nudge(connection)
    hub.wake()
    hub.leave(connection)
    hub.remember(connection)
    hub.disown()
    assert connection.closed
