"""The objects of a daemon: under which addresses and names they can be called."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from ..errors import CommunicationError, DaemonError, UnknownNameError
from ..finding import locate
from ..objects.exposure import Members
from ..objects.proxy import BaseProxy, proxy_form
from ..objects.standins import StandIns
from ..objects.table import ObjectTable
from ..serializers.classes import ClassTable
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..steps import Ask, Procedure
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from .forms import codecs_for

__all__ = ["Registry"]

_log = logging.getLogger("pyrophone.daemon")

_WITHDRAW_LIMIT = 2.0  # seconds for each question to a name server, at the end


class Registry:
    """Objects of this process, where they can be called, and by what names.

    Args:
        location: Where they can be reached, a URI with the object left empty.
        settings: See :class:`pyrophone.settings.Settings`.
        classes: Class table to share with others; by default one of its own.
        guard: Makes what keeps others away while an instance is made.

    Attributes:
        proxies: The class of proxies of this front-end.
        settings: Likewise.
        objects: The objects by id.
        codecs: What they and their calls are written with.
    """

    proxies: Any = None

    def __init__(
        self,
        location: URI,
        settings: Settings,
        classes: ClassTable | None,
        guard: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self.settings = settings
        self.objects = ObjectTable(guard, self.members_of)
        self.codecs = self.serializers(settings, classes)
        self._stand_ins = StandIns.of(self.codecs.classes)
        self._stand_ins.add(self._stand_in)
        self._where = location
        self._names: list[tuple[URI, str, URI]] = []  # name server, name, URI: to withdraw

    def registering(
        self,
        target: Any,
        object_id: str | None = None,
        *,
        name: str | None = None,
        tags: set[str] | None = None,
        weak: bool = False,
        force: bool = False,
    ) -> Procedure[URI]:
        """Make an object, or a class to be instantiated, callable; return its URI.

        Args:
            target: The object or class, with members marked by ``@expose``.
            object_id: Its id in the URI; made up if None.
            name: Register it under this name in the name server, too; withdrawn
                when the daemon stops.
            tags: Of the name.
            weak: Keep only a weak reference.
            force: Replace what has that id, and allow an object several ids.

        Raises:
            DaemonError: The object or the id is registered already.
            NamingError: No name server was found; nothing is registered then.
        """
        server = (yield from locate(settings=self.settings)) if name else None
        uri = self._uri(self.objects.register(target, object_id, weak=weak, force=force))
        if self.codecs.values:
            cls = target if isinstance(target, type) else type(target)
            self.codecs.classes.allowed.update(self.objects.members(cls).value_classes)
        if server is not None and name is not None:
            try:
                yield Ask(server, "register", (name, uri, False, tags))
            except BaseException:
                self.objects.unregister(uri.object)
                raise
            self._names.append((server, name, uri))
        return uri

    def unregister(self, target: Any) -> None:
        """Forget an object, by itself, its id or its URI.

        Raises:
            DaemonError: The object is not registered here.
        """
        self.objects.unregister(target.object if isinstance(target, URI) else target)

    def uri_of(self, target: Any) -> URI:
        """Return the URI of a registered object, or of an object id.

        Raises:
            DaemonError: The object is not registered here.
        """
        object_id = target if isinstance(target, str) else self.objects.id_of(target)
        if object_id is None:
            raise DaemonError(f"{type(target).__name__} object is not registered here")
        return self._uri(object_id)

    @property
    def location(self) -> str:
        """Where it can be reached, as it stands in URIs."""
        return self._where.location or "./u:<<not-bound>>"

    def serializers(self, settings: Settings, classes: ClassTable | None) -> Codecs:
        """Return what to read and write with, for these settings; marshal among it."""
        return self.codecs_for(settings, classes)

    def codecs_for(
        self,
        settings: Settings,
        classes: ClassTable | None = None,
        dialect: Dialect = PYRO5,
    ) -> Codecs:
        """Return what reads and writes the proxies of this front-end."""
        return codecs_for(self.proxies.to, settings, classes, dialect)

    def members_of(self, cls: type) -> Members:
        """Return what of a class may be used; asked once for each that is registered."""
        return Members(cls)

    def _stand_in(self, value: Any) -> Mapping[str, Any] | None:
        """Return the class form of a proxy for one of the daemon's own objects."""
        if isinstance(value, BaseProxy):
            return None
        object_id = self.objects.id_of(value)
        if object_id is None:
            return None
        return proxy_form(
            self._uri(object_id), self.objects.find(object_id).members.metadata
        )

    def _uri(self, object_id: str) -> URI:
        where = self._where
        return URI("PYRO", object_id, where.socket_name, where.host, where.port)

    @property
    def _withdraw_settings(self) -> Settings:
        """For :meth:`_withdrawing`."""
        limit = min(self.settings.timeout or _WITHDRAW_LIMIT, _WITHDRAW_LIMIT)
        return dataclasses.replace(self.settings, timeout=limit)

    def _withdrawing(self) -> Procedure[None]:
        """Remove the names registered with the objects, where they are still ours."""
        for server, name, uri in self._names:
            try:
                if (yield Ask(server, "lookup", (name,))) == uri:
                    yield Ask(server, "remove", (name,))
            except UnknownNameError:
                pass  # somebody else removed it
            except Exception as error:
                _log.warning("name %r could not be withdrawn: %s", name, error)
                if isinstance(error, CommunicationError):
                    break  # nor could the others, and each would take its time
        self._names.clear()
