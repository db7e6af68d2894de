"""The daemon: objects of this process that others may call."""

from __future__ import annotations

import socket
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from pyrophone.net.addresses import location
from pyrophone.objects import control
from pyrophone.objects.table import DAEMON_ID
from pyrophone.serializers.classes import DAEMON_CLASS

from . import daemons
from .border import translated
from .client import Proxy
from .configure import global_config as config
from .core import locate_ns
from .errors import DaemonError, PyroError
from .exposure import behavior, callback, expose, is_private_attribute, oneway
from .socketutil import SocketConnection, family_str
from .tables import CLASSES
from .uris import URI

__all__ = [
    "Daemon",
    "DaemonObject",
    "behavior",
    "callback",
    "expose",
    "is_private_attribute",
    "oneway",
    "serve",
]


class DaemonObject(control.DaemonObject):
    """The object ``Pyro.Daemon`` of each daemon. Subclasses may expose more.

    Args:
        daemon: Whose it is.
    """

    def __init__(self, daemon: Daemon) -> None:
        served = daemon.transportServer
        super().__init__(served.objects, served.streams, served.describe)
        self.daemon = daemon


class Daemon:
    """Objects of this process that others may call.

    Args:
        host: Where to listen; None is HOST, ``""`` all interfaces.
        port: 0 is any free one.
        unixsocket: Listen at this Unix socket instead.
        nathost: What to put into URIs, behind NAT; None is NATHOST.
        natport: Likewise; None is NATPORT, 0 the port itself.
        interface: Class of the object ``Pyro.Daemon``.
        connected_socket: Serve just this connected socket.
    """

    def __init__(
        self,
        host: Any = None,
        port: int = 0,
        unixsocket: str | None = None,
        nathost: str | None = None,
        natport: int | None = None,
        interface: Callable[[Any], Any] = DaemonObject,
        connected_socket: socket.socket | None = None,
    ) -> None:
        host = config.HOST if host is None else str(host)
        nathost = nathost or config.NATHOST
        natport = config.NATPORT if natport is None else natport
        if natport and not nathost:
            raise ValueError("cannot use natport without nathost")
        if nathost and unixsocket:
            raise ValueError("cannot use nathost together with unixsocket")
        public = location(nathost, natport) if nathost and natport else nathost
        served = self.transportServer = daemons.make(
            host=host,
            port=port,
            unix_socket=unixsocket,
            sock=connected_socket,
            public=public,
        )
        served.outer = self
        self._closed = False
        self.locationStr: str = served.location
        self.natLocationStr: str | None = None
        if public and (sock := daemons.listener(served)):
            self.natLocationStr = served.location
            self.locationStr = location(host, sock.getsockname()[1])
        served.objects.register(interface(self), DAEMON_ID, force=True)

    # Objects.

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
        if obj_or_class is None:
            raise AttributeError("None can't be registered: it has no place for an id")
        with translated():
            uri = self.transportServer.register(
                obj_or_class, objectId, weak=weak, force=force
            )
        try:
            obj_or_class._pyroId = uri.object
            obj_or_class._pyroDaemon = weakref.proxy(self)
        except (AttributeError, TypeError) as error:
            self.transportServer.unregister(uri.object)
            raise AttributeError(f"can't be registered: {error}") from error
        return URI.of(uri)

    def unregister(self, objectOrId: Any) -> None:
        """Forget an object, by itself or by its id; an unknown id is passed over.

        Raises:
            DaemonError: The object is not registered.
        """
        if objectOrId is None:
            raise ValueError("object or objectid argument expected")
        if objectOrId == DAEMON_ID:
            return
        obj = objectOrId
        if isinstance(objectOrId, str):
            obj = self.objectsById.get(objectOrId)
        with translated():
            self.transportServer.unregister(objectOrId)
        if obj is None:
            return
        others = [name for name, other in self.objectsById.items() if other is obj]
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
            if object_id not in self.transportServer.objects.ids:
                raise DaemonError("object isn't registered in this daemon")
        where = self.natLocationStr if nat and self.natLocationStr else self.locationStr
        return URI(f"PYRO:{object_id}@{where}")

    def proxyFor(self, objectOrId: Any, nat: bool = True) -> Proxy:
        """Return a proxy for a registered object, not connected yet."""
        uri = self.uriFor(objectOrId, nat)
        with translated():
            members = self.transportServer.objects.find(uri.object).members
        proxy = Proxy(uri)
        proxy._pyroGetMetadata(known_metadata=members.metadata.to_wire())
        return proxy

    def resetMetadataCache(self, objectOrId: Any, nat: bool = True) -> None:
        """Look anew for the members of an object."""
        self.transportServer.objects.refresh(self.uriFor(objectOrId, nat).object)

    @property
    def objectsById(self) -> dict[str, Any]:
        """The registered objects by id, the daemon's own included."""
        objects = self.transportServer.objects
        return {name: objects.find(name).target for name in objects.ids}

    # Serving.

    def requestLoop(self, loopCondition: Callable[[], bool] = lambda: True) -> None:
        """Serve until :meth:`shutdown`, Ctrl-C, or until *loopCondition* is false."""
        self.transportServer.serve(loopCondition)

    def events(self, eventsockets: Any) -> None:
        """Do what is there to do; for a loop of one's own."""
        self.transportServer.process()

    def shutdown(self) -> None:
        """End the daemon, from any thread; calls that run are answered."""
        self._closed = True
        self.transportServer.stop()

    def close(self) -> None:
        """End the daemon without waiting for calls that run."""
        self._closed = True
        self.transportServer.close()

    @property
    def sock(self) -> socket.socket | None:
        """The socket that listens."""
        return daemons.listener(self.transportServer)

    @property
    def sockets(self) -> list[socket.socket]:
        """What a loop of one's own waits for; then call :meth:`events`."""
        return self.transportServer.sockets

    def __enter__(self) -> Self:
        if self._closed:
            raise PyroError("cannot reuse this object")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        cls = type(self)
        name = f"{cls.__module__}.{cls.__name__} at 0x{id(self):x}"
        served = vars(self).get("transportServer")
        if served is None:
            return f"<{name}; unusable>"
        if self._closed:
            return f"<{name}; {self.locationStr} - closed>"
        sock = daemons.listener(served)
        family = family_str(sock) if sock else "Unix"
        return f"<{name}; {self.locationStr} - {family}; {len(served.objects.ids)} objects>"

    def __getstate__(self) -> tuple[()]:
        return ()

    def __setstate__(self, state: Any) -> None:
        assert len(state) == 0

    # Hooks, to be overridden.

    def validateHandshake(self, conn: SocketConnection, data: Any) -> Any:
        """Judge what a client greets with; return the answer, or raise to refuse it."""
        return "hello"

    def clientDisconnect(self, conn: SocketConnection) -> None:
        """Called once a client is gone."""

    def annotations(self) -> Mapping[str, bytes]:
        """Return annotations to send with every message."""
        return {}

    def housekeeping(self) -> None:
        """Called about once a second while the daemon serves."""

    @staticmethod
    def serveSimple(
        objects: Mapping[Any, str | None],
        host: Any = None,
        port: int = 0,
        daemon: Daemon | None = None,
        ns: bool = True,
        verbose: bool = True,
    ) -> None:
        """Do what :func:`serve` does."""
        serve(objects, host, port, daemon, ns, verbose)


def serve(
    objects: Mapping[Any, str | None],
    host: Any = None,
    port: int = 0,
    daemon: Daemon | None = None,
    use_ns: bool = True,
    verbose: bool = True,
) -> None:
    """Serve *objects* until the program is interrupted.

    Args:
        objects: Names by object or class; None for no name.
        host: Where to listen.
        port: Likewise.
        daemon: The daemon to use, which is closed at the end; else one is made.
        use_ns: Whether the names go to the name server; else they are the ids.
        verbose: Whether to print what is served.
    """
    names = locate_ns() if use_ns else None
    with daemon or Daemon(host, port) as daemon:
        for obj, name in objects.items():
            uri = daemon.register(obj, None if names is not None else name)
            if verbose:
                print(f"Object {obj!r}:\n    uri = {uri}")
            if name and names is not None:
                names.register(name, uri)
                if verbose:
                    print(f"    name = {name}")
        if verbose:
            print("Pyro daemon running.", flush=True)
        daemon.requestLoop()


def _daemon_form(daemon: Any) -> dict[str, Any]:
    return {"__class__": DAEMON_CLASS, "state": ()}


def _unusable(name: str, form: dict[str, Any]) -> Daemon:
    return Daemon.__new__(Daemon)


CLASSES.register(Daemon, _daemon_form)
CLASSES.register_name(DAEMON_CLASS, _unusable)
