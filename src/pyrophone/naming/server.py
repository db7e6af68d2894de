"""The object that a name server exposes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, ClassVar, TypeAlias

from ..context import serving
from ..errors import InvalidURIError, NameTakenError, UnknownNameError
from ..finding import NAME_SERVER_ID
from ..objects.exposure import expose
from ..uri import URI
from .storage import MemoryStorage, Record, Storage

__all__ = ["MAX_NAME", "OWN_TAG", "NameServer", "announce"]

MAX_NAME = 1000  # characters of a name or a tag

# Part of the wire: Pyro5's tools show this tag, and find name servers by it.
OWN_TAG = "class:Pyro5.nameserver.NameServer"
_COMPARED = 500  # names, in search of a similar one

_LISTING = frozenset({"pyro4"})  # dialects that have tags in lists, where others have sets

Tags: TypeAlias = set[str] | list[str]
Found: TypeAlias = dict[str, str] | dict[str, tuple[str, Tags]]


@expose
class NameServer:
    """Knows objects by name and by tags.

    An ordinary object: any daemon can serve it. Names of methods and parameters,
    defaults, results and the beginnings of error texts are those of Pyro5's. Peers that
    speak the dialect of Pyro4 get tags in lists; what else that has is here, too.

    What strangers register can't make it hang, and can't make lists unreadable for
    others: names and tags have at most 1000 characters, and regular expressions
    that could take long are refused (:mod:`pyrophone.naming.patterns`).

    Args:
        storage: Where the names are kept; by default in memory.

    Source: ``docs/reference/wire.md``, system objects.
    """

    # Whose habits count where no call is being served.
    dialect: ClassVar[str] = "pyro5"

    def __init__(self, storage: Storage | None = None) -> None:
        self._storage = MemoryStorage() if storage is None else storage
        self._announced = False

    def ping(self) -> None:
        """Do nothing; who gets the reply knows that the name server works."""

    def count(self) -> int:
        """Return the number of names, the name server's own included."""
        return self._storage.count()

    def lookup(self, name: str, return_metadata: bool = False) -> URI | tuple[URI, Tags]:
        """Return the URI of *name*; if asked for, with its tags.

        Raises:
            UnknownNameError: It is not registered; the text has similar names.
        """
        record = self._known(_text("name", name))
        uri = URI.parse(record.uri)
        return (uri, self._shown(record.tags)) if return_metadata else uri

    def register(
        self,
        name: str,
        uri: str | URI,
        safe: bool = False,
        metadata: Iterable[str] | None = None,
    ) -> None:
        """Register *uri* as *name*, in place of what was there, its tags included.

        Args:
            name: Of 1000 characters at most; ``__class__`` would break lists.
            uri: Of any scheme.
            safe: Fail if the name is registered already.
            metadata: Tags, a collection of texts.

        Raises:
            NameTakenError: It is registered, and *safe*; or it is the name server's.
            InvalidURIError: The text says what is wrong where.
            ValueError: The name or a tag is unusable.
            TypeError: Something is of the wrong type.
        """
        _check_text("name", name)
        tags = _tags("metadata", metadata)
        text = _uri_text(uri)
        self._protect(name)
        if not self._storage.put(name, text, tags, expected=None if safe else ...):
            raise NameTakenError(
                f"name already registered: {name}; remove it first, or replace it"
            )

    def set_metadata(self, name: str, metadata: Iterable[str] | None) -> None:
        """Replace the tags of *name*; None clears them.

        Raises:
            UnknownNameError: It is not registered.
            NameTakenError: It is the name server's own.
            TypeError: *metadata* is no collection of texts.
        """
        _text("name", name)
        tags = _tags("metadata", metadata)
        self._protect(name)
        while True:  # until nobody registers it anew in between
            record = self._known(name)
            if self._storage.put(name, record.uri, tags, expected=record):
                return

    def remove(
        self, name: str | None = None, prefix: str | None = None, regex: str | None = None
    ) -> int:
        """Remove a name, or all that begin with *prefix*, or that match *regex*.

        The first that is given and not empty counts. The name server's own entry stays.

        Returns:
            How many were removed; 0 if the name is unknown.
        """
        for what, text in (("name", name), ("prefix", prefix), ("regex", regex)):
            _text(what, text or "")
        names: Iterable[str] = ()
        if name:
            names = [name]
        elif prefix:
            names = self._storage.find(prefix=prefix)
        elif regex:
            names = self._storage.find(regex=regex)
        return self._storage.delete(one for one in names if one != NAME_SERVER_ID)

    def list(
        self,
        prefix: str | None = None,
        regex: str | None = None,
        metadata_all: Iterable[str] | bool | None = None,
        metadata_any: Iterable[str] | None = None,
        return_metadata: bool = False,
    ) -> Found:
        """Return names and the texts of their URIs; if asked for, with their tags.

        Args:
            prefix: Only names that begin so.
            regex: Only names that begin with a match of this.
            metadata_all: Only names that have all these tags. True and False are
                *return_metadata*, which Pyro5 has in the third place.
            metadata_any: Only names that have one or more of these tags.
            return_metadata: Give pairs of text and tags instead of texts.

        Raises:
            ValueError: More than one of the first four was given.
            NamingError: *regex* is none, or could take too long.
            TypeError: Something is of the wrong type.
        """
        if isinstance(metadata_all, bool):
            return_metadata, metadata_all = metadata_all, None
        if sum(map(bool, (prefix, regex, metadata_all, metadata_any))) > 1:
            raise ValueError("you can only filter on one thing at a time")
        found = self._storage.find(
            prefix=_text("prefix", prefix or ""),
            regex=_text("regex", regex or "") or None,
            all_tags=_tags("metadata_all", metadata_all),
            any_tags=_tags("metadata_any", metadata_any),
        )
        return self._listed(found, return_metadata)

    def yplookup(
        self,
        meta_all: Iterable[str] | None = None,
        meta_any: Iterable[str] | None = None,
        return_metadata: bool = True,
    ) -> Found:
        """Return what :meth:`list` does, for names with all, or any, of the tags.

        Raises:
            ValueError: Both were given.
            TypeError: What was given is no collection of texts.
        """
        if meta_all and meta_any:
            raise ValueError("you can look for meta_all or for meta_any, not for both")
        every, some = _tags("meta_all", meta_all), _tags("meta_any", meta_any)
        if not every and not some:
            return {}
        found = self._storage.find(all_tags=every, any_tags=some)
        return self._listed(found, return_metadata)

    def _listed(self, records: Mapping[str, Record], with_tags: Any) -> Found:
        if with_tags:
            return {
                name: (record.uri, self._shown(record.tags))
                for name, record in records.items()
            }
        return {name: record.uri for name, record in records.items()}

    def _shown(self, tags: Iterable[str]) -> Tags:
        """Return *tags* as who calls expects them."""
        context = serving.get()
        dialect = self.dialect if context is None else context.client.dialect
        return sorted(tags) if dialect in _LISTING else set(tags)

    def _known(self, name: str) -> Record:
        record = self._storage.get(name)
        if record is None:
            hint = f", did you mean {close}?" if (close := self._similar(name)) else ""
            raise UnknownNameError(f"unknown name: {name[:MAX_NAME]}{hint}")
        return record

    def _similar(self, name: str) -> str:
        """Return names that are spelled nearly so, for people; empty if there are none."""
        near = (one for one in self._storage.find() if abs(len(one) - len(name)) < 10)
        close = difflib.get_close_matches(name[:100], islice(near, _COMPARED), 3)
        return " or ".join(map(repr, close))

    def _protect(self, name: str) -> None:
        """Refuse to change the name server's own entry."""
        if self._announced and name == NAME_SERVER_ID:
            raise NameTakenError(
                f"name already registered: {name}; it is the name server's own"
            )


def announce(names: NameServer, uri: URI, tags: Iterable[str] = (OWN_TAG,)) -> None:
    """Give *names* its own entry, where *uri* says; nobody else can change it from then on.

    For programs that serve a :class:`NameServer` themselves.
    """
    names.register(NAME_SERVER_ID, uri, metadata=tags)
    names._announced = True


def _text(what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a text, not {type(value).__name__}")
    return value


def _check_text(what: str, text: Any) -> None:
    """Refuse what would make lists unreadable for others."""
    if len(_text(what, text)) > MAX_NAME:
        raise ValueError(f"{what} of {len(text)} characters, limit is {MAX_NAME}")
    if text == "__class__":  # as a key it would make an object of the list
        raise ValueError(f"{what} '__class__' can't travel")
    _check_encoding(what, text)


def _check_encoding(what: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{what} {text!r} can't travel: half a character at {error.start}"
        ) from None


def _tags(what: str, value: Any) -> frozenset[str]:
    if value is None:
        return frozenset()
    if isinstance(value, (str, bytes)):
        raise TypeError(
            f"{what} should not be a {type(value).__name__}, but a set or a list of texts"
        )
    if not isinstance(value, Iterable):
        raise TypeError(
            f"{what} must be a set or a list of texts, not {type(value).__name__}"
        )
    tags = list(value)
    for tag in tags:
        _check_text(f"a tag in {what}", tag)
    return frozenset(tags)


def _uri_text(uri: Any) -> str:
    """Return *uri* as text, checked to be readable again.

    Raises:
        InvalidURIError: It can't be parsed, or its host is missing.
        TypeError: It is something else.
    """
    if not isinstance(uri, (str, URI)):
        raise TypeError(f"uri must be a URI or its text, not {type(uri).__name__}")
    parsed = URI.parse(str(uri))
    _check_encoding("uri", str(parsed))
    if parsed.scheme == "PYRO" and parsed.location is None:  # it parses, its text does not
        raise InvalidURIError(
            f"invalid uri {str(uri)!r}: the host is missing behind the '@'"
        )
    return str(parsed)
