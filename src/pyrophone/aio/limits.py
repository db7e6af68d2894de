"""Waiting that has an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

from ..errors import DeadlineExceeded

__all__ = ["UNSENT", "within"]

T = TypeVar("T")
UNSENT = "the time was over before the call was sent"


async def within(waiting: Awaitable[T], limit: float | None, *, what: str = "") -> T:
    """Return what *waiting* gives.

    Args:
        waiting: It is cancelled when the time is over.
        limit: When that is, by the monotonic clock; None is never.
        what: What is missing then, of a call that was sent; empty if it was not sent.

    Raises:
        DeadlineExceeded: The time is over.
    """
    if limit is None:
        return await waiting
    left = limit - time.monotonic()
    scope = asyncio.timeout(left)
    try:
        async with scope:
            return await waiting
    except TimeoutError as error:
        if not scope.expired():
            raise
        text = f"no {what} within {max(0.0, round(left, 3)):g} s" if what else UNSENT
        raise DeadlineExceeded(text, sent=bool(what)) from error
