"""The context of a call: what came with it, what goes with the next one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyrophone.classic.contexts import Context
from pyrophone.context import CallContext, Client
from pyrophone.wire.framing import BATCH, BLOB, CORRELATED, ONEWAY

from .chunks import CORRELATION_CHUNK
from .connections import connection_of
from .generation import PYRO4

__all__ = ["CODEC_NUMBERS", "current_context"]

CODEC_NUMBERS = ("serpent", "json", "marshal", "pickle", "dill", "msgpack", "cloudpickle")
_KEEP_SERIALIZED = 0x40


class _CallContext(Context):
    """What the calling thread sees: the call that it serves, or what is its own."""

    __module__ = "Pyro4.core"
    generation = PYRO4

    def connection_of(self, client: Client) -> Any:
        """Return the connection of a daemon's client."""
        return connection_of(client)

    def number_of(self, serializer: str) -> int:
        """Return the number of a serializer on the wire."""
        return CODEC_NUMBERS.index(serializer) + 1

    def flags_of(self, call: CallContext) -> int:
        """Return the flags of a request as Pyro4 has them."""
        blob = _KEEP_SERIALIZED if call.flags & BLOB else 0
        return call.flags & (ONEWAY | BATCH) | blob

    def received_with(self, call: CallContext) -> dict[str, Any]:
        """Return the annotations of a request; the correlation id is one of them."""
        received = self.views(call.annotations)
        if call.flags & CORRELATED:
            received.setdefault(CORRELATION_CHUNK, call.correlation_id.bytes)
        return received

    def views(self, chunks: Mapping[str, Any]) -> dict[str, Any]:
        """Return what came along with a message."""
        return {name: bytes(data) for name, data in chunks.items()}

    def start(self) -> None:
        """Drop all annotations, as a new proxy does."""
        self.annotations = {}
        self.response_annotations = {}

    def going_along(self) -> dict[str, bytes]:
        """Return the annotations for a message that is sent now."""
        return {**self.annotations, **self.identification()}

    def identification(self) -> dict[str, bytes]:
        """Return the annotation with the correlation id, if there is one."""
        identifier = self.correlation_id
        return {} if identifier is None else {CORRELATION_CHUNK: identifier.bytes}


current_context = _CallContext()
