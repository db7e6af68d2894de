"""What a client may leave behind at a daemon, each with a witness of its end."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

from gates import Gate
from pyrophone import current, expose, instances
from sleepers import Sleeper

__all__ = ["Guest", "Ward"]

LARGE = 30_000


class _Resource:
    def __init__(self, closed: Gate) -> None:
        self._closed = closed

    def close(self) -> None:
        self._closed.open()


@expose
class Ward(Sleeper):
    """Is left with streams, functions, resources, and calls that run.

    Attributes:
        closed: Opened when the tracked resource is closed.
        dry: Opened when the stream has ended.
        function: What was kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self.closed = Gate()
        self.dry = Gate()
        self.function: Any = None
        self._resource = _Resource(self.closed)

    def track(self) -> None:
        current().client.track(self._resource)

    def keep(self, function: Any) -> None:
        self.function = function

    def apply(self, function: Any) -> Any:
        return function()

    def count(self) -> Iterator[str]:
        try:
            while True:
                yield "x" * LARGE
        finally:
            self.dry.open()

    async def count_soon(self) -> AsyncIterator[str]:
        try:
            while True:
                await asyncio.sleep(0)
                yield "x" * LARGE
        finally:
            self.dry.open()


@expose
@instances("session")
class Guest:
    """Made for each client.

    Attributes:
        gone: Opened when one of them is no more; to be set anew by a test.
    """

    gone = Gate()

    def __init__(self) -> None:
        weakref.finalize(self, type(self).gone.open)
        self._calls = 0

    def count(self) -> int:
        self._calls += 1
        return self._calls
