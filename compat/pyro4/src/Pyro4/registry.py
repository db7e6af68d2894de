"""The objects of a daemon, as Pyro4 registers them."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import Any

from pyrophone.classic import registry

from .callcontext import current_context
from .configuration import config
from .errors import DaemonError, PyroError
from .kit import KIT
from .members import warn_of
from .pickles import pickle_as
from .proxies import Proxy
from .uris import URI

__all__ = ["Registry", "pyroObjectToAutoProxy"]


class Registry(registry.Registry):
    """A daemon without its loop: what is registered, and where that can be called."""

    pyroKit = KIT

    def register(
        self, obj_or_class: Any, objectId: str | None = None, force: bool = False
    ) -> URI:
        """Make an object, or a class to be instantiated, callable; return its URI.

        Args:
            obj_or_class: The object or class.
            objectId: Its id; made up if None.
            force: Replace what has that id, and allow an object several ids.

        Raises:
            DaemonError: The object or the id is registered already.
        """
        self.pyroServed.refresh()
        if not force and isinstance(_own_id(obj_or_class), str):
            raise DaemonError("object or class already has a Pyro id")
        if not force and objectId in self.pyroServed.objects.ids:
            raise DaemonError("an object or class is already registered with that id")
        cls = obj_or_class if inspect.isclass(obj_or_class) else type(obj_or_class)
        warn_of(cls, self.pyroServed.local)
        try:
            uri = self._pyroRegister(obj_or_class, objectId, True, False, self)
        except ValueError as error:
            raise PyroError(f"invalid uri: {error}") from error
        if config.AUTOPROXY:
            pickle_as(cls, pyroObjectToAutoProxy)
        return URI.of(uri)

    def unregister(self, objectOrId: Any) -> None:
        """Forget an object, by itself or by its id; an unknown id is passed over.

        By its id, it keeps its marks.

        Raises:
            DaemonError: It never was registered.
        """
        if objectOrId is None:
            raise ValueError("object or objectid argument expected")
        if isinstance(objectOrId, str):
            self.pyroServed.objects.unregister(objectOrId)
            return
        object_id = getattr(objectOrId, "_pyroId", None)
        if object_id is None:
            raise DaemonError("object isn't registered")
        if self._pyroRegistered().get(object_id) is objectOrId:
            self.pyroServed.objects.unregister(object_id)
        for mark in ("_pyroId", "_pyroDaemon"):
            with suppress(AttributeError):
                delattr(objectOrId, mark)

    def proxyFor(self, objectOrId: Any, nat: bool = True) -> Proxy:
        """Return a proxy for a registered object, not connected yet.

        Raises:
            DaemonError: It is not registered here.
            PyroError: Nothing of it is exposed.
        """
        self.pyroServed.refresh()
        if isinstance(objectOrId, str) and objectOrId not in self.pyroServed.objects.ids:
            raise DaemonError("object isn't registered in this daemon")
        proxy: Proxy = super().proxyFor(objectOrId, nat)
        return proxy


def pyroObjectToAutoProxy(obj: Any) -> Any:
    """Return a proxy for an object that is registered; any other one as it is."""
    daemon = getattr(obj, "_pyroDaemon", None)
    if not config.AUTOPROXY or not isinstance(daemon, Registry):
        return obj
    # A proxy that is made drops what the program has prepared to go along with its calls.
    before = current_context.annotations, current_context.response_annotations
    try:
        return daemon.proxyFor(obj)
    finally:
        current_context.annotations, current_context.response_annotations = before


pyroObjectToAutoProxy.__module__ = "Pyro4.core"


def _own_id(obj: Any) -> Any:
    """Return the id of an object or class; one that it inherits is of another."""
    own = getattr(obj, "__dict__", {}).get("_pyroId")
    if own is None and not inspect.isclass(obj):
        inherited = inspect.getattr_static(type(obj), "_pyroId", None)
        if not isinstance(inherited, str | None):  # a slot, or a property
            own = getattr(obj, "_pyroId", None)
    return own or None
