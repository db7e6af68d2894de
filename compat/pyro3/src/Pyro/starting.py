"""Running a name server in a program, or in a program's own loop."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from . import config, constants, core
from .broadcasts import BroadcastServer, make_validator
from .errors import ConnectionDeniedError, NamingError, PyroError
from .hosts import is_loopback
from .locating import Search
from .nameservers import NameServer, PersistentNameServer
from .uris import PyroURI
from .util import Log

__all__ = ["NO_TWINS", "NameServerStarter", "NameServerTakenError"]

_IDLE = 20  # seconds after which a connection that transfers nothing is dropped
_ROUND = 3.0  # seconds between looks at the condition of the loop
NO_TWINS = (
    "name servers in pairs are not offered (they lost changes): run one with -d under a "
    "supervisor that starts it again, and name it in PYRO_NS2_HOSTNAME if it may move"
)


class NameServerTakenError(NamingError):
    """Another name server is there already; the text says where."""


class NameServerStarter:
    """Starts a name server.

    Args:
        identification: Pass phrase that clients must know; None lets anybody in.

    Attributes:
        daemon: Its daemon, once it is initialized.
    """

    def __init__(self, identification: Any = None) -> None:
        self.daemon: Any = None
        self._identification = identification
        self._server: NameServer | None = None
        self._broadcasts: BroadcastServer | None = None
        self._started = threading.Event()
        self._is_ending = False
        self._is_looping = False
        self._uri: PyroURI | None = None

    def start(self, *args: Any, **kwargs: Any) -> None:
        """Run a name server until it is asked to end, or the program is interrupted.

        Args:
            *args: As for :meth:`initialize`.
            **kwargs: Likewise.
        """
        try:  # from the very start: a break signal may come at any time
            self.initialize(*args, **kwargs)
            others = [] if self._broadcasts is None else [self._broadcasts.sock]
            self._is_looping = True
            self.daemon.requestLoop(self._goes_on, _ROUND, others, self._answer)
        except KeyboardInterrupt:
            print("Shutting down on user break signal.")
        finally:
            self._is_looping = False
            self.shutdown()
        print("Name Server gracefully stopped.")

    def initialize(
        self,
        hostname: str | None = None,
        nsport: int | None = None,
        bcport: int | None = None,
        keep: Any = 0,
        persistent: Any = 0,
        dbdir: str | None = None,
        Guards: tuple[Any, Any] = (None, None),
        allowmultiple: Any = 0,
        dontlookupother: Any = 0,
        verbose: Any = 0,
        role: tuple[int, Any] = (constants.NSROLE_SINGLE, None),
        bcaddr: str | None = None,
        nobroadcast: Any = 0,
    ) -> None:
        """Make a name server; the caller runs the loop.

        Args:
            hostname: Where to listen; by default ``PYRO_HOST``, or else loopback.
            nsport: TCP port, 0 for any free one; by default ``PYRO_NS_PORT``.
            bcport: UDP port for broadcasts; by default ``PYRO_NS_BC_PORT``.
            keep: Refuse requests to end.
            persistent: Keep names in a folder.
            dbdir: The folder.
            Guards: Who may find it (a :class:`BCReqValidator`), who may connect (a
                connection validator).
            allowmultiple: Don't mind other name servers.
            dontlookupother: Don't look for other name servers.
            verbose: Print more.
            role: Only that of a single one.
            bcaddr: Where to look for others by broadcast.
            nobroadcast: Don't answer broadcasts.

        Raises:
            NamingError: There is another, or the folder can't be used.
            DaemonError: It can't listen there.
        """
        if (role[0] if isinstance(role, tuple | list) else role) != constants.NSROLE_SINGLE:
            raise PyroError(NO_TWINS)
        core.initServer()
        if not (allowmultiple or dontlookupother):
            self._look_for_others(bcaddr)
        say: Callable[[str], None] = print if verbose else _nothing
        try:
            server = PersistentNameServer(dbdir, keep) if persistent else NameServer(keep)
            self._server = server
            self._open(server, hostname, nsport)
            self._admit(server, Guards, say)
            if not keep:
                print("Name server listening on:", self.daemon.sock.getsockname()[:2])
            if nobroadcast or not self._listen(hostname, bcport, Guards[0], keep):
                say("Not starting broadcast server.")
            say(f"Will {'ignore' if keep else 'accept'} shutdown requests.")
            self._announce(server, say)
        except BaseException:
            self.shutdown()
            raise
        self._started.set()

    def waitUntilStarted(self, timeout: float | None = None) -> bool:
        """Wait until it can be used; tell whether it can."""
        return self._started.wait(timeout)

    def getServerSockets(self) -> Any:
        """Return what to wait for in a loop of one's own; ask again in each round."""
        others = [] if self._broadcasts is None else [self._broadcasts.sock]
        return [*self.daemon.getServerSockets(), *others]

    def handleRequests(self, timeout: float | None = None) -> None:
        """Serve who is there, or comes within *timeout* seconds; None is for ever."""
        if self._broadcasts is None:
            self.daemon.handleRequests(timeout)
        else:
            others = [self._broadcasts.sock]
            self.daemon.handleRequests(timeout, others, self._answer)

    def shutdown(self) -> None:
        """Let nobody in any more, and let go of all."""
        self._is_ending = True
        self._started.clear()
        if self._broadcasts is not None and not self._is_looping:  # or the loop closes it
            self._broadcasts.close()
            self._broadcasts = None
        if self.daemon is not None:
            self.daemon.shutdown(True)
        if self._server is not None:
            self._server._close()

    def _goes_on(self) -> bool:
        return not self._is_ending

    def _answer(self, ready: Any) -> None:
        if self._broadcasts is not None:
            self._broadcasts.handle_request()

    def _look_for_others(self, bcaddr: str | None) -> None:
        try:
            found = Search(self._identification, bcaddr=bcaddr).find()
        except ConnectionDeniedError:
            host, port = config.PYRO_NS_HOSTNAME or "", config.PYRO_NS_PORT
        except PyroError:
            return
        else:
            host, port = found.address, found.port
        print("The Name Server appears to be already running on this segment.")
        print(f"(host: {host}  port: {port} )")
        raise NameServerTakenError(
            "Cannot start multiple Name Servers in the same network segment."
        )

    def _open(self, server: NameServer, host: str | None, port: int | None) -> None:
        number = config.PYRO_NS_PORT if port is None else int(port)
        everywhere = (host or config.PYRO_HOST) == "0.0.0.0"  # which is nowhere for others
        public = config.PYRO_PUBLISHHOST or (socket.gethostname() if everywhere else None)
        self.daemon = daemon = core.Daemon("PYRO", host, number, 1, public)
        daemon.setTimeout(_IDLE)
        daemon.useNameServer(server)
        self._uri = daemon.connect(server, constants.NAMESERVER_NAME)

    def _admit(self, server: NameServer, guards: tuple[Any, Any], say: Any) -> None:
        broadcast_guard, connection_guard = guards
        validator = make_validator(broadcast_guard)
        if connection_guard is not None:
            self.daemon.setNewConnectionValidator(connection_guard)
        if self._identification:
            self.daemon.setAllowedIdentifications([self._identification])
            print("Requiring connection authentication.")
        if broadcast_guard is not None or connection_guard is not None:
            say("Using security plugins:")
            say(f"  NS new conn validator: {connection_guard}")
            say(f"  BC request validator: {broadcast_guard}")
        known = bool(self._identification) or connection_guard is not None
        server._admit(self._end, validator, known)

    def _end(self) -> None:
        print("BroadcastServer received shutdown request... will shutdown shortly...")
        self._is_ending = True
        self.daemon.shutdown()

    def _listen(self, host: str | None, port: int | None, guard: Any, keep: Any) -> bool:
        """Answer broadcasts, if that is of use; tell whether it does.

        Who binds the name server to loopback by name wants none. Who says nothing gets
        loopback, too, and is found there by the programs of this machine.
        """
        named = host or config.PYRO_HOST
        address = self.daemon.sock.getsockname()[0]
        if is_loopback(address) and named:
            return False
        number = config.PYRO_NS_BC_PORT if port is None else int(port)
        try:
            self._broadcasts = BroadcastServer(
                (address if is_loopback(address) else "", number), str(self._uri), guard
            )
        except OSError as error:
            print(f"Broadcasts are not answered: UDP port {number} can't be used: {error}")
            return False
        if not keep:
            print("Broadcast server listening on:", self._broadcasts.addr)
        return True

    def _announce(self, server: NameServer, say: Callable[[str], None]) -> None:
        print()
        warning = self.daemon.validateHostnameAndIP()
        if warning:
            print(f"WARNING: {warning}")
            print()
        if server._folder is not None:
            say(f"Persistent mode, database is in {server._folder}")
        print("URI is:", self._uri)
        self._write(str(self._uri))
        print("Name Server started.")
        sys.stdout.flush()

    def _write(self, uri: str) -> None:
        path = config.PYRO_NS_URIFILE
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(uri + "\n")
        except OSError as error:
            Log.error("NameServer", "can't write the URI to", path, error)
        else:
            print("URI written to:", path)


def _nothing(text: str) -> None:
    pass
