"""Connecting to a daemon, and the greetings."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pyrophone.classic import dialing as classic
from pyrophone.classic.dialing import place_of
from pyrophone.wire.features import CHUNK, without, write_features
from pyrophone.wire.metadata import Metadata

from . import protocol
from .border import translated
from .callcontext import current_context
from .configure import global_config as config
from .errors import CommunicationError, ProtocolError
from .serializers import SerializerBase, serializers, serializers_by_id
from .socketutil import SocketConnection
from .tables import seconds
from .tls import client_tls
from .uris import URI

__all__ = ["Line", "Welcome", "dial", "greet", "serializer_of"]

_LOG = logging.getLogger("Pyro5.client")


class Line(classic.Line, SocketConnection):
    """The connection of a proxy."""


class Welcome:
    """What a daemon answered to a greeting.

    Attributes:
        handshake: The answer to the proxy's own handshake.
        metadata: The members of the object.
        annotations: What came along.
    """

    def __init__(self, message: protocol.ReceivingMessage, value: Any) -> None:
        if not isinstance(value, dict):
            raise ProtocolError("the greeting was answered with no mapping")
        self.handshake = value.get("handshake")
        with translated():
            meta = value.get("meta")
            self.metadata = Metadata.from_wire(meta) if meta else Metadata()
        chunks: Mapping[str, Any] = message.annotations
        self.annotations = without(chunks, CHUNK)


def serializer_of(name: str | None) -> SerializerBase:
    """Return the serializer of that name, or of the configuration.

    Raises:
        KeyError: There is none.
    """
    return serializers[name or config.SERIALIZER]


def dial(uri: URI, timeout: float | None) -> Line:
    """Return a new connection to the daemon of *uri*.

    Raises:
        CommunicationError: There is none.
    """
    return classic.dial(Line, uri, seconds(timeout), client_tls(), _LOG)


def greet(line: Line, uri: URI, serializer: SerializerBase, data: Any, seq: int) -> Welcome:
    """Introduce a proxy to a daemon; return the answer.

    Args:
        line: The connection.
        uri: Of the object.
        serializer: What to write with.
        data: The proxy's handshake.
        seq: Number of the message.

    Raises:
        CommunicationError: The daemon refused, or did not answer.
    """
    message = protocol.SendingMessage(
        protocol.MSG_CONNECT,
        0,
        seq,
        serializer.serializer_id,
        serializer.dumps({"handshake": data, "object": uri.object}),
        {**current_context.annotations, **write_features(())},
    )
    _log("proxy connect sending", message)
    try:
        line.send(message.data)
        reply = protocol.recv_stub(line, [protocol.MSG_CONNECTOK, protocol.MSG_CONNECTFAIL])
    except CommunicationError as error:
        _LOG.error("cannot connect to %s: %s", place_of(uri), error)
        raise
    _log("proxy connect response received", reply)
    if reply.serializer_id not in serializers_by_id:
        raise ProtocolError(f"greeting in unknown serializer {reply.serializer_id}")
    value = serializers_by_id[reply.serializer_id].loads(reply.data) if reply.data else ""
    if reply.type == protocol.MSG_CONNECTFAIL:
        text = f"connection to {place_of(uri)} rejected: {value}"
        _LOG.error("%s", text)
        raise CommunicationError(text)
    line.is_ours = CHUNK in reply.annotations  # no feature needs more to be known
    return Welcome(reply, value)


def _log(text: str, message: Any) -> None:
    if config.LOGWIRE:
        protocol.log_wiredata(_LOG, text, message)
