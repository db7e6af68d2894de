"""The loop of a daemon, and how it joins the loops of others."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .engines import Looping, Threading
from .errors import ProtocolError

__all__ = ["Loop"]


class _Number:
    """The number of a file, where something with ``fileno()`` is needed."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number


class Loop:
    """Serves what an engine has to serve, for as long as the program wants."""

    _engine: Looping | Threading
    _stopping = False

    def requestLoop(
        self,
        condition: Callable[[], object] = lambda: 1,
        timeout: float | None = 3,
        others: Sequence[Any] = (),
        callback: Callable[[list[Any]], object] | None = None,
    ) -> None:
        """Serve while *condition* is true and :meth:`shutdown` was not called.

        Arguments are those of :meth:`handleRequests`, and what is asked in each round.
        """
        while condition() and not self._stopping and self._engine.listener is not None:
            self.handleRequests(timeout, others, callback)

    def handleRequests(
        self,
        timeout: float | None = None,
        others: Sequence[Any] = (),
        callback: Callable[[list[Any]], object] | None = None,
    ) -> None:
        """Do what is there to do; wait for it if there is nothing.

        Args:
            timeout: How long, in seconds; None is for ever.
            others: Sockets, or what has a ``fileno()``, to wait for as well.
            callback: Called with the list of those that are ready.

        Raises:
            ProtocolError: There is nothing to call for the others.
        """
        if others and callback is None:
            raise ProtocolError("callback required")
        ready: list[Any] = []
        watched: list[Any] = []
        own = self._own_numbers() if others else frozenset()
        try:
            for one in others:
                thing = _Number(one) if isinstance(one, int) else one
                if thing.fileno() not in own:
                    self._watch(thing, watched, partial(ready.append, one))
            self._wait(0.0 if ready else timeout, ready)
        finally:
            for thing in watched:
                self._engine.unwatch(thing)
        if not self._engine.threaded:
            self.reap()
        broken, self._engine.broken = self._engine.broken, None
        if ready and callback is not None:
            callback(ready)
        if broken is not None:
            raise broken

    def getServerSockets(self) -> list[Any]:
        """Return what to wait for in somebody else's loop; to be asked for every round."""
        if self._engine.listener is None:
            return []
        if self._engine.threaded:  # what stands for all that the loop has to see to
            return [self._engine.selector]
        return [sock for sock, _ in self._engine.sources]

    # Helpers.

    def reap(self) -> None:
        """Disconnect what is too old."""
        raise NotImplementedError

    def _own_numbers(self) -> frozenset[int]:
        """Return the numbers of what the daemon itself waits for."""
        own = [sock for sock, _ in self._engine.sources]
        return frozenset(one.fileno() for one in [*own, *self.getServerSockets()])

    def _watch(self, thing: Any, watched: list[Any], act: Callable[[], object]) -> None:
        """Have *act* called in this round if *thing* can be read."""
        if self._engine.listener is None:
            return
        try:
            self._engine.watch(thing, act)
        except PermissionError:  # an ordinary file, which can always be read
            act()
        else:
            watched.append(thing)

    def _wait(self, timeout: float | None, ready: list[Any]) -> None:
        """Have one round; return early if something happened."""
        engine = self._engine
        end = None if timeout is None else time.monotonic() + timeout
        while engine.listener is not None and not self._stopping:
            left = engine.interval
            if end is not None:
                left = max(0.0, min(left, end - time.monotonic()))
            before, began = engine.happened, time.monotonic()
            engine.process(left)
            if ready or engine.happened != before or self._stopping or engine.broken:
                return
            if end is not None:
                if time.monotonic() >= end:
                    return
            elif time.monotonic() - began < left:  # it was woken
                return
