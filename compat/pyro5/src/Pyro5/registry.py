"""The objects of a daemon."""

from __future__ import annotations

import inspect
import weakref
from contextlib import suppress
from typing import Any

from .border import translated
from .client import Proxy
from .errors import DaemonError
from .members import _reset_exposed_members
from .uris import URI

__all__ = ["Registry"]


class Registry:
    """A daemon without its loop: what is registered, and where that can be called."""

    pyroServed: Any  # the daemon of Pyrophone behind it
    locationStr: str
    natLocationStr: str | None
    pyroWhere: str  # like locationStr, but an address that others can reach

    def register(
        self,
        obj_or_class: Any,
        objectId: str | None = None,
        force: bool = False,
        weak: bool = False,
    ) -> URI:
        """Make an object, or a class to be instantiated, callable; return its URI.

        Args:
            obj_or_class: The object or class.
            objectId: Its id; made up if None.
            force: Replace what has that id, and allow an object several ids.
            weak: Keep only a weak reference.

        Raises:
            DaemonError: The object or the id is registered already.
        """
        if objectId and not isinstance(objectId, str):
            raise TypeError("objectId must be a string or None")
        if obj_or_class is None:
            raise AttributeError("None can't be registered: it has no place for an id")
        if inspect.isclass(obj_or_class) and not hasattr(obj_or_class, "_pyroInstancing"):
            with suppress(TypeError):  # one of Python's own, which is refused below
                setattr(obj_or_class, "_pyroInstancing", ("session", None))  # noqa: B010
        with translated():
            uri = self.pyroServed.register(obj_or_class, objectId, weak=weak, force=force)
        try:
            obj_or_class._pyroId = uri.object
            obj_or_class._pyroDaemon = weakref.proxy(self)
        except (AttributeError, TypeError) as error:
            self.pyroServed.unregister(uri.object)
            raise AttributeError(f"can't be registered: {error}") from error
        return URI.of(uri)

    def unregister(self, objectOrId: Any) -> None:
        """Forget an object, by itself or by its id; an unknown id is passed over.

        Raises:
            DaemonError: The object is not registered.
        """
        if objectOrId is None:
            raise ValueError("object or objectid argument expected")
        obj = objectOrId
        if isinstance(objectOrId, str):
            obj = self._pyroRegistered().get(objectOrId)
        with translated():
            self.pyroServed.unregister(objectOrId)
        if obj is None:
            return
        others = [name for name, one in self._pyroRegistered().items() if one is obj]
        if others:
            obj._pyroId = others[-1]
            return
        for mark in ("_pyroId", "_pyroDaemon"):
            with suppress(AttributeError):
                delattr(obj, mark)

    def uriFor(self, objectOrId: Any, nat: bool = True) -> URI:
        """Return the URI of a registered object, or of an id, whatever it is.

        Args:
            objectOrId: The object or id.
            nat: Whether with the public location, if there is one.
        """
        object_id = objectOrId
        if not isinstance(objectOrId, str):
            object_id = getattr(objectOrId, "_pyroId", None)
            if object_id not in self.pyroServed.objects.ids:
                raise DaemonError("object isn't registered in this daemon")
        where = self.natLocationStr if nat and self.natLocationStr else self.pyroWhere
        return URI(f"PYRO:{object_id}@{where}")

    def proxyFor(self, objectOrId: Any, nat: bool = True) -> Proxy:
        """Return a proxy for a registered object, not connected yet."""
        uri = self.uriFor(objectOrId, nat)
        with translated():
            members = self.pyroServed.objects.find(uri.object).members
        proxy = Proxy(uri)
        proxy._pyroGetMetadata(known_metadata=members.metadata.to_wire())
        return proxy

    def resetMetadataCache(self, objectOrId: Any, nat: bool = True) -> None:
        """Look anew for the members of an object."""
        object_id = self.uriFor(objectOrId, nat).object
        self.pyroServed.objects.refresh(object_id)
        if (target := self._pyroRegistered().get(object_id)) is not None:
            for only_exposed in (True, False):
                _reset_exposed_members(target, only_exposed)

    @property
    def objectsById(self) -> dict[str, Any]:
        """What is registered by id, weak references among it; and the daemon's own."""
        entries = self.pyroServed.objects.entries
        return {name: entry.held for name, entry in entries.items()}

    def _pyroRegistered(self) -> dict[str, Any]:
        entries = self.pyroServed.objects.entries
        return {name: entry.target for name, entry in entries.items()}
