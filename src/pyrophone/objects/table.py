"""The objects of one daemon: who is there, under which id, and whose instance serves."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import re
import uuid
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from ..context import Client
from ..errors import DaemonError, NoSuchObjectError
from ..wire.metadata import Metadata
from .exposure import Instancing, Members

__all__ = ["DAEMON_ID", "Entry", "ObjectTable"]

_MADE_UP = "obj_"  # how ids begin that nobody chose
_COMPARED = 500  # ids, in search of a similar one
_LONGEST_ID = 1000  # characters; it must stand in a URI

DAEMON_ID = "Pyro.Daemon"  # the control object that every daemon has

# What the object part of a URI can hold, so that every id can be addressed.
_USABLE_ID = re.compile(r"[^\s@]+")


class Entry:
    """One registered object or class.

    Attributes:
        object_id: Its id.
        cls: The class, or that of the object.
        members: What of it may be used.
        key: ``id()`` of the object or class, known also when it is gone.
        fixed: The object that serves all calls, None if that is not settled.
        held: The object or class itself, or a weak reference if it was registered so.
    """

    __slots__ = ("_weak", "cls", "fixed", "held", "is_class", "key", "members", "object_id")

    def __init__(self, object_id: str, target: Any, members: Members, weak: bool) -> None:
        self.object_id = object_id
        self.members = members
        self.is_class = inspect.isclass(target)
        self.cls: type = target if self.is_class else type(target)
        self.key = id(target)
        self._weak = weak
        self.held: Any = weakref.ref(target) if weak else target
        self.fixed = None if weak or self.is_class else target

    @property
    def metadata(self) -> Metadata:
        """What a client is told."""
        found = self.members.metadata
        if self.is_class and self.members.instancing.mode == "session":
            return dataclasses.replace(found, session=True)
        return found

    @property
    def target(self) -> Any:
        """The object or class; None if it was registered weakly and is gone."""
        return self.held() if self._weak else self.held


class ObjectTable:
    """The objects of one daemon, by id.

    Nothing is written to the objects: they are known again by their identity.

    Args:
        guard: Makes a lock for the front-end's way of waiting. It is held while an
            instance that serves everybody is made, and while the table changes.
        members_of: Finds what of a class may be used.

    Attributes:
        known: The entries by id, for those who only look.
        singles: The instances that serve everybody, by their class.
    """

    def __init__(
        self,
        guard: Callable[[], AbstractContextManager[Any]] = nullcontext,
        members_of: Callable[[type], Members] = Members,
    ) -> None:
        self._make_guard = guard
        self._guard = guard()
        self._guards: weakref.WeakKeyDictionary[Client, AbstractContextManager[Any]]
        self._guards = weakref.WeakKeyDictionary()
        self.known: dict[str, Entry] = {}
        self._ids: dict[int, list[str]] = {}  # by id(target), newest last
        self._members_of = members_of
        self._members: dict[type, Members] = {}
        self.singles: dict[type, Any] = {}

    @property
    def entries(self) -> dict[str, Entry]:
        """The entries by id, in the order of registration; a copy."""
        return dict(self.known)

    @property
    def ids(self) -> list[str]:
        """The ids in use, in the order of registration."""
        return list(self.known)

    def register(
        self,
        target: Any,
        object_id: str | None = None,
        *,
        weak: bool = False,
        force: bool = False,
    ) -> str:
        """Make *target*, an object or a class, callable; return its id.

        Args:
            target: Of a class, instances are made as ``@instances`` says.
            object_id: Its id; None makes one up.
            weak: Keep only a weak reference; the entry goes when the object does.
            force: Replace what has that id, and allow an object several ids.

        Raises:
            DaemonError: The object or the id is registered already.
            TypeError: The id is no text, or a weak reference is impossible.
            ValueError: The id can't stand in a URI.
        """
        if target is None:
            raise TypeError("None can't be registered")
        if weak and inspect.isclass(target):
            raise TypeError(
                f"class {target.__name__} can't be registered weakly, only objects can"
            )
        object_id = _check_id(object_id)
        with self._guard:
            if not force:
                self._check_free(target, object_id)
            cls = target if inspect.isclass(target) else type(target)
            entry = Entry(object_id, target, self.members(cls), weak)
            self._remove(object_id)
            self.known[object_id] = entry
            self._ids.setdefault(entry.key, []).append(object_id)
        if weak:
            weakref.finalize(target, self._discard, entry).atexit = False
        return object_id

    def unregister(self, target: Any) -> list[str]:
        """Forget an object, by itself or by its id; return the ids that went.

        An unknown id is passed over, and the control object stays.

        Raises:
            DaemonError: The object is not registered here.
        """
        with self._guard:
            if isinstance(target, str):
                gone = [target] if target in self.known and target != DAEMON_ID else []
            else:
                gone = [name for name in self._known_as(target) if name != DAEMON_ID]
                if not gone and not self._known_as(target):
                    raise DaemonError(
                        f"{type(target).__name__} object is not registered here"
                    )
            for object_id in gone:
                self._remove(object_id)
        return gone

    def find(self, object_id: Any) -> Entry:
        """Return the entry of *object_id*.

        Raises:
            NoSuchObjectError: There is none.
        """
        entry = self.known.get(object_id) if isinstance(object_id, str) else None
        if entry is None:
            text = (
                object_id[:100] if isinstance(object_id, str) else type(object_id).__name__
            )
            # Ids that were made up all look alike, and nobody types them.
            named = [name for name in self.ids if not name.startswith(_MADE_UP)]
            close = difflib.get_close_matches(text, named[:_COMPARED], 3)
            hint = f", did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise NoSuchObjectError(f"unknown object {text!r}{hint}")
        return entry

    def instance(self, entry: Entry, client: Client) -> Any:
        """Return the object that serves a call of *client* to *entry*; make it if due.

        Raises:
            NoSuchObjectError: It was registered weakly and is gone.
            TypeError: The creator gave something that is no instance of the class.
        """
        if entry.fixed is not None:
            return entry.fixed
        target = entry.target
        if not entry.is_class:
            if target is None:
                raise NoSuchObjectError(f"unknown object {entry.object_id!r}: it is gone")
            return target
        return self.instance_of(target, entry.members.instancing, client)

    def at_hand(self, entry: Entry, client: Client) -> bool:
        """Tell whether :meth:`instance` would run no code of the user: nothing is made."""
        if entry.fixed is not None or not entry.is_class:
            return True
        mode = entry.members.instancing.mode
        if mode == "percall":
            return False
        return entry.target in (client.instances if mode == "session" else self.singles)

    def instance_of(self, cls: type, instancing: Instancing, client: Client) -> Any:
        """Return the instance of a class that serves *client*; make it if due.

        Raises:
            TypeError: The creator gave something that is no instance of the class.
        """
        if instancing.mode == "percall":
            return _create(cls, instancing)
        kept = client.instances if instancing.mode == "session" else self.singles
        if cls in kept:
            return kept[cls]
        with self._guard_of(client) if instancing.mode == "session" else self._guard:
            if cls not in kept:
                # Of two that are made all the same, by a creator that calls for itself or
                # where there are no guards, the first one counts.
                kept.setdefault(cls, _create(cls, instancing))
            return kept[cls]

    def _guard_of(self, client: Client) -> AbstractContextManager[Any]:
        """Return what is held while an instance is made for *client* alone."""
        guard = self._guards.get(client)
        # Of two threads of one client that come at once, the first one's counts.
        return (
            self._guards.setdefault(client, self._make_guard()) if guard is None else guard
        )

    def id_of(self, target: Any) -> str | None:
        """Return the id that *target* is to be called by; None if it has none.

        An instance of a registered class counts as that class.
        """
        for candidate in (target, type(target)):
            if names := self._known_as(candidate):
                return names[-1]
        return None

    def members(self, cls: type) -> Members:
        """Return what of *cls* may be used; found once and kept."""
        members = self._members.get(cls)
        if members is None:
            members = self._members[cls] = self._members_of(cls)
        return members

    def refresh(self, target: Any) -> None:
        """Look anew for the members of an object, a class or the object of an id."""
        if isinstance(target, str):
            entry = self.known.get(target)
            target = entry.target if entry else None
        cls = target if inspect.isclass(target) else type(target)
        self._members.pop(cls, None)
        for entry in list(self.known.values()):
            if entry.cls is cls:
                entry.members = self.members(cls)

    def refresh_all(self) -> None:
        """Look anew for the members of everything; what may be used has changed."""
        self._members.clear()
        for entry in list(self.known.values()):
            entry.members = self.members(entry.cls)

    def _known_as(self, target: Any) -> list[str]:
        entries = [self.known.get(name) for name in self._ids.get(id(target), ())]
        return [entry.object_id for entry in entries if entry and entry.target is target]

    def _check_free(self, target: Any, object_id: str) -> None:
        if names := self._known_as(target):
            raise DaemonError(f"object or class already has a Pyro id: {names[-1]!r}")
        if object_id in self.known:
            raise DaemonError(
                f"an object or class is already registered with that id: {object_id!r}"
            )

    def _remove(self, object_id: str) -> None:
        entry = self.known.get(object_id)
        if entry is not None:
            self._discard(entry)
            if not self._ids.get(entry.key):
                self._ids.pop(entry.key, None)

    def _discard(self, entry: Entry) -> None:
        # Runs when a weak object dies, in whatever thread: no lock may be taken.
        if self.known.get(entry.object_id) is entry:
            self.known.pop(entry.object_id, None)
        with suppress(ValueError):
            self._ids.get(entry.key, []).remove(entry.object_id)


def _check_id(object_id: Any) -> str:
    if not object_id:
        return f"{_MADE_UP}{uuid.uuid4().hex}"
    if not isinstance(object_id, str):
        raise TypeError(f"an object id is a text, not {type(object_id).__name__}")
    if len(object_id) > _LONGEST_ID:
        raise ValueError(
            f"object id of {len(object_id)} characters, limit is {_LONGEST_ID}"
        )
    if not _USABLE_ID.fullmatch(object_id):
        raise ValueError(
            f"object id {object_id!r} can't stand in a URI: it has a blank or an @"
        )
    return object_id


def _create(cls: Any, instancing: Instancing) -> Any:
    instance = instancing.creator(cls) if instancing.creator else cls()
    if not isinstance(instance, cls):
        raise TypeError(
            f"instance creator of {cls.__name__} gave {type(instance).__name__}, "
            f"no instance of {cls.__name__}"
        )
    return instance
