"""What a one-way call gives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone.aio.sent import Sent
from pyrophone.errors import ConnectionLostError

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_what_a_one_way_call_gives_can_be_a_task(run: Run) -> None:
    async def main() -> None:
        await Sent(None)
        failing = asyncio.get_running_loop().create_future()
        sent = Sent(asyncio.ensure_future(_give(failing)))
        task = asyncio.create_task(sent)
        failing.set_exception(ConnectionLostError("gone"))
        with pytest.raises(ConnectionLostError):
            await task

    run(main())


async def _give(future: asyncio.Future[None]) -> None:
    await future
