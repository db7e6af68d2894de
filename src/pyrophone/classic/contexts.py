"""The context of a call: what came with it, what goes with the next one."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from typing import Any

from ..context import CallContext, Client, serving
from .generation import Generation

__all__ = ["Context", "Values"]

_ITEMS = (
    "client",
    "client_sock_addr",
    "seq",
    "msg_flags",
    "serializer_id",
    "annotations",
    "response_annotations",
    "correlation_id",
)


class Values:
    """The values of one thread, or of one call that it serves.

    Attributes:
        call: That call, or None.
    """

    __slots__ = (*_ITEMS, "call")

    def __init__(self, context: Context, call: CallContext | None = None) -> None:
        self.call = call
        self.client: Any = context.connection_of(call.client) if call else None
        self.client_sock_addr: Any = call.client.address if call else None
        self.seq = call.seq if call else 0
        self.msg_flags = context.flags_of(call) if call else 0
        self.serializer_id = context.number_of(call.serializer) if call else 0
        self.annotations: dict[str, Any] = context.received_with(call) if call else {}
        self.response_annotations: dict[str, Any] = call.reply_annotations if call else {}
        self.correlation_id: uuid.UUID | None = call.correlation_id if call else None


class Context(threading.local):
    """What the calling thread sees: the call that it serves, or what is its own."""

    generation: Generation
    annotations: dict[str, Any]
    response_annotations: dict[str, Any]
    correlation_id: uuid.UUID | None

    def __init__(self) -> None:
        self._mine = Values(self)
        self._served: Values | None = None

    def connection_of(self, client: Client) -> Any:
        """Return the connection of a daemon's client, as programs see it."""
        raise NotImplementedError

    def number_of(self, serializer: str) -> int:
        """Return the number of a serializer on the wire."""
        raise NotImplementedError

    def flags_of(self, call: CallContext) -> int:
        """Return the flags of a request, as programs see them."""
        return call.flags

    def received_with(self, call: CallContext) -> dict[str, Any]:
        """Return the annotations of a request, as programs see them."""
        return self.views(call.annotations)

    def views(self, chunks: Mapping[str, Any]) -> dict[str, Any]:
        """Return what came along with a message, as programs see it."""
        raise NotImplementedError

    def values(self) -> Values:
        """Return the values that count here and now."""
        call = serving.get()
        if call is None:
            return self._mine
        if self._served is None or self._served.call is not call:
            self._served = Values(self, call)
        return self._served

    def __getattr__(self, name: str) -> Any:
        if name not in _ITEMS:
            raise AttributeError(f"the call context has no {name}")
        return getattr(self.values(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _ITEMS:
            super().__setattr__(name, value)
            return
        values = self.values()
        setattr(values, name, value)
        if name == "response_annotations" and values.call is not None:
            values.call.reply_annotations = value

    def to_global(self) -> dict[str, Any]:
        """Return all values, for :meth:`from_global` in another thread."""
        return {name: getattr(self, name) for name in _ITEMS}

    def from_global(self, values: dict[str, Any]) -> None:
        """Take over the values of another thread."""
        for name in _ITEMS:
            setattr(self, name, values[name])

    def track_resource(self, resource: Any) -> None:
        """See to it that ``resource.close()`` is called when the client is gone."""
        self._tracked().add(resource)

    def untrack_resource(self, resource: Any) -> None:
        """Undo :meth:`track_resource`."""
        self._tracked().discard(resource)

    def _tracked(self) -> Any:
        client = self.values().client
        if client is None:
            raise self.generation.errors.PyroError(
                "cannot track a resource: no call is being served"
            )
        return client.tracked_resources

    def forget(self) -> None:
        """Drop the values of the call that was served."""
        self._served = None
