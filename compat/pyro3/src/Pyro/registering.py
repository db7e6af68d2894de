"""The objects of a daemon: their identities and names."""

from __future__ import annotations

import threading
import time
from typing import Any

from .constants import INTERNAL_DAEMON_GUID
from .dispatch import Servant
from .errors import DaemonError, NamingError
from .logs import Log
from .objects import ObjBase
from .proxies import DynamicProxy, DynamicProxyWithAttrs
from .reaping import watch
from .tables import Table
from .uris import PyroURI

__all__ = ["Registry"]

_OWN_NAME = "__PYRO_Internal_Daemon"


class Registry:
    """The objects that a daemon serves, by identity, with their names."""

    protocol: str
    hostname: str
    port: int
    threaded: bool

    def __init__(self) -> None:
        self._own: dict[str, str | None] = {INTERNAL_DAEMON_GUID: _OWN_NAME}
        self._table = Table()
        self._age: float | None = None
        self._age_ended = threading.Event()

    @property
    def NameServer(self) -> Any:
        """What names are registered with, or None."""
        return self._table.names

    @NameServer.setter
    def NameServer(self, names: Any) -> None:
        self._table.names = names

    def useNameServer(self, NS: Any) -> None:
        """Register names with *NS*, a proxy or the object itself, from now on."""
        self.NameServer = NS

    def getNameServer(self) -> Any:
        """Return what names are registered with, or None."""
        return self.NameServer

    def connect(self, object: ObjBase, name: str | None = None) -> PyroURI:
        """Serve an object; return where it is.

        Args:
            object: An ObjBase.
            name: Registered with the name server, if there is one; without it the object
                is a transient.

        Raises:
            NamingError: The name server won't have the name; nothing is connected.
        """
        uri, front = self._prepared(object)
        if name:
            if self.NameServer is not None:
                self.NameServer.register(name, uri)
            else:
                Log.warn("Daemon", "no name server known, not registered:", name)
        self._serve(object, name, front)
        return uri

    def connectPersistent(self, object: ObjBase, name: str | None = None) -> PyroURI:
        """Serve an object under the identity that its name had, if it was served here.

        The name stays registered at shutdown.
        """
        _, front = self._prepared(object)
        uri = None
        if name and self.NameServer is not None:
            uri = self._known(name)
        if uri is None:
            uri = self.connect(object, name)
        else:
            object.setGUID(uri.objectID)
            self._serve(object, name, front)
        self._table.persistent.add(object.objectGUID)
        return uri

    def disconnect(self, object: ObjBase | str) -> None:
        """Serve an object no more, and take its name back.

        Raises:
            KeyError: It is not served here.
        """
        uid = object if isinstance(object, str) else object.objectGUID
        if uid == INTERNAL_DAEMON_GUID:
            return
        with self._table.lock:
            found, name = self._table.objects.pop(uid)
            self._table.persistent.discard(uid)
            self._withdraw(uid)
        found.setPyroDaemon(None)
        if name and self.NameServer is not None:
            try:
                self.NameServer.unregister(name)
            except NamingError as error:
                Log.warn("Daemon", "can't unregister", name, error)

    def getRegistered(self) -> dict[str, str | None]:
        """Return the names of all objects by identity; None where there is none."""
        with self._table.lock:
            found = {uid: name for uid, (_, name) in self._table.objects.items()}
            return {**self._own, **found}

    def getLocalObject(self, guid: str) -> ObjBase:
        """Return the object of an identity.

        Raises:
            KeyError: It is not served here.
        """
        return self._table.objects[guid][0]

    def getLocalObjectForProxy(self, proxy: DynamicProxy) -> ObjBase:
        """Return the object of a proxy, likewise."""
        return self.getLocalObject(proxy.objectID)

    def getProxyForObj(self, obj: ObjBase) -> DynamicProxy:
        """Return a proxy for an object."""
        return DynamicProxy(self._uri(obj.GUID()))

    def getAttrProxyForObj(self, obj: ObjBase) -> DynamicProxyWithAttrs:
        """Return an attribute proxy for an object."""
        return DynamicProxyWithAttrs(self._uri(obj.GUID()))

    def ResolvePYROLOC(self, name: str) -> str:
        """Return the identity of the object of a name.

        Raises:
            NamingError: There is none.
        """
        with self._table.lock:
            for uid, (_, known) in self._table.objects.items():
                if known is not None and known == name:
                    return uid
        raise NamingError("no object found by this name", name)

    def setTransientsCleanupAge(self, secs: float | None) -> None:
        """Disconnect objects without names that nobody has called for so long."""
        self._age_ended.set()
        self._age = secs or None
        if self._age and self.threaded:
            self._age_ended = threading.Event()
            watch(self, self._age, self._age_ended)

    def reap(self) -> None:
        """Disconnect what is too old."""
        if not self._age:
            return
        oldest = time.time() - self._age
        with self._table.lock:
            old = [
                one
                for one, name in self._table.objects.values()
                if not name and one.lastUsed < oldest
            ]
        for one in old:
            if one.lastUsed >= oldest:  # since a moment
                continue
            try:
                self.disconnect(one)
            except KeyError:  # since a moment
                continue
            try:
                one._gotReaped()
            except Exception as error:  # of the program's own method, anything
                Log.error("Daemon", "error in _gotReaped:", repr(error))

    # What subclasses do.

    def _front(self, target: ObjBase) -> Servant:
        """Return what answers calls for *target*."""
        raise NotImplementedError

    def _offer(self, uid: str, front: Servant) -> None:
        """Let clients call what *front* answers for."""
        raise NotImplementedError

    def _withdraw(self, uid: str) -> None:
        """Let nobody call what has that identity any more."""
        raise NotImplementedError

    # Helpers.

    def _uri(self, uid: str) -> PyroURI:
        return PyroURI(self.hostname, uid, self.port, self.protocol)

    def _prepared(self, object: ObjBase) -> tuple[PyroURI, Servant]:
        """Return where an object is to be, and what answers for it; nothing is changed."""
        if object.objectGUID == INTERNAL_DAEMON_GUID:
            raise DaemonError("this is the identity of the daemon itself")
        return self._uri(object.objectGUID), self._front(object)

    def _serve(self, object: ObjBase, name: str | None, front: Servant) -> None:
        uid = object.objectGUID
        object.lastUsed = time.time()
        object.setPyroDaemon(self)
        with self._table.lock:
            self._table.objects[uid] = (object, name)
            self._table.persistent.discard(uid)
            self._offer(uid, front)

    def _known(self, name: str) -> PyroURI | None:
        """Return what the name server has for *name* if it is here; else remove that.

        What others have registered must not take the place of another object.
        """
        try:
            found: PyroURI = self.NameServer.resolve(name)
        except NamingError:
            return None
        _, holder = self._table.objects.get(found.objectID, (None, name))
        ours = found.objectID != INTERNAL_DAEMON_GUID and holder == name
        if ours and str(found) == str(self._uri(found.objectID)):
            return found
        try:
            self.NameServer.unregister(name)
        except NamingError as error:
            Log.warn("Daemon", "can't unregister", name, error)
        return None

    def _take_back(self) -> None:
        """Unregister all names but persistent ones, and forget all objects."""
        self._own = {}
        for uid in self._table.empty():
            self._withdraw(uid)
        self._table.free(self.NameServer)
