"""The context of a call: what came with it, what goes with the next one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from pyrophone.classic.contexts import Context
from pyrophone.context import Client, correlate
from pyrophone.context import annotate as going_along

from .generation import PYRO5
from .socketutil import connection_of
from .tables import SERIALIZERS

__all__ = ["current_context"]


class _Context(Context):
    generation = PYRO5

    def connection_of(self, client: Client) -> Any:
        return connection_of(client)

    def number_of(self, serializer: str) -> int:
        return SERIALIZERS.index(serializer) + 1

    def views(self, chunks: Mapping[str, bytes]) -> dict[str, Any]:
        return {name: memoryview(data) for name, data in chunks.items()}

    def start(self) -> None:
        """Drop what the last reply brought; a method keeps what it has for its own."""
        values = self.values()
        if values.call is None:
            values.response_annotations = {}

    @contextmanager
    def outgoing(self) -> Iterator[None]:
        """Send the annotations along with a call; afterwards there are those of its reply.

        A method that is being served keeps those that it has for its own reply.
        """
        values = self.values()
        with ExitStack() as block:
            if values.correlation_id is not None:
                block.enter_context(correlate(values.correlation_id))
            received = block.enter_context(going_along(values.annotations))
            try:
                yield
            finally:
                if received or values.call is None:
                    values.response_annotations = self.views(received)


current_context = _Context()
