"""The daemon: objects of this process that others may call."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from pyrophone.net.addresses import location
from pyrophone.objects import control
from pyrophone.objects.table import DAEMON_ID
from pyrophone.serializers.classes import DAEMON_CLASS

from . import answering, daemons, members
from .answering import Answering
from .border import translated
from .choosing import choose
from .configure import global_config as config
from .core import locate_ns
from .errors import PyroError
from .exposure import behavior, callback, expose, is_private_attribute, oneway
from .registry import Registry
from .socketutil import SocketConnection, family_str
from .svr_base import always
from .tables import CLASSES

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

log = logging.getLogger("Pyro5.server")

# Tests and programs that look inside find these here.
_OnewayCallThread = answering._OnewayCallThread
_get_attribute = members._get_attribute
_get_exposed_members = members._get_exposed_members
_get_exposed_property_value = members._get_exposed_property_value
_reset_exposed_members = members._reset_exposed_members
_set_exposed_property_value = members._set_exposed_property_value


def _default_methodcall_error_handler(
    daemon: Any,
    client_sock: Any,
    method: Callable[..., Any],
    vargs: Any,
    kwargs: Any,
    exception: BaseException,
) -> None:
    """Log what a method raised, for debugging."""
    name = getattr(method, "__qualname__", repr(method))
    log.debug(
        "exception occurred in method call user code: client=%s method=%s exception=%r",
        client_sock,
        name,
        exception,
    )


def _pyro_obj_to_auto_proxy(obj: Any) -> Any:
    """Return a proxy for an object that is registered; any other one as it is."""
    daemon = getattr(obj, "_pyroDaemon", None)
    try:
        return obj if daemon is None else daemon.proxyFor(obj)
    except ReferenceError:  # the daemon is gone
        return obj


@expose
class DaemonObject(control.DaemonObject):
    """The object ``Pyro.Daemon`` of each daemon. Subclasses may expose more.

    Args:
        daemon: Whose it is.
    """

    def __init__(self, daemon: Daemon) -> None:
        served = daemon.pyroServed
        super().__init__(served.objects, served.streams, served.describe)
        self.daemon = daemon

    def get_metadata(self, objectId: str) -> dict[str, set[str]]:
        """Return the members of an object.

        Raises:
            DaemonError: There is no such object.
        """
        with translated():
            return super().get_metadata(objectId)


class Daemon(Answering, Registry):
    """Objects of this process that others may call.

    Args:
        host: Where to listen; None is HOST, ``""`` all interfaces.
        port: 0 is any free one.
        unixsocket: Listen at this Unix socket instead.
        nathost: What to put into URIs, behind NAT; None is NATHOST.
        natport: Likewise; None is NATPORT, 0 the port itself.
        interface: Class of the object ``Pyro.Daemon``.
        connected_socket: Serve just this connected socket.

    Attributes:
        locationStr: Where it listens.
        natLocationStr: Where it is from outside, or None.
        transportServer: What serves the clients.
        methodcall_error_handler: Called with what a method raised.
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
        if natport and not nathost:
            raise ValueError("must provide natport with nathost")
        natport = config.NATPORT if natport is None else natport
        if nathost and unixsocket:
            raise ValueError("cannot use nathost together with unixsocket")
        self._closed = False
        self.methodcall_error_handler: Callable[..., Any] = (
            _default_methodcall_error_handler
        )
        self.natLocationStr: str | None = None
        place = {"host": host, "port": port, "unix_socket": unixsocket}
        if connected_socket is not None:
            place = {"sock": connected_socket}
        elif nathost:
            bare = nathost.strip("[]")
            place["public"] = location(bare, natport) if natport else bare
        self.transportServer, served = choose(self, self._pyroAnswersItself(), place)
        self.pyroServed = served
        served.outer = self
        self.pyroWhere = served.location
        self.locationStr: str = self.transportServer.locationStr
        if "public" in place:
            self.natLocationStr = self.pyroWhere
            self.pyroWhere = self.locationStr
        try:
            served.objects.register(interface(self), DAEMON_ID, force=True)
        except BaseException:
            self.close()
            raise
        log.debug("daemon created on %s", self.locationStr)

    def _pyroAnswersItself(self) -> bool:
        """Tell whether a subclass wants to answer in a way of its own."""
        cls = type(self)
        return (cls._handshake, cls.handleRequest) != (
            Daemon._handshake,
            Daemon.handleRequest,
        )

    # Serving.

    transportServer: Any

    def requestLoop(self, loopCondition: Callable[[], bool] = always) -> None:
        """Serve until :meth:`shutdown`, Ctrl-C, or until *loopCondition* is false."""
        log.info("daemon %s entering requestloop", self.locationStr)
        self.transportServer.loop(loopCondition)
        log.debug("daemon exits requestloop")

    def events(self, eventsockets: Any) -> None:
        """Do what is there to do for those of :attr:`sockets`; for a loop of one's own."""
        self.transportServer.events(eventsockets)

    def combine(self, daemon: Any) -> None:
        """Serve *daemon* along with this one, in the loop of this one.

        Args:
            daemon: A daemon, or a broadcast server of a name server.

        Raises:
            TypeError: This daemon is of the thread type.
        """
        self.transportServer.combine_loop(daemon.transportServer)

    def shutdown(self) -> None:
        """End the daemon, from any thread; calls that run are answered."""
        self._closed = True
        log.debug("daemon shutting down")
        self.transportServer.shutdown()
        self._pyroRetire()

    def close(self) -> None:
        """End the daemon without waiting for calls that run."""
        self._closed = True
        self.transportServer.close()
        self._pyroRetire()

    def _pyroRetire(self) -> None:
        if isinstance(self.pyroServed, daemons.Bench):  # others see to that themselves
            self.pyroServed.retire()

    @property
    def sock(self) -> Any:
        """The socket that listens; None when it is closed."""
        return self.transportServer.sock

    @property
    def sockets(self) -> list[Any]:
        """What a loop of one's own waits for; then call :meth:`events`."""
        return [] if self._closed else list(self.transportServer.sockets)

    @property
    def selector(self) -> Any:
        """What a daemon of the multiplex type waits with.

        Raises:
            TypeError: It is of another type.
        """
        return self.transportServer.selector

    @property
    def streaming_responses(self) -> dict[str, tuple[Any, float, float, Any]]:
        """The live streams by id: client, when opened, when orphaned, and the items."""
        return {
            name: (stream.client, stream.born, stream.orphaned or 0, stream.items)
            for name, stream in self.pyroServed.streams.streams.items()
        }

    @property
    def _pyroInstances(self) -> dict[type, Any]:
        """The instances that serve everybody, by their class."""
        instances: dict[type, Any] = self.pyroServed.objects.singles
        return instances

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
        served = vars(self).get("pyroServed")
        if served is None:
            return f"<{name}; unusable>"
        if self._closed:
            return f"<{name}; {self.locationStr} - closed>"
        sock = self.sock
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
