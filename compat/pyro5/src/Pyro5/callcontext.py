"""The context of a call: what came with it, what goes with the next one."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from pyrophone.context import CallContext, correlate, serving
from pyrophone.context import annotate as going_along

from .errors import PyroError
from .socketutil import connection_of
from .tables import SERIALIZERS

__all__ = ["current_context"]

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


class _Values:
    """The values of one thread, or of one call that it serves."""

    __slots__ = (*_ITEMS, "call")

    def __init__(self, call: CallContext | None = None) -> None:
        self.call = call
        self.client: Any = connection_of(call.client) if call else None
        self.client_sock_addr: Any = call.client.address if call else None
        self.seq = call.seq if call else 0
        self.msg_flags = call.flags if call else 0
        self.serializer_id = SERIALIZERS.index(call.serializer) + 1 if call else 0
        self.annotations: dict[str, Any] = views(call.annotations) if call else {}
        self.response_annotations: dict[str, Any] = call.reply_annotations if call else {}
        self.correlation_id: uuid.UUID | None = call.correlation_id if call else None


class _Context(threading.local):
    """What the calling thread sees: the call that it serves, or what is its own."""

    def __init__(self) -> None:
        self._mine = _Values()
        self._served: _Values | None = None

    def _values(self) -> _Values:
        call = serving.get()
        if call is None:
            return self._mine
        if self._served is None or self._served.call is not call:
            self._served = _Values(call)
        return self._served

    def __getattr__(self, name: str) -> Any:
        if name not in _ITEMS:
            raise AttributeError(f"the call context has no {name}")
        return getattr(self._values(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _ITEMS:
            super().__setattr__(name, value)
            return
        values = self._values()
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
        client = self._values().client
        if client is None:
            raise PyroError("cannot track a resource: no call is being served")
        return client.tracked_resources

    @contextmanager
    def outgoing(self) -> Iterator[None]:
        """Send the annotations along with a call; afterwards there are those of its reply.

        A method that is being served keeps those that it has for its own reply.
        """
        values = self._values()
        with ExitStack() as block:
            if values.correlation_id is not None:
                block.enter_context(correlate(values.correlation_id))
            received = block.enter_context(going_along(values.annotations))
            try:
                yield
            finally:
                if received or values.call is None:
                    values.response_annotations = views(received)

    def start(self) -> None:
        """Drop what the last reply brought; a method keeps what it has for its own."""
        values = self._values()
        if values.call is None:
            values.response_annotations = {}

    def forget(self) -> None:
        """Drop the values of the call that was served."""
        self._served = None


def views(chunks: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what came along with a message as Pyro5 gives it."""
    return {name: memoryview(data) for name, data in chunks.items()}


current_context = _Context()
