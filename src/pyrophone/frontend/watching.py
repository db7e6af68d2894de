"""The changes of observables as a stream, for daemons of either kind."""

from __future__ import annotations

import asyncio
import math
import struct
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

from ..objects.observables import observable

__all__ = ["Changes", "Item", "changes"]

Item = tuple[list[int], bytes, list[Any]]  # places, times as doubles, values

_GUARD = threading.Lock()  # held while an observable gets another watcher, or loses one


class Changes:
    """Which observables of one object have changed since they were last asked for.

    Made in the loop that asks; changes come from any thread.

    Args:
        target: The object.
        observed: Its observables, each with its place.
    """

    def __init__(self, target: Any, observed: Mapping[observable[Any], int]) -> None:
        self._target = target
        self._observed = {one.name: (one, place) for one, place in observed.items()}
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._asleep = False
        self._times: dict[str, float] = {}
        with _GUARD:
            for one, _ in self._observed.values():
                one.watch(target, self._note)
        now = time.time()
        for name in self._observed:
            self._times.setdefault(name, now)

    def close(self) -> None:
        """Look no more."""
        with _GUARD:
            for one, _ in self._observed.values():
                one.unwatch(self._target, self._note)

    async def wait(self) -> None:
        """Return once something has changed."""
        self._wake.clear()
        self._asleep = True
        try:
            if not self._times:
                await self._wake.wait()
        finally:
            self._asleep = False

    def take(self) -> Item:
        """Return places, times and values of what has changed."""
        places: list[int] = []
        times: list[float] = []
        values: list[Any] = []
        for name in list(self._times):
            moment = self._times.pop(name)  # a change from now on is another one
            one, place = self._observed[name]
            with suppress(AttributeError):  # it has no value yet
                values.append(one.fget(self._target))
                places.append(place)
                times.append(moment)
        return places, struct.pack(f"!{len(times)}d", *times), values

    def _note(self, name: str) -> None:
        self._times[name] = time.time()
        if self._asleep:
            self._asleep = False
            with suppress(RuntimeError):  # the loop is closed; so is the stream
                self._loop.call_soon_threadsafe(self._wake.set)


async def changes(
    target: Any, observed: Mapping[observable[Any], int], interval: float
) -> AsyncIterator[Item]:
    """Yield what observables are now, and what has changed, as it changes.

    There is one item in each *interval* of seconds, at most. They end at multiples of it,
    for all streams alike, so that what goes to the same client goes together.
    """
    watching = Changes(target, observed)
    clock = asyncio.get_running_loop().time
    try:
        yield watching.take()
        due = _next(clock(), interval)
        while True:
            await watching.wait()
            if (left := due - clock()) > 0:
                await asyncio.sleep(left)
            taken = watching.take()
            if taken[0]:
                due = _next(clock(), interval)
                yield taken
    finally:
        watching.close()


def _next(now: float, interval: float) -> float:
    """Return the first multiple of *interval* that is a whole one, or nearly, ahead."""
    if not interval:
        return now
    return (math.floor(now / interval + 0.05) + 1) * interval
