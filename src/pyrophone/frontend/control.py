"""The control object of our own daemons: it lets observables be watched, too."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from typing import Any

from ..context import current
from ..errors import CallError, NotExposedError
from ..objects.control import DaemonObject
from ..objects.exposure import expose
from ..objects.observables import observable

__all__ = ["Control"]

_MOST = 10_000  # names that one call may watch
_SLOWEST = 3600.0  # seconds between two messages


@expose
class Control(DaemonObject):
    """What clients may ask of a daemon itself, and be told of its objects."""

    def watch(
        self,
        objectId: str,  # noqa: N803
        names: list[str],
        interval: float,
    ) -> AsyncIterator[tuple[list[int], bytes, list[Any]]]:
        """Return a stream of the values of observables, as they are now and as they change.

        Args:
            objectId: Whose they are.
            names: Of the observables.
            interval: How many seconds lie between two items of the stream, at least.

        Returns:
            Of what has changed: the places of the names in the list that was given, from
            0; the times, as doubles, big-endian, in seconds since 1970 by the clock here;
            the values. So there is little to read. Of what changes more than once between
            two items, the last value counts.

        Raises:
            NotExposedError: There is no such observable that may be read.
            CallError: The object has none that all clients share, or there are too many
                names, or the interval is none.
        """
        entry = self._objects.find(objectId)
        if entry.is_class and entry.members.instancing.mode != "single":
            raise CallError(
                f"object {objectId!r} can't be watched: it is a class that has no one "
                "instance for all clients"
            )
        watched = _observables(entry.members, names)
        if not isinstance(interval, int | float) or not 0 <= interval <= _SLOWEST:
            raise CallError(f"an interval is 0 to {_SLOWEST:g} seconds, not {interval!r}")
        target = self._objects.instance(entry, current().client)
        # Imported here, since asyncio takes longer to import than all of this.
        module = importlib.import_module(".watching", __package__)
        stream: AsyncIterator[Any] = module.changes(target, watched, float(interval))
        return stream


def _observables(members: Any, names: Any) -> dict[observable[Any], int]:
    """Return the observables of these names, each with its place among them."""
    if not isinstance(names, list | tuple) or not names:
        raise CallError("what to watch is a list of names, with at least one")
    if len(names) > _MOST:
        raise CallError(f"{len(names)} names are too many to watch, limit is {_MOST}")
    found: dict[observable[Any], int] = {}
    for place, name in enumerate(names):
        member = members.attributes.get(name) if isinstance(name, str) else None
        if member is None:
            raise members.refusal(name, members.attributes)
        if not isinstance(member, observable):
            raise NotExposedError(
                f"attribute {name!r} of {members.owner} can't be watched: "
                "it is no observable"
            )
        found.setdefault(member, place)
    return found
