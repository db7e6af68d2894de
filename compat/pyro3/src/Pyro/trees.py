"""The tree of names of a name server: groups, objects in them, what is known of each.

No network, no clock, no storage. A name is ``:`` (the root), or ``:a.b.c``: parts joined by
dots, each a group but the last, which may be either.
"""

from __future__ import annotations

from collections.abc import Iterator

from .errors import NamingError

__all__ = [
    "GROUP",
    "MAX_NAME",
    "OBJECT",
    "ROOT",
    "NameSpaceSystemMeta",
    "NameValue",
    "NamedTree",
    "check_name",
    "full_name",
    "parent_of",
]

GROUP = 0
OBJECT = 1
ROOT = ":"
MAX_NAME = 1000  # characters
MAX_NAMES = 100_000  # in one tree: who may register can't fill the memory
MAX_KNOWN = 2**26  # bytes of meta information of all names together


class NameSpaceSystemMeta:
    """What a name server knows of a name by itself.

    Attributes:
        type: 0 for a group, 1 for an object.
        timestamp: When it was made, in seconds since 1970.
        owner: Address of who made it, as text; None if it was the name server.
    """

    __slots__ = ("owner", "timestamp", "type")

    def __init__(self, type: int, timestamp: float, owner: str | None = None) -> None:
        self.type = type
        self.timestamp = timestamp
        self.owner = owner

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NameSpaceSystemMeta):
            return NotImplemented
        return self.parts() == other.parts()

    def __hash__(self) -> int:
        return hash(self.parts())

    def __str__(self) -> str:
        return f"[type={self.type} timestamp={self.timestamp} owner={self.owner}]"

    def parts(self) -> tuple[int, float, str | None]:
        """Return type, time and owner: how it travels."""
        return self.type, self.timestamp, self.owner


class NameValue:
    """One entry of a tree.

    Attributes:
        name: Its absolute name.
        value: The text of its URI; None for a group.
        system: What the name server knows of it.
        meta: What a user wants to be known of it, as :mod:`.metadata` keeps it.
    """

    __slots__ = ("meta", "name", "system", "value")

    def __init__(
        self,
        name: str,
        value: str | None,
        system: NameSpaceSystemMeta,
        meta: bytes | None = None,
    ) -> None:
        self.name = name
        self.value = value
        self.system = system
        self.meta = meta

    @property
    def is_group(self) -> bool:
        """Whether it is a group, not an object."""
        return self.value is None

    def __repr__(self) -> str:
        return f"<NameValue {self.name} --> {self.value}>"


class NamedTree:
    """Groups and objects by their absolute names.

    Each method raises :class:`.errors.NamingError` with its text and the name, and changes
    nothing then. Each costs no more than what it returns or removes.
    """

    def __init__(self) -> None:
        system = NameSpaceSystemMeta(GROUP, 0.0)
        self._entries = {ROOT: NameValue(ROOT, None, system)}
        self._children: dict[str, set[str]] = {ROOT: set()}
        self._known = 0  # bytes of meta information

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[NameValue]:
        """Give all entries but the root, groups before what is in them."""
        return iter([entry for name, entry in self._entries.items() if name != ROOT])

    def check_new(self, entry: NameValue) -> None:
        """Refuse an entry that can't be added."""
        name = check_name(entry.name)
        if name == ROOT:
            raise NamingError(_taken(entry), name)
        self._check_parent(name)
        if name in self._entries:
            raise NamingError(_taken(entry), name)
        if len(self._entries) >= MAX_NAMES:
            raise NamingError("too many names", name)

    def add(self, entry: NameValue) -> None:
        """Add a group or an object. Its name must be free, its parent a group."""
        self.check_new(entry)
        self._entries[entry.name] = entry
        self._known += _size(entry)
        self._children[parent_of(entry.name)].add(entry.name)
        if entry.is_group:
            self._children[entry.name] = set()

    def check_change(self, entry: NameValue) -> None:
        """Refuse what can't take the place of the entry of that name."""
        if self._known - _size(self.entry(entry.name)) + _size(entry) > MAX_KNOWN:
            raise NamingError("too much meta information", entry.name)

    def change(self, entry: NameValue) -> None:
        """Have what is known of a name be as in *entry*."""
        self.check_change(entry)
        old = self._entries[entry.name]
        self._known += _size(entry) - _size(old)
        old.system, old.meta = entry.system, entry.meta

    def entry(self, name: str) -> NameValue:
        """Return the entry of a name, a group's too."""
        check_name(name)
        if name not in self._entries:
            self._check_parent(name)
            raise NamingError("name not found", name)
        return self._entries[name]

    def object(self, name: str, refusal: str = "attempt to resolve groupname") -> NameValue:
        """Return the entry of an object; a group is refused with the text *refusal*."""
        entry = self.entry(name)
        if entry.is_group:
            raise NamingError(refusal, name)
        return entry

    def group(self, name: str) -> NameValue:
        """Return the entry of a group."""
        entry = self._entries.get(check_name(name))
        if entry is None:
            raise NamingError("group not found", name)
        if not entry.is_group:
            raise NamingError("is no group", name)
        return entry

    def contents(self, name: str) -> list[tuple[str, int]]:
        """Return last parts of the names in a group, sorted, each with 0 (group) or 1."""
        self.group(name)
        start = len(name) if name == ROOT else len(name) + 1
        return sorted(
            (child[start:], GROUP if self._entries[child].is_group else OBJECT)
            for child in self._children[name]
        )

    def objects(self) -> list[NameValue]:
        """Return the entries of all objects, sorted by name."""
        found = [entry for entry in self._entries.values() if not entry.is_group]
        return sorted(found, key=lambda entry: entry.name)

    def within(self, name: str) -> list[str]:
        """Return the names of a group and all below it, groups before what is in them."""
        if name == ROOT:
            raise NamingError("not allowed to delete root group")
        self.group(name)
        found = [name]
        for one in found:  # which grows
            found.extend(self._children.get(one, ()))
        return found

    def remove(self, names: list[str]) -> None:
        """Remove entries; with each group all that is in it must be named, too."""
        for name in reversed(names):
            self._known -= _size(self._entries.pop(name))
            self._children.pop(name, None)
            self._children[parent_of(name)].discard(name)

    def _check_parent(self, name: str) -> None:
        parent = parent_of(name)
        while parent not in self._entries:  # the nearest that is there tells what is wrong
            parent = parent_of(parent)
        if not self._entries[parent].is_group:
            raise NamingError("parent is no group", name)
        if parent != parent_of(name):
            raise NamingError("(parent)group not found", name)


def check_name(name: object) -> str:
    """Return an absolute name as it is.

    Raises:
        NamingError: It is none, has an empty part or one with characters that are not
            allowed, or is too long.
    """
    if not isinstance(name, str) or not name.startswith(ROOT) or len(name) > MAX_NAME:
        raise NamingError("invalid name", _short(name))
    if name == ROOT:
        return name
    if "" in name[1:].split("."):
        raise NamingError("invalid name", name)
    if not all("!" <= character <= "~" and character != "\\" for character in name):
        raise NamingError("invalid character(s) in name", name)
    return name


def full_name(name: str | None, group: str) -> str:
    """Return the absolute name of one that may be relative to *group*.

    None and the empty name stand for the group itself.

    Raises:
        NamingError: It is relative, and the group is not absolute; or it is no name.
    """
    if not isinstance(name, str | None):
        raise NamingError("invalid name", _short(name))
    if name and name.startswith(ROOT):
        return name
    if not group.startswith(ROOT):
        raise NamingError("default group name is not absolute", group)
    if not name:
        return group
    return f"{group}{name}" if group == ROOT else f"{group}.{name}"


def parent_of(name: str) -> str:
    """Return the name of the group that a name is in; it is not the root."""
    return name[: name.rindex(".")] if "." in name else ROOT


def _size(entry: NameValue) -> int:
    return len(entry.meta or b"")


def _taken(entry: NameValue) -> str:
    return "group already exists" if entry.is_group else "name already exists"


def _short(name: object) -> str:
    text = name if isinstance(name, str) else repr(name)
    return text if len(text) <= MAX_NAME else f"{text[:MAX_NAME]}..."
