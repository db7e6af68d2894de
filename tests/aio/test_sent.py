"""What a one-way call gives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone.aio.sent import Sent
from pyrophone.errors import ConnectionLostError

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_it_may_be_awaited_a_task_or_dropped(run: Run) -> None:
    async def main() -> None:
        await Sent(None)
        await asyncio.create_task(Sent(None))
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sending = asyncio.create_task(_give(sent))
        Sent(sending).close()
        sent.set_result(None)
        await sending

    run(main())


@pytest.mark.parametrize("early", [True, False])
def test_why_it_could_not_be_sent_is_told_to_who_awaits(run: Run, early: bool) -> None:
    async def main() -> None:
        failing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(Sent(asyncio.create_task(_give(failing))))
        if not early:
            for _ in range(3):
                await asyncio.sleep(0)
        failing.set_exception(ConnectionLostError("gone"))
        with pytest.raises(ConnectionLostError):
            await task

    run(main())


def test_cancelling_who_awaits_cancels_the_sending(run: Run) -> None:
    async def main() -> None:
        never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sending = asyncio.create_task(_give(never))
        task = asyncio.create_task(Sent(sending))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sending.cancelled()

    run(main())


async def _give(future: asyncio.Future[None]) -> None:
    await future
