"""Waiting that has an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone.aio.limits import within
from pyrophone.errors import DeadlineExceeded

Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def gives(value: int) -> int:
    return value


async def fails() -> None:
    raise TimeoutError("of its own")


def test_what_comes_in_time_is_returned(run: Run) -> None:
    assert run(within(gives(1), None)) == 1
    assert run(within(gives(2), time.monotonic() + 10)) == 2
    with pytest.raises(TimeoutError, match="of its own") as own:
        run(within(fails(), time.monotonic() + 10))
    assert type(own.value) is TimeoutError


def test_what_is_late_says_whether_it_was_sent(run: Run) -> None:
    async def main() -> None:
        never = asyncio.Event()
        with pytest.raises(DeadlineExceeded, match="before the call was sent") as unsent:
            await within(never.wait(), time.monotonic() - 1)
        assert not unsent.value.sent
        limit = time.monotonic() + 0.01
        with pytest.raises(DeadlineExceeded, match=r"no item within 0\.01 s") as sent:
            await within(never.wait(), limit, what="item", timeout=0.01)
        assert sent.value.sent
        with pytest.raises(DeadlineExceeded, match="no item before the deadline"):
            await within(never.wait(), time.monotonic() + 0.01, what="item")

    run(main())
