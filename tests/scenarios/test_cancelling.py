"""Calls that are given up."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from typing import Any

import pytest

from fronts import Front, Tasks
from kinds import Kind, counting
from pyrophone import aio
from running import LIMIT
from sleepers import Sleeper

FORMS = ["hold", "hold_soon"]


@pytest.mark.parametrize("form", FORMS)
def test_a_method_sees_that_its_call_was_cancelled(
    front: Front, proxy: Any, sleeper: Sleeper, form: str
) -> None:
    call = front.start(getattr(proxy, form))
    assert sleeper.started.wait()
    assert call.cancel()
    assert sleeper.ended.wait()
    with pytest.raises(CancelledError):
        call.result(LIMIT)
    assert call.cancelled()
    assert proxy.quick("next") == "next"


@pytest.mark.parametrize("form", FORMS)
def test_a_client_that_leaves_cancels_its_calls(
    front: Front, kind: Kind, sleeper: Sleeper, form: str
) -> None:
    with kind.serving(counting(kind.base)) as daemon:
        with front.connect(daemon.register(sleeper)) as proxy:
            call = front.start(getattr(proxy, form))
            assert sleeper.started.wait()
        assert sleeper.ended.wait()
        assert call.exception(LIMIT) is not None
        assert daemon.empty.wait(LIMIT)


def test_many_calls_are_cancelled_and_the_others_are_not(
    front: Front, proxy: Any, sleeper: Sleeper
) -> None:
    calls = [front.start(proxy.hold_soon, number) for number in range(20)]
    assert sleeper.started.wait()
    for call in calls[::2]:
        call.cancel()
    assert proxy.quick("quick") == "quick"
    sleeper.go.open()
    assert [call.result(LIMIT) for call in calls[1::2]] == list(range(1, 20, 2))
    for call in calls[::2]:
        assert call.cancelled()


def test_the_answer_of_a_cancelled_call_is_nobody_elses(
    front: Front, proxy: Any, sleeper: Sleeper
) -> None:
    # A plain method that does not look answers late, with its number.
    call = front.start(proxy.stubborn, "late")
    assert sleeper.started.wait()
    assert call.cancel()
    sleeper.go.open()
    assert [proxy.quick(number) for number in range(50)] == list(range(50))


def test_cancelling_what_is_done_changes_nothing(front: Front, proxy: Any) -> None:
    call = front.start(proxy.quick, "done")
    assert call.result(LIMIT) == "done"
    assert not call.cancel()
    assert call.result(LIMIT) == "done"


def test_asyncio_timeout_ends_the_method(
    front: Front, proxy: Any, sleeper: Sleeper
) -> None:
    if not isinstance(front, Tasks):
        pytest.skip("of asyncio")

    async def let_it_be_over(limit: asyncio.Timeout) -> None:
        await asyncio.to_thread(sleeper.started.wait)  # a call given up before is not run
        limit.reschedule(0.0)

    async def hold(bare: Any) -> None:
        async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as group:
            group.create_task(let_it_be_over(limit))
            await bare.hold_soon()

    async def steps(bare: Any) -> str:
        with pytest.raises(TimeoutError):
            await hold(bare)
        return str(await bare.quick("next"))

    assert front.run(steps, proxy) == "next"
    assert sleeper.ended.wait()


def test_a_task_group_that_fails_cancels_its_other_calls(
    front: Front, proxy: Any, sleeper: Sleeper
) -> None:
    if not isinstance(front, Tasks):
        pytest.skip("of asyncio")

    async def steps(bare: Any) -> None:
        async with asyncio.TaskGroup() as group:
            held = group.create_task(bare.hold_soon())
            aio.start(bare.quick).add_done_callback(lambda _: None)
            await asyncio.to_thread(sleeper.started.wait)
            assert not held.done()
            raise ValueError("enough")

    with pytest.raises(ExceptionGroup) as caught:
        front.run(steps, proxy)
    assert caught.group_contains(ValueError, match="enough")
    assert sleeper.ended.wait()
    assert proxy.quick("next") == "next"
