"""A daemon's end of one connection."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from ..context import CallContext, Client
from ..errors import ProtocolError, SecurityError
from ..frontend.dialects import change_session
from ..net.sockets import AT_ONCE, peer_name, wait_limit_reached
from ..objects.table import ObjectTable
from ..settings import Settings
from ..wire.buffers import Data
from ..wire.events import Call, Cancel, Credit, Greeting, Ping
from ..wire.features import FLOW, MANY
from ..wire.framing import ONEWAY
from ..wire.server import ServerSession
from ..wire.states import CLOSED, NEW, OPEN
from .callbacks import Callbacks
from .outgoing import Outgoing
from .prompt import BUSY, CHUNK, LOST, MORE, PAUSED, READ, WRITE

__all__ = ["BUSY", "LOST", "MORE", "PAUSED", "READ", "WRITE", "Link", "Service"]

_PATIENCE = 0.002  # seconds that calls wait for those which came in the same piece


class Service(Protocol):
    """What a link needs from its daemon.

    Attributes:
        stopping: Whether no new call is to be started.
        alone: Whether one call at a time is run.
        place: What stands for it in chains of calls.
        straight: Whether *perform* does nothing special.
        objects: What is called.
        settings: How many calls may be under way, for one.
    """

    stopping: bool
    alone: bool
    place: str
    straight: bool
    objects: ObjectTable
    settings: Settings

    def answer(self, link: Link, event: Call | Greeting | Ping) -> Data:
        """Return the bytes that answer *event*."""

    def context(self, client: Client, call: Call) -> CallContext:
        """Return the context to serve *call* in."""

    def perform(self, link: Link, call: Call, context: CallContext) -> Data | None:
        """Run *call*; return the bytes that answer it, None if they follow."""

    def conclude(
        self,
        link: Link,
        call: Call,
        context: CallContext,
        function: Callable[..., Any],
        value: Any,
    ) -> Data | None:
        """Return the bytes that answer *call*, of which *function* made *value*."""

    def explain(
        self, link: Link, call: Call, error: BaseException, context: CallContext
    ) -> Data:
        """Return the bytes that answer *call* with *error*."""

    def starts_apart(self, link: Link, call: Call) -> bool:
        """Run a one-way call in another thread, if there is one for it."""

    def start(self, link: Link, call: Call, context: CallContext, key: int) -> None:
        """Have *call* run soon, in another thread than this one."""

    def submit(self, job: Callable[[], object]) -> None:
        """Have *job*, which runs code of the user, run soon in another thread."""

    def attention(self, link: Link) -> None:
        """Have the link looked at by who waits for sockets."""

    def serves_here(self) -> bool:
        """Tell whether this is the one thread that reads."""

    def left(self, link: Link) -> None:
        """Note that the link was closed."""

    def chunks(self) -> Mapping[str, bytes]:
        """Return those to send with what is no answer to a call."""

    def session_for(self, start: bytes, *, greeted: bool = False) -> ServerSession | None:
        """Return the session of a client whose conversation begins so, or None."""


class Link(Outgoing):
    """One connection: its socket, its session, its client.

    One thread at a time reads it, the one that has its *turn*; any may send. Where many
    calls may be under way, a thread that runs a call here itself gives the turn back for as
    long, and finds at the end that it has it again, or that another one reads by now.
    The socket either does not block at all, or its waits are limited. It is closed with
    the link, unless it is to be kept. What is read and written may go through TLS.

    Attributes:
        idle_limit: How long it may be quiet, in seconds; None is for ever.
        deadline: When it is to be closed if nothing happens, by the daemon's
            clock; None is never.
        parked: Whether it waits in the daemon's selector.
        settled: Whether it does so to be read, for ever, its client being known.
        greeted: Whether the client's greeting was accepted.
        many: Whether many calls may be under way.
        most: How many, at most.
        shared: Whether calls are run by other threads than the one that reads.
        term: Changes when the thread that reads does.
        count: Calls so far, so that it is seen that one takes long.
        turn: Is had by who reads.
        active: Whether something came but signs of life.
        silent: Seconds since something came, as counted by who looks now and then.
        calls: Those of the other direction, where there can be any.
    """

    __slots__ = (
        "_closing",
        "calls",
        "deadline",
        "greeted",
        "idle_limit",
        "most",
        "parked",
        "settled",
        "shared",
    )

    def __init__(
        self,
        sock: socket.socket,
        session: ServerSession,
        service: Service,
        *,
        keep: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(sock, session, service, keep, tls)
        self.client = Client(peer_name(sock), self)
        self.client.dialect = session.dialect.name
        self.idle_limit: float | None = None
        self.deadline: float | None = None
        self.parked = False
        self.settled = False
        self.greeted = session.state == OPEN
        self._service = service
        self._alone = service.alone
        self._place = service.place
        self._straight = service.straight
        self._known = service.objects.known
        self._closing = threading.Lock()
        # Whether the session may have events that nobody took, or buffers are to be
        # received where they go.
        self._behind = False
        self.many = False
        self.most = 1
        self.shared = False
        self.term = 0
        self.count = 0
        self.turn = threading.Lock()
        self.active = False
        self.silent = 0.0
        self.calls: Callbacks | None = None

    def peer_certificate(self) -> Any:
        """The client's TLS certificate as a dict, None without TLS."""
        return self._tls.peer_certificate() if self._tls is not None else None

    # Reading: who does, has the turn. Mostly that is done by serve.

    def attend(self, *, read: bool = True) -> int:
        """Do likewise, but leave what runs code of the user to other threads."""
        if not read:
            return self._attend()
        return self._go_on(self._attend, AT_ONCE)

    def _go_on(self, act: Callable[[], int], flags: int) -> int:
        if self._broken:
            self._leave()
        if self.closed:
            return 0
        if self._outbox and not self.flush(flags) and self.stuck:
            return WRITE
        if self._behind:
            state = act()
            if state != MORE:
                return state
        return self._read(act)

    def _read(self, act: Callable[[], int]) -> int:
        decoder = self.session.decoder
        space = decoder.space() if self._tls is None else None
        data = b""
        try:
            if space is None:
                data = self._channel.recv(CHUNK)
                count = len(data)
            else:
                count = self.sock.recv_into(space)
        except OSError as error:
            if wait_limit_reached(error):
                return WRITE if self._tls is not None and self._tls.stuck else READ
            count = 0
        if not count:
            self._leave()
            return 0
        self.silent = 0.0
        if space is None:
            self.session.receive(data)
        else:
            decoder.filled(count)
        state = act()
        if self._tls is not None and self._tls.over and state == MORE:
            self._leave()
            return 0
        return state

    def _leave(self) -> None:
        """Close the link, or have it closed if this thread must not run code of users."""
        service = self._service
        if self.many and service.alone and not service.serves_here():
            self.lose()
        else:
            self.close()

    def _answer(self) -> int:
        """Answer what has come, calls too."""
        self.session.lazy = False
        self._behind = True
        self.paused = False
        service = self._service
        calls = 0
        since = 0.0
        while not (self.closed or self._lost):
            if self.open and self._pauses():
                return PAUSED
            if not self.session.decoder.data:
                self._behind = False
                return MORE
            try:
                event = self.session.next()
            except (ProtocolError, SecurityError) as error:
                self._refused(error)
                continue
            if event is None:
                self._behind = self.session.decoder.landing is not None
                return MORE
            if service.stopping and self._stops(event):
                continue
            self.active = True
            if type(event) is not Call:
                self._heed(event)
            elif not self.many:
                if data := service.answer(self, event):
                    self.send(data)
            else:
                if not self._run(event):
                    return LOST
                calls += 1
                if calls > 1 and not service.alone:
                    since = since or time.monotonic()
                    if time.monotonic() - since > _PATIENCE and self.session.pending:
                        return BUSY
            if self.stuck:
                return WRITE
            if self._broken or self.session.state == CLOSED:
                self._leave()
        return 0

    def _attend(self) -> int:
        """Answer what has come, but let other threads read calls and run them."""
        self.session.lazy = True
        self._behind = True
        self.paused = False
        while not (self.closed or self._lost):
            if self.open and self._pauses():
                return PAUSED
            try:
                event = self.session.next()
            except (ProtocolError, SecurityError) as error:
                self._refused(error)
                continue
            if event is None:
                self._behind = self.session.decoder.landing is not None
                return MORE
            if self._service.stopping and self._stops(event):
                continue
            self.active = True
            if type(event) is Call:
                self._start(event)
            else:
                self._heed(event)
            if self.stuck:
                return WRITE
            if self._broken or self.session.state == CLOSED:
                self._leave()
        return 0

    def _start(self, call: Call) -> None:
        """Have *call* run by another thread."""
        self.count += 1
        key = -self.count if call.flags & ONEWAY else call.seq
        context = self.open[key] = self._service.context(self.client, call)
        self._service.start(self, call, context, key)

    def _refused(self, error: Exception) -> None:
        """Go on in another dialect, or close: *error* is what the session says."""
        if not self._change_session():
            self._refuse(str(error))

    def _stops(self, event: Any) -> bool:
        """Tell whether *event* is not looked at any more, since the daemon ends."""
        if not (self.open and type(event) is not Greeting):
            self._leave()
            return True
        return type(event) is Call  # what is under way is answered, nothing else is begun

    def _heed(self, event: Any) -> None:
        """Do what anything but a call asks for."""
        kind = type(event)
        if kind is Ping:
            self.send(self._service.answer(self, event), AT_ONCE if self.shared else 0)
        elif kind is Greeting:
            self.send(self._service.answer(self, event))
            features = self.session.features or frozenset()
            self.many = MANY in features and self.greeted
            if self.many:
                self.most = self._service.settings.calls_per_client
            if self.many and FLOW in features:
                self.calls = Callbacks(self, self._service)
        elif kind is Cancel:
            self.cancel(event.seq)
        elif kind is Credit:
            pump = self.pumps.get(event.seq)
            if pump is not None:
                pump.credited()
        elif self.calls is not None:
            self.calls.settle(event)

    def _pauses(self) -> bool:
        if len(self.open) < self.most or self._waits():
            return False
        self.paused = True
        if len(self.open) < self.most or self._waits():
            self.paused = False  # since a moment, and nobody would say so again
        return self.paused

    def _waits(self) -> bool:
        # What a call waits for comes behind calls that are too many.
        return self.calls is not None and self.calls.waiting

    # The end.

    def close(self) -> None:
        """Close the connection and tell the daemon, once."""
        if not self._closing.acquire(False):
            return
        self.closed = True
        self.session.close()
        if not self._keep:
            if self._tls is not None and self._sending.acquire(False):
                self._tls.close()
                self._sending.release()
            self.hang_up()
        self._cancel_all()
        if self.calls is not None:
            self.calls.close()
        self._service.left(self)

    def stop_reading(self) -> None:
        """Let the call under way be answered, and nothing more be read."""
        if not self._keep:  # for its owner; and TLS would go on without encryption
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RD)

    def give_up(self) -> None:
        """Cut the connection, if it is not to be kept, under whoever serves it."""
        if not self._keep:
            self.hang_up()

    def _change_session(self) -> bool:
        """Go on in the dialect that the client speaks; return False if it is not known."""
        other = change_session(self.session, self._service, greeted=self._keep)
        if other is None:
            return False
        self.session = other
        self.client.dialect = other.dialect.name
        return True

    def _refuse(self, reason: str) -> None:
        if self.session.state == NEW:
            with suppress(OSError):
                self._channel.send(
                    self.session.refuse(reason, None, self._service.chunks())
                )
            self._drain()
        self._leave()

    def _drain(self) -> None:
        # Unread bytes make the system reset the connection, and the reset can
        # overtake the refusal: read what is there, then say that nothing follows.
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)
            self.sock.setblocking(False)
            for _ in range(16):
                if not self.sock.recv(CHUNK):
                    break
