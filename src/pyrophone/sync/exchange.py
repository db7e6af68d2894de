"""Many callers on one connection: who waits for an answer reads for the others, too."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

from ..errors import (
    ConnectionLostError,
    ProtocolError,
    RemoteProtocolError,
    SecurityError,
)
from ..wire.buffers import Data, Pieces
from ..wire.client import ClientSession
from ..wire.events import Pong, Reply
from .channels import READ, WRITE, Channel, LateError
from .sending import Sending
from .waiters import Lost, Pending, Waiter

__all__ = ["ENDED", "NOBODY", "Exchange", "is_fatal", "reason"]

ENDED = "the connection was closed: receiving: not enough data"
NOBODY = -1  # who reads for no call of its own: to send, or to keep the connection

_LOOK_AGAIN = 0.05  # seconds
_QUIET = 1.0  # seconds after which a connection without calls is looked after


class Exchange(Sending):
    """A session and its socket, shared by all who call through them.

    One of those that wait for an answer reads, and gives the others theirs; when it has its
    own, another one goes on. So there is no thread for the connection, and a caller who is
    alone reads for itself. Everything here may be called from any thread.

    Attributes:
        watched: Whether the keeper waits for what comes.
        expects: Whether something may come that nobody here waits for.
        due: When the first call is over that was begun, by the monotonic clock.
    """

    __slots__ = (
        "_pending",
        "_pieces",
        "_promoted",
        "_reason",
        "_scatter",
        "_torn",
        "_waiters",
        "_waits",
        "due",
        "expects",
        "watched",
    )

    def __init__(self, session: ClientSession, channel: Channel) -> None:
        super().__init__(session, channel)
        self._waits = channel.waits
        self._pieces = channel.pieces
        self._scatter = channel.scatter
        self._waiters: dict[int, Waiter] = {}
        self._pending: dict[int, Pending] = {}
        self._torn = 0  # in which thread an interrupt now would lose what was read
        self._promoted: Waiter | None = None  # the last that was told to read
        self._reason: str | None = None  # why it was closed
        self.watched = False
        self.expects = False
        self.due = math.inf

    def _arrived(self, event: Any) -> None:
        """Take an event that answers no call; with the lock."""

    def _ended(self, why: str) -> None:
        """Release what belongs to the connection, which was closed."""

    # Calls.

    def exchange(
        self,
        launch: Callable[[Any], Data],
        message: Any,
        kind: type[Any],
        limit: float | None,
        bare: bool = False,
    ) -> Any:
        """Send what *launch* makes of *message*; return what comes for its number.

        Args:
            launch: Numbers and writes the message; called with the lock.
            message: Its argument.
            kind: What comes, a Reply or a Pong.
            limit: Until when, by the monotonic clock; None is for ever.
            bare: Return the bytes of a Reply that is nothing but a value, if *message* is
                nothing but a payload.

        Raises:
            LateError: It did not come by then. It was sent, and given up.
            ConnectionLostError: The connection broke.
            ProtocolError: A peer broke the rules.
        """
        # One long function: what runs once for each call is cold, and functions that are
        # called cost more than their work. The same in pieces is in _push and _take_in.
        seq = NOBODY
        waiter = None
        me = threading.get_ident()
        bare = bare and type(message) is bytes
        session = self.session
        lock = self._lock
        try:
            with lock:
                if self._busy or self._reader == me:
                    self._refuse_nesting()
                self._busy = True
                try:
                    data = launch(message)
                finally:
                    self._busy = False
                seq = session.seq
                if self._leader is None:
                    self._leader = seq
                    self._reader = me
                else:
                    waiter = self._waiters[seq] = Waiter()
                if self._unsent or type(data) is not bytes:
                    self._push(data)
                else:
                    size = len(data)  # now: a call is where an interrupt can come in
                    sent = None
                    self._unsure = True
                    try:
                        for sent in map(self._send, (data,), self._flags):  # noqa: B007
                            break
                    except BlockingIOError:
                        sent = 0
                    finally:
                        if sent is not None:
                            if sent != size:
                                self._unsent.append(memoryview(data)[sent:])
                            self._unsure = False
            if waiter is not None:
                if self._unsent:
                    self._help_sending(seq, limit)
                came = self._follow(waiter, limit)
                if came is not None:
                    return came
            elif self._waits and not self._unsent:
                if limit is not None:
                    self.channel.wait_to_read(limit)
                for data in self._pieces:  # noqa: B007
                    self._torn = me
                    break
                else:
                    raise ConnectionLostError(ENDED)
                self.used = time.monotonic()
                with lock:
                    event: Any = None
                    if bare:
                        event = session.answer_to(seq, data)
                    if event is None:
                        if self.closed:  # by another thread, since
                            raise ConnectionLostError(ENDED)
                        session.receive(data)
                        event = session.next()
                    if type(event) is bytes or (
                        type(event) is kind
                        and event.seq == seq
                        and not session.decoder.data  # nothing is behind it
                    ):
                        self._torn = self._reader = 0
                        if (
                            self._waiters
                            or self._pending
                            or self._unsent
                            or self.expects
                            or self.closed
                        ):
                            self._pass_on()
                        else:
                            self._leader = None
                        return event
                    mine = self._sort(event, seq, kind)
                    if mine is not None:
                        return mine
            return self._lead(seq, kind, limit)
        except BaseException as error:
            if seq != NOBODY:
                event = self._give_up(seq, waiter, error)
                if event is not None and isinstance(error, LateError):
                    return event  # it came at the last moment
            self._explain(error)
            raise

    def begin(
        self,
        launch: Callable[[Any], Data],
        message: Any,
        pending: Pending | None,
        limit: float | None,
    ) -> None:
        """Send what *launch* makes of *message*, and wait for nothing but that.

        Args:
            launch: Numbers and writes the message; called with the lock.
            message: Its argument.
            pending: Gets what comes for it; None if nothing does.
            limit: Until when it must be sent.
        """
        numbered = False
        try:
            with self._lock:
                data = self._launch(launch, message)
                numbered = True
                if pending is not None:
                    pending.seq = self.session.seq
                    self._pending[pending.seq] = pending
                    if pending.limit is not None:
                        self.due = min(self.due, pending.limit)
                self._push(data)
                if pending is not None and self._leader is None:
                    self._call_keeper()
            if self._unsent:
                self._help_sending(NOBODY, limit)
        except BaseException as error:
            if numbered:
                self._give_up(pending.seq if pending else NOBODY, None, error)
            self._explain(error)
            raise

    def abandon(self, seq: int) -> None:
        """Give up the call *seq*, whose stream nobody will read."""
        with self._lock:
            if not self.closed:
                self._push_quietly(self.session.abandon(seq))

    def withdraw(self, pending: Pending) -> None:
        """Give up a call that was begun, unless its answer is there."""
        with self._lock:
            if self._pending.get(pending.seq) is pending:
                del self._pending[pending.seq]
                if not self.closed:
                    self._push_quietly(self.session.abandon(pending.seq))

    def expire(self, now: float) -> None:
        """Give up the calls that were begun and whose time is over."""
        with self._lock:
            self.due = math.inf
            for pending in list(self._pending.values()):
                if pending.limit is not None:
                    if pending.limit <= now:
                        self.withdraw(pending)
                        pending.deliver(LateError())
                    else:
                        self.due = min(self.due, pending.limit)

    def look(self) -> None:
        """Read what is there and send what can be sent, without waiting; close if it ended.

        If somebody reads already, that one does it.
        """
        with self._lock:
            if self.closed or self._leader is not None:
                if self._unsent:
                    self._flush_quietly()
                return
            self._leader = NOBODY
            self._reader = threading.get_ident()
        try:
            with self._lock:
                self._flush()
            if self._can_read():
                self._take_in(NOBODY, Reply)
        except BaseException as error:
            self.close(reason(error))
            if not isinstance(error, Exception):
                raise
        finally:
            with self._lock:
                self._pass_on()

    def close(self, why: str = "the connection was closed") -> None:
        """Close the connection; whoever waits is told that it was lost, and why."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
            self._reason = why
            self.session.close()
            self._unsent.clear()
            losers: list[Waiter | Pending] = [*self._waiters.values()]
            losers += self._pending.values()
            if self._promoted is not None:
                losers.append(self._promoted)
            self._waiters.clear()
            self._pending.clear()
            self.channel.shut_down()
            if self._leader is None:  # else the reader wakes up and does it
                self.channel.close()
        lost = Lost(why)
        for loser in losers:
            loser.deliver(lost)
        self._ended(why)

    # Reading.

    def _follow(self, waiter: Waiter, limit: float | None) -> Any:
        """Return what somebody else reads for *waiter*, None if it is to read itself."""
        waiter.wait(limit)
        event = waiter.event
        if type(event) is Lost:
            raise ConnectionLostError(event.reason)
        if event is None:
            self._reader = threading.get_ident()
        return event

    def _lead(self, seq: int, kind: type[Any], limit: float | None) -> Any:
        """Read for everybody, until what is for *seq* is there; or all is sent.

        None if that is not wanted any more: then somebody has said in the meantime that
        this thread reads for no call of its own.
        """
        while self._leader == seq:
            unsent = bool(self._unsent)  # asked once: others send, too
            if seq == NOBODY and not unsent:
                return None  # to read would be to wait for what nobody is owed
            if limit is not None or unsent or not self._waits:
                ready = self.channel.wait(READ | WRITE * unsent, limit)
                if ready & WRITE:
                    with self._lock:
                        self._flush()
                if seq == NOBODY and not self._unsent:
                    return None
                if not ready & READ:
                    continue
            event = self._take_in(seq, kind)
            if event is not None:
                return event
            if limit is not None and self.used >= limit:
                raise LateError  # of what comes for others there may be no end
        return None

    def _take_in(self, seq: int, kind: type[Any]) -> Any:
        """Read once, for everybody; with what came for *seq*, another one's turn begins."""
        me = threading.get_ident()
        decoder = self.session.decoder
        space = None if decoder.landing is None else decoder.space()
        count = 0
        try:
            if space is None:
                for data in self._pieces:  # noqa: B007
                    self._torn = me
                    count = 1
                    break
            else:
                for count in map(self._scatter, (space,)):  # noqa: B007
                    self._torn = me
                    break
        except BlockingIOError:
            return None
        if not count:
            raise ConnectionLostError(ENDED)
        self.used = time.monotonic()
        with self._lock:
            if self.closed:  # by another thread, since
                raise ConnectionLostError(ENDED)
            if space is None:
                self.session.receive(data)
            else:
                decoder.filled(count)
            return self._sort(self.session.next(), seq, kind)

    def _sort(self, event: Any, seq: int, kind: type[Any]) -> Any:
        """Hand out *event* and all behind it; return what is for *seq*, with the lock."""
        mine = None
        try:
            while event is not None:
                if type(event) is kind and mine is None and self._is_for(event, seq):
                    mine = event
                else:
                    self._hand_out(event)
                event = self.session.next()
        except (ProtocolError, SecurityError) as error:
            if mine is None:
                raise
            self.close(reason(error))  # the answer is good, what came behind it is not
        if mine is not None:
            self._pass_on()
        self._torn = 0
        return mine

    def _enter(self, seq: int) -> Waiter | None:
        """Begin to read for *seq*, or return what to wait with; with the lock."""
        if self._leader is not None:
            waiter = self._waiters[seq] = Waiter()
            return waiter
        self._leader = seq
        self._reader = threading.get_ident()
        return None

    # For the keeper.

    @property
    def guard(self) -> threading.RLock:
        """The lock under which :meth:`wanted` does not change."""
        return self._lock

    def wanted(self) -> int:
        """Return what the keeper should wait for, READ, WRITE, both or nothing."""
        events = WRITE * bool(self._unsent)
        if self._leader is None and (
            self._pending or self.expects or time.monotonic() - self.used > _QUIET
        ):
            events |= READ
        return events

    def catch_up(self) -> None:
        """Do what finalizers left to be done."""

    def has_unread(self) -> bool:
        """Tell whether something came that nobody has read yet, be it the end."""
        try:
            return self._can_read()
        except OSError:
            return True

    def _can_read(self) -> bool:
        try:
            return bool(self.channel.wait(READ, 0.0))
        except LateError:
            return False

    def _is_for(self, event: Any, seq: int) -> bool:
        return bool(event.seq == seq) or (type(event) is Pong and not self.shared)

    def _hand_out(self, event: Any) -> None:
        """Give *event* to whom it belongs; with the lock."""
        kind = type(event)
        if kind is not Reply and kind is not Pong:
            self._arrived(event)
            return
        seq = event.seq
        waiter = self._waiters.get(seq) or self._pending.get(seq)
        if waiter is not None:
            waiter.deliver(event)
            self._waiters.pop(seq, None)  # after that, or an interrupt could come between
            self._pending.pop(seq, None)
        elif not self.shared:
            raise RemoteProtocolError(f"{kind.__name__} came in place of a reply")
        elif kind is Reply and event.flows:  # nobody will ask for its items
            self._push_quietly(self.session.abandon(seq))

    def _pass_on(self) -> None:
        """Let another one read; with the lock, by who read so far."""
        self._reader = 0
        if self._waiters:
            self._leader, self._promoted = self._waiters.popitem()
            self._promoted.wake()
            return
        self._leader = None
        if self.closed:
            self.channel.close()
        elif self._pending or self._unsent or self.expects:
            self._call_keeper()

    def _help_sending(self, seq: int, limit: float | None) -> None:
        """Return once all is sent, or *seq* has its answer, or is to read."""
        while self._unsent and (seq == NOBODY or seq in self._waiters):
            with self._lock:
                leads = self._leader is None and not self.closed
                if leads:  # the peer may read on only when somebody reads what it wrote
                    self._leader = NOBODY
                    self._reader = threading.get_ident()
            if leads:
                self._lead_to_send(limit)
                break
            soon = time.monotonic() + _LOOK_AGAIN
            try:
                self.channel.wait(WRITE, soon if limit is None else min(soon, limit))
            except LateError:
                if limit is not None and limit < soon:
                    raise
            with self._lock:
                self._flush()
        if self.closed and seq == NOBODY:
            raise ConnectionLostError(self._reason or ENDED)

    def _lead_to_send(self, limit: float | None) -> None:
        try:
            if self._unsent:
                self._lead(NOBODY, Reply, limit)
        except BaseException as error:
            with self._lock:
                if not isinstance(error, LateError) and (
                    isinstance(error, Exception) or self._torn == threading.get_ident()
                ):
                    self.close(reason(error))
            raise
        finally:
            with self._lock:
                self._pass_on()

    # Trouble.

    def _give_up(self, seq: int, waiter: Waiter | None, error: BaseException) -> Any:
        """Leave nothing behind of a call that ended in *error*.

        Args:
            seq: Its number.
            waiter: If another one reads for it.
            error: What went wrong.

        Returns:
            The answer, if it came at the last moment.
        """
        with self._lock:
            leads = seq != NOBODY and self._leader == seq
            torn = self._torn == threading.get_ident()
            if torn or self._unsure or not self.shared or is_fatal(error):
                self.close(reason(error))
            for data in self._unsent:
                if type(data) is Pieces:  # who called may change his buffers from now on
                    data.own()
            self._waiters.pop(seq, None)
            self._pending.pop(seq, None)
            event = waiter.event if waiter is not None else None
            if not self.closed and seq != NOBODY and event is None:
                self._push_quietly(self.session.abandon(seq))
            if leads:
                self._pass_on()
            elif self._unsent:
                self._call_keeper()
            return None if type(event) is Lost else event

    def _explain(self, error: BaseException) -> None:
        """Raise what the caller should see in place of *error*, if it is something else."""
        if isinstance(error, ConnectionLostError):
            if str(error) == ENDED and self._reason not in (None, ENDED):
                raise ConnectionLostError(self._reason) from None
        elif isinstance(error, OSError):
            raise ConnectionLostError(self._reason or reason(error)) from error


def is_fatal(error: BaseException) -> bool:
    """Tell whether a connection can't be used any more after *error*."""
    return isinstance(error, (OSError, ProtocolError, SecurityError))


def reason(error: BaseException) -> str:
    """Return why a connection is closed after *error*, as a sentence."""
    if isinstance(error, ConnectionLostError):
        return str(error)
    if isinstance(error, (ProtocolError, SecurityError)):
        return f"the connection was closed: {error}"
    if isinstance(error, OSError):
        return f"the connection was lost: {error}"
    return "the connection was closed in the middle of a call"
