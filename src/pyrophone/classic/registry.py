"""The objects of a daemon."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import Any

from .kit import Kit

__all__ = ["Registry"]


class Registry:
    """A daemon without its loop: what is registered, and where that can be called.

    Attributes:
        pyroKit: The parts of its package.
        pyroServed: The daemon of Pyrophone behind it.
        pyroWhere: Like ``locationStr``, but an address that others can reach.
        locationStr: Where it listens.
        natLocationStr: Where it is from outside, or None.
    """

    pyroKit: Kit
    pyroServed: Any
    pyroWhere: str
    locationStr: str
    natLocationStr: str | None

    def _pyroRegister(
        self, obj_or_class: Any, objectId: Any, force: bool, weak: bool, owner: Any
    ) -> Any:
        """Register an object or class, and mark it; return its URI as Pyrophone has it."""
        if objectId and not isinstance(objectId, str):
            raise TypeError("objectId must be a string or None")
        if obj_or_class is None:
            raise AttributeError("None can't be registered: it has no place for an id")
        if inspect.isclass(obj_or_class) and not hasattr(obj_or_class, "_pyroInstancing"):
            with suppress(TypeError):  # one of Python's own, which is refused below
                setattr(obj_or_class, "_pyroInstancing", ("session", None))  # noqa: B010
        with self.pyroKit.generation.translated():
            uri = self.pyroServed.register(obj_or_class, objectId, weak=weak, force=force)
        try:
            obj_or_class._pyroId = uri.object
            obj_or_class._pyroDaemon = owner
        except (AttributeError, TypeError) as error:
            self.pyroServed.unregister(uri.object)
            raise AttributeError(f"can't be registered: {error}") from error
        return uri

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
        with self.pyroKit.generation.translated():
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

    def uriFor(self, objectOrId: Any, nat: bool = True) -> Any:
        """Return the URI of a registered object, or of an id, whatever it is.

        Args:
            objectOrId: The object or id.
            nat: Whether with the public location, if there is one.
        """
        object_id = objectOrId
        if not isinstance(objectOrId, str):
            object_id = getattr(objectOrId, "_pyroId", None)
            if object_id not in self.pyroServed.objects.ids:
                errors = self.pyroKit.generation.errors
                raise errors.DaemonError("object isn't registered in this daemon")
        where = self.natLocationStr if nat and self.natLocationStr else self.pyroWhere
        return self.pyroKit.uri(f"PYRO:{object_id}@{where}")

    def proxyFor(self, objectOrId: Any, nat: bool = True) -> Any:
        """Return a proxy for a registered object, not connected yet."""
        uri = self.uriFor(objectOrId, nat)
        with self.pyroKit.generation.translated():
            members = self.pyroServed.objects.find(uri.object).members
        proxy = self.pyroKit.proxy(uri)
        proxy._pyroGetMetadata(known_metadata=members.metadata.to_wire())
        return proxy

    def resetMetadataCache(self, objectOrId: Any, nat: bool = True) -> None:
        """Look anew for the members of an object."""
        object_id = self.uriFor(objectOrId, nat).object
        self.pyroServed.objects.refresh(object_id)
        if (target := self._pyroRegistered().get(object_id)) is not None:
            self.pyroKit.forget_members(target)

    @property
    def objectsById(self) -> dict[str, Any]:
        """What is registered by id, weak references among it; and the daemon's own."""
        entries = self.pyroServed.objects.entries
        return {name: entry.held for name, entry in entries.items()}

    def _pyroRegistered(self) -> dict[str, Any]:
        entries = self.pyroServed.objects.entries
        return {name: entry.target for name, entry in entries.items()}
