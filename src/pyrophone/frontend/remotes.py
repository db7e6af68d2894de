"""What is behind a proxy: limits, and what is made of a reply, whoever waits for it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Generic, Protocol, TypeVar

from ..errors import (
    PyrophoneError,
    RemoteProtocolError,
    SecurityError,
    SerializeError,
    StreamError,
)
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.client import ClientSession
from ..wire.dialects import Dialect
from ..wire.events import Reply
from ..wire.features import FEATURES
from ..wire.session import Session

__all__ = [
    "LineRemote",
    "session_to",
    "sharing_key",
    "stream_error",
    "stream_of",
    "value_of",
]

_STREAM_GONE = "item stream terminated"  # what Pyro5 says, in an error of its base class


class _Line(Protocol):
    uri: URI


class _Connection(Protocol):
    @property
    def session(self) -> Session: ...

    def close(self) -> None: ...


L = TypeVar("L", bound=_Line)


class LineRemote(Generic[L]):
    """A remote object as one proxy sees it: a line to it, and limits.

    Args:
        line: Shared with the proxy's variants.
        timeout: Limit of one call in seconds, None is none.
        retries: How often a call is repeated after its connection was lost.
        patience: How long to try to connect again, in seconds.
    """

    __slots__ = ("line", "patience", "retries", "timeout")

    def __init__(
        self, line: L, timeout: float | None, retries: int, patience: float
    ) -> None:
        self.line = line
        self.timeout = timeout
        self.retries = retries
        self.patience = patience

    @property
    def uri(self) -> URI:
        """Where the object is, as it was asked for."""
        return self.line.uri


def sharing_key(
    uri: URI, settings: Settings, codecs: Codecs | None, dialect: Dialect, handshake: Any
) -> Hashable | None:
    """Return what proxies must have in common to share a connection.

    None if they can't: the handshake is a list, for one.
    """
    key = (uri.location, settings, id(codecs), dialect, handshake)
    try:
        hash(key)
    except TypeError:
        return None
    return key


def session_to(
    uri: URI,
    settings: Settings,
    codecs: Codecs,
    *,
    seq: int,
    greeted: bool,
    dialect: Dialect,
) -> ClientSession:
    """Return a new conversation with the daemon at *uri*, about the object there.

    Args:
        uri: Of scheme ``PYRO``.
        settings: Sizes, serializer, beats.
        codecs: The serializers.
        seq: Number of the last call of an earlier connection.
        greeted: No greeting is exchanged.
        dialect: What to speak; the serializers have to fit it.
    """
    return ClientSession(
        uri.object,
        codecs,
        serializer=settings.serializer,
        max_size=settings.max_message_size,
        compress=settings.compression,
        seq=seq,
        greeted=greeted,
        features=FEATURES,
        beat=settings.beat,
        dialect=dialect,
    )


def value_of(reply: Reply, connection: _Connection) -> Any:
    """Return what *reply*, which came by *connection*, gives; or raise it."""
    try:
        return reply.unwrap()
    except (SerializeError, SecurityError):
        # After these a genuine Pyro5 server closes without a word.
        if connection.session.features is None:
            connection.close()
        raise


def stream_of(reply: Reply) -> str:
    """Return the id of the stream that *reply* is, whose items are asked for one by one.

    Raises:
        RemoteProtocolError: There is none.
    """
    if reply.stream is None:
        raise RemoteProtocolError(
            "the result of the call is an iterator, but the server is not configured "
            "to allow streaming"
        )
    return reply.stream


def stream_error(error: PyrophoneError) -> StreamError | None:
    """Return *error* as what it is, if a peer says by it that a stream is gone."""
    if type(error) is PyrophoneError and str(error) == _STREAM_GONE:
        return StreamError(_STREAM_GONE)
    return None
