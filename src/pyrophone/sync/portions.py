"""Streams whose items are sent ahead, on a connection that many threads use."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from ..errors import ConnectionLostError
from ..wire.client import ClientSession
from ..wire.events import Portion
from .channels import Channel
from .exchange import ENDED, NOBODY, is_fatal, reason
from .swift import Swift
from .waiters import Waiter

__all__ = ["DroppedError", "Inbox", "Portions"]


class DroppedError(Exception):
    """Nobody wants the items of a stream any more; raised where a thread waits for them."""


class Inbox:
    """The items of one stream that came before anybody asked for them.

    Attributes:
        seq: Number of the call that the stream answers.
        portions: What came, oldest first.
        last: Whether nothing more will; its number may then be that of another call.
    """

    __slots__ = ("last", "portions", "seq")

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.portions: deque[Portion] = deque()
        self.last = False


class Portions(Swift):
    """An exchange that keeps items until they are asked for, as many as were granted."""

    def __init__(self, session: ClientSession, channel: Channel) -> None:
        super().__init__(session, channel)
        self._inboxes: dict[int, Inbox] = {}
        self._unwanted: deque[Inbox] = deque()  # streams that finalizers gave up

    def inbox(self, seq: int) -> Inbox:
        """Return where the items go that answer call *seq*, once some are granted."""
        with self._lock:
            inbox = self._inboxes[seq] = Inbox(seq)
            return inbox

    def grant(self, inbox: Inbox, count: int) -> None:
        """Let the other side send *count* more messages of items."""
        with self._lock:
            if not inbox.last and not self.closed:
                self._push_quietly(self.session.credit(inbox.seq, count))

    def portion(self, inbox: Inbox, limit: float | None) -> Portion:
        """Return the next items, once they are there. One thread at a time may ask.

        Raises:
            LateError: They were not, until *limit* by the monotonic clock. They may come.
            DroppedError: Another thread has given the stream up.
            ConnectionLostError: The connection broke, and the stream with it.
        """
        waiter = None
        try:
            with self._lock:
                if inbox.portions:
                    return inbox.portions.popleft()
                if inbox.last:
                    raise DroppedError
                if self.closed:
                    raise ConnectionLostError(self._reason or ENDED)
                waiter = self._enter(inbox.seq)
            portion: Portion | None = None
            if waiter is not None:
                portion = self._follow(waiter, limit)
            if portion is None:
                portion = self._lead(inbox.seq, Portion, limit)
            if type(portion) is not Portion:
                raise DroppedError
            if portion.last:
                self._forget(inbox)
            return portion
        except BaseException as error:
            came = self._step_back(inbox, waiter, error)
            if came is not None:
                return came
            self._explain(error)
            raise

    def drop(self, inbox: Inbox) -> None:
        """Give up a stream, which nobody wants any more; who waits for it is woken."""
        with self._lock:
            if inbox.last:
                return
            self._forget(inbox)
            if self.closed:
                return
            self._push_quietly(self.session.abandon(inbox.seq))
            waiter = self._waiters.pop(inbox.seq, None)
            if waiter is not None:
                waiter.deliver(DroppedError())
            elif self._leader == inbox.seq:
                self._leader = NOBODY
                self._push_quietly(self.session.ping())  # it reads; the answer wakes it

    def drop_later(self, inbox: Inbox) -> None:
        """Have the keeper give up a stream; takes no lock, for the sake of finalizers."""
        self._unwanted.append(inbox)

    def catch_up(self) -> None:
        """Do what finalizers left to be done."""
        while self._unwanted:
            self.drop(self._unwanted.popleft())

    def _hand_out(self, event: Any) -> None:
        if type(event) is not Portion:
            super()._hand_out(event)
            return
        inbox = self._inboxes.get(event.seq)
        if inbox is not None:
            if event.last:
                self._forget(inbox)
            waiter = self._waiters.get(event.seq)
            if waiter is not None:
                waiter.deliver(event)
                self._waiters.pop(event.seq, None)
            else:
                inbox.portions.append(event)

    def _forget(self, inbox: Inbox) -> None:
        """Take note that the number of a stream may be that of another call from now on."""
        with self._lock:
            inbox.last = True
            if self._inboxes.get(inbox.seq) is inbox:
                del self._inboxes[inbox.seq]

    def _step_back(
        self, inbox: Inbox, waiter: Waiter | None, error: BaseException
    ) -> Portion | None:
        """Leave the reading to others; return what came at the last moment."""
        with self._lock:
            me = threading.get_ident()
            if not inbox.last:
                leads = self._leader == inbox.seq
            else:  # if it was given up meanwhile, this thread may read all the same
                told = waiter is not None and self._promoted is waiter
                reads = self._reader == me or (told and not self._reader)
                leads = reads and self._leader == NOBODY
            if self._torn == me or is_fatal(error):
                self.close(reason(error))
            if waiter is not None and self._waiters.get(inbox.seq) is waiter:
                del self._waiters[inbox.seq]
            if leads:
                self._pass_on()
            event = waiter.event if waiter is not None else None
            return event if isinstance(event, Portion) else None
