"""An object to try clients with: ``python -m Pyro.test.echoserver`` serves it."""

from __future__ import annotations

import contextlib
import optparse
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from .. import core, naming
from ..errors import NamingError, PyroError
from ..logs import shown

__all__ = ["EchoServer", "NameServer", "main"]

_GROUP = ":Pyro.test"
_NAME = ":Pyro.test.echoserver"
_LIMIT = 20  # seconds in which a name server should have started


class EchoServer(core.ObjBase):
    """Gives back what it gets.

    Attributes:
        verbose: Whether it prints a line for each call.
    """

    def __init__(self, verbose: Any = False) -> None:
        core.ObjBase.__init__(self)
        self.verbose = verbose

    def echo(self, args: Any) -> Any:
        """Return the argument."""
        self._say(f"echo: {args}")
        return args

    def error(self) -> Any:
        """Raise a ZeroDivisionError."""
        self._say("error: generating exception")
        return 1 // 0

    def _say(self, text: str) -> None:
        if self.verbose:
            print(f"{time.ctime()} - {shown(text)}", flush=True)


class NameServer(threading.Thread):
    """A name server in a thread of its own.

    Args:
        hostname: Where it listens.
    """

    def __init__(self, hostname: str) -> None:
        super().__init__(name="name server", daemon=True)
        self.starter = naming.NameServerStarter()
        self.starter.initialize(hostname=hostname, dontlookupother=True, nobroadcast=True)

    def run(self) -> None:
        """Serve until the process ends, or the server is shut down."""
        self.starter.daemon.requestLoop(timeout=0.5)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Its arguments; those of the process if None.

    Returns:
        The status: 1 if it can't serve or register.
    """
    options, rest = _parser().parse_args(None if argv is None else list(argv))
    if rest:
        print("Ignored arguments:", " ".join(rest))
    core.initServer()
    names = None
    try:
        if options.nameserver:
            names = NameServer(options.host)
            names.start()
            print()
        _serve(options, names)
    except (PyroError, OSError) as error:
        print("echoserver:", ": ".join(map(str, error.args)), file=sys.stderr)
        return 1
    finally:
        if names is not None:
            names.starter.shutdown()
            names.join(_LIMIT)
    return 0


def _parser() -> optparse.OptionParser:
    parser = optparse.OptionParser(prog="echoserver.py")
    add = parser.add_option
    flag: dict[str, Any] = {"action": "store_true", "default": False}
    where = "hostname to bind server on (default=localhost)"
    add("-H", "--host", default="localhost", help=where)
    add("-p", "--port", type="int", default=0, help="port to bind server on")
    add("-n", "--naming", **flag, help="register with nameserver")
    add("-N", "--nameserver", **flag, help="also start a nameserver")
    add("-v", "--verbose", **flag, help="verbose output")
    return parser


def _serve(options: optparse.Values, ours: NameServer | None) -> None:
    """Serve the object until the program is interrupted."""
    print("Starting Pyro's built-in test echo server.")
    daemon = core.Daemon(host=options.host, port=options.port, norange=True)
    try:
        if options.naming or options.nameserver:
            place = (options.host, ours.starter.daemon.port) if ours else ()
            names = naming.NameServerLocator().getNS(*place)
            if options.verbose:
                print("using name server at", names.URI)
            _make_room(names)
            daemon.useNameServer(names)
        uri = daemon.connect(EchoServer(options.verbose), _NAME)
        print("object name =", _NAME)
        print("echo uri =", uri)
        print(f"echo uri = PYROLOC://{daemon.hostname}:{daemon.port}/{_NAME}")
        print("echoserver running.", flush=True)
        daemon.requestLoop()
    except KeyboardInterrupt:
        pass
    finally:
        daemon.shutdown(True)


def _make_room(names: Any) -> None:
    """Make the group, and free the name, which a server that was killed has left."""
    with contextlib.suppress(NamingError):
        names.createGroup(_GROUP)
    with contextlib.suppress(NamingError):
        names.unregister(_NAME)


if __name__ == "__main__":
    sys.exit(main())
