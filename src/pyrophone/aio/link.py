"""A daemon's end of one connection in a loop."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol, cast

from ..context import Client
from ..errors import ConnectionLostError, ProtocolError, SecurityError
from ..frontend.dialects import change_session
from ..net.sockets import peer_name
from ..settings import Settings
from ..wire.buffers import Data
from ..wire.events import Call, Cancel, Credit, Greeting, Ping
from ..wire.features import FLOW, MANY
from ..wire.server import ServerSession
from ..wire.states import NEW, OPEN
from .beats import Beats
from .calling import Caller
from .functions import Functions
from .landing import land
from .pool import Pool
from .prompt import LARGE, PromptLink
from .running import Running
from .service import Service

__all__ = ["Home", "Link"]

_log = logging.getLogger("pyrophone.daemon")

_FAREWELL = 1.0  # seconds that a client may take to read why it is refused
_QUEUE = 10_000  # calls that wait, while their client is to answer calls of ours


class Home(Service, Protocol):
    """What a link needs from its daemon.

    Attributes:
        settings: Its settings.
        stopping: Whether no new call is to be started.
        study: The threads that read large calls.
    """

    settings: Settings
    stopping: bool
    study: Pool

    def welcome(self, link: Link, greeting: Greeting) -> None:
        """Have *greeting* answered, by :meth:`Link.greet`."""

    def greeted(self, link: Link) -> None:
        """Note that the greeting was accepted."""

    def left(self, link: Link) -> None:
        """Note that the connection is gone."""

    def rested(self, link: Link) -> None:
        """Note that a call has ended."""

    def chunks(self) -> Mapping[str, bytes]:
        """Return those to send with what is no answer to a call."""

    def session_for(self, start: bytes, *, greeted: bool = False) -> ServerSession | None:
        """Return the session of a client whose conversation begins so, or None."""


class Link(PromptLink, Caller, asyncio.Protocol):
    """One connection: its transport, its session, its client.

    Attributes:
        sock: What it was accepted as; the transport's to close.
        transport: None until it is made, which with TLS takes a handshake.
        client: Who is at the other end.
        answering: Runs its calls.
        greeted: Whether the client's greeting was accepted.
        deadline: When it is to be closed if nothing happens, by ``time.monotonic()``;
            None is never.
        used: When the last call came or was answered.
        functions: Those that crossed it, None if none can.
        closed: Whether it is gone.
    """

    answering: Running

    def __init__(
        self, sock: socket.socket, session: ServerSession, home: Home, *, keep: bool = False
    ) -> None:
        super().__init__(cast(Any, session), home)
        self.sock = sock
        self.transport: asyncio.Transport | None = None
        self.client = Client(peer_name(sock), self)
        self.client.dialect = session.dialect.name
        self.answering = Running(self, home)
        self.greeted = session.state == OPEN
        self.deadline: float | None = None
        self._keep = keep
        self._judged = False  # whether the greeting is being looked at
        self._pulling = False
        self._reading = False  # whether a large call is being read in a thread
        self._held_up = False  # whether the transport does not read
        self._half = False  # whether the client will send no more
        self._timer: asyncio.TimerHandle | None = None

    @property
    def server(self) -> ServerSession:
        """The session, as what it is."""
        return cast(ServerSession, self.session)

    def peer_certificate(self) -> Any:
        """The client's TLS certificate as a dict, None without TLS."""
        return self.transport.get_extra_info("peercert") if self.transport else None

    # What the daemon calls.

    def greet(self, data: bytes, *, accepted: bool) -> None:
        """Send the answer to the greeting, and go on with what came behind it."""
        self._judged = False
        self.write(data)
        if not accepted:
            self._leave()
            return
        self.greeted = True
        self.deadline = None
        self._home.greeted(self)
        features = self.session.features or frozenset()
        self._many = MANY in features
        if FLOW in features:
            self.functions = self.session.crossing = Functions(
                self, self._home.settings.window
            )
        if self.session.beat:
            self._beats = Beats(self.session.beat, self._pulse, self._silent)
        self._pull()

    def close(self) -> None:
        """Close the connection once all is sent that was written."""
        self._uncork()
        if self._outflow is not None:
            self._outflow.flush()
        if self.transport is not None:
            self.transport.close()
        else:
            self.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        if self.transport is not None:
            self.transport.abort()
        elif not self.closed:
            self.connection_lost(None)

    def spoil(self, error: Exception) -> None:
        """Close the connection because of *error*."""
        _log.info("client %s disconnected: %s", self.client.address, error)
        self.abort()

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the *transport*."""
        self.transport = cast(asyncio.Transport, transport)
        if self.closed:  # meanwhile
            transport.close()
        else:
            self._sink = self.transport

    def landed(self, *, done: bool) -> None:
        """Note that bytes went where they belong; if *done*, a message may be complete."""
        if not done:
            if self._beats is not None:
                self._beats.heard = time.monotonic()
        elif not self.closed:
            self._pull()

    def eof_received(self) -> bool:
        """Close the connection, unless an answer is due to a peer that may wait for it."""
        self._half = True
        assert self.transport is not None
        if self._leaving or self._many or self.transport.get_extra_info("sslcontext"):
            return False
        return self._blocked or self._judged

    def pause_writing(self) -> None:
        """Take nothing from a client that does not take its answers."""
        self.paused = True
        self.deadline = time.monotonic() + self._home.settings.send_timeout

    def resume_writing(self) -> None:
        """Go on: the client has taken its answers."""
        if self._outflow is not None:
            self.paused = False
            if not self._outflow.go_on():
                return
        self.deadline = None
        self.go_on()
        self._pull()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        if self.closed:
            return
        self.closed = True
        self._sink = None
        self.session.close()
        if self._beats is not None:
            self._beats.stop()
        if self._timer is not None:
            self._timer.cancel()
        self._corked.clear()
        self._queue.clear()
        self.answering.close()
        if self.functions is not None:
            self.functions.clear()
        self.lose(ConnectionLostError("the client has closed the connection"))
        self._home.left(self)

    # Taking what came.

    def _received(self, data: bytes) -> None:
        if len(data) >= LARGE:
            self.server.lazy = True  # what comes may be large
        self.session.receive(data)
        if (self._stalled or self.paused) and self._blocked:
            self._hold_up()
        else:
            self._pull()

    @property
    def _blocked(self) -> bool:
        """Whether nothing more is to be taken for now."""
        answering = self.answering
        if self.paused or self._reading or (not self._many and answering.waited_for):
            return True
        if len(answering.runs) < self._most:
            return False
        # What answers calls of ours may lie behind calls that have to wait.
        return not self.session.calls or len(self._queue) >= _QUEUE

    def _pull(self) -> None:
        """Take what has come, up to what has to wait."""
        if self._pulling:
            return
        self._pulling = True
        try:
            blocked = self._blocked
            while not (blocked or self.closed or self._leaving):
                more = self._take_next()
                blocked = self._blocked
                if not more:
                    break
        finally:
            self._pulling = False
        self._stalled = blocked
        if self.closed or self._stalled or self._judged:
            return
        if self._half and not self._leaving:
            self.close()
        elif self._held_up:
            self._held_up = False
            if self._beats is not None:
                self._beats.heard = time.monotonic()
            assert self.transport is not None
            self.transport.resume_reading()

    def _take_next(self) -> bool:
        """Take the next event; return False if there is none behind it, for now."""
        session: Any = self.session
        try:
            event = session.next()
        except (ProtocolError, SecurityError) as error:
            if self._change_session():
                return True
            self._refuse(str(error))
            return False
        if event is None:
            if session.decoder.landing is not None and self.transport is not None:
                land(session.decoder, self.transport, self)
            return False
        self.used = time.monotonic()
        if type(event) is Call:
            if event.unread is None:
                self._take_call(event)
            else:
                self._study(event, len(event.unread.payload))
        elif isinstance(event, Ping):
            self.write(session.pong(event, self._home.chunks()))
        elif isinstance(event, Cancel):
            self.answering.cancel(event)
        elif isinstance(event, Credit):
            self.answering.credit(event)
        elif isinstance(event, Greeting):
            self._judged = True
            self._home.welcome(self, event)
        else:
            self.settle(event)
        return bool(session.decoder.data)

    def _study(self, call: Call, size: int) -> None:
        """Read *call*; if it is so large that all others would wait for that, in a thread.

        Nothing more is taken meanwhile, so that what comes behind it stays there.
        """
        if size < LARGE:
            self.server.lazy = False
            self.server.read(call)
            self._take_call(call)
            return

        def read() -> None:
            try:
                self.server.read(call)
            except Exception as error:  # of memory, for one; or the client would hang
                call.problem = error
            with suppress(RuntimeError):  # the loop is closed; nobody waits for it
                self._here.call_soon_threadsafe(self._studied, call)

        self._reading = True
        try:
            self._home.study.submit(read)
        except RuntimeError:  # no thread to be had
            read()

    def _studied(self, call: Call) -> None:
        self._reading = False
        if not self.closed:
            self._take_call(call)
            self._pull()

    def _change_session(self) -> bool:
        """Go on in the dialect that the client speaks; return False if it is not known."""
        other = change_session(self.server, self._home, greeted=self._keep)
        if other is None:
            return False
        self.session = cast(Any, other)
        self.client.dialect = other.dialect.name
        return True

    def _refuse(self, reason: str) -> None:
        session = self.server
        if session.state == NEW:
            self.write(session.refuse(reason, None, self._home.chunks()))
            self._leave()
        else:
            self.close()

    def _leave(self) -> None:
        """Let the client read why it is refused; what it still sends is dropped.

        Unread bytes would make the system reset the connection, and the reset can
        overtake the refusal.
        """
        self._leaving = True
        transport = self.transport
        assert transport is not None  # it has read something
        self._uncork()
        if self._half or not transport.can_write_eof():
            transport.close()
        else:
            transport.write_eof()
            self._timer = self._here.call_later(_FAREWELL, transport.abort)

    def _large(self, data: Data, lent: bool) -> None:
        self._flow(cast(asyncio.Transport, self.transport), data, lent)

    def _hold_up(self) -> None:
        if not self._held_up and self.transport is not None:
            self._held_up = True
            if self._beats is not None:
                self._beats.heard = math.inf
            self.transport.pause_reading()

    def _silent(self) -> None:
        """The client gave no sign of life for too long."""
        _log.info("client %s disconnected: it was silent", self.client.address)
        self.abort()

    def _pulse(self) -> None:
        if not self.paused:
            self.write(self.server.pulse())
