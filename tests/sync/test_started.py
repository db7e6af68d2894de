"""Calls that are started: each has exactly one outcome, and nobody has to wait for it."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future, wait
from typing import Any

import pytest

from manyfold import End, script
from pyrophone import Settings, current, expose, oneway
from pyrophone.errors import ConnectionLostError, DeadlineExceeded, SerializeError
from pyrophone.frontend.deadlines import deadline
from pyrophone.sync import Daemon, close, connect, options, start
from running import LIMIT, running


@expose
class Kettle:
    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.go = threading.Event()
        self.gave_up = threading.Event()

    def add(self, a: int, b: int = 0) -> int:
        return a + b

    def wait(self) -> bool:
        self.inside.release()
        context = current()
        while not self.go.wait(0.01):
            if context.cancelled:
                self.gave_up.set()
                context.check()
        return True

    def fail(self) -> None:
        raise ValueError("too hot")

    @oneway
    def heat(self) -> None:
        self.go.set()


class Old(Daemon):
    """Takes one call at a time on a connection."""

    features: frozenset[str] = frozenset()


@pytest.fixture(params=[Daemon, Old])
def kettle(request: pytest.FixtureRequest) -> Any:
    with running(request.param()) as daemon:
        local = Kettle()
        proxy = connect(daemon.register(local))
        yield local, proxy
        local.go.set()
        close(proxy)


def test_many_are_under_way_at_once(kettle: Any) -> None:
    _, proxy = kettle
    calls = [start(proxy.add, number, b=1) for number in range(100)]
    assert [call.result(LIMIT) for call in calls] == list(range(1, 101))


def test_its_error_is_that_of_the_future(kettle: Any) -> None:
    _, proxy = kettle
    with pytest.raises(ValueError, match="too hot"):
        start(proxy.fail).result(LIMIT)


def test_a_one_way_call_is_done_when_it_was_sent(kettle: Any) -> None:
    local, proxy = kettle
    assert start(proxy.heat).result(LIMIT) is None
    assert local.go.wait(LIMIT)


def test_what_is_called_back_is_not_called_by_who_reads(kettle: Any) -> None:
    _, proxy = kettle
    done: Future[int] = Future()
    start(proxy.add, 1).add_done_callback(lambda _: done.set_result(proxy.add(5)))
    assert done.result(LIMIT) == 5  # a call in the reading thread would wait for ever


def test_one_that_runs_can_be_cancelled() -> None:
    local = Kettle()
    with running(Daemon()) as daemon, connect(daemon.register(local)) as proxy:
        call = start(proxy.wait)
        assert local.inside.acquire(timeout=LIMIT)
        assert call.cancel()
        assert call.cancelled()
        assert local.gave_up.wait(LIMIT)
        with pytest.raises(CancelledError):
            call.result(0)
        assert call.cancel()
        assert wait([call], LIMIT).done == {call}
        assert proxy.add(1) == 1


def test_one_that_is_over_can_not_be_cancelled(kettle: Any) -> None:
    _, proxy = kettle
    call = start(proxy.add, 1)
    assert call.result(LIMIT) == 1
    assert not call.cancel()
    assert call.result(0) == 1


def test_towards_others_cancelling_closes_the_connection() -> None:
    local = Kettle()
    with running(Old()) as daemon, connect(daemon.register(local)) as proxy:
        call = start(proxy.wait)
        assert local.inside.acquire(timeout=LIMIT)
        assert call.cancel()
        assert call.cancelled()
        assert proxy.add(2) == 2
        local.go.set()


def test_its_time_is_kept_though_nobody_waits() -> None:
    local = Kettle()
    with running(Daemon()) as daemon, connect(daemon.register(local)) as proxy:
        assert local.go.is_set() is False
        late = start(options(proxy, timeout=0.05).wait)
        with deadline(0.05):
            later = start(proxy.wait)
        with pytest.raises(DeadlineExceeded, match=r"no reply within 0\.05 s"):
            late.result(LIMIT)
        with pytest.raises(DeadlineExceeded, match="before the deadline"):
            later.result(LIMIT)
        assert proxy.add(1) == 1


def test_what_can_not_be_sent_is_said_at_once_and_a_lost_connection_later() -> None:
    local = Kettle()
    daemon = Daemon()
    thread = threading.Thread(target=daemon.serve)
    thread.start()
    proxy = connect(daemon.register(local), settings=Settings(beat=None))
    with pytest.raises(SerializeError):
        start(proxy.add, threading.Lock())
    call = start(proxy.wait)
    assert local.inside.acquire(timeout=LIMIT)
    close(proxy)
    with pytest.raises(ConnectionLostError):
        call.result(LIMIT)
    local.go.set()
    daemon.close()
    thread.join(LIMIT)


def test_one_that_is_started_connects_without_delay_for_the_caller() -> None:
    local = Kettle()
    with running(Daemon()) as daemon:
        daemon.register(local)
        proxy = daemon.proxy_of(local)
        assert start(proxy.add, 2).result(LIMIT) == 2
        close(proxy)


def test_other_functions_are_called_in_a_thread_of_their_own() -> None:
    assert start(threading.get_ident).result(LIMIT) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        start(lambda: 1 // 0).result(LIMIT)


def test_races_of_cancelling_and_answering_have_one_outcome() -> None:
    with running(Daemon()) as daemon, connect(daemon.register(Kettle())) as proxy:
        outcomes: list[str] = []

        def note(call: Future[Any]) -> None:
            outcomes.append("cancelled" if call.cancelled() else "answered")

        calls = []
        for number in range(300):
            call = start(proxy.add, number)
            call.add_done_callback(note)
            if number % 3 == 0:
                threading.Thread(target=call.cancel).start()
            elif number % 3 == 1:
                call.cancel()
            calls.append(call)
        assert not wait(calls, LIMIT).not_done
        assert [call.result(0) for call in calls if not call.cancelled()] == [
            number for number, call in enumerate(calls) if not call.cancelled()
        ]
        assert proxy.add(1) == 1
        connection = proxy.__dict__["_pyrophone"].line.connection
        while connection.session.calls:  # what was cancelled is answered, too
            assert proxy.add(1) == 1


def test_one_that_waits_for_a_connection_can_be_cancelled() -> None:
    local = Kettle()
    few = Settings(connections=1)
    with running(Old()) as daemon:
        with connect(daemon.register(local), settings=few) as proxy:
            first = start(proxy.wait)
            assert local.inside.acquire(timeout=LIMIT)
            second = start(proxy.wait)
            third = start(proxy.add, 3)
            assert second.cancel()
            local.go.set()
            assert first.result(LIMIT) is True
            assert third.result(LIMIT) == 3
            assert not local.inside.acquire(blocking=False)  # the second never ran


def test_one_that_is_lost_is_made_again_as_often_as_calls_are() -> None:
    def lose(end: End) -> None:
        end.call()

    def serve(end: End) -> None:
        call = end.call()
        end.answer(call, call.args[0])

    with script(lose, serve) as uri:
        with connect(uri, settings=Settings(beat=None)) as proxy:
            assert start(options(proxy, retries=1).f, 5).result(LIMIT) == 5


def test_a_function_that_is_cancelled_before_it_has_a_thread_does_not_run() -> None:
    go = threading.Event()
    begun = threading.Semaphore(0)
    ran = threading.Event()

    def hold() -> None:
        begun.release()
        assert go.wait(LIMIT)

    calls = [start(hold) for _ in range(80)]
    for _ in calls:
        assert begun.acquire(timeout=LIMIT)
    late = start(ran.set)
    assert late.cancel()
    go.set()
    assert not wait(calls, LIMIT).not_done
    assert start(lambda: 1).result(LIMIT) == 1
    assert not ran.is_set()
