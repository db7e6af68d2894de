"""The name server as an object: what others call, in memory or in a folder."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

from . import config, constants
from .broadcasts import DENIED, BCReqValidator
from .errors import NamingError, PyroError
from .hosts import is_loopback
from .metadata import opened, sealed
from .namefiles import NameFile
from .objects import FixedObjBase
from .trees import (
    GROUP,
    OBJECT,
    NamedTree,
    NameSpaceSystemMeta,
    NameValue,
    check_name,
    full_name,
)
from .uris import PyroURI
from .values import uri_of

__all__ = ["NameServer", "PersistentNameServer"]

_RESERVED = ":Pyro"
_DATABASE = "Pyro_NS_database"
_MAX_URI = 1000  # characters
_DIRECT = ("PYRO://", "PYROSSL://", "PYROLOC://", "PYROLOCSSL://")


class NameServer(FixedObjBase):
    """Knows objects by name, in memory. Safe for threads.

    Names that are not absolute are put below this program's default group; proxies for name
    servers have put them below their own program's before. All errors are
    :class:`.errors.NamingError`, with a text and the name; nothing has changed then.
    Anybody who can connect may change names.

    Args:
        keep: Refuse requests to end.
    """

    def __init__(self, keep: Any = 0) -> None:
        FixedObjBase.__init__(self)
        self._keep = keep
        self._tree = NamedTree()
        self._file: NameFile | None = None
        self._lock = threading.Lock()
        self._guard = BCReqValidator()
        self._is_authenticated = False
        self._end: Callable[[], None] | None = None
        self._begin()

    @property
    def _folder(self) -> Path | None:
        """Where names are kept; None if it is in memory."""
        return None if self._file is None else self._file.folder

    def _begin(self) -> None:
        """Make the groups that each name server has."""
        default = check_name(self.fullName(None))
        with self._lock:
            for group in (_RESERVED, *accumulate(default.split("."), "{}.{}".format)):
                if group not in self._tree:
                    system = NameSpaceSystemMeta(GROUP, time.time())
                    self._add(NameValue(group, None, system))

    def _admit(
        self, end: Callable[[], None], guard: BCReqValidator, is_authenticated: bool
    ) -> None:
        """Say what to do when somebody asks it to end, and who may.

        Args:
            end: Ends it.
            guard: Asked first.
            is_authenticated: Whether all clients are; if not, only this machine's may.
        """
        self._end, self._guard, self._is_authenticated = end, guard, is_authenticated

    def _close(self) -> None:
        """Let go of what it keeps names in."""

    # What follows is called by clients: all public names are.

    def ping(self) -> None:
        """Do nothing; who gets the reply knows that the name server works."""

    def register(self, name: str, uri: Any) -> None:
        """Let a name stand for a URI, a :class:`PyroURI` or its text."""
        name = self.fullName(name)
        text = _checked(uri)
        system = NameSpaceSystemMeta(OBJECT, time.time(), self._caller())
        with self._lock:
            self._add(NameValue(name, text, system))

    def unregister(self, name: str) -> None:
        """Forget a name."""
        name = self.fullName(name)
        with self._lock:
            self._tree.object(name, "is a group, not an object")
            self._remove([name])

    def resolve(self, name: str) -> PyroURI:
        """Return the URI of a name."""
        name = self.fullName(name)
        with self._lock:
            entry = self._tree.object(name)
        return _kept(entry)

    def list(self, group: str | None) -> Any:
        """Return (last part of name, 0) for each group in a group, (..., 1) for objects."""
        group = self.fullName(group)
        with self._lock:
            return self._tree.contents(group)

    def flatlist(self) -> Any:
        """Return (absolute name, URI) of all objects."""
        with self._lock:
            found = self._tree.objects()
        return [(entry.name, _kept(entry)) for entry in found]

    def createGroup(self, group: str) -> None:
        """Make a group."""
        name = self.fullName(group)
        system = NameSpaceSystemMeta(GROUP, time.time(), self._caller())
        with self._lock:
            self._add(NameValue(name, None, system))

    def deleteGroup(self, group: str) -> None:
        """Remove a group, and all that is in it."""
        name = self.fullName(group)
        with self._lock:
            self._remove(self._tree.within(name))

    def setMeta(self, name: str, meta: Any) -> None:
        """Keep plain data with a name or a group."""
        name = self.fullName(name)
        data = sealed(meta, name)
        with self._lock:
            old = self._tree.entry(name)
            self._change(NameValue(name, old.value, old.system, data))

    def getMeta(self, name: str) -> Any:
        """Return what :meth:`setMeta` kept; None if nothing."""
        name = self.fullName(name)
        with self._lock:
            data = self._tree.entry(name).meta
        return opened(data)

    def getSystemMeta(self, name: str) -> tuple[int, float, str | None]:
        """Return type (0 group, 1 object), time of making, address of who made it."""
        name = self.fullName(name)
        with self._lock:
            return self._tree.entry(name).system.parts()

    def setSystemMeta(self, name: str, parts: Any) -> None:
        """Change time and maker of a name; its type stays."""
        name = self.fullName(name)
        _, timestamp, owner = _system_parts(parts, name)
        with self._lock:
            old = self._tree.entry(name)
            system = NameSpaceSystemMeta(old.system.type, timestamp, owner)
            self._change(NameValue(name, old.value, system, old.meta))

    def resync(self) -> None:
        """Do nothing: a name server has no twin (DIFFERENCES.md)."""

    def fullName(self, name: str | None) -> str:
        """Return the absolute name of one that may be relative."""
        return full_name(name, config.PYRO_NS_DEFAULTGROUP)

    def requestShutdown(self) -> str:
        """End, if who asks may want that; return what was decided, as text."""
        address = _address_of(self)
        local = address is None or is_loopback(address[0])
        allowed = not self._keep
        if not (allowed and (local or self._is_authenticated)):
            return DENIED
        if self._end is None or not self._guard.asked(address).acceptShutdownCmd():
            return DENIED
        self._end()
        return "Will shut down shortly"

    def _caller(self) -> str | None:
        address = _address_of(self)
        return None if address is None else f"{address[0]}:{address[1]}"

    def _add(self, entry: NameValue) -> None:
        self._tree.check_new(entry)
        if self._file is not None:
            self._file.put(entry)
        self._tree.add(entry)

    def _remove(self, names: Any) -> None:
        if self._file is not None:
            self._file.drop(names)
        self._tree.remove(names)

    def _change(self, entry: NameValue) -> None:
        self._tree.check_change(entry)
        if self._file is not None:
            self._file.put(entry)
        self._tree.change(entry)


class PersistentNameServer(NameServer):
    """Likewise, and keeps names in a folder; so it keeps its own object id.

    Args:
        dbdir: The folder; by default ``Pyro_NS_database`` in ``PYRO_STORAGE``.

    Raises:
        NamingError: It can't be used, or another name server uses it.
    """

    def __init__(self, dbdir: str | None = None, keep: Any = 0) -> None:
        NameServer.__init__(self, keep)
        folder = dbdir or os.path.join(config.PYRO_STORAGE, _DATABASE)
        self._tree = NamedTree()
        self._file: NameFile = NameFile(folder)
        try:
            self._file.load(self._tree)
            for entry in self._tree.objects():
                _kept(entry)  # one that is damaged would spoil each list of all
            self.setGUID(self._file.server_id(self.GUID()))
            self._begin()
            if constants.NAMESERVER_NAME in self._tree:  # where it was before
                self._remove([constants.NAMESERVER_NAME])
        except BaseException:
            self._file.close()
            raise

    def _close(self) -> None:
        """Let another name server use the folder."""
        with self._lock:
            self._file.close()


def _checked(uri: Any) -> str:
    """Return the text of a URI that says where an object is, without asking for it."""
    text = str(uri).strip() if isinstance(uri, str | PyroURI) else repr(uri)
    if not text.startswith(_DIRECT) or len(text) > _MAX_URI or not text.isprintable():
        raise NamingError("invalid URI", text[:_MAX_URI])
    try:
        return str(PyroURI(text))
    except (PyroError, TypeError, ValueError):
        raise NamingError("invalid URI", text) from None


def _kept(entry: NameValue) -> PyroURI:
    """Return the URI of an object, of which :func:`_checked` gave the text, maybe long ago.

    No host is looked up: one that is gone by now must not hide the other names.
    """
    protocol, _, rest = (entry.value or "").partition("://")
    place, _, object_id = rest.partition("/")
    address, _, port = place.rpartition(":")
    try:
        return uri_of((protocol, address, int(port), object_id))
    except ValueError:
        raise NamingError("damaged URI", entry.name) from None


def _system_parts(parts: Any, name: str) -> tuple[Any, float, str | None]:
    try:
        kind, timestamp, owner = parts
        timestamp = float(timestamp)
    except (TypeError, ValueError, OverflowError):
        raise NamingError("invalid system meta information", name) from None
    if not math.isfinite(timestamp):
        raise NamingError("invalid system meta information", name)
    if owner is not None and not (isinstance(owner, str) and len(owner) <= _MAX_URI):
        raise NamingError("invalid system meta information", name)
    return kind, timestamp, owner


def _address_of(server: NameServer) -> Any:
    """Return host and port of who calls; None if it is this program."""
    daemon = getattr(server, "daemon", None)
    if daemon is None:
        return None
    return getattr(getattr(server.getLocalStorage(), "caller", None), "addr", None)
