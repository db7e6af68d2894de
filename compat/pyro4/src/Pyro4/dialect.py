"""The wire of Pyro4, for the sessions of Pyrophone.

A daemon that is told to answer it serves clients of Pyro4 on the port where it serves
all others. Only serializers that are safe with strangers are offered here: never pickle.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from pyrophone.errors import RemoteProtocolError, SerializeError
from pyrophone.serializers.tags import Tags
from pyrophone.wire.dialects import Dialect, Encoder, MessageDecoder
from pyrophone.wire.framing import (
    CONNECT_OK,
    CORRELATED,
    EXCEPTION,
    PING,
    RESULT,
    Message,
)
from pyrophone.wire.metadata import Metadata

from . import framing
from .framing import META_ON_CONNECT

__all__ = ["PYRO4", "TAGS", "Pyro4Dialect"]

_PROXY_SIZES = (8, 9)  # the serializer came last, in both meanings


class _Tags(Tags):
    """What classes are called, and what is in a proxy."""

    def write_proxy(self, form: dict[str, Any]) -> dict[str, Any]:
        """Return the form of a proxy, without time limit and key."""
        uri, oneway, methods, attributes, handshake, serializer = form["state"]
        state = (uri, oneway, methods, attributes, 0.0, None, handshake, 0, serializer)
        return {**form, "state": state}

    def read_proxy(self, form: dict[str, Any]) -> dict[str, Any]:
        """Return the form of a proxy, that of Pyro4's; its key is for it alone."""
        state = form.get("state")
        if not isinstance(state, (list, tuple)) or len(state) not in _PROXY_SIZES:
            raise SerializeError(
                f"state of a proxy has 8 or 9 elements, not {str(state)[:100]}"
            )
        uri, oneway, methods, attributes, _, key, handshake, _, *serializer = state
        name = serializer[0] if serializer else None
        if isinstance(name, str) and name not in Pyro4Dialect.numbers:
            name = None  # pickle and its like, which are not spoken here
        return {
            **form,
            "state": (uri, oneway, methods, attributes, handshake, name),
            "dialect": Pyro4Dialect(_key(key)) if key is not None else PYRO4,
        }


TAGS = _Tags(
    uri="Pyro4.core.URI",
    proxy="Pyro4.core.Proxy",
    daemon="Pyro4.core.Daemon",
    failure="Pyro4.futures._ExceptionWrapper",
    errors="Pyro4.errors.",
    serializers={
        "serpent": "Pyro4.util.SerpentSerializer",
        "json": "Pyro4.util.JsonSerializer",
        "marshal": "Pyro4.util.MarshalSerializer",
        "msgpack": "Pyro4.util.MsgpackSerializer",
    },
)


def _key(text: Any) -> bytes:
    """Return the key that came with a proxy."""
    try:
        if isinstance(text, str) and text.startswith("b64:"):
            return base64.b64decode(text.removeprefix("b64:"), validate=True)
    except ValueError:
        pass
    raise SerializeError("the key of a proxy is no text that begins with b64:")


class Pyro4Dialect(Dialect):
    """Protocol 48.

    Args:
        hmac_key: Sign all messages with it, and take only such as are signed with it. It
            covers payload and annotations, not the header; and nothing is encrypted. A
            key says nothing about clients of other dialects, which sign nothing.
    """

    name = "pyro4"
    version = framing.VERSION
    numbers: Mapping[str, int] = MappingProxyType(
        {"serpent": 1, "json": 2, "marshal": 3, "msgpack": 6}
    )
    tags: Tags | None = TAGS
    extensible = False
    refusal = "message used serializer that is not accepted:"
    answers_unknown = False

    def __init__(self, hmac_key: bytes | None = None) -> None:
        if hmac_key is not None and not isinstance(hmac_key, bytes):
            raise TypeError(f"hmac_key is {type(hmac_key).__name__}, must be bytes")
        self._key = hmac_key or None  # to Pyro4 an empty one is none

    @property
    def signs(self) -> bool:
        """Whether messages are signed."""
        return self._key is not None

    def encoder(self) -> Encoder:
        """Return what makes bytes of messages."""
        return partial(_encode, partial(framing.encode, hmac_key=self._key))

    def decoder(self, max_size: int, expected: int) -> MessageDecoder:
        """Return what makes messages of bytes."""
        return framing.Decoder(max_size, expected, self._key)

    def greeting(self, handshake: Any, object_id: str) -> tuple[int, Any]:
        """Return flags and payload of the message that opens a conversation."""
        return META_ON_CONNECT, {"handshake": handshake, "object": object_id}

    def read_greeting(self, flags: int, value: Any) -> tuple[Any, str | None]:
        """Return handshake and object id from a greeting, None without metadata.

        Raises:
            RemoteProtocolError: It is no greeting.
        """
        if not isinstance(value, dict) or "handshake" not in value:
            raise RemoteProtocolError("a greeting is a mapping with a 'handshake'")
        if not flags & META_ON_CONNECT:
            return value["handshake"], None
        if not isinstance(value.get("object"), str):
            raise RemoteProtocolError("a greeting that asks for metadata has an 'object'")
        return value["handshake"], value["object"]

    def welcome(self, handshake: Any, metadata: Metadata | None) -> tuple[int, Any]:
        """Return flags and payload of the message that accepts a greeting."""
        if metadata is None:
            return 0, handshake
        members = {kind: list(names) for kind, names in metadata.to_wire().items()}
        return META_ON_CONNECT, {"handshake": handshake, "meta": members}

    def read_welcome(self, flags: int, value: Any) -> tuple[Any, Metadata]:
        """Return handshake and metadata from the message that accepts a greeting."""
        if flags & META_ON_CONNECT:
            return super().read_welcome(flags, value)
        return value, Metadata()

    def search(self, tags: Iterable[str]) -> tuple[str, tuple[Any, ...]]:
        """Return the question to a name server for what has all *tags*."""
        return "list", (None, None, sorted(tags), None, False)


def _encode(
    encode: Callable[..., bytes], message: Message, compress: bool, max_size: int
) -> bytes:
    """Return the bytes of *message*, with a correlation id where Pyro4 has one.

    All normal answers carry one, a new one if need be; exceptions and item streams none.
    """
    if message.kind == RESULT and message.flags & EXCEPTION:
        message.flags &= ~CORRELATED
    elif not message.flags & CORRELATED and _answers(message):
        message.correlation = uuid.uuid4().bytes
        message.flags |= CORRELATED
    return encode(message, compress=compress, max_size=max_size)


def _answers(message: Message) -> bool:
    """Tell whether a message is a normal answer of a server."""
    if message.kind == PING:
        return message.payload == b"pong"
    return message.kind in (RESULT, CONNECT_OK)


PYRO4 = Pyro4Dialect()
