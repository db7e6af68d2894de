"""The thread that looks after connections on which nobody waits for an answer."""

from __future__ import annotations

import math
import selectors
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from .channels import READ, WRITE
from .exchange import Exchange

__all__ = ["Keeper"]

_LONGEST = 1.0  # seconds between two rounds
_ROUNDS = 4  # per beat
_SILENCE = 3  # beats


class _Charge:
    """A connection that is looked after, and what was last seen of it."""

    __slots__ = ("connection", "number", "registered", "sent", "seq")

    def __init__(self, connection: Exchange, now: float) -> None:
        self.connection = weakref.ref(connection)
        self.number = connection.channel.sock.fileno()
        self.registered = 0  # for which events
        self.seq = connection.session.seq
        self.sent = now


class Keeper:
    """Gives signs of life for connections, listens for theirs, and reads the quiet ones.

    It has one thread, which ends when no connection is left. Connections are held weakly.

    Args:
        idle: Called, in the thread, when there is no connection left; the thread ends if
            it gives True.
    """

    def __init__(self, idle: Callable[[], bool]) -> None:
        self._idle = idle
        self._selector = selectors.DefaultSelector()
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ, None)
        self._charges: dict[int, _Charge] = {}  # by the id of the connection
        self._orders: deque[weakref.ref[Exchange]] = deque()
        self._thread = threading.Thread(
            target=self._run, name="pyrophone-keeper", daemon=True
        )

    @property
    def busy(self) -> bool:
        """Whether there is something to look after, or soon will be."""
        return bool(self._charges or self._orders)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def attend(self, connection: Exchange) -> None:
        """Look after *connection* from now on, and see at once what it needs."""
        self._orders.append(weakref.ref(connection))
        self.wake()

    def wake(self) -> None:
        """Have the thread look around; takes no lock, for the sake of finalizers."""
        with suppress(OSError):  # it has been woken often enough, or has ended
            self._bell.send(b"\0")

    def disown(self) -> None:
        """Give back what belongs to the parent, in a process that was forked off."""
        for sock in (self._bell, self._ear):
            sock.close()
        self._selector.close()

    def _run(self) -> None:
        next_round = 0.0
        while True:
            now = time.monotonic()
            next_round = min(next_round, self._take_orders(now))
            if now >= next_round or not self._charges:
                next_round = now + self._go_round(now)
            if not self._charges and self._idle():
                self.disown()
                return
            for key, _ in self._selector.select(max(0.0, next_round - now)):
                if key.data is None:
                    with suppress(OSError):
                        self._ear.recv(4096)
                else:
                    self._look_at(key.data)

    def _take_orders(self, now: float) -> float:
        """Look after those who asked; return when the first call there is over."""
        due = math.inf
        while self._orders:
            connection = self._orders.popleft()()
            if connection is not None and not connection.closed:
                charge = self._charges.get(id(connection))
                if charge is None or charge.connection() is not connection:
                    charge = self._charges[id(connection)] = _Charge(connection, now)
                connection.catch_up()
                due = min(due, connection.due)
                self._register(charge, connection)
        return due

    def _go_round(self, now: float) -> float:
        """See to every connection; return how many seconds the next round may wait."""
        pause = _LONGEST
        for key, charge in list(self._charges.items()):
            connection = charge.connection()
            if connection is None or connection.closed:
                self._forget(key, charge)
                continue
            if connection.due <= now:
                connection.expire(now)
            pause = min(pause, connection.due - now)
            beat = connection.session.beat
            if beat:
                pause = min(pause, beat / _ROUNDS)
                self._beat(charge, connection, beat, now)
            self._register(charge, connection)
        return pause

    def _beat(self, charge: _Charge, connection: Exchange, beat: float, now: float) -> None:
        """Give a sign of life if it is time for one, and see whether there are any."""
        if connection.session.seq != charge.seq:
            charge.seq = connection.session.seq
            charge.sent = now
        elif now - charge.sent >= beat * (1 - 1 / _ROUNDS):
            charge.sent = now
            connection.say(connection.session.pulse)
        silent = now - connection.used
        if silent > _SILENCE * beat and not connection.has_unread():
            connection.close(f"the connection was lost: no sign of life for {silent:.1f} s")

    def _look_at(self, charge: _Charge) -> None:
        connection = charge.connection()
        if connection is not None and not connection.closed:
            connection.look()
            self._register(charge, connection)

    def _register(self, charge: _Charge, connection: Exchange) -> None:
        """Wait for what nobody else waits for."""
        with connection.guard:
            events = connection.wanted()
            if connection.closed or events == charge.registered:
                return
            if charge.registered:
                self._unregister(charge)
            if events:
                # The number may be that of one which was closed.
                with suppress(KeyError, ValueError, OSError):
                    self._selector.unregister(charge.number)
                self._selector.register(
                    charge.number,
                    selectors.EVENT_READ * bool(events & READ)
                    | selectors.EVENT_WRITE * bool(events & WRITE),
                    charge,
                )
            charge.registered = events
            connection.watched = bool(events & READ)

    def _unregister(self, charge: _Charge) -> None:
        with suppress(KeyError, ValueError, OSError):
            if self._selector.get_key(charge.number).data is charge:
                self._selector.unregister(charge.number)
        charge.registered = 0

    def _forget(self, key: int, charge: _Charge) -> None:
        self._unregister(charge)
        if self._charges.get(key) is charge:
            del self._charges[key]
