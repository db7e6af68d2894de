"""The name server: start one, and ask one patiently."""

from __future__ import annotations

import argparse
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from pyrophone.finding import BROADCAST_QUERY, NAME_SERVER_ID
from pyrophone.naming import server
from pyrophone.naming.storage import MemoryStorage
from pyrophone.net.addresses import is_loopback, location
from pyrophone.net.beacon import Beacon

from .border import translated
from .configure import global_config as config
from .errors import NamingError, PyroError
from .server import Daemon, expose
from .uris import URI, plain

__all__ = ["start_ns", "start_ns_loop"]


@expose
class NameServer(server.NameServer):
    """Knows the URIs of names, and their tags.

    Args:
        storageProvider: Where it keeps them; in memory if None.
    """

    def __init__(self, storageProvider: Any = None) -> None:
        super().__init__(MemoryStorage() if storageProvider is None else storageProvider)

    def register(
        self, name: Any, uri: Any, safe: bool = False, metadata: Any = None
    ) -> None:
        """Register *name*; what it had before is replaced, its tags too."""
        uri = plain(uri) if isinstance(uri, URI) else uri
        with translated():
            super().register(name, uri, safe, metadata)

    def lookup(self, name: Any, return_metadata: bool = False) -> Any:
        """Return the URI of *name*, or a pair of URI and tags."""
        with translated():
            found: Any = super().lookup(name, return_metadata)
        return (URI.of(found[0]), found[1]) if return_metadata else URI.of(found)


class NameServerDaemon(Daemon):
    """The daemon of a name server, which is at NS_PORT if no other port is given.

    Args:
        host: As for other daemons; *port*, *unixsocket*, *nathost* and *natport* too.
        storage: ``memory``; None is the same.
    """

    def __init__(
        self,
        host: Any = None,
        port: int | None = None,
        unixsocket: str | None = None,
        nathost: str | None = None,
        natport: int | None = None,
        storage: str | None = None,
    ) -> None:
        if storage not in (None, "memory"):
            raise ValueError(f"invalid storage type '{storage}'")
        port = config.NS_PORT if port is None else port
        super().__init__(host, port, unixsocket, nathost, natport)
        self.nameserver: NameServer | None = NameServer()
        uri = self.register(self.nameserver, NAME_SERVER_ID)
        server.announce(self.nameserver, plain(uri))

    def close(self) -> None:
        """End the daemon."""
        super().close()
        self.nameserver = None


class BroadcastServer:
    """Answers broadcasts with the URI of a name server.

    Args:
        nsUri: What to answer.
        bchost: Address to listen at; None is NS_BCHOST.
        bcport: UDP port; None is NS_BCPORT.
    """

    def __init__(
        self, nsUri: URI, bchost: str | None = None, bcport: int | None = None
    ) -> None:
        self.nsUri = nsUri
        host = bchost or config.NS_BCHOST or ""
        port = config.NS_BCPORT if bcport is None else bcport
        self._beacon = Beacon(plain(nsUri), BROADCAST_QUERY, host=host, port=port)
        self.locationStr = location(*self._beacon.address)
        self.sock = self._beacon.sock

    def runInThread(self) -> threading.Thread:
        """Answer in a thread of its own until :meth:`close`; return the thread."""
        thread = threading.Thread(target=self._beacon.serve, daemon=True)
        thread.start()
        return thread

    def processRequest(self) -> None:
        """Wait for one request and answer it."""
        self._beacon.answer_one()

    def getPort(self) -> int:
        """Return the UDP port."""
        return self._beacon.address[1]

    def fileno(self) -> int:
        """Return the file descriptor of the socket."""
        return self.sock.fileno()

    def close(self) -> None:
        """Stop answering."""
        self._beacon.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()


def start_ns(
    host: Any = None,
    port: int | None = None,
    enableBroadcast: bool = True,
    bchost: str | None = None,
    bcport: int | None = None,
    unixsocket: str | None = None,
    nathost: str | None = None,
    natport: int | None = None,
    storage: str | None = None,
) -> tuple[URI, NameServerDaemon, BroadcastServer | None]:
    """Make a name server; the caller runs the loops.

    Returns:
        Its URI, its daemon, and what answers broadcasts, if anything does.
    """
    daemon = NameServerDaemon(host, port, unixsocket, nathost, natport, storage)
    uri = daemon.uriFor(NAME_SERVER_ID)
    broadcasts = None
    if enableBroadcast and not unixsocket and not _why_silent(daemon):
        inner = daemon.uriFor(NAME_SERVER_ID, nat=False)
        try:
            broadcasts = BroadcastServer(inner, bchost, bcport)
        except BaseException:
            daemon.close()
            raise
    return uri, daemon, broadcasts


def start_ns_loop(
    host: Any = None,
    port: int | None = None,
    enableBroadcast: bool = True,
    bchost: str | None = None,
    bcport: int | None = None,
    unixsocket: str | None = None,
    nathost: str | None = None,
    natport: int | None = None,
    storage: str | None = None,
    loopCondition: Callable[[], bool] = lambda: True,
) -> None:
    """Run a name server until the program is interrupted, and print where it is."""
    where = (bchost, bcport, unixsocket, nathost, natport, storage)
    uri, daemon, broadcasts = start_ns(host, port, enableBroadcast, *where)
    with daemon:
        try:
            if broadcasts is not None:
                print(f"Broadcast server running on {broadcasts.locationStr}")
                broadcasts.runInThread()
            elif enableBroadcast and not unixsocket:
                print(f"Not starting broadcast server for {_why_silent(daemon)}.")
            _print_places(daemon, uri)
            daemon.requestLoop(loopCondition)
        except KeyboardInterrupt:  # between the lines above
            pass
        finally:
            if broadcasts is not None:
                broadcasts.close()
    print("NS shut down.")


def _why_silent(daemon: Daemon) -> str | None:
    """Return for what kind of place broadcasts are of no use, if that is where it is."""
    sock = daemon.sock
    if sock is None or sock.family == socket.AF_INET6:
        return "IPv6"
    return "localhost" if is_loopback(sock.getsockname()[0]) else None


def _print_places(daemon: Daemon, uri: URI) -> None:
    sock = daemon.sock
    unix = sock is None or uri.sockname is not None
    address = "Unix domain socket" if sock is None or unix else sock.getsockname()[0]
    print(f"NS running on {daemon.locationStr} ({address})")
    if daemon.natLocationStr:
        print(f"internal URI = {daemon.uriFor(NAME_SERVER_ID, nat=False)}")
        print(f"external URI = {uri}", flush=True)
    else:
        print(f"URI = {uri}", flush=True)


def lookup(
    nameserver: Any, name: str, return_metadata: bool = False, delay_time: float = 0
) -> Any:
    """Look up *name*; wait for it, up to *delay_time* seconds."""
    return _patiently(lambda: nameserver.lookup(name, return_metadata), delay_time)


def yplookup(
    nameserver: Any,
    meta_all: Any = None,
    meta_any: Any = None,
    return_metadata: bool = True,
    delay_time: float = 0,
) -> Any:
    """Look up by tags; wait for a first name, up to *delay_time* seconds."""

    def ask() -> Any:
        found = nameserver.yplookup(meta_all, meta_any, return_metadata)
        if not found and waiting:
            raise NamingError("no name has these tags")
        return found

    waiting = bool(delay_time or config.NS_LOOKUP_DELAY)
    try:
        return _patiently(ask, delay_time)
    except NamingError:
        waiting = False
        return ask()


def _patiently(ask: Callable[[], Any], delay: float) -> Any:
    delay = delay or config.NS_LOOKUP_DELAY
    end = time.monotonic() + delay
    while time.monotonic() < end:
        try:
            return ask()
        except NamingError:
            time.sleep(max(0.2, delay / 5))
    return ask()


def main(args: Sequence[str] | None = None) -> None:
    """Run the command pyro5-ns.

    Args:
        args: Its arguments; those of the process if None.

    Raises:
        SystemExit: With status 1 if it can't serve there, 2 for wrong arguments.
    """
    options = _parser().parse_args(args)
    try:
        start_ns_loop(**vars(options))
    except (OSError, OverflowError, PyroError, ValueError) as error:
        print(f"pyro5-ns: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pyro5-ns", description="Run a name server.")
    add = parser.add_argument
    add("-n", "--host", help="where to listen")
    add("-p", "--port", type=int, help="TCP port, 0 for any free one")
    add("-u", "--unixsocket", help="listen at this Unix socket instead")
    add("-s", "--storage", default="memory", help="where to keep the names: memory")
    add("--bchost", help="where to listen for broadcasts")
    add("--bcport", type=int, help="UDP port for them")
    add("--nathost", help="host to put into URIs, behind NAT")
    add("--natport", type=int, help="port to put into URIs, behind NAT")
    add(
        "-x",
        "--nobc",
        dest="enableBroadcast",
        action="store_false",
        help="don't answer broadcasts",
    )
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
