"""How long calls may take, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fronts import Front
from gates import Gate
from kinds import KINDS, Kind, counting
from pyrophone import aio, expose, sync
from pyrophone.errors import CallTimeoutError, DeadlineExceeded
from sleepers import Sleeper

SOON = 0.05  # seconds; what waits longer than that is late
LONG = 60.0  # seconds; nothing here takes that long


def be_late(front: Front, call: Callable[[], Any], begun: Gate) -> DeadlineExceeded:
    """Make a call that is late; return its error.

    A busy machine may need all the time to send it, or to begin it; then it gets more.
    """
    for seconds in (SOON, 10 * SOON, 100 * SOON):
        with front.deadline(seconds), pytest.raises(DeadlineExceeded) as caught:
            call()
        if caught.value.sent and begun.is_open:
            break
    return caught.value


@pytest.mark.parametrize("form", ["hold", "hold_soon"])
def test_a_block_ends_its_calls(
    front: Front, proxy: Any, sleeper: Sleeper, form: str
) -> None:
    error = be_late(front, getattr(proxy, form), sleeper.started)
    assert error.sent
    assert isinstance(error, CallTimeoutError)
    assert isinstance(error, TimeoutError)
    assert sleeper.ended.wait()  # the method is told
    assert proxy.quick("still there") == "still there"


def test_a_call_whose_time_is_over_is_not_sent(
    front: Front, proxy: Any, sleeper: Sleeper
) -> None:
    with front.deadline(0):
        with pytest.raises(DeadlineExceeded) as caught:
            proxy.quick()
    assert not caught.value.sent
    assert proxy.quick(1) == 1
    assert sleeper.runs == 1


@pytest.mark.parametrize("form", ["left", "left_soon"])
def test_methods_know_how_much_is_left(front: Front, proxy: Any, form: str) -> None:
    left = getattr(proxy, form)
    assert left() is None
    with front.deadline(LONG):
        assert 0 < left() <= LONG
        with front.deadline(2 * LONG):
            assert 0 < left() <= LONG
        with front.deadline(LONG / 2):
            assert 0 < left() <= LONG / 2
    assert left() is None
    limited = getattr(front.options(proxy, timeout=LONG), form)
    assert 0 < limited() <= LONG


def test_a_timeout_and_a_block_the_earlier_counts(front: Front, proxy: Any) -> None:
    with front.deadline(LONG):
        with pytest.raises(DeadlineExceeded):
            front.options(proxy, timeout=SOON).hold_soon()
    with front.deadline(SOON):
        with pytest.raises(DeadlineExceeded):
            front.options(proxy, timeout=LONG).hold_soon()


def test_a_late_call_costs_no_connection(
    front: Front, kind: Kind, sleeper: Sleeper
) -> None:
    with kind.serving(counting(kind.base)) as daemon:
        with front.connect(daemon.register(sleeper)) as proxy:
            for _ in range(5):
                with front.deadline(SOON / 5), pytest.raises(DeadlineExceeded):
                    proxy.hold_soon()
                assert proxy.quick("answer") == "answer"
            assert daemon.arrivals == 1
            sleeper.go.open()


@expose
class Middle:
    """Calls somebody else on behalf of its own caller."""

    def __init__(self, uri: Any) -> None:
        self.uri = uri

    def ask(self, method: str) -> Any:
        with sync.connect(self.uri) as proxy:
            return getattr(proxy, method)()

    async def ask_soon(self, method: str) -> Any:
        async with await aio.connect(self.uri) as proxy:
            return await getattr(proxy, method)()


@pytest.mark.parametrize("form", ["ask", "ask_soon"])
@pytest.mark.parametrize("last", KINDS)
def test_calls_of_a_call_inherit_its_time(
    front: Front, kind: Kind, last: str, form: str, sleeper: Sleeper
) -> None:
    with Kind(last).serving() as end, kind.serving() as daemon:
        middle = Middle(end.register(sleeper))
        with front.connect(daemon.register(middle)) as proxy:
            ask = getattr(proxy, form)
            assert ask("left") is None
            with front.deadline(LONG):
                assert 0 < ask("left") <= LONG
            with front.deadline(SOON):
                with pytest.raises(DeadlineExceeded):
                    ask("hold_soon")
            assert not sleeper.runs or sleeper.ended.wait()


def test_streams_keep_to_the_deadline_too(front: Front, daemon: Any) -> None:
    @expose
    class Slow:
        def __init__(self) -> None:
            self.sleeper = Sleeper()

        async def count(self) -> Any:
            yield 1
            await self.sleeper.go.passed()
            yield 2

    slow = Slow()
    with front.connect(daemon.register(slow)) as proxy:
        items = proxy.count()
        assert next(items) == 1
        with front.deadline(SOON):
            with pytest.raises(DeadlineExceeded):
                next(items)
        slow.sleeper.go.open()


def test_a_whole_batch_keeps_to_it(front: Front, proxy: Any, sleeper: Sleeper) -> None:
    calls = front.batch(proxy)
    calls.quick()
    calls.hold()
    calls.quick()
    with front.deadline(SOON):
        with pytest.raises(DeadlineExceeded):
            list(calls())
    # It ended half way: on a busy machine before hold, or even before it was sent.
    assert not sleeper.started.is_open or sleeper.ended.wait()
    assert proxy.quick("next") == "next"
    assert sleeper.runs <= 3  # this one, quick and hold
