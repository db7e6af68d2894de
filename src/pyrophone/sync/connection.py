"""A client's end of one connection."""

from __future__ import annotations

import socket
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from ..context import CallContext, answered, due, outgoing, serving, to_send
from ..errors import (
    CallTimeoutError,
    ConnectError,
    ConnectionLostError,
    DeadlineExceeded,
    LocalProtocolError,
    RefusedError,
    RemoteProtocolError,
)
from ..frontend.chains import check_call, check_connecting
from ..frontend.deadlines import limit_of
from ..frontend.remotes import session_to
from ..net.sockets import connect_socket, connect_tls, is_stale, peer_name, tune
from ..objects.functions import CALLED, RELEASED
from ..objects.table import DAEMON_ID
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from ..wire.events import Ping, Pong, Refusal, Reply, Welcome
from ..wire.features import FLOW, MANY
from ..wire.framing import ONEWAY
from ..wire.metadata import Metadata
from .answering import Running
from .channels import READ, WRITE, Channel, LateError
from .exchange import ENDED
from .functions import RemoteFunction
from .hub import HUB
from .items import Flowing
from .portions import Inbox, Portions
from .waiters import Pending, late

__all__ = ["Connection"]


class Connection(Portions):
    """One connection, for many calls at once where the daemon can do that.

    It connects and greets when made. Where the daemon carries one call at a time only, that
    is the caller's business, and whatever goes wrong in the middle of a call closes the
    connection, so that no late reply can be taken for that of another call.

    Args:
        uri: Of scheme ``PYRO``.
        settings: Time limits and sizes, and TLS.
        codecs: The serializers.
        handshake: What to greet with.
        sock: Use this connected socket and don't greet; it is not closed.
        seq: Number of the last call of an earlier connection.
        dialect: What to speak; the serializers have to fit it.
        limit: By when it must stand, by the monotonic clock.

    Attributes:
        metadata: The members of the object.
        handshake: What the daemon answered to ours.
        closed: Whether it is.
        used: When something came, by the monotonic clock in seconds.
        users: The lines that use it, weakly.
        term: Of the line that has it for itself.

    Raises:
        ConnectError: Nobody is there.
        RefusedError: The daemon refused; the text is its reason.
    """

    def __init__(
        self,
        uri: URI,
        settings: Settings,
        codecs: Codecs,
        *,
        handshake: Any = "hello",
        sock: socket.socket | None = None,
        seq: int = 0,
        dialect: Dialect = PYRO5,
        limit: float | None = None,
    ) -> None:
        self.uri = uri
        self.metadata = Metadata()
        self.handshake: Any = None
        self.settings = settings
        session = session_to(
            uri, settings, codecs, seq=seq, greeted=sock is not None, dialect=dialect
        )
        timeout = settings.timeout
        if limit is not None:
            left = max(limit - time.monotonic(), 0.001)
            timeout = left if timeout is None else min(timeout, left)
        channel = Channel(sock or _connect(uri, settings, timeout), sock is not None)
        super().__init__(session, channel)
        self.users: set[Any] = set()
        self.term = 0
        self._functions: Running | None = None
        HUB.remember(self)
        try:
            self._open(handshake, timeout)
        except BaseException:
            self.close()
            raise

    @property
    def sock(self) -> socket.socket:
        """The socket; who writes to it must know what the others do."""
        return self.channel.sock

    def call(
        self,
        method: str,
        args: Any,
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        object_id: str | None = None,
        timeout: float | None = None,
        bare: bool = False,
    ) -> Any:
        """Make a call; return its reply, None if it is one-way.

        Args:
            method: Which method.
            args: Its positional arguments.
            kwargs: Its keyword arguments.
            flags: ONEWAY and so on.
            object_id: Of another object than the one greeted.
            timeout: Limit in seconds.
            bare: Give a reply that is nothing but a value as its bytes, which
                ``session.value`` reads.

        Raises:
            SerializeError: An argument can't be written; nothing was sent.
            DeadlineExceeded: There was no reply in *timeout* seconds, or in the time of
                the block around the call, or of the call that is being served.
            ConnectionLostError: The connection broke.
            RemoteProtocolError: The daemon broke the rules.
        """
        context = serving.get()
        block = outgoing.get()
        annotations = correlation = path = limit = None
        if block is not None or context is not None:
            annotations, correlation = to_send()
            if context is not None and not flags & ONEWAY:
                path = self._path(context, method, object_id)
        if timeout is not None or context is not None or due.get() is not None:
            limit = limit_of(timeout)
        session = self.session
        message = session.compose(
            method,
            args,
            kwargs,
            flags,
            object_id,
            annotations,
            correlation,
            None if limit is None else _left(limit),
            path,
        )
        try:
            if flags & ONEWAY:
                self.begin(session.launch, message, None, limit)
                return None
            reply = self.exchange(session.launch, message, Reply, limit, bare)
        except LateError:
            raise late(timeout, limit) from None
        if block is not None:
            answered({} if type(reply) is bytes else reply.annotations)
        return reply

    def start(
        self,
        pending: Pending,
        method: str,
        args: Any,
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
    ) -> None:
        """Make a call whose answer *pending* gets, and don't wait for it."""
        annotations, correlation = to_send()
        context = serving.get()
        path = None if context is None else self._path(context, method, object_id)
        limit = pending.limit
        message = self.session.compose(
            method,
            args,
            kwargs,
            flags,
            object_id,
            annotations,
            correlation,
            None if limit is None else _left(limit),
            path,
        )
        wanted = None if flags & ONEWAY else pending
        try:
            self.begin(self.session.launch, message, wanted, limit)
        except LateError:
            raise late(None, limit) from None

    def invoke(
        self, function_id: str, args: Any, kwargs: Mapping[str, Any], *, oneway: bool
    ) -> Any:
        """Call a function that the daemon has passed; return its result."""
        flags = ONEWAY if oneway else 0
        try:
            reply = self.call(CALLED, args, kwargs, flags, object_id=function_id)
        except LocalProtocolError:
            if not self.closed:
                raise
            raise ConnectionLostError(
                "the connection is gone, and with it the functions that came by it"
            ) from None
        if reply is None:
            return None
        if reply.flows:
            return Flowing(self, reply.seq, self.settings.window, None)
        return reply.unwrap()

    def give_back(self, function: RemoteFunction) -> None:
        """Tell the daemon that a function is not needed any more."""
        if self._functions is not None:
            self._functions.give_back(function)
            self.catch_up()

    def ping(self, timeout: float | None = None) -> None:
        """Return once the daemon has answered a ping; raises as :meth:`call` does."""
        limit = limit_of(timeout)
        try:
            self.exchange(lambda _: self.session.ping(), None, Pong, limit)
        except LateError:
            raise late(timeout, limit) from None

    def is_usable(self) -> bool:
        """Tell whether the next call can be made: whether the peer is still there."""
        if self.shared:
            if self._leader is None:
                self.look()
        elif not self.closed and is_stale(self.sock):
            self.close()
        return not self.closed

    def disown(self) -> None:
        """Give up what is the parent's, in a process that was forked off."""
        self.closed = True
        self._lock = threading.RLock()
        self._leader = None
        self.session.close()
        self.channel.close()  # here alone; to shut it down would be felt there, too

    def __del__(self) -> None:
        # A proxy that nobody holds any more has no further use for its connection.
        channel = getattr(self, "channel", None)
        if channel is not None and not self.closed:
            channel.shut_down()
            channel.close()
            HUB.wake()

    def _path(self, context: CallContext, method: str, object_id: str | None) -> str | None:
        """Return who waits for a call that is made now.

        Raises:
            DeadlockError: The call would wait for itself.
        """
        path = context.path
        if path:
            location = self.uri.location or ""
            check_call(path, location, object_id or self.uri.object, method)
        return path or None

    def _arrived(self, event: Any) -> None:
        if type(event) is Ping:
            self._push_quietly(self.session.pong(event))
        elif self._functions is not None:
            self._functions.take(event)
        else:
            raise RemoteProtocolError(f"{type(event).__name__} came unasked")

    def _call_keeper(self) -> None:
        if self.shared and not self.closed and (self._unsent or not self.watched):
            HUB.attend(self)

    def _ended(self, why: str) -> None:
        if self._functions is not None:
            self._functions.close()
        HUB.wake()

    def catch_up(self) -> None:
        """Do what finalizers left to be done."""
        super().catch_up()
        if self._functions is not None:
            for function_id, count in self._functions.take_released():
                self.say(
                    partial(
                        self.session.call,
                        RELEASED,
                        (count,),
                        {},
                        ONEWAY,
                        object_id=function_id,
                    )
                )

    def drop_later(self, inbox: Inbox) -> None:
        super().drop_later(inbox)
        HUB.nudge(self)

    def _open(self, handshake: Any, timeout: float | None) -> None:
        if self.channel.keep:
            tune(self.sock)
            reply = self.call(
                "get_metadata", [self.uri.object], {}, object_id=DAEMON_ID, timeout=timeout
            )
            assert reply is not None
            self.metadata = Metadata.from_wire(reply.unwrap())
            return
        annotations, correlation = to_send()
        data = self.session.greet(
            handshake, annotations=annotations, correlation=correlation
        )
        try:
            event = self._greeting(data, timeout)
        except ConnectionLostError as error:
            raise ConnectError(f"cannot connect to {self.uri.location}: {error}") from error
        if isinstance(event, Refusal):
            raise RefusedError(f"connection to {self.uri.location} rejected: {event.text}")
        assert isinstance(event, Welcome)
        answered(event.annotations)
        self.handshake = event.handshake
        self.metadata = event.metadata
        self.shared = MANY in (self.session.features or ())
        if FLOW in (self.session.features or ()):
            itself = weakref.ref(self)
            self._functions = Running(
                self,
                peer_name(self.sock),
                self.settings.calls_per_client,
                lambda: _nudge(itself),
            )
            self.session.crossing = self._functions
            self.session.lazy = True
        if self.shared:
            HUB.attend(self)

    def _greeting(self, data: bytes, timeout: float | None) -> Any:
        """Send the greeting *data*, return what comes for it."""
        limit = None if timeout is None else time.monotonic() + timeout
        session = self.session
        try:
            self._push(data)
            while (event := session.next()) is None:
                ready = self.channel.wait(READ | WRITE * bool(self._unsent), limit)
                if ready & WRITE:
                    self._flush()
                if ready & READ:
                    with suppress(BlockingIOError):
                        session.receive(next(self.channel.pieces))
        except StopIteration:
            raise ConnectionLostError(ENDED) from None
        except LateError:
            raise CallTimeoutError(f"no reply within {timeout} s") from None
        except OSError as error:
            raise ConnectionLostError(f"the connection was lost: {error}") from error
        return event


def _connect(uri: URI, settings: Settings, timeout: float | None) -> socket.socket:
    check_connecting(uri)  # who runs one thing at a time does not even greet meanwhile
    if settings.tls is None:
        return connect_socket(uri, timeout)
    return connect_tls(uri, settings.tls, timeout)


def _left(limit: float) -> float:
    """Return how many seconds there are until *limit*, or raise that there are none."""
    left = limit - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded("the deadline has passed; nothing was sent", sent=False)
    return left


def _nudge(reference: weakref.ref[Connection]) -> None:
    connection = reference()
    if connection is not None:
        HUB.nudge(connection)
