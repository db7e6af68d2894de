"""The proxy of a name server: makes names absolute, and finds the name server again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import config
from .errors import ConnectionDeniedError, ProtocolError, PyroError
from .errors import TimeoutError as CallTimeoutError
from .locating import PATIENCE, Search
from .proxies import DynamicProxy
from .trees import NameSpaceSystemMeta, full_name
from .uris import PyroURI

__all__ = ["NameServerProxy"]


class NameServerProxy(DynamicProxy):
    """Stands for a name server. It connects at once.

    Relative names are put below ``PYRO_NS_DEFAULTGROUP`` of this program. If the name
    server is lost, it is looked for where it was, then anywhere, with the same pass phrase,
    and the call is repeated once. Safe for threads, one call at a time; copy it for more.

    Args:
        URI: Where the name server is.
        identification: The pass phrase for it.
        noconnect: Connect at the first call.

    Raises:
        ProtocolError: It can't be reached.
    """

    def __init__(self, URI: Any, identification: Any = None, noconnect: Any = 0) -> None:
        super().__init__(URI)
        self._setIdentification(identification)
        if not noconnect:
            self._setTimeout(PATIENCE)
            self.adapter.call("ping", (), {})
            self._setTimeout(None)

    def ping(self) -> Any:
        """Return if the name server works."""
        return self._call("ping")

    def register(self, name: str, uri: Any) -> None:
        """Let a name stand for a URI."""
        self._call("register", self.fullName(name), uri)

    def unregister(self, name: str) -> None:
        """Forget a name."""
        self._call("unregister", self.fullName(name))

    def resolve(self, name: str) -> PyroURI:
        """Return the URI of a name."""
        uri = self._call("resolve", self.fullName(name))
        if not isinstance(uri, PyroURI):
            raise ProtocolError("the name server gave no URI")
        return uri

    def list(self, group: str | None) -> Any:
        """Return (name, 0) for each group in a group and (name, 1) for each object."""
        return _pairs(self._call("list", self.fullName(group)), int)

    def flatlist(self) -> Any:
        """Return (absolute name, URI) of all objects."""
        return _pairs(self._call("flatlist"), PyroURI)

    def createGroup(self, group: str) -> None:
        """Make a group."""
        self._call("createGroup", self.fullName(group))

    def deleteGroup(self, group: str) -> None:
        """Remove a group and all that is in it."""
        self._call("deleteGroup", self.fullName(group))

    def setMeta(self, name: str, meta: Any) -> None:
        """Keep plain data with a name or group."""
        self._call("setMeta", self.fullName(name), meta)

    def getMeta(self, name: str) -> Any:
        """Return what :meth:`setMeta` kept; None if nothing."""
        return self._call("getMeta", self.fullName(name))

    def resync(self) -> None:
        """Do nothing: a name server has no twin (DIFFERENCES.md)."""
        self._call("resync")

    def fullName(self, name: str | None) -> str:
        """Return the absolute name of one that may be relative to the default group."""
        return full_name(name, config.PYRO_NS_DEFAULTGROUP)

    def _getSystemMeta(self, name: str) -> NameSpaceSystemMeta:
        match self._call("getSystemMeta", self.fullName(name)):
            case [int() as kind, (int() | float()) as moment, owner]:
                return NameSpaceSystemMeta(kind, moment, owner)
        raise ProtocolError("the name server gave no system meta information")

    def _setSystemMeta(self, name: str, meta: NameSpaceSystemMeta) -> None:
        self._call("setSystemMeta", self.fullName(name), meta.parts())

    def _shutdown(self) -> Any:
        """Ask it to end; return its answer."""
        return self._call("requestShutdown")

    def _setIdentification(self, ident: Any) -> None:
        """Say who calls; something false is nobody."""
        self._identification = ident
        super()._setIdentification(ident)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _unpickled, (str(self.URI),)

    def _call(self, method: str, *args: Any) -> Any:
        try:
            return self.adapter.call(method, args, {})
        except (ConnectionDeniedError, CallTimeoutError):
            raise
        except ProtocolError as error:
            self._find_again(error)
        return self.adapter.call(method, args, {})

    def _find_again(self, error: ProtocolError) -> None:
        """Find the name server where it was, maybe as another object, or anywhere."""
        search = Search(self._identification)
        old = self.URI
        try:
            uri = search.at(old.address, old.port)
        except ConnectionDeniedError:
            raise
        except PyroError:
            uri = _anywhere(search, error)
        self.adapter.release()
        if str(uri) != str(old):
            fields = self.__dict__
            fields["URI"], fields["objectID"] = uri, uri.objectID
            fields["adapter"] = self.adapter.copied(uri)


def _anywhere(search: Search, error: ProtocolError) -> PyroURI:
    """Find a name server; without one the *error* that made one look is raised."""
    try:
        return search.find()
    except ConnectionDeniedError:
        raise
    except PyroError:
        raise error from None


def _pairs(found: Any, kind: type) -> Any:
    """Return a list of names, each with something of that *kind*."""
    if isinstance(found, list):
        for pair in found:
            match pair:
                case [str(), value] if isinstance(value, kind):
                    continue
            break
        else:
            return found
    raise ProtocolError("the name server gave no list of names")


def _unpickled(uri: str) -> NameServerProxy:
    return NameServerProxy(PyroURI(uri), noconnect=1)
