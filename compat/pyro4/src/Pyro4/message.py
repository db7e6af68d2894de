"""The messages of the wire, as Pyro4 has them.

They are laid out by :mod:`Pyro4.framing`; this adds the limits that hold for the
process, and reads from anything with a method ``recv(size)``.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Collection, Mapping
from typing import Any

from pyrophone.errors import RemoteProtocolError
from pyrophone.wire.framing import inflate, join_annotations, split_annotations

from . import constants as constants
from . import errors as errors
from . import framing
from .border import translated
from .chunks import CHUNK_HEAD, SIGNATURE_CHUNK, sign
from .configuration import config
from .errors import MessageTooLargeError, ProtocolError, SecurityError

__all__ = ["Message", "secure_compare"]

log = logging.getLogger("Pyro4.message")

MSG_CONNECT = 1
MSG_CONNECTOK = 2
MSG_CONNECTFAIL = 3
MSG_INVOKE = 4
MSG_RESULT = 5
MSG_PING = 6

FLAGS_EXCEPTION = 1 << 0
FLAGS_COMPRESSED = 1 << 1
FLAGS_ONEWAY = 1 << 2
FLAGS_BATCH = 1 << 3
FLAGS_META_ON_CONNECT = 1 << 4
FLAGS_ITEMSTREAMRESULT = 1 << 5
FLAGS_KEEPSERIALIZED = 1 << 6

secure_compare = hmac.compare_digest

_PING_SERIALIZER = 42  # a ping has nothing to be read
_NO_LIMIT = 1 << 62


class Message:
    """One message, to be sent or as it came.

    Args:
        msgType: One of the ``MSG_`` numbers; any number will do.
        databytes: What the serializer wrote, compressed if the flags say so.
        serializer_id: In what it is written.
        flags: Sum of the ``FLAGS_``.
        seq: Sequence number.
        annotations: Bytes by four ASCII characters.
        hmac_key: The message is signed with it, now.

    Attributes:
        type: One of the ``MSG_`` numbers.
        data: Likewise.
        data_size: Length of the data.
        annotations_size: Length of the annotations on the wire.

    Raises:
        MessageTooLargeError: There are more bytes than MAX_MESSAGE_SIZE.
    """

    __slots__ = (
        "annotations",
        "annotations_size",
        "data",
        "data_size",
        "flags",
        "hmac_key",
        "seq",
        "serializer_id",
        "type",
    )

    header_format = framing.HEADER.format
    header_size = framing.HEADER.size
    checksum_magic = framing.CHECKSUM

    def __init__(
        self,
        msgType: int,
        databytes: Any,
        serializer_id: int,
        flags: int,
        seq: int,
        annotations: Mapping[str, Any] | None = None,
        hmac_key: bytes | None = None,
    ) -> None:
        self.type = msgType
        self.flags = flags
        self.seq = seq
        self.data = databytes
        self.data_size = len(databytes)
        self.serializer_id = serializer_id
        self.annotations: dict[str, Any] = dict(annotations or {})
        self.hmac_key = hmac_key
        if hmac_key:
            self.annotations[SIGNATURE_CHUNK] = self.hmac()
        self.annotations_size = _size(self.annotations)
        self._check_limit()

    def __repr__(self) -> str:
        cls = type(self)
        return (
            f"<{cls.__module__}.{cls.__name__} at {id(self):x}; type={self.type} "
            f"flags={self.flags} seq={self.seq} datasize={self.data_size} "
            f"#ann={len(self.annotations)}>"
        )

    def to_bytes(self) -> bytes:
        """Return the bytes to send.

        Raises:
            ProtocolError: An annotation is no such thing, or there are too many.
        """
        chunks = self._chunks()
        self.annotations_size = len(chunks)
        self.data_size = len(self.data)
        return b"".join((self._header(), chunks, self.data))

    def send(self, connection: Any) -> None:
        """Send the message through anything that has a method ``send(data)``."""
        connection.send(self.to_bytes())

    def hmac(self) -> bytes:
        """Return the signature that belongs to the message and its key."""
        return sign(_key(self.hmac_key), self.data, self.annotations)

    def decompress_if_needed(self) -> Message:
        """See to it that the data are not compressed; return the message itself.

        Raises:
            MessageTooLargeError: They are larger than MAX_MESSAGE_SIZE.
            ProtocolError: They are damaged.
        """
        if self.flags & FLAGS_COMPRESSED:
            with translated():
                limit = config.MAX_MESSAGE_SIZE or _NO_LIMIT
                self.data = inflate(self.data, self.annotations_size, limit)
            self.flags &= ~FLAGS_COMPRESSED
            self.data_size = len(self.data)
        return self

    @classmethod
    def from_header(cls, headerData: bytes) -> Message:
        """Return a message that has what is in a header, and no data yet.

        Raises:
            ProtocolError: The bytes are no header.
        """
        if not headerData or len(headerData) != cls.header_size:
            raise ProtocolError("header data size mismatch")
        (
            tag,
            version,
            kind,
            flags,
            seq,
            data_size,
            serializer_id,
            annotations_size,
            _,
            checksum,
        ) = framing.HEADER.unpack(headerData)
        if tag != b"PYRO" or version != framing.VERSION:
            raise ProtocolError("invalid data or unsupported protocol version")
        message = cls(kind, b"", serializer_id, flags, seq)
        message.data_size = data_size
        message.annotations_size = annotations_size
        if checksum != message._checksum():
            raise ProtocolError("header checksum mismatch")
        if data_size < 0:
            raise ProtocolError(f"invalid payload size: {data_size}")
        return message

    @classmethod
    def recv(
        cls,
        connection: Any,
        requiredMsgTypes: Collection[int] | None = None,
        hmac_key: bytes | None = None,
    ) -> Message:
        """Read one message.

        Args:
            connection: Anything whose ``recv(size)`` gives exactly so many bytes.
            requiredMsgTypes: The types that may come; all, if there are none.
            hmac_key: The message must be signed with it; without one, it must not be.

        Raises:
            MessageTooLargeError: It is larger than MAX_MESSAGE_SIZE. The connection is
                closed, for its place in the stream is lost.
            ProtocolError: It is of another type, or no message at all.
            SecurityError: Its signature is missing, wrong, or not asked for.

        What there is of a message that is refused is the error's attribute ``pyroMsg``.
        """
        message = cls.from_header(connection.recv(cls.header_size))
        try:
            message._check_limit()
        except MessageTooLargeError as error:
            connection.close()
            _with(error, message)
            raise
        if requiredMsgTypes and message.type not in requiredMsgTypes:
            text = f"invalid msg type {message.type} received"
            log.error(text)
            raise _with(ProtocolError(text), message)
        if message.annotations_size:
            message._add_annotations(connection.recv(message.annotations_size))
        message.data = connection.recv(message.data_size)
        message._check_signature(hmac_key)
        return message

    @staticmethod
    def ping(pyroConnection: Any, hmac_key: bytes | None = None) -> None:
        """Send a ping through a connection, and wait for the answer."""
        ping = Message(MSG_PING, b"ping", _PING_SERIALIZER, 0, 0, hmac_key=hmac_key)
        pyroConnection.send(ping.to_bytes())
        Message.recv(pyroConnection, [MSG_PING], hmac_key)

    def _header(self) -> bytes:
        return framing.HEADER.pack(
            b"PYRO",
            framing.VERSION,
            self.type,
            self.flags,
            self.seq,
            self.data_size,
            self.serializer_id,
            self.annotations_size,
            0,
            self._checksum(),
        )

    def _checksum(self) -> int:
        return framing.checksum(
            self.type,
            self.flags,
            self.seq,
            self.data_size,
            self.serializer_id,
            self.annotations_size,
        )

    def _chunks(self) -> bytes:
        for name in self.annotations:
            if len(name) != 4:
                raise ProtocolError("annotation key must be of length 4")
        size = _size(self.annotations)
        if size > 0xFFFF:
            raise ProtocolError(f"annotations have {size} bytes, 65535 are the most")
        with translated():
            return join_annotations(self.annotations, CHUNK_HEAD)

    def _add_annotations(self, chunks: bytes) -> None:
        try:
            self.annotations = split_annotations(chunks, CHUNK_HEAD)
        except RemoteProtocolError as error:
            raise _with(ProtocolError(str(error)), self) from error

    def _check_limit(self) -> None:
        size, limit = self.data_size + self.annotations_size, config.MAX_MESSAGE_SIZE
        if 0 < limit < size:
            raise MessageTooLargeError(
                f"max message size exceeded ({size} where max={limit})"
            )

    def _check_signature(self, key: bytes | None) -> None:
        self.hmac_key = key
        signature = self.annotations.get(SIGNATURE_CHUNK)
        if (signature is None) != (not key):
            raise _with(SecurityError("hmac key config not symmetric"), self)
        if signature is not None and not secure_compare(self.hmac(), signature):
            raise _with(SecurityError("message hmac mismatch"), self)


def _key(key: bytes | str | None) -> bytes:
    return key.encode("utf-8") if isinstance(key, str) else key or b""


def _size(annotations: Mapping[str, Any]) -> int:
    return sum(CHUNK_HEAD.size + len(data) for data in annotations.values())


def _with(error: Any, message: Message) -> Any:
    error.pyroMsg = message
    return error
