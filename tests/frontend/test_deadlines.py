from __future__ import annotations

import asyncio
import time

import pytest

from pyrophone.context import CallContext, Client, serving
from pyrophone.errors import CallCancelledError, DeadlineExceeded
from pyrophone.frontend.deadlines import FAR, deadline, limit_of


def served(end: float | None) -> CallContext:
    context = CallContext(Client(), 1, 0, "serpent", {}, None)
    context.deadline = end
    context.clock = time.monotonic
    return context


def test_without_any_limit_there_is_none() -> None:
    assert limit_of(None) is None
    assert served(None).remaining() is None


def test_the_earliest_limit_counts() -> None:
    now = time.monotonic()
    assert now + 5 <= (limit_of(5.0) or 0) < now + 60
    with deadline(1000):
        outer = limit_of(None)
        assert (outer or 0) >= now + 1000
        with deadline(5000):  # can't lengthen it
            assert limit_of(None) == outer
        with deadline(10):
            assert now + 10 <= (limit_of(20.0) or 0) < now + 500
            assert (limit_of(1.0) or 0) < now + 9
        token = serving.set(served(now + 1))
        assert limit_of(30.0) == now + 1
        serving.reset(token)
        assert limit_of(None) == outer
    assert limit_of(None) is None


@pytest.mark.parametrize("seconds", [FAR + 1, float("inf")])
def test_what_no_system_can_wait_for_is_no_limit(seconds: float) -> None:
    with deadline(seconds):
        assert limit_of(None) is None
    with deadline(10), deadline(seconds):
        assert limit_of(None) is not None
    with deadline(FAR):
        assert limit_of(None) is not None


def test_a_served_call_knows_what_is_left() -> None:
    context = served(time.monotonic() + 1000)
    assert 900 < (context.remaining() or 0) <= 1000
    context.check()
    context.cancelled = True
    with pytest.raises(CallCancelledError, match="given up"):
        context.check()
    late = served(time.monotonic() - 1)
    assert late.remaining() == 0.0
    with pytest.raises(DeadlineExceeded, match="is over"):
        late.check()


def test_a_block_is_for_its_task_and_those_started_in_it() -> None:
    async def inner() -> float | None:
        return limit_of(None)

    async def main() -> list[float | None]:
        other = asyncio.create_task(inner())
        with deadline(7):
            own = asyncio.create_task(inner())
        return [await other, await own]

    other, own = asyncio.run(main())
    assert other is None
    assert own is not None


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_nonsense_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="at least 0"), deadline(seconds):
        pass
