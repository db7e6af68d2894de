"""A dialect that nobody speaks, to see what of the wire a dialect can change."""

from __future__ import annotations

from typing import Any

from pyrophone.errors import RemoteProtocolError
from pyrophone.serializers.tags import Tags
from pyrophone.wire import framing
from pyrophone.wire.dialects import Dialect, Encoder, MessageDecoder
from pyrophone.wire.framing import Message
from pyrophone.wire.intake import Intake
from pyrophone.wire.metadata import Metadata

__all__ = ["TOY", "TOY_TAGS"]

VERSION = 4711
ASKS = 1 << 16


def _encode(message: Message, compress: bool, max_size: int) -> bytes:
    data = framing.encode(message, compress=compress, max_size=max_size)
    return data[:4] + VERSION.to_bytes(2, "big") + data[6:]


class _Decoder(Intake):
    """Takes 502's messages with another version in them."""

    def next(self) -> Message | None:
        start = self.peek(40)
        if len(start) >= 6 and start[:6] != b"PYRO" + VERSION.to_bytes(2, "big"):
            raise RemoteProtocolError(f"no toy: {start[:6]!r}")
        if len(start) < 40:
            return None
        header = framing.HEADER.unpack(start)
        if header[6] + header[7] > self.max_size:
            raise RemoteProtocolError("too large for a toy")
        body = self.take(40 + header[6] + header[7], 6)
        if body is None:
            return None
        inner = framing.Decoder(self.max_size, self.expected)
        inner.feed(b"PYRO\x01\xf6" + body)
        return inner.next()


class _ToyTags(Tags):
    def write_proxy(self, form: dict[str, Any]) -> dict[str, Any]:
        return {**form, "state": ("toy", *form["state"])}

    def read_proxy(self, form: dict[str, Any]) -> dict[str, Any]:
        return {**form, "state": tuple(form["state"])[1:], "dialect": TOY}


TOY_TAGS = _ToyTags(
    uri="Toy.URI",
    proxy="Toy.Proxy",
    daemon="Toy.Daemon",
    failure="Toy.Failure",
    errors="Toy.errors.",
    serializers={"json": "Toy.Json"},
)


class _Toy(Dialect):
    name = "toy"
    version = VERSION
    numbers = {"serpent": 11, "json": 12, "marshal": 13, "msgpack": 14}  # noqa: RUF012
    tags = TOY_TAGS
    extensible = False
    refusal = "toys have no serializer"
    answers_unknown = False

    def encoder(self) -> Encoder:
        return _encode

    def decoder(self, max_size: int, expected: int) -> MessageDecoder:
        return _Decoder(max_size, expected)

    def greeting(self, handshake: Any, object_id: str) -> tuple[int, Any]:
        return 0, [handshake, object_id]

    def read_greeting(self, flags: int, value: Any) -> tuple[Any, str | None]:
        handshake, object_id = value
        return handshake, object_id or None

    def welcome(self, handshake: Any, metadata: Metadata | None) -> tuple[int, Any]:
        return 0, [handshake, sorted(metadata.methods) if metadata else None]

    def read_welcome(self, flags: int, value: Any) -> tuple[Any, Metadata]:
        return value[0], Metadata(frozenset(value[1] or ()))


TOY = _Toy()
