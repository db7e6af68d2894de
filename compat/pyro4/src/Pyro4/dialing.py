"""Connecting to a daemon, and the greetings."""

from __future__ import annotations

import logging
from typing import Any

from pyrophone.classic import dialing as classic
from pyrophone.classic.dialing import place_of
from pyrophone.wire.metadata import Metadata

from . import message
from .border import translated
from .configuration import config
from .connections import SocketConnection
from .errors import CommunicationError, ProtocolError
from .framing import shrink
from .message import Message
from .serializers import get_serializer, get_serializer_by_id
from .tables import seconds
from .tls import client_tls
from .uris import URI

__all__ = ["Greeting", "Line", "dial", "log_message", "place_of", "write"]

_LOG = logging.getLogger("Pyro4.core")


class Line(classic.Line, SocketConnection):
    """The connection of a proxy."""


def dial(uri: URI, timeout: float | None) -> Line:
    """Return a new connection to the daemon of *uri*.

    Raises:
        CommunicationError: There is none.
    """
    return classic.dial(Line, uri, seconds(timeout), client_tls(), _LOG)


def write(
    kind: int,
    flags: int,
    seq: int,
    serializer_id: int,
    data: bytes,
    chunks: dict[str, bytes] | None,
    hmac_key: bytes | None,
) -> Message:
    """Return a message, its data deflated if the configuration says so."""
    if config.COMPRESSION:
        data, smaller = shrink(data)
        flags |= message.FLAGS_COMPRESSED * smaller
    return Message(kind, data, serializer_id, flags, seq, chunks, hmac_key)


def log_message(text: str, msg: Message) -> None:
    """Log all that there is to say about a message, if LOGWIRE says so."""
    if config.LOGWIRE:
        _LOG.debug(
            "%s: msgtype=%d flags=0x%x ser=%d seq=%d annotations=%r\ndata=%r",
            text,
            msg.type,
            msg.flags,
            msg.serializer_id,
            msg.seq,
            msg.annotations,
            bytes(msg.data),
        )


class Greeting:
    """What a proxy says first, and what it is answered.

    Args:
        uri: Of the object.
        serializer: Name of what it writes with.
        handshake: Its own words.
        hmac_key: What it signs with, or None.

    Attributes:
        answer: What the daemon's own words were.
        metadata: The members of the object; None if they were not asked for.
        annotations: What came along.
    """

    def __init__(
        self, uri: URI, serializer: str, handshake: Any, hmac_key: bytes | None
    ) -> None:
        self.uri = uri
        self.serializer = get_serializer(serializer)
        self.handshake = handshake
        self.hmac_key = hmac_key
        self.answer: Any = None
        self.metadata: Metadata | None = None
        self.annotations: dict[str, Any] = {}

    def exchange(self, line: Line, seq: int, chunks: dict[str, bytes]) -> None:
        """Send it, and take in the answer.

        Raises:
            CommunicationError: The daemon refused, or did not answer, or can't be
                understood.
        """
        try:
            self._exchange(line, seq, chunks)
        except CommunicationError:
            raise
        except Exception as error:  # of the program's own methods, too
            text = f"cannot connect to {place_of(self.uri)}: {error}"
            _LOG.error("%s", text)
            raise CommunicationError(text) from error

    def _exchange(self, line: Line, seq: int, chunks: dict[str, bytes]) -> None:
        data: dict[str, Any] = {"handshake": self.handshake}
        flags = 0
        if config.METADATA:
            data["object"] = self.uri.object
            flags = message.FLAGS_META_ON_CONNECT
        number = self.serializer.serializer_id
        payload = self.serializer.dumps(data)
        request = write(
            message.MSG_CONNECT, flags, seq, number, payload, chunks, self.hmac_key
        )
        log_message("proxy connect sending", request)
        line.send(request.to_bytes())
        kinds = [message.MSG_CONNECTOK, message.MSG_CONNECTFAIL]
        reply = Message.recv(line, kinds, hmac_key=self.hmac_key)
        reply.decompress_if_needed()
        log_message("proxy connect response received", reply)
        self._take(reply)

    def _take(self, reply: Message) -> None:
        # What refuses may not know our serializer; nobody but the peer chose any other.
        accepted = (self.serializer, get_serializer("marshal"))
        if reply.serializer_id not in [each.serializer_id for each in accepted]:
            raise ProtocolError(f"greeting in another serializer: {reply.serializer_id}")
        value = get_serializer_by_id(reply.serializer_id).loads(reply.data)
        if reply.type == message.MSG_CONNECTFAIL:
            text = f"connection to {place_of(self.uri)} rejected: {value}"
            _LOG.error("%s", text)
            raise CommunicationError(text)
        self.annotations = dict(reply.annotations)
        if not reply.flags & message.FLAGS_META_ON_CONNECT:
            self.answer = value
            return
        if not isinstance(value, dict):
            raise ProtocolError("the greeting was answered with no mapping")
        self.answer = value.get("handshake")
        with translated():
            self.metadata = Metadata.from_wire(value.get("meta"))
