"""The name server, and what finds it: ``python -m Pyro.naming`` starts one."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

from . import broadcasts, core
from .arguments import ArgParser
from .broadcasts import BCReqValidator, BroadcastServer, bcRequestHandler
from .errors import DaemonError, NamingError, PyroError
from .locating import Search
from .nameservers import NameServer, PersistentNameServer
from .nsproxies import NameServerProxy
from .starting import NO_TWINS, NameServerStarter, NameServerTakenError
from .trees import NamedTree, NameSpaceSystemMeta, NameValue
from .uris import PyroURI
from .util import Log

__all__ = [
    "BCReqValidator",
    "BroadcastServer",
    "NameServer",
    "NameServerLocator",
    "NameServerProxy",
    "NameServerStarter",
    "NameSpaceSystemMeta",
    "NameValue",
    "NamedTree",
    "PersistentNameServer",
    "bcRequestHandler",
    "main",
]

_USAGE = """Usage: pyro-ns [-h] [-k] [-m] [-r] [-x] [-n hostname] [-p port] [-b bcport]
    [-c bcaddr] [-i identification] [-s securitymodule] [-v] [-d [databasedir]]
  -h  this text
  -n  where to listen; by default PYRO_HOST, or else only for this machine
  -p  TCP port, 0 for any free one
  -b  UDP port for broadcasts
  -c  address for broadcasts
  -x  don't answer broadcasts
  -m  allow several name servers near
  -r  don't look for a running name server first
  -k  refuse requests to shut down
  -i  pass phrase that clients must know
  -d  keep names in a directory; without one it must be the last option
  -s  module with functions BCGuard and NSGuard, which return validators or None
  -v  print more"""
_OPTIONS = "hkmrxvn:p:b:c:i:s:d:1:2:"


class NameServerLocator:
    """Finds name servers.

    Args:
        identification: The pass phrase for them.
    """

    def __init__(self, identification: Any = None) -> None:
        core.initClient()
        self.identification = identification

    def getNS(
        self,
        host: str | None = None,
        port: int | None = None,
        trace: Any = 0,
        bcaddr: str | None = None,
    ) -> NameServerProxy:
        """Find a name server, and connect.

        Args:
            host: Where it must be; without, ``PYRO_NS_HOSTNAME``, machines near that
                answer a broadcast, the second name server, this machine.
            port: Its port, or without a host that of broadcasts; then only this is tried.
            trace: Whether to print what is done.
            bcaddr: Where to broadcast.

        Raises:
            NamingError: There is none.
            ConnectionDeniedError: It wants another pass phrase.
            ValueError: *bcaddr* is no address.
        """
        try:
            uri = self.detectNS(host, port, trace, bcaddr)
            return NameServerProxy(uri, self.identification)
        except PyroError as error:
            Log.error("NameServerLocator", "there is no name server:", error)
            raise

    def detectNS(
        self,
        host: str | None = None,
        port: int | None = None,
        trace: Any = 0,
        bcaddr: str | None = None,
    ) -> PyroURI:
        """Likewise, but return only where it is, and log no errors."""
        return Search(self.identification, trace, bcaddr).find(host, port)

    def sendSysCommand(
        self,
        request: str = broadcasts.LOCATION,
        host: str | None = None,
        port: int | None = None,
        trace: Any = 0,
        logerrors: Any = 1,
        bcaddr: str | None = None,
    ) -> str:
        """Ask a name server for its location, or to end; return its answer.

        The request to end always goes by TCP: broadcasts can be sent in any other's name.

        Args:
            request: ``location`` or ``shutdown``.
            host: Where it is; *port*, *trace* and *bcaddr* likewise as for :meth:`getNS`.
            logerrors: Whether errors go to the log.

        Raises:
            PyroError: It is not there, or the request is another.
        """
        if request not in (broadcasts.LOCATION, broadcasts.SHUTDOWN):
            raise PyroError(f"unknown request to a name server: {request!r}")
        find = self.getNS if logerrors else self.detectNS
        found = find(host, port, trace, bcaddr)
        if request == broadcasts.LOCATION:
            return str(found.URI if isinstance(found, NameServerProxy) else found)
        if not isinstance(found, NameServerProxy):
            found = NameServerProxy(found, self.identification)
        try:
            return str(found._shutdown())
        finally:
            found._release()


def main(argv: Sequence[str] | None = None) -> int:
    """Run a name server; the command ``pyro-ns``.

    Args:
        argv: Its arguments; those of the process if None.

    Returns:
        The status of the command.
    """
    args = ArgParser()
    args.parse(sys.argv[1:] if argv is None else argv, _OPTIONS)
    if args.hasOpt("h"):
        print(_USAGE)
        return 0
    args.printIgnored()
    if args.hasOpt("1") or args.hasOpt("2"):
        print(NO_TWINS)
        return 1
    print("*** Pyro Name Server ***")
    try:
        options = _settings(args)
        NameServerStarter(args.getOpt("i", None)).start(**options)
    except NameServerTakenError as error:  # which has said where
        print(_text(error))
    except DaemonError as error:
        print("The Name Server appears to be already running on this host.")
        print(f"({error})")
        print("Another program may listen at that port: choose one with -p, or end that.")
        print("Name Server was not started!")
    except (PyroError, OSError, ValueError, TypeError, ImportError) as error:
        print(_text(error))
        print("Name Server was not started!")
    else:
        return 0
    return 1


def _settings(args: ArgParser) -> dict[str, Any]:
    """Return the arguments for the starter."""
    return {
        "hostname": args.getOpt("n", None),
        "nsport": _number(args, "p"),
        "bcport": _number(args, "b"),
        "bcaddr": args.getOpt("c", None),
        "keep": args.hasOpt("k"),
        "allowmultiple": args.hasOpt("m"),
        "dontlookupother": args.hasOpt("r"),
        "nobroadcast": args.hasOpt("x"),
        "verbose": args.hasOpt("v"),
        "persistent": args.hasOpt("d"),
        "dbdir": args.getOpt("d", None),
        "Guards": _guards(args.getOpt("s", None)),
    }


def _number(args: ArgParser, option: str) -> int | None:
    text = args.getOpt(option, None)
    if text is None:
        return None
    if not text.isdecimal() or int(text) > 65535:
        raise ValueError(f"option -{option} wants a port number, not {text!r}")
    return int(text)


def _guards(module: str | None) -> tuple[Any, Any]:
    if module is None:
        return None, None
    found = importlib.import_module(module)
    try:
        return found.BCGuard(), found.NSGuard()
    except AttributeError as error:
        raise PyroError(f"security module {module} lacks a function: {error}") from error


def _text(error: BaseException) -> str:
    return ": ".join(map(str, error.args if isinstance(error, NamingError) else [error]))


if __name__ == "__main__":
    sys.exit(main())
