"""The command pyro5-echoserver: an object to try clients with."""

from __future__ import annotations

import argparse
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .. import config, core, nameserver
from ..client import Proxy
from ..errors import PyroError
from ..server import Daemon, expose, oneway

__all__ = ["EchoServer", "NameServer", "main", "start_nameserver"]

_ID = "test.echoserver"
_LONG = 5  # seconds


@expose
class EchoServer:
    """Gives back what it gets, and some other things that clients must cope with."""

    _verbose = False
    _must_shutdown = False

    def echo(self, message: Any) -> Any:
        """Return *message*."""
        self._say(f"echo: {message!r}")
        return message

    def error(self) -> None:
        """Fail."""
        self._say("error: generating exception")
        raise ValueError("this is the generated error from echoserver echo() method")

    def error_with_text(self) -> None:
        """Fail, with another text."""
        self._say("error: generating exception")
        raise ValueError("the message of the error")

    @oneway
    def oneway_echo(self, message: Any) -> Any:
        """Like :meth:`echo`, but nobody waits for it."""
        self._say(f"oneway_echo: {message!r}")
        return message

    def slow(self) -> str:
        """Return after five seconds."""
        self._say("slow: waiting a bit...")
        time.sleep(_LONG)
        self._say("slow: returning result")
        return "Finally, an answer!"

    def generator(self) -> Iterator[str]:
        """Return an item stream of three."""
        yield from ("one", "two", "three")

    def nan(self) -> float:
        """Return what is no number."""
        return math.nan

    def inf(self) -> float:
        """Return infinity."""
        return math.inf

    @oneway
    def oneway_slow(self) -> None:
        """Like :meth:`slow`, but nobody waits for it."""
        self._say("oneway_slow: waiting a bit...")
        time.sleep(_LONG)
        self._say("oneway_slow: done")

    def _private(self) -> str:
        return "should not be allowed"

    def __private(self) -> str:
        return "should not be allowed"

    def __dunder__(self) -> str:
        return "should be allowed (dunder)"

    def shutdown(self) -> None:
        """End the server."""
        self._say("shutting down")
        self._must_shutdown = True

    @property
    def verbose(self) -> bool:
        """Whether a line is printed for each call."""
        return self._verbose

    @verbose.setter
    def verbose(self, onoff: bool) -> None:
        self._verbose = bool(onoff)

    def _say(self, text: str) -> None:
        if self._verbose:
            print(f"{time.asctime()} - {text}", flush=True)


class NameServer(threading.Thread):
    """A name server in a thread of its own.

    Args:
        hostname: Where it listens.

    Attributes:
        started: Set once it can be asked, or has failed.
        problem: Why it has, None if it has not.
        uri: Where it is.
        ns_daemon: Its daemon.
        bc_server: What answers broadcasts, None if nothing does.
    """

    def __init__(self, hostname: Any) -> None:
        super().__init__(name="Pyro5 name server", daemon=True)
        self.hostname = hostname
        self.started = threading.Event()
        self.problem: Exception | None = None
        self.uri: Any = None
        self.ns_daemon: Any = None
        self.bc_server: Any = None

    def run(self) -> None:
        """Serve until the daemon is shut down."""
        try:
            self.uri, self.ns_daemon, self.bc_server = nameserver.start_ns(self.hostname)
        except Exception as error:
            self.problem = error
            return
        finally:
            self.started.set()
        if self.bc_server is not None:
            self.bc_server.runInThread()
        self.ns_daemon.requestLoop()


def start_nameserver(host: Any) -> NameServer:
    """Start a name server in a thread; return that when it can be asked."""
    thread = NameServer(host)
    thread.start()
    thread.started.wait()
    if thread.problem is not None:
        raise thread.problem
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
    try:
        daemon, echo, _ = _start(options)
        with daemon:
            daemon.requestLoop(lambda: not echo._must_shutdown)
    except (OSError, OverflowError, PyroError, ValueError) as error:
        problem = str(error).partition(";")[0]
        print(f"pyro5-echoserver: {problem}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:  # while it started
        pass
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
    try:
        echo = EchoServer()
        echo._verbose = options.verbose
        uri = daemon.register(echo, _ID)
        if names is not None:
            with names:
                names.remove(_ID)
                names.register(_ID, uri)
        say(f"object name: {_ID}")
        say(f"echo uri: {uri}")
        say("echoserver running.")
        sys.stdout.flush()
    except BaseException:
        daemon.close()
        raise
    return daemon, echo, uri


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
