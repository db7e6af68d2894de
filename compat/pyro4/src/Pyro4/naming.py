"""The name server: start one, and find one."""

from __future__ import annotations

import dbm
import inspect
import logging
import optparse
import sqlite3
import sys
from collections.abc import Sequence
from typing import Any

from pyrophone.classic import nameservers
from pyrophone.finding import NAME_SERVER_ID

from . import constants as constants
from . import core as core
from . import socketutil as socketutil
from .broadcasts import BroadcastServer
from .cleaning import AutoCleaner
from .configuration import config
from .daemons import Daemon
from .errors import NamingError as NamingError
from .errors import ProtocolError as ProtocolError
from .errors import PyroError
from .generation import PYRO4
from .keys import NO_KEY, command_key
from .locating import locateNS, resolve
from .names import NameServer
from .naming_storage import DbmStorage, MemoryStorage, make_storage
from .uris import URI

__all__ = [
    "AutoCleaner",
    "BroadcastServer",
    "MemoryStorage",
    "NameServer",
    "NameServerDaemon",
    "locateNS",
    "main",
    "resolve",
    "startNS",
    "startNSloop",
    "type_meta",
]

log = logging.getLogger("Pyro4.naming")

_HOMES = (
    *("core", "naming", "naming_storage", "futures", "errors", "message", "util"),
    *("configuration", "socketutil", "socketserver", "test", "utils"),
)
_UNUSABLE = (OSError, OverflowError, ValueError, sqlite3.Error, *dbm.error)
_TAG = "class:Pyro4.naming.NameServer"  # by which its peers find name servers


class NameServerDaemon(nameservers.NamesDaemon, Daemon):
    """The daemon of a name server, which is at NS_PORT if no other port is given.

    Args:
        host: As for other daemons; *port*, *unixsocket*, *nathost* and *natport* too.
        storage: ``memory``, which is also None; ``sql:<file>`` or ``dbm:<file>``; or a
            mapping with the methods of :class:`MemoryStorage`, which is left open.

    Attributes:
        nameserver: The object that is served; None once the daemon is closed.
        cleaner_thread: The :class:`AutoCleaner` if NS_AUTOCLEAN is on.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        unixsocket: str | None = None,
        nathost: str | None = None,
        natport: int | None = None,
        storage: Any = None,
    ) -> None:
        nameserver = NameServer(make_storage(storage))
        if isinstance(nameserver.storage, DbmStorage):
            print("Warning: the DbmStorage doesn't support metadata.")
        self.nameserver: NameServer | None = nameserver
        self.cleaner_thread: AutoCleaner | None = None
        if config.NS_AUTOCLEAN > 0:
            self.cleaner_thread = AutoCleaner(nameserver)
        port = config.NS_PORT if port is None else port
        super().__init__(host, port, unixsocket, nathost, natport)
        nameservers.begin(PYRO4, self, _TAG, self.cleaner_thread)


def startNS(
    host: str | None = None,
    port: int | None = None,
    enableBroadcast: bool = True,
    bchost: str | None = None,
    bcport: int | None = None,
    unixsocket: str | None = None,
    nathost: str | None = None,
    natport: int | None = None,
    storage: Any = None,
    hmac: Any = None,
) -> tuple[URI, NameServerDaemon, BroadcastServer | None]:
    """Make a name server; the caller runs the loops.

    Returns:
        Its URI, its daemon, and what answers broadcasts, if anything does.
    """
    daemon = NameServerDaemon(host, port, unixsocket, nathost, natport, storage)
    daemon._pyroHmacKey = hmac
    broadcasts = None
    if enableBroadcast:
        broadcasts = nameservers.make_broadcasts(daemon, BroadcastServer, bchost, bcport)
    return daemon.uriFor(NAME_SERVER_ID), daemon, broadcasts


def startNSloop(
    host: str | None = None,
    port: int | None = None,
    enableBroadcast: bool = True,
    bchost: str | None = None,
    bcport: int | None = None,
    unixsocket: str | None = None,
    nathost: str | None = None,
    natport: int | None = None,
    storage: Any = None,
    hmac: Any = None,
) -> None:
    """Run a name server until the program is interrupted, and print where it is."""
    where = (bchost, bcport, unixsocket, nathost, natport, storage, hmac)
    _, daemon, broadcasts = startNS(host, port, enableBroadcast, *where)
    nameservers.run(daemon, broadcasts, daemon.requestLoop, None if hmac else NO_KEY)


def type_meta(class_or_object: Any, prefix: str = "class:") -> set[str] | frozenset[str]:
    """Return a tag for each class that something is of, but for Python's own.

    Args:
        class_or_object: The class, or an instance of it.
        prefix: What the tags begin with.
    """
    cls = class_or_object if inspect.isclass(class_or_object) else type(class_or_object)
    return {
        f"{prefix}{base.__module__}.{base.__name__}"
        for base in cls.__mro__
        if _is_public(base.__module__)
    }


def _is_public(module: str) -> bool:
    """Tell whether programs know classes as those of *module*."""
    package, _, rest = module.partition(".")
    return package not in ("builtins", "pyrophone") and (
        package != "Pyro4" or rest.partition(".")[0] in _HOMES
    )


def main(args: Sequence[str] | None = None) -> None:
    """Run the command pyro4-ns.

    Args:
        args: Its arguments; those of the process if None.

    Raises:
        SystemExit: With status 1 if it can't serve there, 2 for wrong arguments.
    """
    options, _ = _parser().parse_args(None if args is None else list(args))
    values = vars(options)
    values["hmac"] = command_key(values.pop("key"))
    try:
        startNSloop(**values)
    except (PyroError, *_UNUSABLE) as error:
        print(f"pyro4-ns: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def _parser() -> optparse.OptionParser:
    parser = optparse.OptionParser()
    add = parser.add_option
    add("-n", "--host", help="where to listen")
    add("-p", "--port", type="int", help="TCP port, 0 for any free one")
    add("-u", "--unixsocket", help="listen at this Unix socket instead")
    add(
        "-s",
        "--storage",
        default="memory",
        help="where to keep the names: memory, dbm:FILE, or sql:FILE",
    )
    add("--bchost", help="where to listen for broadcasts")
    add("--bcport", type="int", help="UDP port for them, 0 for any free one")
    add("--nathost", help="host to put into URIs, behind NAT")
    add("--natport", type="int", help="port to put into URIs, behind NAT")
    add(
        "-x",
        "--nobc",
        dest="enableBroadcast",
        action="store_false",
        default=True,
        help="don't answer broadcasts",
    )
    add("-k", "--key", help="HMAC key (deprecated: others can see it)")
    return parser


if __name__ == "__main__":
    main()
