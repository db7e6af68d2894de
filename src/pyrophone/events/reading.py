"""What subscriptions and watches have in common: they are read, by threads or tasks."""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Generic, Self, TypeVar

from ..errors import StreamError
from .following import Following, Source

__all__ = ["Reading"]

_log = logging.getLogger("pyrophone.events")

T = TypeVar("T")


class Reading(Generic[T]):
    """What comes from afar, to be read by ``for`` in threads or by ``async for``.

    Nothing is connected before it is read, or :meth:`start` is called. Several threads may
    read, or several tasks of one loop, each thing once; not threads and a loop.

    Args:
        sources: Where it comes from.
        reconnect: Whether to connect again, as often as it takes, when a connection is
            lost. What is not there at the beginning is waited for, too.
        name: For people.
    """

    def __init__(self, sources: Sequence[Source], *, reconnect: bool, name: str) -> None:
        self._following = Following(sources, reconnect=reconnect, name=name)
        # Who forgets to close it, ends it by forgetting it.
        weakref.finalize(self, self._following.close).atexit = False

    @property
    def state(self) -> str:
        """``waiting`` for a connection, ``connected`` or ``closed``."""
        return self._following.state

    def start(self) -> Self:
        """Connect now, and return when that is done; for threads.

        Raises:
            PyrophoneError: It can't be: then this is closed.
        """
        self._following.begin_in_thread()
        try:
            if not self._following.outlet.over:
                self._following.begun.result()
        except BaseException:
            self.close()
            raise
        return self

    async def astart(self) -> Self:
        """Do as :meth:`start`, in a loop."""
        self._following.begin_in_loop()
        try:
            if not self._following.outlet.over:
                await asyncio.wrap_future(self._following.begun)
        except BaseException:
            await self.aclose()
            raise
        return self

    def get(self, timeout: float | None = None) -> T:
        """Return what comes next.

        Args:
            timeout: How long to wait for it, in seconds; None is for ever.

        Raises:
            TimeoutError: Nothing came in time; the next may.
            StreamError: It is closed.
            PyrophoneError: It can't go on; why.
        """
        try:
            return self._take(timeout)
        except StopIteration:
            raise StreamError("it is closed") from None

    def each(self, function: Callable[[T], object]) -> threading.Thread:
        """Have *function* called with all that comes, in a thread of its own.

        What it raises is logged, and the next is waited for.

        Returns:
            The thread, which ends when this is closed.

        Raises:
            TypeError: *function* can't be called.
        """
        if not callable(function):
            raise TypeError(f"each takes a function, not {type(function).__name__}")
        thread = threading.Thread(
            target=_hand_on, args=(self, function), name="pyrophone-each", daemon=True
        )
        thread.start()
        return thread

    def close(self) -> None:
        """End it, from any thread: what reads it ends, too. What waits is dropped."""
        self._following.close()
        self._following.joined()

    async def aclose(self) -> None:
        """Do as :meth:`close`, in the loop that reads."""
        self._following.close()
        await self._following.ended()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        return self._take(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        self._following.begin_in_loop()
        value: T = await self._following.outlet.take_soon()
        return value

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *what: object) -> None:
        await self.aclose()

    def _take(self, timeout: float | None) -> T:
        self._following.begin_in_thread()
        value: T = self._following.outlet.take(timeout)
        return value


def _hand_on(reading: Reading[Any], function: Callable[[Any], object]) -> None:
    for value in reading:
        try:
            function(value)
        except Exception:  # of the program's own function, anything
            _log.exception("error in %r, which was given what came", function)
