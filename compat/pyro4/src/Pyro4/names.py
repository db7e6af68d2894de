"""The object that a name server exposes."""

from __future__ import annotations

from typing import Any

import pyrophone
from pyrophone.classic import names

from .exposure import expose
from .generation import PYRO4
from .naming_storage import MemoryStorage
from .uris import URI

__all__ = ["NameServer"]


@expose
class NameServer(names.NameServer):
    """Knows the URIs of names, and their tags.

    Args:
        storageProvider: A mapping with the methods of :class:`MemoryStorage`, where it
            keeps them; in memory if None.
    """

    __module__ = "Pyro4.naming"
    dialect = "pyro4"
    generation = PYRO4
    memory = MemoryStorage
    uri = URI
    _pyroForeign = frozenset({"yplookup"})  # which Pyro4's programs are not told of

    def register(
        self, name: Any, uri: Any, safe: bool = False, metadata: Any = None
    ) -> None:
        """Register *name*; what it had before is replaced, its tags too."""
        if not isinstance(name, str):
            raise TypeError("name must be a str")
        if not isinstance(uri, (str, URI, pyrophone.URI)):
            raise TypeError("only URIs or strings can be registered")
        _check_tags("metadata", metadata)
        super().register(name, uri, safe, metadata)

    def set_metadata(self, name: Any, metadata: Any) -> None:
        """Replace the tags of *name*; None clears them."""
        _check_tags("metadata", metadata)
        super().set_metadata(name, metadata)

    def list(
        self,
        prefix: Any = None,
        regex: Any = None,
        metadata_all: Any = None,
        metadata_any: Any = None,
        return_metadata: bool = False,
    ) -> Any:
        """Return names and the texts of their URIs, or pairs of text and list of tags."""
        _check_tags("metadata_all", metadata_all)
        _check_tags("metadata_any", metadata_any)
        return super().list(prefix, regex, metadata_all, metadata_any, return_metadata)


def _check_tags(what: str, value: Any) -> None:
    if isinstance(value, str):
        raise TypeError(
            f"{what} should not be a str, but another iterable (set, list, etc)"
        )
