"""Events on their way to one subscriber."""

from __future__ import annotations

import array
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from .Event import Event

__all__ = ["MOST_BYTES", "Delivery", "weight"]

MOST_BYTES = 64 << 20  # that may wait for one subscriber, about
_EACH = 50  # bytes of a value, besides what is in it
LINGER = 5.0  # seconds that a worker waits for more; a new thread for each event is slow


class Delivery:
    """A queue, and a thread that empties it, while there is something to do.

    Args:
        send: Sends an event to the subscriber. What it raises ends the delivery.
        ended: Called, with the delivery, when a worker ends: as there is nothing to send,
            or as sending has failed, what :attr:`failed` tells then.
    """

    def __init__(
        self, send: Callable[[Any], object], ended: Callable[[Delivery], object]
    ) -> None:
        self.failed = False
        self._send = send
        self._ended = ended
        self._waiting: deque[tuple[Any, int]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._working = False

    def put(self, event: Any, size: int, limit: int, wait: float = 0) -> bool:
        """Take an event, unless *limit* others wait already; a limit of 0 is none.

        If they are large, fewer may wait: :data:`MOST_BYTES` in all, or one.

        Args:
            event: What to send.
            size: About how many bytes it takes.
            limit: How many may wait.
            wait: Seconds to wait for room.

        Returns:
            Whether it was taken, or nobody is there to have it any more.
        """
        until = time.monotonic() + wait if wait else 0
        with self._changed:
            while self._is_full(size, limit):
                left = until - time.monotonic() if wait else 0
                if left <= 0:
                    return False
                self._changed.wait(left)
            if self.failed:
                return True
            self._waiting.append((event, size))
            self._bytes += size
            if self._working:
                self._changed.notify_all()
                return True
            self._working = True
        try:
            threading.Thread(target=self._work, name="event delivery", daemon=True).start()
        except RuntimeError:  # no more threads to be had; the next event tries again
            with self._changed:
                self._working = False
        return True

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way."""
        with self._changed:
            return not self._working

    def close(self) -> None:
        """Forget what has not been sent, and take no more."""
        with self._changed:
            self.failed = True
            self._waiting.clear()
            self._bytes = 0
            self._changed.notify_all()

    def _work(self) -> None:
        """Send what comes, in its order, until nothing has come for a while."""
        while (event := self._next()) is not None:
            try:
                self._send(event)
            except Exception:
                # Whoever can't be reached is forgotten: nobody waits for an answer here.
                self.close()
                continue
            with self._changed:
                if self._waiting:  # else it was closed meanwhile
                    self._bytes -= self._waiting.popleft()[1]
                self._changed.notify_all()
        self._ended(self)

    def _next(self) -> Any:
        """Wait for an event, which stays in the queue; if there is none, be no worker."""
        until = time.monotonic() + LINGER
        with self._changed:
            while not self._waiting and not self.failed:
                if not self._changed.wait(until - time.monotonic()):
                    break
            self._working = bool(self._waiting)
            return self._waiting[0][0] if self._working else None

    def _is_full(self, size: int, limit: int) -> bool:
        waiting = len(self._waiting)
        return waiting > 0 and (0 < limit <= waiting or self._bytes + size > MOST_BYTES)


def weight(value: Any) -> int:
    """Return about how many bytes a value takes."""
    total, left = 0, [value]
    while left:
        one = left.pop()
        total += _EACH
        if isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            left += one
        elif isinstance(one, str | bytes | bytearray):
            total += len(one)
        elif isinstance(one, Exception):
            left += [*one.args, *vars(one).values()]
        elif isinstance(one, Event):
            left += [one.subject, one.msg]
        elif isinstance(one, array.array):
            total += len(one) * one.itemsize
        elif hasattr(type(one), "nbytes"):  # not of a proxy, which would ask its object
            total += one.nbytes
    return total
