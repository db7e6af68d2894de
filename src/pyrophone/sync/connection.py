"""A client's end of one connection."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from typing import Any

from ..context import answered, outgoing, serving, to_send
from ..errors import (
    CallTimeoutError,
    ConnectError,
    ConnectionLostError,
    RefusedError,
    RemoteProtocolError,
)
from ..net.sockets import close_hard, connect_socket, connect_tls, is_stale, tune
from ..objects.table import DAEMON_ID
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.client import ClientSession
from ..wire.dialects import PYRO5, Dialect
from ..wire.events import Pong, Refusal, Reply, Welcome
from ..wire.framing import ONEWAY
from ..wire.metadata import Metadata

__all__ = ["Connection"]

_CHUNK = 65536  # bytes per read


class Connection:
    """One connection, one call at a time. Not thread-safe.

    It connects and greets when made. Whatever goes wrong in the middle of a call
    closes it, so no late reply can be taken for that of another call.

    Args:
        uri: Of scheme ``PYRO``.
        settings: Time limits and sizes, and TLS.
        codecs: The serializers.
        handshake: What to greet with.
        sock: Use this connected socket and don't greet; it is not closed.
        seq: Number of the last call of an earlier connection.
        dialect: What to speak; the serializers have to fit it.

    Attributes:
        metadata: The members of the object.
        handshake: What the daemon answered to ours.
        closed: Whether it is.
        used: When it was last used, by the monotonic clock in seconds.

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
    ) -> None:
        self.uri = uri
        self.metadata = Metadata()
        self.handshake: Any = None
        self.closed = False
        self._kept = sock is not None
        self.used = 0.0
        self.session = ClientSession(
            uri.object,
            codecs,
            serializer=settings.serializer,
            max_size=settings.max_message_size,
            compress=settings.compression,
            seq=seq,
            greeted=self._kept,
            dialect=dialect,
        )
        self.sock = sock or _connect(uri, settings)
        try:
            self._open(handshake, settings.timeout)
        except BaseException:
            self.close()
            raise

    def call(
        self,
        method: str,
        args: Any,
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        *,
        object_id: str | None = None,
        timeout: float | None = None,
    ) -> Reply | None:
        """Make a call; return its reply, None if it is one-way.

        Raises:
            SerializeError: An argument can't be written; nothing was sent.
            CallTimeoutError: There was no reply in *timeout* seconds.
            ConnectionLostError: The connection broke.
            RemoteProtocolError: The daemon broke the rules.
        """
        annotations = correlation = None
        if outgoing.get() is not None or serving.get() is not None:
            annotations, correlation = to_send()
        data = self.session.call(
            method,
            args,
            kwargs,
            flags,
            object_id=object_id,
            annotations=annotations,
            correlation=correlation,
        )
        if flags & ONEWAY:
            self._exchange(data, timeout, wait=False)
            return None
        reply = self._exchange(data, timeout)
        if type(reply) is not Reply:
            self.close()
            raise RemoteProtocolError(f"{type(reply).__name__} came in place of a reply")
        if outgoing.get() is not None:
            answered(reply.annotations)
        return reply

    def ping(self, timeout: float | None = None) -> None:
        """Return once the daemon has answered a ping; raises as :meth:`call` does."""
        if type(self._exchange(self.session.ping(), timeout)) is not Pong:
            self.close()
            raise RemoteProtocolError("a ping was answered with something else")

    def is_usable(self) -> bool:
        """Tell whether the next call can be made: whether the peer is still there."""
        if not self.closed and is_stale(self.sock):
            self.close()
        return not self.closed

    def close(self) -> None:
        """Close the connection."""
        self.closed = True
        self.session.close()
        if self._kept:
            return
        close_hard(self.sock)

    def __del__(self) -> None:
        # A proxy that nobody holds any more has no further use for its connection.
        sock = getattr(self, "sock", None)
        if sock is not None and not self._kept:
            sock.close()

    def _open(self, handshake: Any, timeout: float | None) -> None:
        if self._kept:
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
            event = self._exchange(data, timeout)
        except ConnectionLostError as error:
            raise ConnectError(f"cannot connect to {self.uri.location}: {error}") from error
        if isinstance(event, Refusal):
            raise RefusedError(f"connection to {self.uri.location} rejected: {event.text}")
        assert isinstance(event, Welcome)
        answered(event.annotations)
        self.handshake = event.handshake
        self.metadata = event.metadata

    def _exchange(
        self, data: bytes, timeout: float | None, *, wait: bool = True
    ) -> Reply | Welcome | Refusal | Pong | None:
        """Send *data*, return what comes for it."""
        sock = self.sock
        session = self.session
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            if sock.gettimeout() != timeout:
                sock.settimeout(timeout)
            sock.sendall(data)
            event = None
            while wait and event is None:
                if deadline is not None:
                    sock.settimeout(max(deadline - time.monotonic(), 0.001))
                received = sock.recv(_CHUNK)
                if not received:
                    raise ConnectionLostError(
                        "the connection was closed: receiving: not enough data"
                    )
                session.receive(received)
                event = session.next()
        except TimeoutError as error:
            self.close()
            raise CallTimeoutError(f"no reply within {timeout} s") from error
        except OSError as error:
            self.close()
            if isinstance(error, ConnectionLostError):
                raise
            raise ConnectionLostError(f"the connection was lost: {error}") from error
        except BaseException:
            self.close()
            raise
        self.used = time.monotonic()
        return event


def _connect(uri: URI, settings: Settings) -> socket.socket:
    if settings.tls is None:
        return connect_socket(uri, settings.timeout)
    return connect_tls(uri, settings.tls, settings.timeout)
