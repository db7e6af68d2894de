"""The dialects that are installed, by name, and the change to another one."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Protocol

from ..errors import DaemonError
from ..wire.dialects import PYRO5, Dialect
from ..wire.server import ServerSession
from ..wire.states import NEW

__all__ = ["change_session", "find_dialects"]

_GROUP = "pyrophone.dialects"


class Linguist(Protocol):
    """Who knows what else clients may speak."""

    def session_for(self, start: bytes, *, greeted: bool = False) -> ServerSession | None:
        """Return the session of a client whose conversation begins so, or None."""


def change_session(
    session: ServerSession, home: Linguist, *, greeted: bool
) -> ServerSession | None:
    """Return a session in the dialect that the client speaks, None if it is none of ours.

    It shows in the first bytes. Where nobody greets, there is no first message to look at
    alone; but there the peer was chosen by whoever gave us the socket.

    Args:
        session: What refused to go on; what it has not read, the other one has.
        home: The daemon.
        greeted: No greeting is exchanged.
    """
    if session.state != NEW and not greeted:
        return None
    start = session.unread()
    other = home.session_for(start, greeted=greeted)
    if other is None or other.dialect.version == session.dialect.version:
        return None
    other.receive(start)
    return other


def find_dialects(wanted: Iterable[str | Dialect]) -> tuple[Dialect, ...]:
    """Return the dialects that are *wanted*, by their names or as they are.

    A distribution offers one by an entry point of the group ``pyrophone.dialects``.

    Raises:
        DaemonError: There is none of that name.
    """
    return tuple(_find(one) if isinstance(one, str) else one for one in wanted)


def _find(name: str) -> Dialect:
    if name == PYRO5.name:
        return PYRO5
    # Imported here: it takes as long as a third of this library, and most need only one.
    metadata = importlib.import_module("importlib.metadata")
    for entry in metadata.entry_points(group=_GROUP, name=name):
        dialect = entry.load()
        if isinstance(dialect, Dialect):
            return dialect
    raise DaemonError(
        f"dialect {name!r} is not installed; the distribution pyrophone-{name} may have it"
    )
