"""The name server: start one, and ask one patiently."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Callable, Sequence
from typing import Any

from pyrophone.classic import nameservers
from pyrophone.finding import NAME_SERVER_ID

from .broadcasts import BroadcastServer as BroadcastServer
from .cleaning import AutoCleaner as AutoCleaner
from .configure import global_config as config
from .errors import PyroError
from .generation import PYRO5
from .names import NameServer as NameServer
from .patience import lookup as lookup
from .patience import yplookup as yplookup
from .server import Daemon
from .storages import MemoryStorage as MemoryStorage
from .storages import SqlStorage as SqlStorage
from .storages import make_storage
from .uris import URI

__all__ = ["start_ns", "start_ns_loop"]

_TAG = "class:Pyro5.nameserver.NameServer"  # by which its peers find name servers


class NameServerDaemon(nameservers.NamesDaemon, Daemon):
    """The daemon of a name server, which is at NS_PORT if no other port is given.

    Args:
        host: As for other daemons; *port*, *unixsocket*, *nathost* and *natport* too.
        storage: ``memory``, which is also None; ``sql:<file>``; or a mapping with the
            methods of :class:`MemoryStorage`, which is left open.

    Attributes:
        nameserver: The object that is served; None once the daemon is closed.
        cleaner_thread: The :class:`AutoCleaner` if NS_AUTOCLEAN is on.
    """

    def __init__(
        self,
        host: Any = None,
        port: int | None = None,
        unixsocket: str | None = None,
        nathost: str | None = None,
        natport: int | None = None,
        storage: Any = None,
    ) -> None:
        nameserver = NameServer(make_storage(storage))
        self.nameserver: NameServer | None = nameserver
        self.cleaner_thread: AutoCleaner | None = None
        if config.NS_AUTOCLEAN > 0:
            self.cleaner_thread = AutoCleaner(nameserver)
        port = config.NS_PORT if port is None else port
        natport = natport or config.NATPORT or None
        super().__init__(host, port, unixsocket, nathost, natport)
        nameservers.begin(PYRO5, self, _TAG, self.cleaner_thread)


def start_ns(
    host: Any = None,
    port: int | None = None,
    enableBroadcast: bool = True,
    bchost: str | None = None,
    bcport: int | None = None,
    unixsocket: str | None = None,
    nathost: str | None = None,
    natport: int | None = None,
    storage: Any = None,
) -> tuple[URI, NameServerDaemon, BroadcastServer | None]:
    """Make a name server; the caller runs the loops.

    Returns:
        Its URI, its daemon, and what answers broadcasts, if anything does.
    """
    daemon = NameServerDaemon(host, port, unixsocket, nathost, natport, storage)
    uri = daemon.uriFor(NAME_SERVER_ID)
    broadcasts = None
    if enableBroadcast:
        broadcasts = nameservers.make_broadcasts(daemon, BroadcastServer, bchost, bcport)
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
    storage: Any = None,
    loopCondition: Callable[[], bool] = lambda: True,
) -> None:
    """Run a name server until the program is interrupted, and print where it is."""
    where = (bchost, bcport, unixsocket, nathost, natport, storage)
    _, daemon, broadcasts = start_ns(host, port, enableBroadcast, *where)
    nameservers.run(daemon, broadcasts, lambda: daemon.requestLoop(loopCondition))


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
    except (OSError, OverflowError, PyroError, ValueError, sqlite3.Error) as error:
        print(f"pyro5-ns: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pyro5-ns", description="Run a name server.")
    add = parser.add_argument
    add("-n", "--host", help="where to listen")
    add("-p", "--port", type=int, help="TCP port, 0 for any free one")
    add("-u", "--unixsocket", help="listen at this Unix socket instead")
    add(
        "-s",
        "--storage",
        default="memory",
        help="where to keep the names: memory, or sql:FILE",
    )
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
