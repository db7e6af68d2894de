"""The items of an iterator that stays on the server."""

from __future__ import annotations

from pyrophone.classic.streams import StreamIterator

from .generation import PYRO5

__all__: list[str] = []


class _StreamResultIterator(StreamIterator):
    """Fetches the items one by one, over the connection of the proxy."""

    generation = PYRO5
