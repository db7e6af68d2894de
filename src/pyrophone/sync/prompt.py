"""The call that is nothing special, on the shortest way, where it is served.

The twin ``prompt.pyx`` is for the compiled build: there it is received, read, run and
answered without the interpreter, but for the method itself.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any

from ..context import CallContext, Client
from ..frontend.contexts import context_for
from ..net.sockets import close_hard, wait_limit_reached
from ..objects.table import Entry
from ..wire.buffers import Data, Pieces
from ..wire.events import Call
from ..wire.framing import ONEWAY
from ..wire.server import ServerSession
from ..wire.states import CLOSED

__all__ = ["BUSY", "CHUNK", "LOST", "MORE", "PAUSED", "READ", "WRITE", "Prompt"]

READ = 1  # the same numbers as in selectors
WRITE = 2
MORE = 4
LOST = 8
PAUSED = 16
BUSY = 32

CHUNK = 65536  # bytes per read


class Prompt:
    """A connection of a daemon, as far as a call that comes alone is answered there.

    What is said of its attributes is in :class:`.outgoing.Outgoing` and
    :class:`.link.Link`.
    """

    __slots__ = (
        "_alone",
        "_behind",
        "_broken",
        "_cut",
        "_known",
        "_lost",
        "_outbox",
        "_place",
        "_sending",
        "_service",
        "_straight",
        "_tls",
        "_using",
        "active",
        "client",
        "closed",
        "count",
        "many",
        "open",
        "paused",
        "quiet",
        "session",
        "silent",
        "sock",
        "stuck",
        "tasks",
        "term",
        "turn",
    )

    _alone: bool  # what the service says of itself, as the next three
    _behind: bool
    _broken: bool
    _cut: bool
    _known: dict[str, Entry]
    _lost: bool
    _outbox: deque[bytes | memoryview | Pieces]
    _place: str
    _sending: Lock
    _service: Any
    _straight: bool
    _tls: Any
    _using: int
    active: bool
    client: Client
    closed: bool
    count: int
    many: bool
    open: dict[int, CallContext]
    paused: bool
    quiet: float
    session: ServerSession
    silent: float
    sock: socket.socket
    stuck: bool
    tasks: dict[int, Callable[[], object]]
    term: int
    turn: Lock

    def serve(self) -> int:
        """Do what can be done: send what is left, read once, answer what came.

        Returns:
            MORE if something came and was answered, READ or WRITE for what to wait
            for, PAUSED if for the end of a call, BUSY if calls wait too long for each
            other, LOST if another thread reads by now, who has the turn then; 0 if the
            link is now closed.
        """
        if self._behind or self._outbox or self._broken:
            return self._go_on(self._answer, 0)
        if self.closed:
            return 0
        if self._tls is not None:
            return self._read(self._answer)
        # The same as there, in one function: what runs for each call alone is cold, and
        # functions called cost more than their work.
        try:
            data = self.sock.recv(CHUNK)
        except OSError as error:
            if wait_limit_reached(error):
                return READ
            data = b""
        if not data:
            self._leave()
            return 0
        self.silent = 0.0
        if not self.open and self.many and not self._service.stopping:
            call = self.session.call_in(data)
            if call is not None:
                return self._answer_one(call)
        self.session.receive(data)
        return self._answer()

    def _answer_one(self, call: Call) -> int:
        """Answer *call*, behind which nothing came: as :meth:`_answer`, and shorter."""
        self.paused = False
        self.active = True
        if not self._run(call):
            return LOST
        if self.stuck:
            return WRITE
        if self._broken or self.session.state == CLOSED:
            self._leave()
            return 0
        if self.closed or self._lost:
            return 0
        return PAUSED if self.open and self._pauses() else MORE

    def _run(self, call: Call) -> bool:
        """Run *call* here; return whether this thread still has the turn then."""
        service = self._service
        oneway = call.flags & ONEWAY
        if oneway and service.starts_apart(self, call):
            return True
        self.count += 1
        term = self.term
        key = -self.count if oneway else call.seq
        context = self.open[key] = context_for(self.client, call, self._place)
        self.turn.release()
        data = service.perform(self, call, context)
        if data is not None:
            if data:
                self.send(data)
            self.open.pop(key, None)
            if self.tasks or self.paused or service.stopping:
                self.done(key)
        if not self.turn.acquire(self._alone):
            return False
        if self.term != term:
            self.turn.release()
            return False
        return True

    def hang_up(self) -> None:
        """Close the socket, under whoever uses it.

        The twin asks for its number, lets other threads run, and receives or sends there.
        Closed in between, the number could be that of another connection by then. So who
        uses it is counted, in *_using*, and the last one closes it, if it is *_cut*.
        """
        close_hard(self.sock)

    # What a link does besides.

    def send(self, data: Data, flags: int = 0) -> bool:
        """Send *data*, or keep some of it for later; return whether nothing is kept."""
        raise NotImplementedError

    def done(self, key: int) -> None:
        """Note that a call was answered."""
        raise NotImplementedError

    def _answer(self) -> int:
        raise NotImplementedError

    def _go_on(self, act: Callable[[], int], flags: int) -> int:
        raise NotImplementedError

    def _read(self, act: Callable[[], int]) -> int:
        raise NotImplementedError

    def _leave(self) -> None:
        raise NotImplementedError

    def _pauses(self) -> bool:
        raise NotImplementedError
