"""URIs that can be changed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pyrophone.errors
from pyrophone.classic.uris import ClassicURI, plain
from pyrophone.serializers.classes import URI_CLASS, ClassTable

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
    state = form.get("state")
    with suppress(pyrophone.errors.SerializeError):
        uri = _PLAIN.from_form({"__class__": URI_CLASS, "state": state})
        if uri.object:
            return URI.of(uri)
    raise SerializeError(f"malformed {name}: state {state!r:.200}")


_PLAIN = ClassTable()  # reads URIs as the format says, whatever is registered here
CLASSES.register(URI, _form)
CLASSES.register_name(_CLASS, _read)
pickle_as(pyrophone.URI, URI.of)
