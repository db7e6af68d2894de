"""The messages of the wire, as Pyro5 has them.

They are laid out by :mod:`pyrophone.wire.framing`; this adds the limits and the context
that hold for the process, and reads from anything with a method ``recv(size)``.
"""

from __future__ import annotations

import logging
import struct
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from pyrophone.wire import framing

from .border import translated
from .callcontext import current_context
from .configure import global_config as config
from .errors import MessageTooLargeError, ProtocolError

__all__ = [
    "FLAGS_BATCH",
    "FLAGS_COMPRESSED",
    "FLAGS_CORR_ID",
    "FLAGS_EXCEPTION",
    "FLAGS_ITEMSTREAMRESULT",
    "FLAGS_KEEPSERIALIZED",
    "FLAGS_ONEWAY",
    "MSG_CONNECT",
    "MSG_CONNECTFAIL",
    "MSG_CONNECTOK",
    "MSG_INVOKE",
    "MSG_PING",
    "MSG_RESULT",
    "PROTOCOL_VERSION",
    "ReceivingMessage",
    "SendingMessage",
    "log_wiredata",
    "recv_stub",
]

MSG_CONNECT = framing.CONNECT
MSG_CONNECTOK = framing.CONNECT_OK
MSG_CONNECTFAIL = framing.CONNECT_FAIL
MSG_INVOKE = framing.INVOKE
MSG_RESULT = framing.RESULT
MSG_PING = framing.PING

FLAGS_EXCEPTION = framing.EXCEPTION
FLAGS_COMPRESSED = framing.COMPRESSED
FLAGS_ONEWAY = framing.ONEWAY
FLAGS_BATCH = framing.BATCH
FLAGS_ITEMSTREAMRESULT = framing.STREAM
FLAGS_KEEPSERIALIZED = framing.BLOB
FLAGS_CORR_ID = framing.CORRELATED

PROTOCOL_VERSION = framing.VERSION

# The names that tests of Pyro5 use.
_header_format = framing.HEADER.format
_header_size = framing.HEADER.size
_magic_number = framing.MAGIC
_magic_number_bytes = framing.MAGIC.to_bytes(2, "big")
_protocol_version_bytes = PROTOCOL_VERSION.to_bytes(2, "big")
_empty_correlation_id = bytes(16)

_START = struct.Struct("!4sH")  # what tells another protocol, or another version of it
_PING_SERIALIZER = 42  # a ping has nothing to be read


class SendingMessage:
    """A message to be sent.

    Args:
        msgtype: One of the ``MSG_`` numbers; any number will do.
        flags: Sum of the ``FLAGS_``; the one for compression is set here only.
        seq: Sequence number.
        serializer_id: In what *payload* is written.
        payload: What the serializer wrote.
        annotations: Bytes by four ASCII characters.

    Attributes:
        type: Likewise.
        corr_id: The 16 bytes of the correlation id, zeros if there is none.
        data: The bytes to send.

    Raises:
        MessageTooLargeError: There are more of them than MAX_MESSAGE_SIZE.
        ProtocolError: An annotation is no such thing.
    """

    def __init__(
        self,
        msgtype: int,
        flags: int,
        seq: int,
        serializer_id: int,
        payload: bytes,
        annotations: Mapping[str, bytes] | None = None,
    ) -> None:
        self.type = msgtype
        self.seq = seq
        self.serializer_id = serializer_id
        self.corr_id = _empty_correlation_id
        flags &= ~FLAGS_COMPRESSED
        if current_context.correlation_id is not None:
            flags |= FLAGS_CORR_ID
            self.corr_id = current_context.correlation_id.bytes
        if annotations:
            _check_annotations(annotations)
        message = framing.Message(
            msgtype, serializer_id, flags, seq, payload, annotations or {}, self.corr_id
        )
        with translated():
            self.data = framing.encode(
                message, compress=config.COMPRESSION, max_size=config.MAX_MESSAGE_SIZE
            )
        self.flags: int = framing.HEADER.unpack_from(self.data)[4]

    def __repr__(self) -> str:
        return _text(self, len(self.data))

    @staticmethod
    def ping(pyroConnection: Any) -> None:
        """Send a ping through a connection, and wait for the answer."""
        message = SendingMessage(MSG_PING, 0, 0, _PING_SERIALIZER, b"ping")
        pyroConnection.send(message.data)
        recv_stub(pyroConnection, [MSG_PING])


class ReceivingMessage:
    """A message that came.

    Args:
        header: The first 40 bytes.
        payload: The others, if they are there already.

    Attributes:
        type: One of the ``MSG_`` numbers.
        flags: Sum of the ``FLAGS_``.
        seq: Sequence number.
        serializer_id: In what the payload is written.
        data_size: Length of the payload.
        annotations_size: Length of the annotations.
        corr_id: The 16 bytes of the correlation id, zeros if there is none.
        annotations: Views of bytes by name.
        data: The payload, never compressed; None until it is there.

    Raises:
        MessageTooLargeError: It is larger than MAX_MESSAGE_SIZE.
        ProtocolError: The bytes are no message.
    """

    def __init__(self, header: bytes, payload: bytes | None = None) -> None:
        (
            tag,
            version,
            self.type,
            self.serializer_id,
            self.flags,
            self.seq,
            self.data_size,
            self.annotations_size,
            self.corr_id,
            _,
            magic,
        ) = framing.HEADER.unpack(header)
        self.annotations: dict[str, Any] = {}
        self.data: Any = None
        if (tag, version, magic) != (b"PYRO", PROTOCOL_VERSION, _magic_number):
            try:
                ReceivingMessage.validate(header)
            except ProtocolError as error:
                raise ProtocolError(
                    f"invalid message or protocol version: {error}"
                ) from None
        size, limit = self.data_size + self.annotations_size, config.MAX_MESSAGE_SIZE
        if size > limit:
            raise MessageTooLargeError(f"message too large ({size}, max={limit})")
        if payload is not None:
            self.add_payload(payload)

    def __repr__(self) -> str:
        return _text(self, len(self.data or b""))

    @staticmethod
    def validate(data: bytes) -> None:
        """Check the beginning of a message, as far as it is there.

        Raises:
            ProtocolError: It is not one of ours.
            ValueError: Less than 4 bytes are there.
        """
        if len(data) < 4:
            raise ValueError("data must be at least 4 bytes to be able to identify")
        if not data.startswith(b"PYRO"):
            raise ProtocolError("invalid data")
        if len(data) >= _START.size and data[4:6] != _protocol_version_bytes:
            version = _START.unpack_from(data)[1]
            raise ProtocolError(f"invalid protocol version: {version}")
        if len(data) >= _header_size and data[38:40] != _magic_number_bytes:
            raise ProtocolError("invalid magic number")

    def add_payload(self, payload: bytes) -> None:
        """Take in what comes behind the header; once.

        Raises:
            ProtocolError: It is not what the header says.
        """
        assert self.data is None, "the payload is there already"
        if len(payload) != self.data_size + self.annotations_size:
            raise ProtocolError("payload length doesn't match message header")
        data: Any = payload
        if self.annotations_size:
            view = memoryview(payload)
            with translated():
                self.annotations = framing.split_annotations(view[: self.annotations_size])
            data = view[self.annotations_size :]
        if self.flags & FLAGS_COMPRESSED:
            with translated():
                data = framing.inflate(data, self.annotations_size, config.MAX_MESSAGE_SIZE)
            self.flags &= ~FLAGS_COMPRESSED
            self.data_size = len(data)
        self.data = data


def recv_stub(
    connection: Any, accepted_msgtypes: Collection[int] | None = None
) -> ReceivingMessage:
    """Read one message.

    Args:
        connection: Anything whose ``recv(size)`` gives exactly so many bytes.
        accepted_msgtypes: The types that may come; all, if there are none.

    Raises:
        ProtocolError: It is of another type, then it is the attribute ``pyroMsg``, its
            payload not read; or it is no message at all.
    """
    header = connection.recv(_START.size)
    ReceivingMessage.validate(header)  # a peer of another version may send no more
    message = ReceivingMessage(header + connection.recv(_header_size - _START.size))
    if accepted_msgtypes and message.type not in accepted_msgtypes:
        raise _unexpected(message, accepted_msgtypes)
    message.add_payload(connection.recv(message.annotations_size + message.data_size))
    return message


def _unexpected(message: ReceivingMessage, accepted: Collection[int]) -> ProtocolError:
    """Return what is raised; a variable where that is done would keep itself alive."""
    expected = ",".join(map(str, sorted(accepted)))
    error = ProtocolError(
        f"invalid msg type {message.type} received (expected: {expected})"
    )
    error.pyroMsg = message  # type: ignore[attr-defined]  # as Pyro5 has it
    return error


def log_wiredata(logger: logging.Logger, text: str, msg: Any) -> None:
    """Log all that there is to say about a message, for debugging."""
    logger.debug(
        "%s: msgtype=%d flags=0x%x ser=%d seq=%d num_annotations=%s corr_id=%s\ndata=%r",
        text,
        msg.type,
        msg.flags,
        msg.serializer_id,
        msg.seq,
        len(getattr(msg, "annotations", ())),
        uuid.UUID(bytes=msg.corr_id) if msg.corr_id else "?",
        bytes(msg.data or b""),
    )


def _check_annotations(annotations: Mapping[str, bytes]) -> None:
    for name, data in annotations.items():
        if len(name) != 4:
            raise ProtocolError("annotation identifier must be 4 ascii characters")
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise ProtocolError(
                "annotation data must be bytes, bytearray, or memoryview", type(data)
            )
        name.encode("ascii")


def _text(message: Any, size: int) -> str:
    cls = type(message)
    return (
        f"<{cls.__module__}.{cls.__name__} at 0x{id(message):x}; type={message.type} "
        f"flags={message.flags} seq={message.seq} size={size}>"
    )
