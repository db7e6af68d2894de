"""A server to try clients with: its object, a name server beside it, and its life."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from ..objects.exposure import expose, oneway
from .generation import Generation

__all__ = ["ECHO_ID", "EchoServer", "Names", "launch", "run", "started"]

ECHO_ID = "test.echoserver"
_LONG = 5  # seconds


@expose
class EchoServer:
    """Gives back what it gets, and some other things that clients must cope with."""

    failure = "the message of the error"  # of error()

    _verbose = False
    _must_shutdown = False

    def echo(self, message: Any) -> Any:
        """Return *message*."""
        self._say(f"echo: {message!r}")
        return message

    def error(self) -> None:
        """Fail."""
        self._say("error: generating exception")
        raise ValueError(self.failure)

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
            sys.stdout.write(f"{time.asctime()} - {text}\n")
            sys.stdout.flush()


class Names(threading.Thread):
    """A name server in a thread of its own.

    Args:
        hostname: Where it listens.
        start: Starts one; gives its URI, its daemon, and what answers broadcasts.

    Attributes:
        started: Set once it can be asked, or has failed.
        problem: Why it has, None if it has not.
        uri: Where it is.
        ns_daemon: Its daemon.
        bc_server: What answers broadcasts, None if nothing does.
    """

    def __init__(self, hostname: Any, start: Callable[[], tuple[Any, Any, Any]]) -> None:
        super().__init__(name="Pyro name server", daemon=True)
        self.hostname = hostname
        self.started = threading.Event()
        self.problem: Exception | None = None
        self.uri: Any = None
        self.ns_daemon: Any = None
        self.bc_server: Any = None
        self._begin = start

    def run(self) -> None:
        """Serve until the daemon is shut down."""
        try:
            self.uri, self.ns_daemon, self.bc_server = self._begin()
        except Exception as error:  # of whatever begins it; who waits looks
            self.problem = error
            return
        finally:
            self.started.set()
        if self.bc_server is not None:
            self.bc_server.runInThread()
        self.ns_daemon.requestLoop()


def started(thread: Names) -> Any:
    """Start a name server's thread; return it when the name server can be asked."""
    thread.start()
    thread.started.wait()
    if thread.problem is not None:
        raise thread.problem
    return thread


def launch(
    daemon: Any, echo: EchoServer, names: Any, say: Callable[[str], object]
) -> tuple[Any, Any, Any]:
    """Do all that comes before serving; return the daemon, its object, and where it is.

    Args:
        daemon: The daemon; it is closed if anything fails.
        echo: The object.
        names: The name server to register with, None if there shall be none.
        say: Called with each line that is to be shown.
    """
    try:
        uri = daemon.register(echo, ECHO_ID)
        if names is not None:
            with names:
                names.remove(ECHO_ID)
                names.register(ECHO_ID, uri)
        say(f"object name: {ECHO_ID}")
        say(f"echo uri: {uri}")
        say("echoserver running.")
        sys.stdout.flush()
    except BaseException:
        daemon.close()
        raise
    return daemon, echo, uri


def run(
    generation: Generation, program: str, start: Callable[[], tuple[Any, Any, Any]]
) -> None:
    """Start the server, and serve until a client or Ctrl-C ends it.

    Raises:
        SystemExit: With status 1 if it can't serve or register; one line says why.
    """
    problems = (OSError, OverflowError, generation.errors.PyroError, ValueError)
    try:
        daemon, echo, _ = start()
        with daemon:
            daemon.requestLoop(lambda: not echo._must_shutdown)
    except problems as error:
        problem = str(error).partition(";")[0]
        sys.stderr.write(f"{program}: {problem}\n")
        raise SystemExit(1) from None
    except KeyboardInterrupt:  # while it started
        pass
