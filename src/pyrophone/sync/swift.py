"""The call that is nothing special, on the shortest way.

The twin ``swift.pyx`` is for the compiled build: there it sends and receives without the
interpreter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..context import due, outgoing, serving
from ..wire.events import Reply
from .exchange import Exchange

__all__ = ["Swift"]


class Swift(Exchange):
    """An exchange that knows how to make a call with nothing to go along."""

    __slots__ = ()

    def ask(
        self,
        method: str,
        args: Any,
        kwargs: Mapping[str, Any] | None,
        object_id: str | None,
    ) -> Any:
        """Make a call that has no limit of its own; return what comes for it.

        Args:
            method: Which method.
            args: Its positional arguments.
            kwargs: Its keyword arguments.
            object_id: Of another object than the one greeted.

        Returns:
            The bytes of an answer that is nothing but a value, for ``session.value``; else
            the reply.
        """
        if serving.get() is not None or outgoing.get() is not None or due.get() is not None:
            return self.call(method, args, kwargs, 0, object_id, None, True)
        session = self.session
        message = session.compose(method, args, kwargs, 0, object_id)
        return self.exchange(session.launch, message, Reply, None, True)

    def call(
        self,
        method: str,
        args: Any,
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        object_id: str | None = None,
        timeout: float | None = None,
        bare: bool = False,
    ) -> Any:
        """Make any call."""
        raise NotImplementedError
