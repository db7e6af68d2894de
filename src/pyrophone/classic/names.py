"""The object that a name server exposes, with the storages and errors of old packages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from .. import errors
from ..naming import server
from ..objects.exposure import expose
from ..uri import URI
from .generation import Generation
from .providers import records_of
from .storages import MemoryStorage

__all__ = ["NameServer"]


@expose
class NameServer(server.NameServer):
    """Knows the URIs of names, and their tags.

    Args:
        storageProvider: A mapping with the methods of :class:`MemoryStorage`, where it
            keeps them; in memory if None.

    Attributes:
        generation: Whose name server it is.
        memory: Makes a storage in memory.
        uri: Gives a URI of the package, of its text.
        storage: Where the names are kept.
        records: Likewise, as Pyrophone uses it.
    """

    generation: ClassVar[Generation]
    memory: ClassVar[type[MemoryStorage]]
    uri: ClassVar[Any]

    def __init__(self, storageProvider: Any = None) -> None:
        self.storage = self.memory() if storageProvider is None else storageProvider
        self.records = records_of(self.storage)
        super().__init__(self.records)

    def count(self) -> int:
        """Return the number of names."""
        with self.generation.translated():
            return super().count()

    def lookup(self, name: Any, return_metadata: bool = False) -> Any:
        """Return the URI of *name*, or a pair of URI and tags."""
        with self._naming(name):
            found: Any = super().lookup(name, return_metadata)
        if return_metadata:
            return self.uri(str(found[0])), found[1]
        return self.uri(str(found))

    def register(
        self, name: Any, uri: Any, safe: bool = False, metadata: Any = None
    ) -> None:
        """Register *name*; what it had before is replaced, its tags too."""
        uri = str(uri) if isinstance(uri, (self.uri, URI)) else uri
        with self._naming(name):
            super().register(name, uri, safe, metadata)

    def set_metadata(self, name: Any, metadata: Any) -> None:
        """Replace the tags of *name*; None clears them."""
        with self._naming(name):
            super().set_metadata(name, metadata)

    def remove(self, name: Any = None, prefix: Any = None, regex: Any = None) -> int:
        """Remove a name, or all with a prefix, or all that match; return how many."""
        with self.generation.translated():
            return super().remove(name, prefix, regex)

    def list(
        self,
        prefix: Any = None,
        regex: Any = None,
        metadata_all: Any = None,
        metadata_any: Any = None,
        return_metadata: bool = False,
    ) -> Any:
        """Return names and the texts of their URIs, or pairs of text and tags."""
        with self.generation.translated():
            return super().list(prefix, regex, metadata_all, metadata_any, return_metadata)

    def yplookup(
        self, meta_all: Any = None, meta_any: Any = None, return_metadata: bool = True
    ) -> Any:
        """Return what :meth:`list` does, for names with all, or any, of the tags."""
        with self.generation.translated():
            return super().yplookup(meta_all, meta_any, return_metadata)

    @contextmanager
    def _naming(self, name: Any) -> Iterator[None]:
        """Let errors about *name* have just the texts that programs compare."""
        with self.generation.translated():
            try:
                yield
            except errors.UnknownNameError:
                raise self._error(f"unknown name: {name}") from None
            except errors.NameTakenError:
                raise self._error(f"name already registered: {name}") from None

    def _error(self, text: str) -> Exception:
        error: Exception = self.generation.errors.NamingError(text)
        return error
