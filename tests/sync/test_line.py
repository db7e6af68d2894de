"""Proxies to one daemon share a connection; who needs one of its own has it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from manyfold import MEMBERS, End, script
from pyrophone import Settings, expose, instances
from pyrophone.errors import DeadlineExceeded, DeadlockError
from pyrophone.frontend.deadlines import deadline
from pyrophone.sync import Daemon, LoopDaemon, close, connect
from pyrophone.wire.events import Cancel
from running import LIMIT, running

SETTINGS = Settings(beat=None)


def serve(end: End) -> None:
    """Answer calls one by one, with the object that was called."""
    while (call := end.event()) is not None:
        if call.method == "get_metadata":
            end.answer(call, MEMBERS.to_wire())
        else:
            end.answer(call, call.object_id)


def test_proxies_share_a_connection_and_the_last_one_closes_it() -> None:
    ended = threading.Event()

    def part(end: End) -> None:
        serve(end)
        ended.set()

    with script(part) as uri:
        first = connect(uri, settings=SETTINGS)
        second = connect(str(uri).replace("x@", "y@"), settings=SETTINGS)
        assert (first.f(), second.f()) == ("x", "y")
        close(first)
        assert second.f() == "y"
        assert first.f() == "x"
        close(first)
        assert not ended.is_set()
        close(second)
        assert ended.wait(LIMIT)


def test_a_connection_ends_with_its_last_proxy() -> None:
    with script(serve) as uri:
        first = connect(uri, settings=SETTINGS)
        second = connect(uri, settings=SETTINGS)
        assert first.f() == "x"
        del first
        assert second.f() == "x"
        del second  # or the script would not end


def test_who_speaks_differently_or_judges_has_a_connection_of_its_own() -> None:
    with script(serve, serve, serve, serve) as uri:
        proxies = [
            connect(uri, settings=SETTINGS),
            connect(uri, settings=Settings(beat=None, serializer="json")),
            connect(uri, settings=SETTINGS, handshake="other"),
            connect(uri, settings=SETTINGS, check=lambda answer: None),
        ]
        assert [proxy.f() for proxy in proxies] == ["x"] * 4
        for proxy in proxies:
            close(proxy)


@expose
class Slow:
    def __init__(self) -> None:
        self.go = threading.Event()
        self.inside = threading.Semaphore(0)

    def wait(self) -> bool:
        self.inside.release()
        return self.go.wait(LIMIT)

    def quick(self) -> int:
        return 1


class Old(Daemon):
    """Knows no features, as those of others."""

    features: frozenset[str] = frozenset()


def test_to_a_daemon_that_takes_one_call_at_a_time_there_are_more_connections() -> None:
    slow = Slow()
    with running(Old()) as daemon:
        proxy: Any = connect(daemon.register(slow))
        threads = [threading.Thread(target=proxy.wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert slow.inside.acquire(timeout=LIMIT)
        assert proxy.quick() == 1
        slow.go.set()
        for thread in threads:
            thread.join(LIMIT)
        close(proxy)


def test_a_daemon_that_waits_for_the_call_being_served_is_not_reached() -> None:
    @expose
    class Caller:
        def again(self) -> None:
            connect(uri)

    with running(LoopDaemon()) as daemon:
        uri = daemon.register(Caller())
        with connect(uri) as proxy, pytest.raises(DeadlockError, match=r"again at .* -> "):
            proxy.again()


def test_with_one_connection_callers_take_turns() -> None:
    slow = Slow()
    with running(Old()) as daemon:
        proxy: Any = connect(daemon.register(slow), settings=Settings(connections=1))
        thread = threading.Thread(target=proxy.wait)
        thread.start()
        assert slow.inside.acquire(timeout=LIMIT)
        with deadline(0.05), pytest.raises(DeadlineExceeded) as caught:
            proxy.quick()
        assert not caught.value.sent
        slow.go.set()
        thread.join(LIMIT)
        assert proxy.quick() == 1
        close(proxy)


def test_a_connection_in_use_is_closed_behind_its_call_when_all_are_dropped() -> None:
    slow = Slow()
    with running(Old()) as daemon:
        proxy: Any = connect(daemon.register(slow), settings=Settings(connections=1))
        answers: list[bool] = []
        thread = threading.Thread(target=lambda: answers.append(proxy.wait()))
        thread.start()
        assert slow.inside.acquire(timeout=LIMIT)
        close(proxy)
        slow.go.set()
        thread.join(LIMIT)
        assert answers == [True]
        assert proxy.quick() == 1
        close(proxy)


@instances("session")
@expose
class Counting:
    def __init__(self) -> None:
        self.calls = 0

    def count(self) -> int:
        self.calls += 1
        return self.calls


def test_an_object_of_one_connection_is_not_reached_over_that_of_others() -> None:
    with running(Daemon()) as daemon, connect(daemon.register(Slow())) as slow:
        uri = daemon.register(Counting)
        with connect(uri) as first, connect(uri) as second:
            assert (first.count(), first.count(), second.count()) == (1, 2, 1)
        assert slow.quick() == 1


def test_a_shared_connection_that_ends_when_it_is_joined_is_no_hindrance() -> None:
    def first(end: End) -> None:
        end.answer(end.call(), "x")
        assert end.call().method == "get_metadata"

    with script(first, serve) as uri:
        one = connect(uri, settings=SETTINGS)
        assert one.f() == "x"
        two = connect(str(uri).replace("x@", "y@"), settings=SETTINGS)
        assert two.f() == "y"
        close(two)
        close(one)


def test_a_daemon_that_does_not_say_what_it_has_in_time_is_late() -> None:
    hasty = Settings(beat=None, timeout=0.05)

    def part(end: End) -> None:
        assert end.call().method == "get_metadata"
        call = end.call() if isinstance(end.event(), Cancel) else None
        assert call is not None
        end.answer(call, "still here")

    with script(part) as uri:
        one = connect(uri, settings=hasty)
        with pytest.raises(DeadlineExceeded):
            connect(str(uri).replace("x@", "y@"), settings=hasty)
        assert one.f() == "still here"
        close(one)
