"""The object that a name server exposes."""

from __future__ import annotations

from typing import Any

from pyrophone.classic import names

from .exposure import expose
from .generation import PYRO5
from .storages import MemoryStorage
from .uris import URI

__all__ = ["NameServer"]


@expose
class NameServer(names.NameServer):
    """Knows the URIs of names, and their tags.

    Args:
        storageProvider: A mapping with the methods of :class:`MemoryStorage`, where it
            keeps them; in memory if None.
    """

    __module__ = "Pyro5.nameserver"
    generation = PYRO5
    memory = MemoryStorage
    uri = URI

    def list(  # type: ignore[override]  # Pyro5's has no more
        self, prefix: Any = None, regex: Any = None, return_metadata: bool = False
    ) -> Any:
        """Return names and the texts of their URIs, or pairs of text and tags."""
        return super().list(prefix, regex, return_metadata=return_metadata)
