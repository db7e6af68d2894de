"""URIs that can be changed."""

from __future__ import annotations

from typing import Any

import pyrophone
from pyrophone.classic.uris import ClassicURI, plain

from .errors import SerializeError
from .generation import PYRO4
from .pickles import pickle_as
from .tables import CLASSES

__all__ = ["URI", "plain"]

_CLASS = "Pyro4.core.URI"  # on the wire


class URI(ClassicURI):
    """The address of an object, or of where to ask for it."""

    __module__ = "Pyro4.core"
    generation = PYRO4

    def __getstate_for_dict__(self) -> tuple[Any, ...]:
        return self.__getstate__()

    def __setstate_from_dict__(self, state: Any) -> None:
        self.__setstate__(state)


def _form(uri: URI) -> dict[str, Any]:
    protocol, name, *place = uri.__getstate_for_dict__()
    name = name if isinstance(name, str) else tuple(sorted(name))
    return {"__class__": _CLASS, "state": (protocol, name, *place)}


def _read(name: str, form: dict[str, Any]) -> URI:
    match form.get("state"):
        case [str(), str() | list() | tuple() | set(), socket_name, host, port] if (
            isinstance(socket_name, str | None)
            and isinstance(host, str | None)
            and isinstance(port, int | None)
        ):
            uri = URI.__new__(URI)
            uri.__setstate_from_dict__(form["state"])
            return uri
    raise SerializeError(f"malformed {name}: {form.get('state')!r:.200}")


CLASSES.register(URI, _form)
CLASSES.register_name(_CLASS, _read)
pickle_as(pyrophone.URI, URI.of)
