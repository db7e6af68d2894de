"""The control object ``Pyro.Daemon`` that every daemon exposes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..context import current, serving
from .exposure import expose
from .streams import StreamTable
from .table import ObjectTable

__all__ = ["DaemonObject"]


@expose
class DaemonObject:
    """What clients may ask of a daemon itself.

    The names of the parameters are part of the wire format.

    Args:
        objects: The objects of the daemon.
        streams: Its item streams.
        describe: Gives one line about the daemon.
    """

    def __init__(self, objects: ObjectTable, streams: StreamTable, describe: Any) -> None:
        self._objects = objects
        self._streams = streams
        self._describe = describe

    def registered(self) -> list[str]:
        """Return the ids of all objects."""
        return self._objects.ids

    def ping(self) -> None:
        """Do nothing; who gets the reply knows that the daemon works."""

    def info(self) -> str:
        """Return one line about the daemon, for people."""
        return str(self._describe())

    def get_metadata(
        self,
        objectId: str,  # noqa: N803
        as_lists: bool = False,
    ) -> Mapping[str, Any]:
        """Return the members of an object, as sets, or as lists, which all formats have."""
        served = serving.get()
        link = served and served.client.connection
        ours = getattr(getattr(link, "session", None), "features", None) is not None
        members = self._objects.find(objectId).metadata.to_wire(ours=ours)
        if as_lists:
            return {
                kind: list(names) if isinstance(names, set) else names
                for kind, names in members.items()
            }
        return members

    def get_next_stream_item(self, streamId: str) -> Any:  # noqa: N803
        """Return the next item of a stream; StopIteration ends it."""
        return self._streams.next_item(streamId, current().client)

    def close_stream(self, streamId: str) -> None:  # noqa: N803
        """Drop a stream that is not read to its end."""
        self._streams.close(streamId)
