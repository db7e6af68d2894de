"""The loops that tests of asyncio run in."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from running import LIMIT

LOOPS = ["asyncio"] + ["uvloop"] * (importlib.util.find_spec("uvloop") is not None)
Run = Callable[[Coroutine[Any, Any, Any]], Any]


def run_in(loop: str, work: Coroutine[Any, Any, Any]) -> Any:
    """Do *work* in a new loop of the kind *loop*, as ``asyncio.run`` does."""
    factory = None
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop

    async def limited() -> Any:
        async with asyncio.timeout(LIMIT):
            return await work

    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(limited())


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine in a new loop, of asyncio and of uvloop where that is installed."""
    return lambda work: run_in(request.param, work)
