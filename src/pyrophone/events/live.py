"""Attributes of remote objects that are watched: what they are now, and each change."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from ..errors import RemoteProtocolError
from ..objects.proxy import remote_of
from ..objects.table import DAEMON_ID
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..uri import URI
from .reading import Reading

__all__ = ["Change", "Watch", "watch", "watch_all"]

_LONGEST = 3600  # seconds between two values, as daemons take it
_ALL = 1e9  # a rate at which each change is sent


class Change:
    """What an observable of a remote object has become.

    Two are equal if they say the same of the same object.

    Args:
        proxy: The object, as it was given to :func:`watch`.
        name: Of the attribute.
        value: What it is now.
        time: When it changed, in seconds by the clock there; of what is there at the
            beginning, when it was asked for.

    Attributes:
        proxy: Likewise, as are the others.
    """

    __slots__ = ("name", "proxy", "time", "value")

    def __init__(self, proxy: Any, name: str, value: Any, time: float) -> None:
        self.proxy = proxy
        self.name = name
        self.value = value
        self.time = time

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Change):
            return NotImplemented
        return self._key == other._key and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, str, float]:
        return str(remote_of(self.proxy).uri), self.name, self.time

    def __repr__(self) -> str:
        return f"<Change {self.name}={self.value!r} of {remote_of(self.proxy).uri}>"


class Watch(Reading[Change]):
    """The values of observables as they are, then as they change.

    Made by :func:`watch` and :func:`watch_all`; see :class:`.Reading` for how it is read.
    Whenever it has connected, it begins with all values anew.
    """


def watch(
    proxy: Any,
    *names: str,
    max_rate: float = 10.0,
    classes: ClassTable | None = None,
    reconnect: bool = True,
    settings: Settings | None = None,
) -> Watch:
    """Return what gives the values of observables now and then each change.

    Args:
        proxy: A proxy of ``pyrophone.sync`` or ``pyrophone.aio`` for the object.
        names: Of the observables, at least one.
        max_rate: How many times a second there may be news; in between the last value of
            each counts. Infinity sends each at once.
        classes: Which classes values may have; by default what the proxy's interface names.
        reconnect: Whether to go on when the connection is lost.
        settings: For the connection; by default those of the proxy.

    Raises:
        TypeError: *proxy* is none, or there is no name.
        ValueError: *max_rate* is not above zero, or less than one an hour.
    """
    return watch_all(
        [(proxy, names)],
        max_rate=max_rate,
        classes=classes,
        reconnect=reconnect,
        settings=settings,
    )


def watch_all(
    watched: Iterable[tuple[Any, Iterable[str]]],
    *,
    max_rate: float = 10.0,
    classes: ClassTable | None = None,
    reconnect: bool = True,
    settings: Settings | None = None,
) -> Watch:
    """Return what gives the values of observables of several objects.

    Args:
        watched: Pairs of a proxy and of the names of observables of its object.
        max_rate: As for :func:`watch`, as are the others and the errors.
        classes: Likewise.
        reconnect: Likewise.
        settings: Likewise.
    """
    interval = _interval(max_rate)
    sources = [
        _Observables(proxy, names, interval, classes, settings) for proxy, names in watched
    ]
    if not sources:
        raise TypeError("there is nothing to watch")
    what = ", ".join(sorted({name for source in sources for name in source.names}))
    return Watch(sources, reconnect=reconnect, name=f"watch of {what[:60]}")


def _interval(max_rate: Any) -> float:
    """Return how many seconds there are between two values, at least."""
    if not isinstance(max_rate, int | float):
        raise TypeError(f"max_rate is a number, not {type(max_rate).__name__}")
    if not max_rate * _LONGEST >= 1:
        raise ValueError(f"max_rate is {max_rate}, must be above 0, one an hour or more")
    return 0.0 if max_rate > _ALL else 1.0 / max_rate


class _Observables:
    """The observables of one object, to be followed; see :class:`.Source`."""

    sparing = False

    def __init__(
        self,
        proxy: Any,
        names: Iterable[str],
        interval: float,
        classes: ClassTable | None,
        settings: Settings | None,
    ) -> None:
        remote = remote_of(proxy)
        self.names = [names] if isinstance(names, str) else list(names)
        if not self.names:
            raise TypeError(f"watching {remote.uri} needs at least one name")
        for name in self.names:
            if not isinstance(name, str):
                text = f"the name of an attribute is a text, not {type(name).__name__}"
                raise TypeError(f"watching {remote.uri}: {text}")
        self.target: str | URI = remote.uri
        self.settings = settings or remote.line.settings
        self.classes = classes
        codecs = remote.line.codecs  # none yet, perhaps, in a loop
        named = [] if codecs is None else list(codecs.classes.allowed)
        if classes is None and named:
            self.classes = ClassTable()
            self.classes.allowed.update(named)
        self.handshake = remote.line.handshake
        self._proxy = proxy
        self._interval = interval

    async def ask(self, proxy: Any) -> Any:
        """Ask for the values."""
        remote = remote_of(proxy)
        object_id = remote.line.object_id
        arguments = (object_id, self.names, self._interval)
        return await remote.invoke("watch", arguments, {}, 0, DAEMON_ID)

    def read(self, item: Any) -> list[Change]:
        """Return the changes of one message.

        Raises:
            RemoteProtocolError: It is none.
        """
        names, proxy = self.names, self._proxy
        try:
            places, packed, values = item
            times = struct.unpack(f"!{len(places)}d", packed)
            return [
                Change(proxy, names[place], value, moment)
                for place, value, moment in zip(places, values, times, strict=True)
            ]
        except (TypeError, ValueError, IndexError, struct.error) as error:
            raise RemoteProtocolError(f"bad changes: {error}") from None
