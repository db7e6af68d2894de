"""One handle, one connection, many callers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from certificates import Certificates
from fronts import Front, Tasks
from kettles import Visitor
from kinds import Kind, counting
from pyrophone import Settings, expose
from pyrophone.net.tls import client_context, server_context
from running import LIMIT, takes_long
from sleepers import Sleeper

CALLERS = 200
CALLS = 100
LONGEST = 50.0  # seconds; with all of asyncio's own checks it takes more than LIMIT
SLEEPERS = 50


@pytest.fixture
def daemon(kind: Kind) -> Iterator[Any]:
    with kind.serving(counting(kind.base)) as daemon:
        yield daemon


def slow_form(kind: Kind) -> str:
    """Return the name of a method that waits, and lets others be served."""
    return "hold_soon" if kind.one_at_a_time else "hold"


def ask_much(proxy: Any, callers: int, calls: int) -> list[Any]:
    """Let so many threads make so many calls each; return the wrong answers."""
    wrong: list[Any] = []

    def ask(mine: int) -> None:
        try:
            for number in range(calls):
                question = [mine, number]
                if (got := proxy.quick(question)) != question:
                    wrong.append((question, got))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=ask, args=(mine,)) for mine in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


async def ask_much_soon(bare: Any, callers: int, calls: int) -> list[Any]:
    """Likewise, with tasks."""
    wrong: list[Any] = []

    async def ask(mine: int) -> None:
        for number in range(calls):
            question = [mine, number]
            if (got := await bare.quick(question)) != question:
                wrong.append((question, got))

    async with asyncio.TaskGroup() as group:
        for mine in range(callers):
            group.create_task(ask(mine))
    return wrong


def check_many(
    front: Front,
    kind: Kind,
    daemon: Any,
    proxy: Any,
    sleeper: Sleeper,
    size: tuple[int, int],
) -> None:
    """Let many ask at once, while slow calls are under way; one connection does."""
    sleeper.longest = LONGEST
    slow = [front.start(getattr(proxy, slow_form(kind)), number) for number in range(10)]
    assert sleeper.started.wait()
    if isinstance(front, Tasks):
        wrong = front.thread.begin(ask_much_soon(proxy.bare, *size)).result(LONGEST)
    else:
        wrong = ask_much(proxy, *size)
    assert wrong == []
    assert not any(call.done() for call in slow)
    sleeper.go.open()
    assert [call.result(LIMIT) for call in slow] == list(range(10))
    assert daemon.arrivals == 1
    assert len(daemon.present) == 1


def test_each_of_many_callers_gets_its_answer(
    front: Front, kind: Kind, daemon: Any, proxy: Any, sleeper: Sleeper
) -> None:
    check_many(front, kind, daemon, proxy, sleeper, (20, 5))


@takes_long
def test_each_of_two_hundred_callers_gets_its_hundred_answers(
    front: Front, kind: Kind, daemon: Any, proxy: Any, sleeper: Sleeper
) -> None:
    check_many(front, kind, daemon, proxy, sleeper, (CALLERS, CALLS))


def test_a_slow_call_does_not_delay_quick_ones(
    front: Front, kind: Kind, daemon: Any, proxy: Any, sleeper: Sleeper
) -> None:
    slow = [front.start(getattr(proxy, slow_form(kind))) for _ in range(SLEEPERS)]
    assert sleeper.started.wait()
    front.ping(proxy)
    assert proxy.quick("quick") == "quick"
    assert not any(call.done() for call in slow)
    assert not sleeper.go.is_open
    assert daemon.arrivals == 1
    sleeper.go.open()
    for call in slow:
        call.result(LIMIT)


def test_a_ping_passes_a_loop_that_is_busy(
    front: Front, daemon: Any, proxy: Any, sleeper: Sleeper
) -> None:
    """A plain method holds up other calls of a LoopDaemon; pings it does not."""
    slow = front.start(proxy.stubborn)
    assert sleeper.started.wait()
    front.ping(proxy)
    assert not slow.done()
    sleeper.go.open()
    slow.result(LIMIT)


def test_proxies_to_one_daemon_share_a_connection(
    front: Front, daemon: Any, sleeper: Sleeper
) -> None:
    uris = [daemon.register(Sleeper()) for _ in range(5)]
    with front.connect(daemon.register(sleeper)) as proxy:
        others = [front.connect(uri) for uri in uris]
        assert [other.quick(number) for number, other in enumerate(others)] == [
            0,
            1,
            2,
            3,
            4,
        ]
        assert daemon.arrivals == 1
        for other in others:
            front.close(other)
        assert proxy.quick("still there") == "still there"
        assert len(daemon.present) == 1
    assert daemon.empty.wait(LIMIT)


def test_session_instances_keep_connections_of_their_own(
    front: Front, daemon: Any, sleeper: Sleeper
) -> None:
    uri, plain = daemon.register(Visitor), daemon.register(sleeper)
    with (
        front.connect(uri) as one,
        front.connect(plain) as shared,
        front.connect(uri) as other,
    ):
        assert shared.quick(1) == 1
        assert [one.count(), one.count(), other.count(), one.count()] == [1, 2, 1, 3]
        with front.connect(plain) as again:
            assert again.quick(1) == 1
            assert len(daemon.present) == 3
    assert daemon.empty.wait(LIMIT)


def test_variants_share_the_connection_too(front: Front, daemon: Any, proxy: Any) -> None:
    variant = front.options(proxy, timeout=60)
    assert [variant.quick(1), proxy.quick(2)] == [1, 2]
    assert daemon.arrivals == 1


def test_oneway_calls_and_batches_mix_with_the_others(
    front: Front, daemon: Any, proxy: Any
) -> None:
    wrong: list[Any] = []

    def ask(mine: int) -> None:
        for number in range(5):
            calls = front.batch(proxy)
            calls.quick([mine, number, "a"])
            calls.quick([mine, number, "b"])
            if list(calls()) != [[mine, number, "a"], [mine, number, "b"]]:
                wrong.append((mine, number))
            calls.quick("nobody")
            list(calls(oneway=True))

    threads = [threading.Thread(target=ask, args=(mine,)) for mine in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert daemon.arrivals == 1


def test_calls_streams_and_functions_share_a_connection_with_tls(
    front: Front, kind: Kind, files: Certificates
) -> None:
    """One that reads and one that writes at once would break it: OpenSSL allows neither."""
    large = "x" * 100_000  # more than a record, and than a socket takes at once
    server = server_context(files.server.certificate, files.server.key)
    settings = Settings(tls=client_context(files.authority))
    wrong: list[Any] = []

    class Busy(Sleeper):
        @expose
        def apply(self, function: Any) -> Any:
            return function()

        @expose
        def count(self, most: int) -> Iterator[int]:
            yield from range(most)

    with kind.serving(counting(kind.base), tls=server) as daemon:
        with front.connect(daemon.register(Busy()), settings=settings) as proxy:

            def ask(mine: int) -> None:
                try:
                    for number in range(4):
                        question = [mine, number]
                        answers = [
                            proxy.quick(question),
                            proxy.apply(lambda: question),  # noqa: B023
                            proxy.quick([*question, large])[:2],
                            [mine, len(list(proxy.count(number)))],
                        ]
                        wrong.extend(answer for answer in answers if answer != question)
                except BaseException as error:
                    wrong.append(error)

            threads = [threading.Thread(target=ask, args=(mine,)) for mine in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert wrong == []
            assert daemon.arrivals == 1
