"""Those who wait for answers that somebody else reads."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any

from ..frontend.deadlines import late
from .channels import LateError

__all__ = ["Lost", "Pending", "Waiter", "late", "seconds_until"]


class Lost:
    """Comes in place of an answer: there will be none.

    Attributes:
        reason: Why, as a sentence.
    """

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Waiter:
    """A thread that waits for an answer which another one reads.

    Attributes:
        event: What came for it; None if it was woken to read itself.
    """

    __slots__ = ("_gate", "event")

    def __init__(self) -> None:
        self.event: Any = None
        self._gate = threading.Lock()
        self._gate.acquire()

    def deliver(self, event: Any) -> None:
        """Hand over *event*, if there is none yet, and wake the thread."""
        if self.event is None:
            self.event = event
        self.wake()

    def wake(self) -> None:
        """Wake the thread."""
        with suppress(RuntimeError):  # it was woken already, to read, and has not begun
            self._gate.release()

    def wait(self, limit: float | None) -> None:
        """Sleep until woken.

        Raises:
            LateError: It was not, until *limit* by the monotonic clock.
        """
        if not self._gate.acquire(timeout=seconds_until(limit)):
            raise LateError


class Pending:
    """An answer that no thread waits for: what comes is handed to :meth:`deliver`.

    Attributes:
        seq: Its number, once it has one.
        limit: Until when it is waited for, by the monotonic clock; None is for ever.
    """

    seq = -1
    limit: float | None = None

    def deliver(self, event: Any) -> None:
        """Take *event*, at once and without calling anybody back; only the first counts."""
        raise NotImplementedError


def seconds_until(limit: float | None) -> float:
    """Return how long a lock may be waited for, -1 for ever as locks have it.

    Args:
        limit: By the monotonic clock; None is for ever.
    """
    if limit is None:
        return -1
    return min(max(limit - time.monotonic(), 0.0), threading.TIMEOUT_MAX)
