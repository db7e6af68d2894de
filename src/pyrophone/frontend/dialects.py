"""The dialects that are installed, by name."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import entry_points

from ..errors import DaemonError
from ..wire.dialects import PYRO5, Dialect

__all__ = ["find_dialects"]

_GROUP = "pyrophone.dialects"


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
    for entry in entry_points(group=_GROUP, name=name):
        dialect = entry.load()
        if isinstance(dialect, Dialect):
            return dialect
    raise DaemonError(
        f"dialect {name!r} is not installed; the distribution pyrophone-{name} may have it"
    )
