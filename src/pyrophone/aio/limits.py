"""Waiting that has an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

from ..errors import DeadlineExceeded
from ..frontend.deadlines import late

__all__ = ["UNSENT", "within"]

T = TypeVar("T")
UNSENT = "the time was over before the call was sent"


async def within(
    waiting: Awaitable[T],
    limit: float | None,
    *,
    what: str = "",
    timeout: float | None = None,
) -> T:
    """Return what *waiting* gives.

    Args:
        waiting: It is cancelled when the time is over.
        limit: When that is, by the monotonic clock; None is never.
        what: What is missing then, of a call that was sent; empty if it was not sent.
        timeout: What of the limit was set for this alone, in seconds; for the text.

    Raises:
        DeadlineExceeded: The time is over.
    """
    if limit is None:
        return await waiting
    scope = asyncio.timeout(limit - time.monotonic())
    try:
        async with scope:
            return await waiting
    except TimeoutError as error:
        if not scope.expired():
            raise
        if what:
            raise late(timeout, limit, what=what) from error
        raise DeadlineExceeded(UNSENT, sent=False) from error
