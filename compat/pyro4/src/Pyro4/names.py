"""The object that a name server exposes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyrophone import URI as OursURI
from pyrophone import errors as ours
from pyrophone.naming import server

from .border import translated
from .errors import NamingError
from .exposure import expose
from .naming_storage import MemoryStorage, records_of
from .uris import URI

__all__ = ["NameServer"]


@expose
class NameServer(server.NameServer):
    """Knows the URIs of names, and their tags.

    Args:
        storageProvider: A mapping with the methods of :class:`MemoryStorage`, where it
            keeps them; in memory if None.
    """

    __module__ = "Pyro4.naming"
    dialect = "pyro4"
    _pyroForeign = frozenset({"yplookup"})  # which Pyro4's programs are not told of

    def __init__(self, storageProvider: Any = None) -> None:
        self.storage = MemoryStorage() if storageProvider is None else storageProvider
        self.records = records_of(self.storage)
        super().__init__(self.records)

    def ping(self) -> None:
        """Do nothing; who gets the reply knows that the name server works."""

    def count(self) -> int:
        """Return the number of names."""
        with translated():
            return super().count()

    def lookup(self, name: Any, return_metadata: bool = False) -> Any:
        """Return the URI of *name*, or a pair of URI and list of tags."""
        with _naming(name):
            found: Any = super().lookup(name, return_metadata)
        if return_metadata:
            return URI(str(found[0])), found[1]
        return URI(str(found))

    def register(
        self, name: Any, uri: Any, safe: bool = False, metadata: Any = None
    ) -> None:
        """Register *name*; what it had before is replaced, its tags too."""
        if not isinstance(name, str):
            raise TypeError("name must be a str")
        if not isinstance(uri, (str, URI, OursURI)):
            raise TypeError("only URIs or strings can be registered")
        _check_tags("metadata", metadata)
        with _naming(name):
            super().register(name, str(uri), safe, metadata)

    def set_metadata(self, name: Any, metadata: Any) -> None:
        """Replace the tags of *name*; None clears them."""
        _check_tags("metadata", metadata)
        with _naming(name):
            super().set_metadata(name, metadata)

    def remove(self, name: Any = None, prefix: Any = None, regex: Any = None) -> int:
        """Remove a name, or all with a prefix, or all that match; return how many."""
        with translated():
            return super().remove(name, prefix, regex)

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
        with translated():
            return super().list(prefix, regex, metadata_all, metadata_any, return_metadata)

    def yplookup(
        self, meta_all: Any = None, meta_any: Any = None, return_metadata: bool = True
    ) -> Any:
        """Return what :meth:`list` does; for programs of Pyro5, which look so by tags."""
        with translated():
            return super().yplookup(meta_all, meta_any, return_metadata)


def _check_tags(what: str, value: Any) -> None:
    if isinstance(value, str):
        raise TypeError(
            f"{what} should not be a str, but another iterable (set, list, etc)"
        )


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
