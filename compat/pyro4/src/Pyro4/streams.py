"""The items of an iterator that stays on the server."""

from __future__ import annotations

from typing import Any

from pyrophone.classic.streams import StreamIterator

from .generation import PYRO4

__all__: list[str] = []


class _StreamResultIterator(StreamIterator):
    """Fetches the items one by one, over the connection of the proxy."""

    __module__ = "Pyro4.core"
    generation = PYRO4

    def next(self) -> Any:
        """Return the next item."""
        return self.__next__()
