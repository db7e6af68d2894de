"""What a daemon tells about an object when a client greets it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..errors import RemoteProtocolError

__all__ = ["Metadata"]


@dataclasses.dataclass(frozen=True, slots=True)
class Metadata:
    """The members of an object that may be used remotely, by name.

    Attributes:
        methods: What can be called, one-way methods included.
        oneway: Those of them that are called without waiting for a reply.
        attributes: What can be read, and written if it has a setter.
        session: Whether each connection is served by an instance of its own. Only peers
            that are one of us are told.
    """

    methods: frozenset[str] = frozenset()
    oneway: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    session: bool = False

    def __bool__(self) -> bool:
        return bool(self.methods or self.attributes)

    def to_wire(self, *, ours: bool = False) -> dict[str, Any]:
        """Return the mapping that goes over the wire.

        Args:
            ours: Whether the peer is one of us.
        """
        wire: dict[str, Any] = {
            "methods": set(self.methods),
            "oneway": set(self.oneway),
            "attrs": set(self.attributes),
        }
        if ours and self.session:
            wire["session"] = True
        return wire

    @classmethod
    def from_wire(cls, value: Any) -> Metadata:
        """Undo :meth:`to_wire`; each collection may be a set, a list or a tuple.

        Raises:
            RemoteProtocolError: It is no such mapping.
        """
        if not isinstance(value, Mapping):
            raise RemoteProtocolError(f"metadata is {type(value).__name__}, not a mapping")
        methods, oneway, attributes = (
            _names(value, key) for key in ("methods", "oneway", "attrs")
        )
        return cls(methods, oneway, attributes, value.get("session") is True)


def _names(value: Mapping[Any, Any], key: str) -> frozenset[str]:
    names = value.get(key, ())
    if not isinstance(names, (set, frozenset, list, tuple)) or not all(
        isinstance(name, str) for name in names
    ):
        raise RemoteProtocolError(f"metadata {key!r} is no collection of names")
    return frozenset(names)
