"""Streams whose items are sent ahead, on a connection that many threads use."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from ..errors import ConnectionLostError
from ..wire.client import ClientSession
from ..wire.events import Portion
from .channels import Channel
from .exchange import ENDED, Exchange, is_fatal, reason

__all__ = ["Portions"]


class Portions(Exchange):
    """An exchange that keeps the items which came before anybody asked for them.

    There are never more than were granted.
    """

    def __init__(self, session: ClientSession, channel: Channel) -> None:
        super().__init__(session, channel)
        self._inboxes: dict[int, deque[Portion]] = {}
        self._unwanted: deque[int] = deque()  # streams that finalizers gave up

    def grant(self, seq: int, count: int) -> None:
        """Let the other side send *count* more messages of items of the call *seq*."""
        with self._lock:
            if not self.closed:
                self._inboxes.setdefault(seq, deque())
                self._push_quietly(self.session.credit(seq, count))

    def portion(self, seq: int, limit: float | None) -> Portion:
        """Return the next items of the call *seq*, once they are there.

        Raises:
            LateError: They were not, until *limit* by the monotonic clock. They may come.
            ConnectionLostError: The connection broke, and the stream with it.
        """
        waiter = None
        try:
            with self._lock:
                portion = self._take(seq)
                if portion is not None:
                    return portion
                if self.closed:
                    raise ConnectionLostError(self._reason or ENDED)
                waiter = self._enter(seq)
            event = self._follow(waiter, limit) if waiter is not None else None
            if event is None:
                event = self._lead(seq, Portion, limit)
            return self._taken(seq, event)
        except BaseException as error:
            event = self._step_back(seq, waiter, error)
            if event is not None:
                return self._taken(seq, event)
            self._explain(error)
            raise

    def abandon(self, seq: int) -> None:
        """Give up the call or stream *seq*, which nobody waits for any more."""
        with self._lock:
            self._inboxes.pop(seq, None)
            super().abandon(seq)

    def abandon_later(self, seq: int) -> None:
        """Have the keeper give up the stream *seq*; takes no lock, for finalizers."""
        self._unwanted.append(seq)

    def catch_up(self) -> None:
        """Do what finalizers left to be done."""
        while self._unwanted:
            self.abandon(self._unwanted.popleft())

    def _hand_out(self, event: Any) -> None:
        if type(event) is not Portion:
            super()._hand_out(event)
        elif (waiter := self._waiters.get(event.seq)) is not None:
            waiter.deliver(event)
            self._waiters.pop(event.seq, None)
        elif (inbox := self._inboxes.get(event.seq)) is not None:
            inbox.append(event)

    def _take(self, seq: int) -> Portion | None:
        inbox = self._inboxes.get(seq)
        return self._taken(seq, inbox.popleft()) if inbox else None

    def _taken(self, seq: int, portion: Any) -> Portion:
        if portion.last:
            self._inboxes.pop(seq, None)
        taken: Portion = portion
        return taken

    def _step_back(self, seq: int, waiter: Any, error: BaseException) -> Any:
        """Leave the reading to others; return what came at the last moment."""
        with self._lock:
            leads = self._leader == seq
            if self._torn == threading.get_ident() or is_fatal(error):
                self.close(reason(error))
            self._waiters.pop(seq, None)
            if leads:
                self._pass_on()
            event = waiter.event if waiter is not None else None
            return event if isinstance(event, Portion) else None
