"""URIs that can be changed, and how to get from a name to an object."""

from __future__ import annotations

import ipaddress
from typing import Any

import pyrophone
from pyrophone import finding
from pyrophone.serializers.classes import URI_CLASS
from pyrophone.sync.drive import drive

from .border import translated
from .configure import global_config as config
from .tables import CLASSES, settings

__all__ = ["URI", "place", "plain", "resolve"]


class URI:
    """The address of an object, or of where to ask for it.

    Attributes:
        protocol: ``PYRO``, ``PYRONAME`` or ``PYROMETA``.
        object: Id or name; of PYROMETA, a set of tags.
        host: Name or address, or None.
        port: Port number, or None.
        sockname: Path of a Unix socket, or None.
    """

    __module__ = "Pyro5.core"

    def __init__(self, uri: str | URI) -> None:
        if isinstance(uri, URI):
            self.__setstate__(uri.__getstate__())
            return
        if not isinstance(uri, str):
            raise TypeError("uri parameter object is of wrong type")
        with translated():
            self._take(pyrophone.URI.parse(uri, name_port=config.NS_PORT))

    @classmethod
    def of(cls, uri: pyrophone.URI) -> URI:
        """Return the same URI, as Pyro5 has it."""
        new = cls.__new__(cls)
        new._take(uri)
        return new

    def _take(self, uri: pyrophone.URI) -> None:
        self.protocol = uri.scheme
        self.object: Any = set(uri.tags) if uri.scheme == "PYROMETA" else uri.object
        self.sockname = uri.socket_name
        self.host = uri.host
        self.port = uri.port

    @staticmethod
    def isUnixsockLocation(location: str) -> bool:
        """Tell whether *location* is that of a Unix socket."""
        return location.startswith("./u:")

    @property
    def location(self) -> str | None:
        """The part behind the ``@``, None if there is none."""
        return plain(self).location

    def asString(self) -> str:
        """Return the text of the URI."""
        return str(plain(self))

    def __str__(self) -> str:
        return self.asString()

    def __repr__(self) -> str:
        cls = type(self)
        return f"<{cls.__module__}.{cls.__name__} at 0x{id(self):x}; {self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URI) and plain(self) == plain(other)

    def __hash__(self) -> int:
        return hash(plain(self))

    def __getstate__(self) -> tuple[Any, ...]:
        return self.protocol, self.object, self.sockname, self.host, self.port

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.protocol, name, self.sockname, self.host, self.port = state
        self.object = set(name) if self.protocol == "PYROMETA" else name

    def __copy__(self) -> URI:
        new = type(self).__new__(type(self))
        new.__setstate__(self.__getstate__())
        return new


def plain(uri: URI) -> pyrophone.URI:
    """Return *uri* as Pyrophone has it."""
    name = uri.object if isinstance(uri.object, str) else ",".join(sorted(uri.object))
    return pyrophone.URI(uri.protocol, name, uri.sockname, uri.host, uri.port)


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
