"""What a daemon sends on one connection: from any thread, and nobody waits for another."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, cast

from ..context import CallContext
from ..errors import ProtocolError
from ..net.sockets import AT_ONCE, takes_more, wait_limit_reached
from ..net.tunnels import tunnel
from ..wire.buffers import Data, Pieces
from ..wire.server import ServerSession
from .prompt import Prompt

__all__ = ["Outgoing", "Overseer", "Stream"]

_PATIENCE = 0.5  # seconds for one answer with buffers, before others get their turn
_GATHERS = hasattr(socket.socket, "sendmsg")  # absent on Windows


class Overseer(Protocol):
    """What is told of connections that change in another thread than the one that reads.

    Attributes:
        stopping: Whether no new call is to be started.
    """

    stopping: bool

    def attention(self, link: Any) -> None:
        """Have the link looked at by who waits for sockets."""


class Stream(Protocol):
    """Items that flow to a client.

    Attributes:
        born: When it began, by the monotonic clock.
    """

    born: float

    def credited(self) -> None:
        """Go on: the reader has used up something, or takes more again."""

    def stop(self, error: BaseException | None = None) -> None:
        """Send nothing more but the end; let go of the iterator."""


class Outgoing(Prompt):
    """One connection as far as something is sent there, and the calls that it is for.

    Attributes:
        sock: The socket.
        session: The conversation.
        closed: Whether it is.
        open: The contexts of calls that are under way, by their numbers; below zero are
            those that nobody waits for.
        paused: Whether nothing is read until one of them has ended.
        tasks: What cancels the coroutines of calls, by number.
        pumps: The streams that flow to the client, by number.
        stuck: Whether the client takes no more for now.
        quiet: Seconds since something was sent, as counted by who looks now and then.
    """

    __slots__ = (
        "_channel",
        "_keep",
        "_overseer",
        "pumps",
    )

    def __init__(
        self,
        sock: socket.socket,
        session: ServerSession,
        overseer: Overseer,
        keep: bool,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._keep = keep
        self.sock = sock
        self._tls = tunnel(sock, tls)
        self._channel: Any = self._tls or sock
        self.session = session
        self._overseer = overseer
        self.closed = False
        self._broken = False
        self._lost = False
        self._outbox: deque[bytes | memoryview | Pieces] = deque()
        self._sending = threading.Lock()
        self.stuck = False
        self.paused = False
        self.quiet = 0.0
        self.open: dict[int, CallContext] = {}
        self.tasks: dict[int, Callable[[], object]] = {}
        self.pumps: dict[int, Stream] = {}

    def send(self, data: Data, flags: int = 0) -> bool:
        """Send *data*, or keep what the client does not take; return whether it took all.

        What is kept is sent before anything else, by whoever notices that it can be. No
        thread waits for another one here.

        Args:
            data: The bytes.
            flags: 0 to wait a moment for a client who takes nothing, AT_ONCE not to.
        """
        if self._broken:
            return False
        outbox = self._outbox
        if outbox or not self._sending.acquire(False):
            if type(data) is Pieces:
                data.own()  # who had it may change it before it is sent
            outbox.append(data)
            return self.flush(flags)
        try:  # to do as _push does, without a function
            if type(data) is Pieces:
                self._push_pieces(data, flags)
            else:
                sent = self._channel.send(data, flags)
                self.quiet = 0.0
                if sent < len(data):
                    self._put_back(data, sent)
        except OSError as error:
            self._unsent(data, error)
        finally:
            self._sending.release()
        return not outbox or self.flush(flags)

    def flush(self, flags: int = AT_ONCE) -> bool:
        """Send what is left; return whether nothing is."""
        while self._outbox:
            if not self._sending.acquire(False):
                return False  # who is at it takes this along
            try:
                while self._outbox:
                    if not self._push(self._outbox.popleft(), flags):
                        return False
                if self.stuck:
                    self.stuck = False
                    for pump in [*self.pumps.values()]:
                        pump.credited()
            finally:
                self._sending.release()
        return True

    def _push(self, data: bytes | memoryview | Pieces, flags: int) -> bool:
        """Send *data*, or put the rest back; return whether there was none."""
        try:
            if type(data) is Pieces:
                return self._push_pieces(data, flags)
            sent = self._channel.send(data, flags)
        except OSError as error:
            self._unsent(data, error)
            return False
        self.quiet = 0.0
        if sent < len(data):
            self._put_back(data, sent)
            return False
        return True

    def _push_pieces(self, data: Pieces, flags: int) -> bool:
        """Do likewise; who takes something, gets all in one go for a moment."""
        until = time.monotonic() + _PATIENCE
        while data:
            if self._tls is None and _GATHERS:
                sent = self.sock.sendmsg(data.head(), (), flags)
            else:
                sent = self._channel.send(data.head()[0], flags)
            self.quiet = 0.0
            data.sent(sent)
            if data and time.monotonic() > until:
                self._put_back(data, 0)
                return False
        return True

    def _unsent(self, data: bytes | memoryview | Pieces, error: OSError) -> None:
        """Take note that no more of *data* was sent, for *error*."""
        if wait_limit_reached(error):
            self.quiet = 0.0
            self._put_back(data, 0)
        else:
            self._break()

    def _put_back(self, data: bytes | memoryview | Pieces, sent: int) -> None:
        if type(data) is Pieces:
            data.own()
            self._outbox.appendleft(data)
        else:
            self._outbox.appendleft(memoryview(cast(bytes, data))[sent:])
        self.stuck = True

    def deliver(self, data: Data) -> None:
        """Send *data* from a thread that does not read, and see to the rest."""
        if data:
            self.send(data, AT_ONCE)
            if self.stuck or self._broken:
                self._overseer.attention(self)

    def beat(self) -> None:
        """Give a sign of life, if the client would take it."""
        if not self._outbox and not self.closed and takes_more(self.sock):
            with suppress(ProtocolError):  # it was closed since
                self.deliver(self.session.pulse())

    # Calls.

    def done(self, key: int) -> None:
        """Note that a call was answered."""
        self.open.pop(key, None)
        self.tasks.pop(key, None)
        if self.paused or self._overseer.stopping:
            self._overseer.attention(self)

    def cancel(self, key: int) -> None:
        """Tell a call that nobody waits for its answer."""
        context = self.open.get(key)
        if context is not None:
            context.cancelled = True
        task = self.tasks.get(key)
        if task is not None:
            task()
        pump = self.pumps.get(key)
        if pump is not None:
            pump.stop()

    def lose(self) -> None:
        """Give the client up: whoever reads will find the connection at its end."""
        self._lost = True
        self._broken = True  # so that no call is answered which ends for this reason
        self._cancel_all()
        self._break()
        self._overseer.attention(self)

    def _cancel_all(self) -> None:
        for key in [*self.open]:
            if key >= 0:
                self.cancel(key)

    def _break(self) -> None:
        self._broken = True
        self._outbox.clear()
        if not self._keep:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
