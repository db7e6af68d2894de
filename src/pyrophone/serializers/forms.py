"""Class forms that all know: of URIs, of failed calls, and of what makes no sense here.

A class form is a mapping with the key ``__class__``; see :mod:`.classes`.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import SerializeError
from ..uri import URI

__all__ = [
    "DAEMON_CLASS",
    "FAILURE_CLASS",
    "NO_FORM",
    "PROXY_CLASS",
    "SERIALIZER_CLASSES",
    "URI_CLASS",
    "Failure",
    "Form",
    "Placeholder",
    "placeholder_form",
    "read_uri",
    "slots_of",
    "state_of",
    "uri_form",
]

# The wire's names for classes; part of the format, they name nothing here.
URI_CLASS = "Pyro5.core.URI"
PROXY_CLASS = "Pyro5.client.Proxy"
DAEMON_CLASS = "Pyro5.server.Daemon"
FAILURE_CLASS = "Pyro5.core._ExceptionWrapper"
SERIALIZER_CLASSES = types.MappingProxyType(
    {
        "Pyro5.util.SerpentSerializer": "serpent",
        "Pyro5.util.MarshalSerializer": "marshal",
        "Pyro5.util.JsonSerializer": "json",
        "Pyro5.util.MsgpackSerializer": "msgpack",
    }
)

Form = dict[str, Any]
NO_FORM = object()  # says that there is none, where None could be one


class Failure:
    """One failed call inside the result of a batch.

    Attributes:
        error: What the call raised.
        traceback: Its lines, to be sent along; None if there are none.
        form: What to send for the error, if that is known.
    """

    __slots__ = ("error", "form", "traceback")

    def __init__(
        self,
        error: BaseException,
        traceback: list[str] | None = None,
        form: Form | None = None,
    ) -> None:
        self.error = error
        self.traceback = traceback
        self.form = form

    def __repr__(self) -> str:
        return f"Failure({self.error!r})"


@dataclasses.dataclass(frozen=True)
class Placeholder:
    """What arrives where a peer sent an object that makes no sense here.

    Attributes:
        class_name: The wire's name of its class.
    """

    class_name: str


def slots_of(cls: type) -> Iterator[str]:
    """Yield the attribute names of the slots of *cls*, its bases' first."""
    for base in reversed(cls.__mro__):
        names = base.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if name.startswith("__") and not name.endswith("__"):
                yield f"_{base.__name__.lstrip('_')}{name}"
            elif name not in ("__dict__", "__weakref__"):
                yield name


def state_of(form: Mapping[str, Any], size: int) -> Any:
    """Return the state of *form*, which must have so many elements."""
    state = form.get("state")
    if not isinstance(state, (list, tuple)) or len(state) != size:
        found = f"{len(state)} elements" if isinstance(state, (list, tuple)) else "missing"
        raise SerializeError(f"malformed {form['__class__']}: state of {size}, {found}")
    return state


def uri_form(uri: URI) -> Form:
    """Return the class form of *uri*."""
    name: Any = set(uri.tags) if uri.scheme == "PYROMETA" else uri.object
    state = (uri.scheme, name, uri.socket_name, uri.host, uri.port)
    return {"__class__": URI_CLASS, "state": state}


def read_uri(state: Any) -> URI:
    """Return the URI of a form with that *state*."""
    scheme, name, socket_name, host, port = state
    if scheme == "PYROMETA" and isinstance(name, (set, frozenset, list, tuple)):
        tags = [tag for tag in name if isinstance(tag, str)]
        name = ",".join(sorted(set(tags))) if len(tags) == len(name) else None
    if (
        scheme not in ("PYRO", "PYRONAME", "PYROMETA")
        or not isinstance(name, str)
        or not isinstance(socket_name, (str, types.NoneType))
        or not isinstance(host, (str, types.NoneType))
        or type(port) not in (int, types.NoneType)
    ):
        raise SerializeError(f"malformed {URI_CLASS}: state {state!r:.200}")
    return URI(scheme, name, socket_name, host, port)


def placeholder_form(placeholder: Placeholder) -> Form:
    """Return the class form of what *placeholder* stands for, as far as it is known."""
    return {"__class__": placeholder.class_name, "state": ()}
