"""URIs in the forms of Pyro 3."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any

from . import config
from .errors import ProtocolError, URIError
from .hosts import getIPAddress

if TYPE_CHECKING:
    from .proxies import DynamicProxy, DynamicProxyWithAttrs

__all__ = ["DIRECT", "LOOKED_UP", "PyroURI", "on_wire", "processStringURI"]

DIRECT = frozenset({"PYRO", "PYROSSL"})
LOOKED_UP = frozenset({"PYROLOC", "PYROLOCSSL"})
_INVALID = "invalid URI format"
_LONGEST = 4096  # characters
_TEXT = re.compile(r"([A-Za-z]+)://([^/\s]+)/(\S+)\s*")
_NAME = re.compile(r"(PYRONAME|PYRONAMESSL)://(?:([^\s]+)/)?([^\s/]+)\s*")
_ID = re.compile(r"\S{1,1000}")
_PLACE = re.compile(r"([^:\s]*)(?::(\d{1,5}))?")


class PyroURI:
    """Where an object is: ``PROTOCOL://address:port/objectID``.

    A single argument with ``://`` is read as a text, a single PyroURI is copied.

    Args:
        host: Name or address of the machine; or a text; or another one.
        objectID: Identity of the object, or its name.
        port: Of the daemon; 0 is ``PYRO_PORT``.
        prtcol: How to get there.

    Raises:
        URIError: It makes no sense, or the host is unknown.
        ProtocolError: There is no such protocol.
    """

    protocol: str
    address: str
    port: int
    objectID: str

    def __init__(
        self, host: Any, objectID: Any = 0, port: Any = 0, prtcol: str = "PYRO"
    ) -> None:
        if not objectID and isinstance(host, PyroURI):
            self._copy(host)
        elif not objectID and isinstance(host, str) and "://" in host:
            self.reinitFromString(host)
        else:
            self.init(host, objectID, port, prtcol)

    def init(self, host: Any, objectID: Any, port: Any = 0, prtcol: str = "PYRO") -> None:
        """Set all parts anew; see the class."""
        if not isinstance(objectID, str) or not _ID.fullmatch(objectID):
            raise URIError(_INVALID)
        if "/" in host:
            raise URIError("malformed hostname")
        if not isinstance(port, int):
            raise TypeError("port must be a number")
        if not config.PYRO_DNS_URI:
            found = getIPAddress(host) if host else None
            if found is None:
                raise URIError("unknown host")
            host = found
        self.protocol = prtcol
        self.address = host
        self.port = port or config.PYRO_PORT
        self.objectID = objectID

    def reinitFromString(self, arg: str) -> None:
        """Set all parts from a text; a PYRONAME is looked up."""
        protocol = arg.strip().partition("://")[0]
        if protocol in ("PYRONAME", "PYRONAMESSL"):
            self._copy(_looked_up(arg.strip()))
            return
        usable = len(arg) <= _LONGEST and arg.strip().isprintable()
        match = _TEXT.fullmatch(arg.lstrip()) if usable else None
        place = _PLACE.fullmatch(match[2]) if match else None
        if match is None or place is None or not place[1]:
            raise URIError(_INVALID)
        if match[1] not in DIRECT | LOOKED_UP:
            raise ProtocolError("unsupported protocol")
        port = int(place[2] or 0)
        if port > 65535:
            raise URIError(_INVALID)
        self.init(place[1], match[3], port, match[1])

    def clone(self) -> PyroURI:
        """Return a copy."""
        copied = object.__new__(type(self))
        copied._copy(self)
        return copied

    __copy__ = clone

    def getProxy(self) -> DynamicProxy:
        """Return a proxy for the object."""
        proxy: DynamicProxy = importlib.import_module("Pyro.proxies").DynamicProxy(self)
        return proxy

    def getAttrProxy(self) -> DynamicProxyWithAttrs:
        """Return an attribute proxy for the object."""
        module = importlib.import_module("Pyro.proxies")
        proxy: DynamicProxyWithAttrs = module.DynamicProxyWithAttrs(self)
        return proxy

    def __str__(self) -> str:
        return f"{self.protocol}://{self.address}:{self.port}/{self.objectID}"

    def __repr__(self) -> str:
        return f"<PyroURI '{self}'>"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, (PyroURI, str)) else False

    def __lt__(self, other: PyroURI) -> bool:
        return str(self) < str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def _copy(self, other: PyroURI) -> None:
        self.protocol = other.protocol
        self.address = other.address
        self.port = other.port
        self.objectID = other.objectID


def processStringURI(URI: str) -> PyroURI:
    """Return what a text stands for.

    Raises:
        URIError: It is no URI.
        ProtocolError: There is no such protocol.
        NamingError: It has a name that is not known, or there is no name server.
    """
    if not isinstance(URI, str) or "://" not in URI:
        raise URIError(_INVALID)
    return PyroURI(URI)


def on_wire(object_id: str) -> str:
    """Return how an identity travels: Pyrophone's have no @."""
    if "@" not in object_id and "%" not in object_id:  # as nearly always
        return object_id
    return object_id.replace("%", "%25").replace("@", "%40")


def _looked_up(text: str) -> PyroURI:
    """Return the URI that the name server has for a PYRONAME text."""
    match = _NAME.fullmatch(text) if len(text) <= _LONGEST else None
    place = _PLACE.fullmatch(match[2] or "") if match else None
    if match is None or place is None:
        raise URIError(_INVALID)
    if match[1] == "PYRONAMESSL":
        raise ProtocolError("NOT SUPPORTED YET: PYRONAMESSL")
    locator = importlib.import_module("Pyro.naming").NameServerLocator()
    names = locator.getNS(host=place[1] or None, port=int(place[2]) if place[2] else None)
    found: PyroURI = names.resolve(match[3])
    return found
