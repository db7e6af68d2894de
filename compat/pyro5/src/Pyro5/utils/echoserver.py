"""The command pyro5-echoserver: an object to try clients with."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from pyrophone.classic import echo

from .. import config, core, nameserver
from ..client import Proxy
from ..generation import PYRO5
from ..server import Daemon, expose

__all__ = ["EchoServer", "NameServer", "main", "start_nameserver"]


@expose
class EchoServer(echo.EchoServer):
    """Gives back what it gets, and some other things that clients must cope with."""

    failure = "this is the generated error from echoserver echo() method"


class NameServer(echo.Names):
    """A name server in a thread of its own; it listens at *hostname*."""

    def __init__(self, hostname: Any) -> None:
        super().__init__(hostname, lambda: nameserver.start_ns(hostname))


def start_nameserver(host: Any) -> NameServer:
    """Start a name server in a thread; return that when it can be asked."""
    thread: NameServer = echo.started(NameServer(host))
    return thread


def main(
    args: Sequence[str] | None = None, returnWithoutLooping: bool = False
) -> tuple[Daemon, EchoServer, core.URI] | None:
    """Run the command.

    Args:
        args: Its arguments; those of the process if None.
        returnWithoutLooping: Serve nothing, but return what would: the daemon, its
            object and where that is.

    Raises:
        SystemExit: With status 1 if it can't serve or register, 2 for wrong arguments.
    """
    options = _parser().parse_args(args)
    if returnWithoutLooping:
        return _start(options)
    echo.run(PYRO5, "pyro5-echoserver", lambda: _start(options))
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pyro5-echoserver", description="Run a server to try clients with."
    )
    add = parser.add_argument
    add("-H", "--host", default="localhost", help="where to listen, default localhost")
    add("-p", "--port", type=int, default=0, help="TCP port, default any free one")
    add("-u", "--unixsocket", help="listen at this Unix socket instead")
    add("-n", "--naming", action="store_true", help="register with the name server")
    add("-N", "--nameserver", action="store_true", help="start a name server, too")
    add("-v", "--verbose", action="store_true", help="print a line for each call")
    add("-q", "--quiet", action="store_true", help="print nothing")
    return parser


def _start(options: argparse.Namespace) -> tuple[Daemon, EchoServer, core.URI]:
    """Do all that comes before serving."""
    say: Callable[[str], object] = print
    if options.quiet and not options.verbose:
        say = _say_nothing
    config.SERVERTYPE = "multiplex"
    say("Starting Pyro's built-in test echo server.")
    names = _names(options, say if options.verbose else _say_nothing)
    daemon = Daemon(options.host, options.port, options.unixsocket)
    server = EchoServer()
    server._verbose = options.verbose
    return echo.launch(daemon, server, names, say)


def _names(options: argparse.Namespace, say: Callable[[str], object]) -> Any:
    """Return the name server to register with, None if there shall be none."""
    if options.nameserver:
        thread = start_nameserver(options.host)
        names = Proxy(thread.uri)
    elif options.naming:
        thread, names = None, core.locate_ns()
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
