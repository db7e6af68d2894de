"""The object that a name server exposes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyrophone import errors as ours
from pyrophone.naming import server

from .border import translated
from .errors import NamingError
from .exposure import expose
from .storages import MemoryStorage, records_of
from .uris import URI, plain

__all__ = ["NameServer"]


@expose
class NameServer(server.NameServer):
    """Knows the URIs of names, and their tags.

    Args:
        storageProvider: A mapping with the methods of :class:`MemoryStorage`, where it
            keeps them; in memory if None.
    """

    __module__ = "Pyro5.nameserver"

    def __init__(self, storageProvider: Any = None) -> None:
        self.storage = MemoryStorage() if storageProvider is None else storageProvider
        self.records = records_of(self.storage)
        super().__init__(self.records)

    def count(self) -> int:
        """Return the number of names."""
        with translated():
            return super().count()

    def lookup(self, name: Any, return_metadata: bool = False) -> Any:
        """Return the URI of *name*, or a pair of URI and tags."""
        with _naming(name):
            found: Any = super().lookup(name, return_metadata)
        return (URI.of(found[0]), found[1]) if return_metadata else URI.of(found)

    def register(
        self, name: Any, uri: Any, safe: bool = False, metadata: Any = None
    ) -> None:
        """Register *name*; what it had before is replaced, its tags too."""
        uri = plain(uri) if isinstance(uri, URI) else uri
        with _naming(name):
            super().register(name, uri, safe, metadata)

    def set_metadata(self, name: Any, metadata: Any) -> None:
        """Replace the tags of *name*; None clears them."""
        with _naming(name):
            super().set_metadata(name, metadata)

    def remove(self, name: Any = None, prefix: Any = None, regex: Any = None) -> int:
        """Remove a name, or all with a prefix, or all that match; return how many."""
        with translated():
            return super().remove(name, prefix, regex)

    def list(  # type: ignore[override]  # Pyro5's has no more
        self, prefix: Any = None, regex: Any = None, return_metadata: bool = False
    ) -> Any:
        """Return names and the texts of their URIs, or pairs of text and tags."""
        with translated():
            return super().list(prefix, regex, return_metadata=return_metadata)

    def yplookup(
        self, meta_all: Any = None, meta_any: Any = None, return_metadata: bool = True
    ) -> Any:
        """Return what :meth:`list` does, for names with all, or any, of the tags."""
        with translated():
            return super().yplookup(meta_all, meta_any, return_metadata)


@contextmanager
def _naming(name: Any) -> Iterator[None]:
    """Let errors about *name* have just the texts that programs compare."""
    with translated():
        try:
            yield
        except ours.UnknownNameError:
            raise NamingError(f"unknown name: {name}") from None
        except ours.NameTakenError:
            raise NamingError(f"name already registered: {name}") from None
