"""The daemons of name servers: what they have besides, and what a console shows of them."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable
from typing import Any

from ..finding import NAME_SERVER_ID
from ..naming import announce
from ..net.addresses import is_everywhere, is_loopback
from ..uri import URI
from .generation import Generation
from .serving import BaseDaemon

__all__ = ["NamesDaemon", "begin", "make_broadcasts", "run"]


class NamesDaemon(BaseDaemon):
    """A daemon that ends its name server with itself, and warns of broken requests.

    Attributes:
        nameserver: The object that is served; None once the daemon is closed.
        cleaner_thread: What drops names whose daemon is gone, or None.
    """

    nameserver: Any
    cleaner_thread: Any

    def handleRequest(self, conn: Any) -> None:
        """Read one request, and answer it; warn of one that breaks the protocol."""
        try:
            super().handleRequest(conn)
        except self.pyroKit.generation.errors.ProtocolError as error:
            warnings.warn(f"Pyro protocol error occurred: {error}", stacklevel=2)
            raise

    def _pyroAnswersItself(self) -> bool:
        cls = type(self)  # our own method only says more
        usual = (BaseDaemon._handshake, NamesDaemon.handleRequest)
        return (cls._handshake, cls.handleRequest) != usual

    def shutdown(self) -> None:
        """End the daemon, from any thread; calls that run are answered."""
        super().shutdown()
        self._pyroEnd()

    def close(self) -> None:
        """End the daemon."""
        super().close()
        self._pyroEnd()

    def _pyroEnd(self) -> None:
        """Let go of what :func:`begin` has begun."""
        cleaner, self.cleaner_thread = self.cleaner_thread, None
        if cleaner is not None:
            cleaner.end()
        self.nameserver = None


def begin(generation: Generation, daemon: Any, tag: str, cleaner: Any) -> None:
    """Serve the names of *daemon*, with an entry of their own, and let them be cleaned.

    The daemon is closed if that can't be.

    Args:
        generation: Whose daemon it is.
        daemon: It has the names as ``nameserver``.
        tag: Of that entry.
        cleaner: A thread that is not started yet, or None.
    """
    try:
        uri = daemon.register(daemon.nameserver, NAME_SERVER_ID)
        with generation.translated():
            announce(daemon.nameserver, URI.parse(str(uri)), {tag})
    except BaseException:
        daemon.close()
        raise
    if cleaner is not None:
        cleaner.start()


def make_broadcasts(
    daemon: Any, cls: Callable[..., Any], bchost: str | None, bcport: int | None
) -> Any:
    """Return what answers broadcasts for *daemon*, None where none can come from.

    The daemon is closed if it can't listen for them.

    Args:
        daemon: That of a name server.
        cls: What answers, made of a URI, a host and a port.
        bchost: Where to listen for broadcasts.
        bcport: UDP port for them.
    """
    if _is_unix(daemon) or _why_silent(daemon):
        return None
    # Who asks is in the network, so the address behind NAT is of no use to it; and it can
    # be at any of the interfaces, if the daemon is.
    inner = daemon.uriFor(NAME_SERVER_ID, nat=False)
    if is_everywhere(daemon.sock.getsockname()[0]):
        inner.host = "0.0.0.0"
    try:
        return cls(inner, bchost, bcport)
    except BaseException:
        daemon.close()
        raise


def run(
    daemon: Any, broadcasts: Any, loop: Callable[[], None], warning: str | None = None
) -> None:
    """Run a name server until the program is interrupted, and print where it is.

    Args:
        daemon: Its daemon.
        broadcasts: What answers broadcasts, or None.
        loop: Serves until it is over.
        warning: A line to print before the last one.
    """
    with daemon:
        try:
            if broadcasts is not None:
                print(f"Broadcast server running on {broadcasts.locationStr}")
                broadcasts.runInThread()
            elif why := _why_silent(daemon):
                print(f"Not starting broadcast server for {why}.")
            _print_count(daemon)
            _print_places(daemon, warning)
            loop()
        except KeyboardInterrupt:  # between the lines above
            pass
        finally:
            if broadcasts is not None:
                broadcasts.close()
    print("NS shut down.")


def _is_unix(daemon: Any) -> bool:
    return daemon.sock is None or daemon.uriFor(NAME_SERVER_ID).sockname is not None


def _why_silent(daemon: Any) -> str | None:
    """Return for what kind of place broadcasts are of no use, if that is where it is."""
    if _is_unix(daemon):
        return None
    if daemon.sock.family == socket.AF_INET6:
        return "IPv6"
    return "localhost" if is_loopback(daemon.sock.getsockname()[0]) else None


def _print_count(daemon: Any) -> None:
    count = daemon.nameserver.count() if daemon.nameserver else 0
    if count > 1:  # one is its own
        print(f"Persistent store contains {count} existing registrations.")


def _print_places(daemon: Any, warning: str | None) -> None:
    unix = _is_unix(daemon)
    address = "Unix domain socket" if unix else daemon.sock.getsockname()[0]
    print(f"NS running on {daemon.locationStr} ({address})")
    if warning:
        print(warning)
    uri = daemon.uriFor(NAME_SERVER_ID)
    if daemon.natLocationStr:
        print(f"internal URI = {daemon.uriFor(NAME_SERVER_ID, nat=False)}")
        print(f"external URI = {uri}", flush=True)
    else:
        print(f"URI = {uri}", flush=True)
