"""What a one-way call gives."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import TracebackType
from typing import Any

__all__ = ["Sent"]


class Sent(Coroutine[Any, Any, None]):
    """A one-way call that has been sent, or is about to be; it need not be awaited.

    Awaited it returns once the call was handed to the network.
    """

    __slots__ = ("_sending", "_steps")

    def __init__(self, sending: asyncio.Task[None] | None) -> None:
        self._sending = sending
        self._steps: Generator[Any, Any, None] | None = None

    def __await__(self) -> Generator[Any, Any, None]:
        if self._sending is not None:
            yield from self._sending

    def send(self, value: Any) -> Any:
        """Go on, for the loop."""
        return self._begun().send(value)

    def throw(
        self,
        kind: Any,
        value: Any = None,
        trace: TracebackType | None = None,
    ) -> Any:
        """Go on with an error, for the loop."""
        return self._begun().throw(kind if value is None else value)

    def close(self) -> None:
        """Do nothing: it has been sent, or will be."""

    def _begun(self) -> Generator[Any, Any, None]:
        if self._steps is None:
            self._steps = self.__await__()
        return self._steps
