"""Streams of what others make, sent from the threads that make it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from ..objects.streams import Tap
from ..wire.events import Call
from .outgoing import Outgoing
from .pump import Pump, Runner

__all__ = ["Helper", "TapPump"]

_log = logging.getLogger("pyrophone.daemon")


class Helper(Protocol):
    """Another thread, which has the time; see :class:`.Coroutines`."""

    def gather(self, job: Callable[[], object]) -> None:
        """Have *job* run there soon, with others."""


class TapPump(Pump):
    """Sends the items of a tap, in the thread that made them if it has the time.

    It never waits there: what the reader takes no more of, stays in the tap.

    Args:
        link: The connection.
        call: What the stream answers; it flows already.
        tap: Where items come from.
        runner: The daemon.
        helper: Sends what those who made it have no time for.
    """

    def __init__(
        self,
        link: Outgoing,
        call: Call,
        tap: Tap,
        runner: Runner,
        helper: Helper,
    ) -> None:
        super().__init__(link, call, tap, runner)
        self._sliced = True  # it is a borrowed thread
        self._tap = tap
        self._helper = helper
        # Whether all was sent, and the tap will tell of more: then credit changes nothing.
        self._asleep = False

    def credited(self) -> None:
        """Go on: the reader has used up something, or takes more again."""
        if not self._asleep or self._stopped:
            super().credited()

    def _step(self) -> bool:
        self._asleep = False
        return super()._step()

    def _draw(self) -> bool:
        item = self._tap.draw(self._rung)
        if item is None:
            self._asleep = True
            return False
        self.take(item)
        return True

    def _rung(self, near: bool) -> None:
        """Send what there is now, in this thread if it is *near*."""
        with self._lock:
            if self._busy:
                self._again = True
                return
            if self._ended:
                return
            self._busy = True
        if not near:
            self._helper.gather(self._work)
            return
        try:
            self._work()
        except Exception:  # who makes items has no part in how they are sent
            _log.exception("error in sending what was made in this thread")
