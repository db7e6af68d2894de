"""The daemon: what others may call, and the loop that serves it."""

from __future__ import annotations

import atexit
import copy
import errno
import os
import socket
import threading
import time
import weakref
from typing import Any

from pyrophone.net.addresses import is_everywhere

from . import config
from .admission import Admission
from .constants import INTERNAL_DAEMON_GUID
from .dispatch import Door, Servant
from .engines import Looping, Threading, make
from .errors import DaemonError
from .hosts import getIPAddress
from .initializing import initialized
from .logs import Log
from .loops import Loop
from .objects import ObjBase
from .proxies import DynamicProxy
from .registering import Registry
from .secured import server_tls
from .tables import Table
from .uris import DIRECT, on_wire

__all__ = ["Daemon", "TCPServer"]

_WHILE = 1.0  # seconds that an end from outside waits for calls that run
_AT_EXIT = 2.0  # seconds to take names back when the program ends
_TABLES: weakref.WeakSet[Table] = weakref.WeakSet()


class TCPServer:
    """Base of daemons; there for its name."""


class Daemon(Registry, Admission, Loop, TCPServer):
    """Serves objects of this process.

    Args:
        prtcol: ``PYRO``, or ``PYROSSL`` for TLS.
        host: Where to listen; by default ``PYRO_HOST``, and without that this machine only.
        port: The first port to try; 0 is ``PYRO_PORT``.
        norange: Try no other port; 0 is then any free one.
        publishhost: Name of the host for URIs.

    Attributes:
        hostname: That name.
        port: Where it listens.
        protocol: Likewise.
        adapter: The daemon itself.

    Raises:
        DaemonError: It can't be started.
        OSError: The host is unknown.
    """

    def __init__(
        self,
        prtcol: str = "PYRO",
        host: str | None = None,
        port: int = 0,
        norange: object = 0,
        publishhost: str | None = None,
    ) -> None:
        if prtcol not in DIRECT:
            raise DaemonError(f"unsupported protocol: {prtcol}")
        initialized(server=True)
        tls = server_tls() if prtcol == "PYROSSL" else None
        Registry.__init__(self)
        Admission.__init__(self, secured=tls is not None)
        host = config.PYRO_HOST if host is None else host
        self.protocol = prtcol
        self.hostname = publishhost or config.PYRO_PUBLISHHOST or host or "localhost"
        self._host = host or "localhost"
        if not config.PYRO_DNS_URI:  # chains of calls know it by what stands in URIs
            self._host = getIPAddress(self._host) or self._host
        self._tls = tls
        self._timeout: float | None = None
        self._threaded = bool(config.PYRO_MULTITHREADED)
        self._norange = bool(norange)
        self._engine = self._first_free(port, self._norange)
        self.port: int = _port(self._engine)
        if is_everywhere(self.hostname):  # nobody could connect there
            self.hostname = self._engine.location.rpartition(":")[0]
        self._watch_over(self._engine)
        _TABLES.add(self._table)
        self.validateHostnameAndIP()

    @property
    def adapter(self) -> Daemon:
        """The daemon itself."""
        return self

    @property
    def sock(self) -> socket.socket | None:
        """The socket that clients come by; None once the daemon has ended."""
        return self._engine.listener

    @property
    def threaded(self) -> bool:
        """Whether each connection has a thread; may be changed before the first use."""
        return self._threaded

    @threaded.setter
    def threaded(self, wanted: object) -> None:
        if bool(wanted) != self._threaded:
            self._threaded = bool(wanted)
            self._restart()

    def setTimeout(self, timeout: float | None) -> None:
        """Disconnect clients that are quiet for so long, in seconds; None is never."""
        self._timeout = timeout
        self._engine.limit(timeout)

    # Ending.

    def shutdown(self, disconnect: object = False) -> None:
        """End: answer what is being run, and listen no more.

        Args:
            disconnect: Take the names of objects back, too.
        """
        inside = self._engine.called_inside()
        # A program may end with its loop, and the call that we are in wants its answer.
        self._stopping = self._stopping or not inside
        if disconnect:
            self._take_back()
        self._age_ended.set()
        if inside:
            self._engine.stop()
            self._stopping = True
        else:
            ending = threading.Thread(
                target=self._engine.stop, name="Pyro-end", daemon=True
            )
            ending.start()
            ending.join(_WHILE)

    def closedown(self) -> None:
        """Close the connections, and listen no more."""
        self._stopping = True
        self._age_ended.set()
        self._engine.close()

    def validateHostnameAndIP(self) -> str | None:
        """Return a warning if other machines can't reach the host of URIs, else None.

        Raises:
            OSError: There is no such host.
        """
        if not self.hostname:
            raise OSError("there is no name of this host that can be used")
        address = getIPAddress(self.hostname)
        if address is None or not address.startswith("127."):
            return None
        text = "daemon bound on hostname that resolves to loopback address 127.0.x.x"
        Log.warn("Daemon", text)
        return text

    def __str__(self) -> str:
        return f"<Pyro Daemon on {self.hostname}:{self.port}>"

    # Helpers.

    def _first_free(self, port: int, norange: bool) -> Looping | Threading:
        first = port if norange else port or config.PYRO_PORT
        tries = 1 if norange else max(1, config.PYRO_PORT_RANGE)
        problem: Exception | None = None
        for number in range(first, first + tries if first else 1):
            try:
                return self._start(number)
            except socket.gaierror:
                raise
            except (OSError, OverflowError) as error:
                problem = error
                if getattr(error, "errno", None) not in (errno.EADDRINUSE, errno.EACCES):
                    break
        raise DaemonError(f"Couldn't start Pyro daemon: {problem}")

    def _start(self, port: int) -> Looping | Threading:
        engine = make(self._threaded, self._host, port, self._timeout, self._tls)
        engine.outer = weakref.ref(self)
        engine.register(Door(weakref.ref(self)), INTERNAL_DAEMON_GUID)
        return engine

    def _restart(self) -> None:
        """Serve by another engine, at the same place."""
        self._finalizer.detach()
        self._engine.close()
        try:
            self._engine = self._start(self.port)
        except OSError as error:  # somebody else was faster; does anybody know the place?
            if self._norange or any(name for _, name in self._table.objects.values()):
                raise DaemonError(f"Couldn't start Pyro daemon: {error}") from error
            self._engine = self._first_free(self.port, False)
            self.port = _port(self._engine)
        self._watch_over(self._engine)
        with self._table.lock:
            for uid, (one, _) in self._table.objects.items():
                self._offer(uid, self._front(one))

    def _watch_over(self, engine: Looping | Threading) -> None:
        """See to what is left of the daemon once nobody holds it any more."""
        self._finalizer = weakref.finalize(self, _forgotten, engine, self._table)
        self._finalizer.atexit = False

    def _front(self, target: ObjBase) -> Servant:
        # The engine, which lives on its own, must not hold the daemon.
        return Servant(target, self._engine)

    def _offer(self, uid: str, front: Servant) -> None:
        self._engine.register(front, on_wire(uid), force=True)

    def _withdraw(self, uid: str) -> None:
        self._engine.unregister(on_wire(uid))


def _port(engine: Looping | Threading) -> int:
    listener = engine.listener
    return 0 if listener is None else int(listener.getsockname()[1])


def _forgotten(engine: Looping | Threading, table: Table) -> None:
    """End what served a daemon that is no more; nobody waits for it."""

    def end() -> None:
        engine.close()
        table.empty()
        table.free(table.names)

    if table.process == os.getpid():  # a child of fork leaves all of it to its parent
        threading.Thread(target=end, name="Pyro-end", daemon=True).start()


def _leave() -> None:
    """Take names back when the program ends; the name server may have gone before."""
    until = time.monotonic() + _AT_EXIT
    ending = []
    for table in [table for table in _TABLES if table.names is not None]:
        if table.process != os.getpid():
            continue
        table.empty()
        thread = threading.Thread(target=table.free, args=[table.names], daemon=True)
        try:
            thread.start()
            ending.append(thread)
        except RuntimeError:  # it is too late for threads, in Python 3.12
            table.free(_hurried(table.names))
    for thread in ending:
        thread.join(max(0.0, until - time.monotonic()))


def _hurried(names: Any) -> Any:
    """Return a proxy that does not wait long in the place of one that may."""
    if isinstance(names, DynamicProxy):
        names = copy.copy(names)  # which no other call holds up
        names._setTimeout(_AT_EXIT)
    return names


atexit.register(_leave)
