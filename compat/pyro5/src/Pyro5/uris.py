"""URIs that can be changed, and how to get from a name to an object."""

from __future__ import annotations

import ipaddress
from typing import Any

from pyrophone import finding
from pyrophone.classic.uris import ClassicURI, plain
from pyrophone.serializers.classes import URI_CLASS
from pyrophone.sync.drive import drive

from .border import translated
from .generation import PYRO5
from .tables import CLASSES, settings

__all__ = ["URI", "place", "plain", "resolve"]


class URI(ClassicURI):
    """The address of an object, or of where to ask for it."""

    __module__ = "Pyro5.core"
    generation = PYRO5


def resolve(uri: str | URI, delay_time: float = 0.0) -> URI:
    """Return the URI that *uri* leads to; names are looked up, once.

    Args:
        uri: The URI, or its text.
        delay_time: Seconds to wait for a name; 0 is NS_LOOKUP_DELAY.

    Raises:
        NamingError: There is no name server, or it doesn't know the name.
    """
    if isinstance(uri, str):
        uri = URI(uri)
    elif not isinstance(uri, URI):
        raise TypeError("can only resolve Pyro URIs")
    if uri.protocol == "PYRO":
        return uri
    changes = {"name_wait": delay_time} if delay_time else {}
    now = settings(**changes)
    with translated():
        return URI.of(drive(finding.look_up(plain(uri), settings=now), now))


def place(host: Any) -> str | None:
    """Return a host as text, None if it is left out."""
    if isinstance(host, (ipaddress.IPv4Address, ipaddress.IPv6Address)):
        return str(host)
    return host or None


def _form(uri: URI) -> Any:
    return CLASSES.to_form(plain(uri))


def _read(name: str, form: dict[str, Any]) -> URI:
    return URI.of(_PLAIN.from_form(form))


_PLAIN = type(CLASSES)()  # reads URIs as the format says, whatever is registered here
CLASSES.register(URI, _form)
CLASSES.register_name(URI_CLASS, _read)
