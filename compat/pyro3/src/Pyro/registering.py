"""The objects of a daemon: their identities and names."""

from __future__ import annotations

import threading
import time
from typing import Any

from .constants import INTERNAL_DAEMON_GUID
from .errors import NamingError
from .logs import Log
from .objects import ObjBase
from .proxies import DynamicProxy, DynamicProxyWithAttrs
from .reaping import watch
from .uris import PyroURI

__all__ = ["Registry"]

_OWN_NAME = "__PYRO_Internal_Daemon"


class Registry:
    """The objects that a daemon serves, by identity, with their names.

    Attributes:
        NameServer: What names are registered with, or None.
    """

    protocol: str
    hostname: str
    port: int
    threaded: bool

    def __init__(self) -> None:
        self.NameServer: Any = None
        self._own: dict[str, str | None] = {INTERNAL_DAEMON_GUID: _OWN_NAME}
        self._objects: dict[str, tuple[ObjBase, str | None]] = {}
        self._persistent: set[str] = set()
        self._table = threading.RLock()
        self._age: float | None = None
        self._age_ended = threading.Event()

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
        uri = self._uri(object.objectGUID)
        if name:
            if self.NameServer is not None:
                self.NameServer.register(name, uri)
            else:
                Log.warn("Daemon", "no name server known, not registered:", name)
        self._serve(object, name)
        return uri

    def connectPersistent(self, object: ObjBase, name: str | None = None) -> PyroURI:
        """Serve an object under the identity that its name had, if it was served here.

        The name stays registered at shutdown.
        """
        if name and self.NameServer is not None:
            known = self._known(name)
            if known is not None:
                object.setGUID(known.objectID)
                self._serve(object, name)
                self._persistent.add(object.objectGUID)
                return self._uri(object.objectGUID)
        uri = self.connect(object, name)
        self._persistent.add(object.objectGUID)
        return uri

    def disconnect(self, object: ObjBase | str) -> None:
        """Serve an object no more, and take its name back.

        Raises:
            KeyError: It is not served here.
        """
        uid = object if isinstance(object, str) else object.objectGUID
        if uid == INTERNAL_DAEMON_GUID:
            return
        with self._table:
            found, name = self._objects.pop(uid)
            self._persistent.discard(uid)
            self._withdraw(uid)
        if name and self.NameServer is not None:
            try:
                self.NameServer.unregister(name)
            except NamingError as error:
                Log.warn("Daemon", "can't unregister", name, error)
        found.setPyroDaemon(None)

    def getRegistered(self) -> dict[str, str | None]:
        """Return the names of all objects by identity; None where there is none."""
        with self._table:
            found = {uid: name for uid, (_, name) in self._objects.items()}
            return {**self._own, **found}

    def getLocalObject(self, guid: str) -> ObjBase:
        """Return the object of an identity.

        Raises:
            KeyError: It is not served here.
        """
        return self._objects[guid][0]

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
        with self._table:
            for uid, (_, known) in self._objects.items():
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
        with self._table:
            old = [
                one
                for one, name in self._objects.values()
                if not name and one.lastUsed < oldest
            ]
        for one in old:
            try:
                self.disconnect(one)
            except KeyError:  # since a moment
                continue
            try:
                one._gotReaped()
            except Exception as error:  # of the program's own method, anything
                Log.error("Daemon", "error in _gotReaped:", repr(error))

    # What subclasses do.

    def _offer(self, uid: str, target: ObjBase) -> None:
        """Let clients call *target*."""
        raise NotImplementedError

    def _withdraw(self, uid: str) -> None:
        """Let nobody call what has that identity any more."""
        raise NotImplementedError

    # Helpers.

    def _uri(self, uid: str) -> PyroURI:
        return PyroURI(self.hostname, uid, self.port, self.protocol)

    def _serve(self, object: ObjBase, name: str | None) -> None:
        uid = object.objectGUID
        object.lastUsed = time.time()
        object.setPyroDaemon(self)
        with self._table:
            self._objects[uid] = (object, name)
            self._offer(uid, object)

    def _known(self, name: str) -> PyroURI | None:
        """Return what the name server has for *name* if it is here; else remove that."""
        try:
            found: PyroURI = self.NameServer.resolve(name)
        except NamingError:
            return None
        here = self._uri(found.objectID)
        if str(found) == str(here):
            return found
        try:
            self.NameServer.unregister(name)
        except NamingError as error:
            Log.warn("Daemon", "can't unregister", name, error)
        return None

    def _take_back(self) -> None:
        """Unregister all names but persistent ones, and forget all objects."""
        with self._table:
            served, self._objects, self._own = self._objects, {}, {}
            for uid in served:
                self._withdraw(uid)
            kept = self._persistent
            self._persistent = set()
        for uid, (one, name) in served.items():
            if name and self.NameServer is not None and uid not in kept:
                try:
                    self.NameServer.unregister(name)
                except Exception as error:  # of the name server, which may be gone
                    Log.warn("Daemon", "can't unregister", name, error)
            one.setPyroDaemon(None)
