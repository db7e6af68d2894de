"""The daemon: objects of this process that others may call."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from pyrophone.net.addresses import location
from pyrophone.objects import control
from pyrophone.objects.table import DAEMON_ID
from pyrophone.serializers.classes import DAEMON_CLASS

from . import daemons
from .configure import global_config as config
from .core import locate_ns
from .errors import PyroError
from .exposure import behavior, callback, expose, is_private_attribute, oneway
from .registry import Registry
from .socketutil import SocketConnection, family_str
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


class DaemonObject(control.DaemonObject):
    """The object ``Pyro.Daemon`` of each daemon. Subclasses may expose more.

    Args:
        daemon: Whose it is.
    """

    def __init__(self, daemon: Daemon) -> None:
        served = daemon.transportServer
        super().__init__(served.objects, served.streams, served.describe)
        self.daemon = daemon


class Daemon(Registry):
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
        sockets: list[socket.socket] = self.transportServer.sockets
        return sockets

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
