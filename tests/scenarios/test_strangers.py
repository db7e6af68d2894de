"""Daemons without our features: a shared handle works, over more connections."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fronts import Front
from kinds import Kind, counting
from pyrophone import Settings
from pyrophone.errors import DeadlineExceeded, SerializeError
from running import LIMIT
from sleepers import Sleeper

MOST = 3  # connections of one handle
CALLERS = 12
SOON = 0.05  # seconds


def plain(kind: Kind) -> Any:
    """Return a class of daemons that speak nothing but 502."""

    class Plain(counting(kind.base)):  # type: ignore[misc]
        features: frozenset[str] = frozenset()

    return Plain


@pytest.fixture
def daemon(kind: Kind) -> Iterator[Any]:
    with kind.serving(plain(kind)) as daemon:
        yield daemon


@pytest.fixture
def proxy(front: Front, daemon: Any, sleeper: Sleeper) -> Iterator[Any]:
    settings = Settings(connections=MOST)
    with front.connect(daemon.register(sleeper), settings=settings) as proxy:
        yield proxy
        sleeper.go.open()


def test_each_caller_gets_its_answer(daemon: Any, proxy: Any) -> None:
    wrong: list[Any] = []

    def ask(mine: int) -> None:
        for number in range(10):
            if (got := proxy.quick([mine, number])) != [mine, number]:
                wrong.append((mine, number, got))

    threads = [threading.Thread(target=ask, args=(mine,)) for mine in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert daemon.arrivals <= MOST


def test_a_slow_call_does_not_delay_quick_ones(
    front: Front, kind: Kind, daemon: Any, proxy: Any, sleeper: Sleeper
) -> None:
    slow = [
        front.start(proxy.hold_soon if kind.one_at_a_time else proxy.hold)
        for _ in range(MOST - 1)
    ]
    assert sleeper.started.wait()
    assert [proxy.quick(number) for number in range(5)] == [0, 1, 2, 3, 4]
    assert not any(call.done() for call in slow)
    assert len(daemon.present) <= MOST
    sleeper.go.open()
    for call in slow:
        call.result(LIMIT)


@pytest.mark.parametrize("form", ["hold", "hold_soon"])
def test_a_deadline_closes_the_connection_and_no_answer_is_late(
    front: Front, kind: Kind, proxy: Any, sleeper: Sleeper, form: str
) -> None:
    if kind.one_at_a_time and form == "hold":
        pytest.skip("its one thread waits, and reads nothing meanwhile")
    for _ in range(3):
        with front.deadline(SOON):
            with pytest.raises(DeadlineExceeded):
                getattr(proxy, form)("late")
    sleeper.go.open()
    assert [proxy.quick(number) for number in range(10)] == list(range(10))


def test_functions_are_refused_by_name(proxy: Any) -> None:
    with pytest.raises(SerializeError, match=r"argument 1: .*plain.*can't call back"):
        proxy.quick(plain)
    assert proxy.quick(1) == 1
