"""The daemon with workers: quiet clients cost no thread, busy ones are not held up."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from pyrophone import Settings, expose, instances, oneway
from pyrophone.sync import Daemon, close, connect
from running import LIMIT, running


@expose
class Desk:
    """Counts who is at it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.most = 0
        self.full = threading.Event()
        self.release = threading.Event()
        self.threads: set[str] = set()

    def echo(self, value: Any) -> Any:
        return value

    def meet(self, others: int) -> int:
        """Return once so many are inside at the same time."""
        with self.lock:
            self.inside += 1
            if self.inside == others:
                self.full.set()
        assert self.full.wait(LIMIT)
        return self.inside

    @oneway
    def note(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.release.wait(LIMIT)
        with self.lock:
            self.most += 1
            if self.most == 5:
                self.full.set()

    def noted(self) -> int:
        self.release.set()
        assert self.full.wait(LIMIT)
        return self.most


@pytest.mark.slow
def test_five_hundred_idle_clients_are_all_served_by_sixteen_workers() -> None:
    before = threading.active_count()
    with running(Daemon(settings=Settings(workers=16))) as daemon:
        uri = daemon.register(Desk())
        proxies = [connect(uri) for _ in range(500)]
        for turn in range(2):
            for number, proxy in enumerate(proxies):
                assert proxy.echo(number + turn) == number + turn
        assert threading.active_count() - before < 40
        for proxy in proxies:
            close(proxy)


def test_calls_of_several_clients_run_at_once() -> None:
    with running(Daemon()) as daemon:
        uri = daemon.register(Desk())
        results: list[int] = []

        def use() -> None:
            with connect(uri) as proxy:
                results.append(proxy.meet(4))

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        assert results == [4, 4, 4, 4]


def test_one_way_calls_run_beside_their_connection() -> None:
    with running(Daemon()) as daemon, connect(daemon.register(Desk())) as desk:
        for _ in range(5):
            desk.note()
        assert desk.echo("not held up") == "not held up"
        assert desk.noted() == 5


def test_with_all_workers_busy_calls_wait_for_their_turn() -> None:
    desk = Desk()
    with running(Daemon(settings=Settings(workers=2))) as daemon:
        uri = daemon.register(desk)
        results: list[Any] = []

        def use(number: int) -> None:
            with connect(uri) as proxy:
                results.append(proxy.echo(number))

        with connect(uri) as first:
            first.note()
            first.note()
            threads = [threading.Thread(target=use, args=(n,)) for n in range(5)]
            for thread in threads:
                thread.start()
            desk.release.set()
            for thread in threads:
                thread.join(LIMIT)
        assert sorted(results) == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_slow_strangers_hold_up_nobody() -> None:
    with running(Daemon(settings=Settings(workers=4))) as daemon:
        uri = daemon.register(Desk())
        strangers = [socket.create_connection(("127.0.0.1", uri.port)) for _ in range(300)]
        try:
            for stranger in strangers[::2]:
                stranger.send(b"P")
            with connect(uri, settings=Settings(timeout=LIMIT)) as proxy:
                for number in range(20):
                    for stranger in strangers[:40:2]:
                        stranger.send(b"Y" if number == 0 else b"")
                    assert proxy.echo(number) == number
        finally:
            for stranger in strangers:
                stranger.close()


def test_one_instance_serves_all_however_many_call_first() -> None:
    made: list[int] = []

    @expose
    @instances("single")
    class Single:
        def __init__(self) -> None:
            made.append(1)

        def me(self) -> int:
            return len(made)

    with running(Daemon()) as daemon:
        uri = daemon.register(Single)
        barrier = threading.Barrier(8)
        results: list[int] = []

        def use() -> None:
            with connect(uri) as proxy:
                barrier.wait(LIMIT)
                results.append(proxy.me())

        threads = [threading.Thread(target=use) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        assert results == [1] * 8


def test_stopping_lets_a_running_call_end_within_the_grace() -> None:
    started = threading.Event()
    release = threading.Event()

    @expose
    class Slow:
        def work(self) -> str:
            started.set()
            release.wait(LIMIT)
            return "done"

    daemon = Daemon()
    uri = daemon.register(Slow())
    serving = threading.Thread(target=daemon.serve)
    serving.start()
    results: list[Any] = []

    def use() -> None:
        try:
            results.append(connect(uri).work())
        except Exception as error:
            results.append(type(error).__name__)

    client = threading.Thread(target=use)
    client.start()
    assert started.wait(LIMIT)
    stopping = threading.Thread(target=daemon.stop)
    stopping.start()
    release.set()
    for thread in (stopping, serving, client):
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert results == ["done"]


def test_stopping_does_not_wait_longer_than_the_grace() -> None:
    started = threading.Event()
    release = threading.Event()

    @expose
    class Stuck:
        def work(self) -> None:
            started.set()
            release.wait(LIMIT)

    failed = threading.Event()
    daemon = Daemon()
    uri = daemon.register(Stuck())
    serving = threading.Thread(target=daemon.serve)
    serving.start()

    def use() -> None:
        try:
            connect(uri).work()
        except Exception:
            failed.set()

    client = threading.Thread(target=use)
    client.start()
    assert started.wait(LIMIT)
    daemon.stop(grace=0.05)
    serving.join(LIMIT)
    assert not serving.is_alive()
    assert failed.wait(LIMIT)
    release.set()
    client.join(LIMIT)


def test_stopping_does_not_wait_for_a_link_that_is_just_given_back() -> None:
    giving = threading.Event()
    looked = threading.Event()

    class Hesitant(Daemon):
        """Its workers give back a link late, when all links were looked through."""

        def _serve(self, link: Any) -> None:
            later = self._poller.later

            def hesitate(function: Any) -> None:
                giving.set()
                assert looked.wait(LIMIT)
                later(function)

            self._poller.later = hesitate  # type: ignore[method-assign]
            super()._serve(link)

        def _end(self, link: Any) -> None:
            super()._end(link)
            threading.Timer(0.05, looked.set).start()  # so that it waits meanwhile

    daemon = Hesitant()
    serving = threading.Thread(target=daemon.serve)
    serving.start()
    with socket.create_connection(daemon._listener.getsockname()) as client:  # type: ignore[union-attr]
        client.sendall(b"PYRO")
        assert giving.wait(LIMIT)
        stopping = threading.Thread(target=daemon.stop, args=(3 * LIMIT,))
        stopping.start()
        for thread in (stopping, serving):
            thread.join(LIMIT)
            assert not thread.is_alive()
