"""The daemon with workers: quiet clients cost no thread, busy ones are not held up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pyrophone import Record, Settings, expose, instances, oneway
from pyrophone.context import current
from pyrophone.errors import DeadlineExceeded
from pyrophone.serializers.classes import ClassTable
from pyrophone.sync import Daemon, close, connect
from raw import Raw, raw
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

        def _serve(self, link: Any, term: int) -> None:
            later = self._poller.later

            def hesitate(function: Any) -> None:
                giving.set()
                assert looked.wait(LIMIT)
                later(function)

            self._poller.later = hesitate  # type: ignore[method-assign]
            super()._serve(link, term)

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


@expose
class Shop:
    """Has methods that last until they are told."""

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.go = threading.Event()
        self.cancelled: list[bool] = []
        self.ended = threading.Event()
        self.ran: list[Any] = []

    def wait(self, number: int = 0) -> int:
        self.inside.release()
        assert self.go.wait(LIMIT)
        return number

    def watch(self) -> str:
        self.inside.release()
        served = current()
        while not served.cancelled:
            pass
        self.ended.set()
        return "seen"

    def note(self, value: Any) -> Any:
        self.ran.append(value)
        return value

    def large(self, size: int) -> str:
        return "x" * size

    def left(self) -> float | None:
        return current().remaining()


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def client(shop: Shop) -> Iterator[Raw]:
    with running(Daemon(settings=Settings(workers=4))) as daemon:
        with raw(daemon.register(shop)) as client:
            yield client


def test_slow_calls_delay_no_other_of_their_connection(client: Raw, shop: Shop) -> None:
    slow = [client.call("wait", number) for number in range(3)]
    assert client.reply(client.call("note", "quick")) == "quick"
    client.ping()
    shop.go.set()
    assert {client.next().seq for _ in slow} == set(slow)


def test_with_all_workers_busy_pings_are_answered_and_calls_wait(
    client: Raw, shop: Shop
) -> None:
    calls = [client.call("wait", number) for number in range(50)]
    for _ in range(4):
        assert shop.inside.acquire(timeout=LIMIT)
    client.ping()
    shop.go.set()
    replies = [client.next() for _ in calls]
    assert {reply.seq for reply in replies} == set(calls)
    assert sorted(reply.unwrap() for reply in replies) == list(range(50))


def test_another_client_is_read_while_all_workers_are_busy(shop: Shop) -> None:
    with running(Daemon(settings=Settings(workers=2))) as daemon:
        uri = daemon.register(shop)
        with raw(uri) as busy, raw(uri) as other:
            calls = [busy.call("wait"), busy.call("wait")]
            for _ in calls:
                assert shop.inside.acquire(timeout=LIMIT)
            other.ping()
            shop.go.set()
            assert {busy.next().seq for _ in calls} == set(calls)


def test_a_call_that_was_given_up_is_told_and_answered_once(
    client: Raw, shop: Shop
) -> None:
    seq = client.call("watch")
    assert shop.inside.acquire(timeout=LIMIT)
    client.send(client.session.abandon(seq))
    assert shop.ended.wait(LIMIT)
    while client.session.calls:
        client.ping()


def test_calls_of_a_client_that_has_gone_are_told(client: Raw, shop: Shop) -> None:
    client.call("watch")
    assert shop.inside.acquire(timeout=LIMIT)
    client.sock.close()
    assert shop.ended.wait(LIMIT)


def test_a_call_that_waits_for_a_worker_may_be_given_up(client: Raw, shop: Shop) -> None:
    calls = [client.call("wait") for _ in range(4)]
    for _ in calls:
        assert shop.inside.acquire(timeout=LIMIT)
    late = client.call("note", "never")
    client.send(client.session.abandon(late))
    client.ping()
    shop.go.set()
    for _ in calls:
        client.next()
    while client.session.calls:
        client.ping()
    assert shop.ran == []


def test_a_call_whose_time_is_over_is_not_run(client: Raw, shop: Shop) -> None:
    with pytest.raises(DeadlineExceeded):
        client.reply(client.call("note", 1, limit=0.0))
    assert shop.ran == []


def test_a_method_knows_how_much_time_is_left(client: Raw) -> None:
    assert 0 < client.reply(client.call("left", limit=LIMIT)) <= LIMIT
    assert client.reply(client.call("left")) is None


def test_calls_beyond_the_limit_are_not_read_until_others_have_ended(shop: Shop) -> None:
    settings = Settings(calls_per_client=2)
    with running(Daemon(settings=settings)) as daemon:
        with raw(daemon.register(shop)) as client:
            calls = [client.call("wait", number) for number in range(6)]
            for _ in range(2):
                assert shop.inside.acquire(timeout=LIMIT)
            (link,) = (seen.connection for seen in daemon.clients)
            while not link.paused:
                daemon.wake()
            assert len(link.open) == 2
            shop.go.set()
            assert {client.next().seq for _ in calls} == set(calls)


def test_a_graceful_end_answers_what_runs_and_nothing_else(shop: Shop) -> None:
    with running(Daemon(settings=Settings(workers=2))) as daemon:
        with raw(daemon.register(shop)) as client:
            calls = [client.call("wait", number) for number in range(2)]
            for _ in calls:
                assert shop.inside.acquire(timeout=LIMIT)
            client.call("note", "too late")
            client.ping()
            stopping = threading.Thread(target=daemon.stop)
            stopping.start()
            while not daemon.stopping:
                pass
            shop.go.set()
            assert {client.next().seq for _ in calls} == set(calls)
            assert client.ended()
            stopping.join(LIMIT)
    assert shop.ran == []


def test_large_answers_of_many_calls_all_arrive(client: Raw) -> None:
    # The calls are small: who reads nothing is not read, once an answer has piled up.
    sizes = [3_000_000 + number for number in range(4)]
    calls = {client.call("large", size): size for size in sizes}
    for _ in range(4):
        reply = client.next()
        assert len(reply.unwrap()) == calls.pop(reply.seq)


def test_what_takes_long_to_read_delays_no_other_of_its_connection(shop: Shop) -> None:
    classes = ClassTable()
    reading = threading.Event()

    def convert(name: str, form: dict[str, Any]) -> str:
        reading.set()
        assert shop.go.wait(LIMIT)
        return "converted"

    classes.register_name("slow.Thing", convert)
    with running(Daemon(classes=classes)) as daemon:
        with raw(daemon.register(shop)) as client:
            first = client.call("wait")
            assert shop.inside.acquire(timeout=LIMIT)
            second = client.call("note", Record("slow.Thing", {}))
            assert reading.wait(LIMIT)
            client.ping()
            shop.go.set()
            assert {client.next().seq for _ in range(2)} == {first, second}
    assert shop.ran == ["converted"]
