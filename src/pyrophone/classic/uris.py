"""URIs that can be changed."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from ..uri import SOCKET_PREFIX
from ..uri import URI as PlainURI
from .generation import Generation

__all__ = ["ClassicURI", "plain"]


class ClassicURI:
    """The address of an object, or of where to ask for it.

    Attributes:
        generation: Whose programs it is for.
        protocol: ``PYRO``, ``PYRONAME`` or ``PYROMETA``.
        object: Id or name; of PYROMETA, a set of tags.
        host: Name or address, or None.
        port: Port number, or None.
        sockname: Path of a Unix socket, or None.
    """

    generation: ClassVar[Generation]

    def __init__(self, uri: str | ClassicURI) -> None:
        if isinstance(uri, ClassicURI):
            self.__setstate__(uri.__getstate__())
            return
        if not isinstance(uri, str):
            raise TypeError("uri parameter object is of wrong type")
        with self.generation.translated():
            port = self.generation.config.NS_PORT
            self._take(PlainURI.parse(uri, name_port=port))

    @classmethod
    def of(cls, uri: PlainURI) -> Self:
        """Return the same URI, as programs of this generation have it."""
        new = cls.__new__(cls)
        new._take(uri)
        return new

    def _take(self, uri: PlainURI) -> None:
        self.protocol = uri.scheme
        self.object: Any = set(uri.tags) if uri.scheme == "PYROMETA" else uri.object
        self.sockname = uri.socket_name
        self.host = uri.host
        self.port = uri.port

    @staticmethod
    def isUnixsockLocation(location: str) -> bool:
        """Tell whether *location* is that of a Unix socket."""
        return location.startswith(SOCKET_PREFIX)

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
        return isinstance(other, ClassicURI) and plain(self) == plain(other)

    def __hash__(self) -> int:
        return hash(plain(self))

    def __getstate__(self) -> tuple[Any, ...]:
        return self.protocol, self.object, self.sockname, self.host, self.port

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.protocol, name, self.sockname, self.host, self.port = state
        self.object = set(name) if self.protocol == "PYROMETA" else name

    def __copy__(self) -> Self:
        new = type(self).__new__(type(self))
        new.__setstate__(self.__getstate__())
        return new


def plain(uri: ClassicURI) -> PlainURI:
    """Return *uri* as Pyrophone has it."""
    name = uri.object if isinstance(uri.object, str) else ",".join(sorted(uri.object))
    return PlainURI(uri.protocol, name, uri.sockname, uri.host, uri.port)
