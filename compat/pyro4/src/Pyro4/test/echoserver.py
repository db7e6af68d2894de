"""The command pyro4-test-echoserver: an object to try clients with."""

from __future__ import annotations

import optparse
from collections.abc import Callable, Sequence
from typing import Any

from pyrophone.classic import echo

from .. import core, naming
from ..configuration import config
from ..generation import PYRO4
from ..keys import NO_KEY, command_key

__all__ = ["EchoServer", "NameServer", "main", "startNameServer"]


@core.expose
class EchoServer(echo.EchoServer):
    """Gives back what it gets, and some other things that clients must cope with."""

    failure = "expected error from echoserver error() method"


class NameServer(echo.Names):
    """A name server in a thread of its own.

    Args:
        hostname: Where it listens.
        hmac: Its key.
    """

    def __init__(self, hostname: Any, hmac: str | bytes | None = None) -> None:
        super().__init__(hostname, lambda: naming.startNS(hostname, hmac=hmac))
        self.hmac = hmac


def startNameServer(host: Any, hmac: str | bytes | None = None) -> NameServer:
    """Start a name server in a thread; return that when it can be asked."""
    thread: NameServer = echo.started(NameServer(host, hmac=hmac))
    return thread


def main(
    args: Sequence[str] | None = None, returnWithoutLooping: bool = False
) -> tuple[core.Daemon, EchoServer, core.URI] | None:
    """Run the command.

    Args:
        args: Its arguments; those of the process if None.
        returnWithoutLooping: Serve nothing, but return what would: the daemon, its
            object and where that is.

    Raises:
        SystemExit: With status 1 if it can't serve or register, 2 for wrong arguments.
    """
    options, _ = _parser().parse_args(None if args is None else list(args))
    if returnWithoutLooping:
        return _start(options)
    echo.run(PYRO4, "pyro4-test-echoserver", lambda: _start(options))
    return None


def _parser() -> optparse.OptionParser:
    parser = optparse.OptionParser()
    add = parser.add_option
    flag: dict[str, Any] = {"action": "store_true", "default": False}
    add("-H", "--host", default="localhost", help="where to listen (default=localhost)")
    add("-p", "--port", type="int", default=0, help="TCP port (default=any free one)")
    add("-u", "--unixsocket", help="listen at this Unix socket instead")
    add("-n", "--naming", **flag, help="register with the name server")
    add("-N", "--nameserver", **flag, help="start a name server, too")
    add("-v", "--verbose", **flag, help="print a line for each call")
    add("-q", "--quiet", **flag, help="print nothing")
    add("-k", "--key", help="the HMAC key to use (deprecated)")
    return parser


def _start(options: optparse.Values) -> tuple[core.Daemon, EchoServer, core.URI]:
    """Do all that comes before serving."""
    key = command_key(options.key)
    say: Callable[[str], object] = print
    if options.quiet and not options.verbose:
        say = _say_nothing
    config.SERVERTYPE = "multiplex"
    say("Starting Pyro's built-in test echo server.")
    if not key:
        say(NO_KEY)
    names = _names(options, key, say if options.verbose else _say_nothing)
    daemon = core.Daemon(options.host, options.port, options.unixsocket)
    daemon._pyroHmacKey = key
    server = EchoServer()
    server._verbose = options.verbose
    return echo.launch(daemon, server, names, say)


def _names(
    options: optparse.Values, key: bytes | None, say: Callable[[str], object]
) -> Any:
    """Return the name server to register with, None if there shall be none."""
    if options.nameserver:
        thread = startNameServer(options.host, hmac=key)
        names: Any = core.Proxy(thread.uri)
        names._pyroHmacKey = key
    elif options.naming:
        thread, names = None, naming.locateNS(hmac_key=key)
    else:
        say("not using a name server.")
        return None
    say(f"using name server at {names._pyroUri}")
    if thread is not None and thread.bc_server is not None:
        say(f"broadcast server running at {thread.bc_server.locationStr}")
    else:
        say("not using a broadcast server")
    return names


def _say_nothing(text: str) -> None:
    """Print nothing."""


if __name__ == "__main__":
    main()
