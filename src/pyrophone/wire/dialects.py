"""What is different between the wires that a session can speak.

The messages and the moves are the same in all of them. A dialect says how messages are
laid out, by which numbers serializers go, what classes are called, and what is in a
greeting and its answer. That of this library is :data:`PYRO5`, protocol 502; others come
from the packages that need them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import RemoteProtocolError
from . import framing
from .buffers import Landing
from .framing import Message
from .intake import START_SIZE
from .metadata import Metadata

if TYPE_CHECKING:
    from ..serializers.tags import Tags

__all__ = ["PYRO5", "Dialect", "Encoder", "MessageDecoder", "choose"]


class MessageDecoder(Protocol):
    """What a session needs of a decoder; see :class:`pyrophone.wire.framing.Decoder`."""

    beside: bool
    data: bytes | bytearray
    expected: int
    landing: Landing | None
    max_size: int

    @property
    def pending(self) -> int:
        """Bytes that were fed and belong to no message taken so far."""

    def feed(self, data: bytes) -> None:
        """Take in *data*."""

    def space(self) -> memoryview | None:
        """Return where the next bytes are to be put; None if they are to be fed."""

    def filled(self, count: int) -> None:
        """Take in *count* bytes that were put there."""

    def peek(self, size: int) -> bytes:
        """Return the oldest *size* bytes, or as many as there are; they stay."""

    def next(self) -> Message | None:
        """Return the oldest message that is complete, None if there is none."""


class Encoder(Protocol):
    """What a session writes with; see :func:`pyrophone.wire.framing.encode`."""

    def __call__(self, message: Message, compress: bool, max_size: int, /) -> bytes:
        """Return the bytes of *message*."""


class Dialect:
    """One of the wires. This is that of protocol 502; others override what differs.

    Attributes:
        name: What settings call it.
        version: Its number, which is in the bytes 4 and 5 of every message.
        numbers: The ids of the serializers, by name.
        tags: What classes are called; None is as in 502.
        extensible: Whether both sides may agree on features.
        refusal: What is said of a serializer that is not accepted, before its number.
        answers_unknown: Whether a call in a serializer that is not known is answered,
            in serpent; else the connection is closed.
    """

    name = "pyro5"
    version = framing.VERSION
    numbers: Mapping[str, int] = MappingProxyType(
        {"serpent": 1, "marshal": 2, "json": 3, "msgpack": 4}
    )
    tags: Tags | None = None
    extensible = True
    refusal = "unknown serializer"
    answers_unknown = True

    def encoder(self) -> Encoder:
        """Return what makes bytes of messages."""
        return framing.encode

    def decoder(self, max_size: int, expected: int) -> MessageDecoder:
        """Return what makes messages of bytes."""
        return framing.Decoder(max_size, expected)

    def greeting(self, handshake: Any, object_id: str) -> tuple[int, Any]:
        """Return flags and payload of the message that opens a conversation."""
        return 0, {"handshake": handshake, "object": object_id}

    def read_greeting(self, flags: int, value: Any) -> tuple[Any, str | None]:
        """Return handshake and object id from a greeting.

        Returns:
            The object is the one whose metadata are asked for; None for none.

        Raises:
            RemoteProtocolError: It is no greeting.
        """
        if not isinstance(value, dict) or not isinstance(value.get("object"), str):
            raise RemoteProtocolError("a greeting is a mapping of 'handshake' and 'object'")
        if "handshake" not in value:
            raise RemoteProtocolError("the greeting has no 'handshake'")
        return value["handshake"], value["object"]

    def welcome(self, handshake: Any, metadata: Metadata | None) -> tuple[int, Any]:
        """Return flags and payload of the message that accepts a greeting.

        Args:
            handshake: The answer to that of the client.
            metadata: Of the object; None if they were not asked for.
        """
        return 0, {"handshake": handshake, "meta": (metadata or Metadata()).to_wire()}

    def read_welcome(self, flags: int, value: Any) -> tuple[Any, Metadata]:
        """Return what :meth:`welcome` was given; the metadata are falsy if none came.

        Raises:
            RemoteProtocolError: It is no such message.
        """
        if not isinstance(value, dict):
            raise RemoteProtocolError("the greeting was answered with no mapping")
        meta = value.get("meta")
        return value.get("handshake"), Metadata.from_wire(meta) if meta else Metadata()

    def search(self, tags: Iterable[str]) -> tuple[str, tuple[Any, ...]]:
        """Return the question to a name server for what has all *tags*: method, arguments.

        The answer is a mapping of names to URIs.
        """
        return "yplookup", (set(tags), None, False)

    def __repr__(self) -> str:
        return f"<dialect {self.name}, protocol {self.version}>"


def choose(start: bytes, dialects: Iterable[Dialect]) -> Dialect | None:
    """Return that of *dialects* in which a conversation begins with the bytes *start*."""
    if len(start) >= START_SIZE and start.startswith(b"PYRO"):
        version = int.from_bytes(start[4:START_SIZE], "big")
        for dialect in dialects:
            if dialect.version == version:
                return dialect
    return None


PYRO5 = Dialect()
