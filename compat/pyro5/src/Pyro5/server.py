"""The daemon: objects of this process that others may call."""

from __future__ import annotations

import logging
import socket
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from pyrophone.classic import serving as classic
from pyrophone.classic.answering import address
from pyrophone.context import CallContext, serving
from pyrophone.objects import control
from pyrophone.serializers.classes import DAEMON_CLASS

from . import members
from .border import translated
from .configure import global_config as config
from .core import locate_ns
from .daemons import FLEET
from .exposure import behavior, callback, expose, is_private_attribute, oneway
from .protocol import recv_stub
from .svr_base import KIT
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

log = logging.getLogger("Pyro5.server")

# Tests and programs that look inside find these here.
_get_attribute = members._get_attribute
_get_exposed_members = members._get_exposed_members
_get_exposed_property_value = members._get_exposed_property_value
_reset_exposed_members = members._reset_exposed_members
_set_exposed_property_value = members._set_exposed_property_value


class _OnewayCallThread(threading.Thread):
    """Makes one call in a thread of its own, in the context of the one that started it."""

    def __init__(
        self,
        pyro_method: Any,
        vargs: Any,
        kwargs: Any,
        pyro_daemon: Any,
        pyro_client_sock: Any,
    ) -> None:
        super().__init__(name="oneway-call", daemon=True)
        self._call = (pyro_method, vargs, kwargs)
        self._daemon = pyro_daemon
        self._client = pyro_client_sock
        self._context: CallContext | None = serving.get()

    def run(self) -> None:
        """Make the call; nobody gets the result."""
        method, args, kwargs = self._call
        serving.set(self._context)
        try:
            method(*args, **kwargs)
        except Exception as error:  # of the program's own method, anything
            self._daemon.methodcall_error_handler(
                self._daemon, address(self._client), method, args, kwargs, error
            )


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

    def get_metadata(self, objectId: str) -> Any:  # type: ignore[override]  # as Pyro5 has it
        """Return the members of an object.

        Raises:
            DaemonError: There is no such object.
        """
        with translated():
            return super().get_metadata(objectId)


class Daemon(classic.BaseDaemon):
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

    pyroKit = KIT
    pyroFleet = FLEET

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
        self.methodcall_error_handler: Callable[..., Any] = (
            _default_methodcall_error_handler
        )
        place: dict[str, Any] = {"sock": connected_socket}
        if connected_socket is None:
            host = config.HOST if host is None else str(host)
            place = {"host": host, "port": port, "unix_socket": unixsocket}
        self._pyroStart(place, nathost, natport)
        self._pyroControl(interface)

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
        owner = weakref.proxy(self)
        return URI.of(self._pyroRegister(obj_or_class, objectId, force, weak, owner))

    def _pyroReceive(self, conn: Any, kinds: list[int]) -> None:
        """Read one message of *conn*; what of it is wrong is an error."""
        recv_stub(conn, kinds)

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
    classic.serve(daemon or Daemon(host, port), objects, names, verbose)


def _daemon_form(daemon: Any) -> dict[str, Any]:
    return {"__class__": DAEMON_CLASS, "state": ()}


def _unusable(name: str, form: dict[str, Any]) -> Daemon:
    return Daemon.__new__(Daemon)


CLASSES.register(Daemon, _daemon_form)
CLASSES.register_name(DAEMON_CLASS, _unusable)
