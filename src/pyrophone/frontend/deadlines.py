"""How long calls may take: of a block, of a call, of the call that is being served."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..context import due, serving
from ..errors import DeadlineExceeded

__all__ = ["FAR", "deadline", "late", "limit_of"]

FAR = 1e6  # seconds, 11 days; no system waits much longer at a time


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Let all calls in the block together take no longer than *seconds*.

    The daemons are told how much is left, and calls made there on behalf of these end in
    time, too. A block in a block can only shorten the time. It counts for the thread or
    task that is in it, and for tasks started there. More than :data:`FAR` is no limit.

    Raises:
        DeadlineExceeded: In a call of the block: the time is over.
        ValueError: *seconds* is below zero, or no number.
    """
    if not seconds >= 0:
        raise ValueError(f"a deadline is in {seconds} s, must be at least 0")
    if seconds > FAR:
        yield
        return
    end = time.monotonic() + seconds
    outer = due.get()
    token = due.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        due.reset(token)


def limit_of(timeout: float | None) -> float | None:
    """Return when a call that starts now must have ended, by ``time.monotonic()``.

    Args:
        timeout: What it may take of itself, in seconds; None is for ever.

    Returns:
        The earliest of that, the block around it, and the time of the call that is being
        served here; None if there is none of them.
    """
    limit = due.get()
    context = serving.get()
    if context is not None and context.deadline is not None:
        limit = context.deadline if limit is None else min(limit, context.deadline)
    if timeout is not None:
        end = time.monotonic() + timeout
        return end if limit is None else min(limit, end)
    return limit


def late(
    timeout: float | None, limit: float | None, *, what: str = "reply"
) -> DeadlineExceeded:
    """Return the error for what was sent, and had no answer in time.

    Args:
        timeout: The limit of this one in seconds, None is none.
        limit: Until when it was waited for, by the monotonic clock.
        what: What is missing.
    """
    block = limit_of(None)
    if timeout is None or (block is not None and limit is not None and block <= limit):
        return DeadlineExceeded(f"there was no {what} before the deadline")
    return DeadlineExceeded(f"no {what} within {timeout} s")
