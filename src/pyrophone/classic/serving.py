"""The daemon of a package for programs of an older Pyro."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from ..net.addresses import location
from ..objects.table import DAEMON_ID
from .answering import ByHand
from .choosing import Fleet, choose
from .connections import family_str
from .daemons import Looping
from .registry import Registry
from .transports import always

__all__ = ["BaseDaemon", "serve"]


class BaseDaemon(ByHand, Registry):
    """Objects of this process that others may call; without its public hooks.

    Attributes:
        transportServer: What serves the clients.
        pyroFleet: What it is chosen from.
    """

    transportServer: Any
    pyroFleet: Fleet
    _closed = False

    def _pyroStart(self, place: dict[str, Any], nathost: Any, natport: Any) -> None:
        """Begin to listen.

        Args:
            place: Where: ``host``, ``port`` and ``unix_socket``, or just ``sock``.
            nathost: What to put into URIs, behind NAT; None is NATHOST.
            natport: Likewise; None is NATPORT, 0 the port itself.
        """
        config = self.pyroKit.generation.config
        nathost = nathost or config.NATHOST
        if natport and not nathost:
            raise ValueError("must provide natport with nathost")
        natport = config.NATPORT if natport is None else natport
        if nathost and place.get("unix_socket"):
            raise ValueError("cannot use nathost together with unixsocket")
        self._closed = False
        self.natLocationStr = None
        if nathost and "sock" not in place:
            bare = nathost.strip("[]")
            place["public"] = location(bare, natport) if natport else bare
        self.transportServer, served = choose(
            self.pyroFleet, self, self._pyroAnswersItself(), place
        )
        self.pyroServed = served
        served.outer = self
        self.pyroWhere = served.location
        self.locationStr = self.transportServer.locationStr
        if "public" in place:
            self.natLocationStr = self.pyroWhere
            self.pyroWhere = self.locationStr

    def _pyroControl(self, interface: Callable[[Any], Any]) -> None:
        """Register what is made by *interface* as the control object."""
        try:
            self.pyroServed.objects.register(interface(self), DAEMON_ID, force=True)
        except BaseException:
            self.close()
            raise
        self.pyroKit.log.debug("daemon created on %s", self.locationStr)

    def _pyroAnswersItself(self) -> bool:
        """Tell whether a subclass wants to answer in a way of its own."""
        cls = type(self)
        return (cls._handshake, cls.handleRequest) != (
            ByHand._handshake,
            ByHand.handleRequest,
        )

    # Serving.

    def requestLoop(self, loopCondition: Callable[[], bool] = always) -> None:
        """Serve until :meth:`shutdown`, Ctrl-C, or until *loopCondition* is false."""
        self.pyroKit.log.info("daemon %s entering requestloop", self.locationStr)
        self.transportServer.loop(loopCondition)
        self.pyroKit.log.debug("daemon exits requestloop")

    def events(self, eventsockets: Any) -> None:
        """Do what is there to do for those of :attr:`sockets`; for a loop of one's own."""
        self.transportServer.events(eventsockets)

    def combine(self, daemon: Any) -> None:
        """Serve *daemon* along with this one, in the loop of this one.

        Args:
            daemon: A daemon, or a broadcast server of a name server.

        Raises:
            TypeError: This daemon is of the thread type.
        """
        self.transportServer.combine_loop(daemon.transportServer)

    def shutdown(self) -> None:
        """End the daemon, from any thread; calls that run are answered."""
        self._closed = True
        self.pyroKit.log.debug("daemon shutting down")
        self.transportServer.shutdown()
        self._pyroRetire()

    def close(self) -> None:
        """End the daemon without waiting for calls that run."""
        self._closed = True
        self.transportServer.close()
        self._pyroRetire()

    def _pyroRetire(self) -> None:
        if not isinstance(self.pyroServed, Looping):  # others see to that themselves
            self.pyroServed.retire()

    @property
    def _shutting_down(self) -> bool:
        """Whether the daemon has ended, or is about to."""
        return self._closed

    @property
    def sock(self) -> Any:
        """The socket that listens; None when it is closed."""
        return self.transportServer.sock

    @property
    def sockets(self) -> list[Any]:
        """What a loop of one's own waits for; then call :meth:`events`."""
        return [] if self._closed else list(self.transportServer.sockets)

    @property
    def selector(self) -> Any:
        """What a daemon of the multiplex type waits with.

        Raises:
            TypeError: It is of another type.
        """
        return self.transportServer.selector

    @property
    def streaming_responses(self) -> dict[str, tuple[Any, float, float, Any]]:
        """The live streams by id: client, when opened, when orphaned, and the items."""
        return {
            name: (stream.client, stream.born, stream.orphaned or 0, stream.items)
            for name, stream in self.pyroServed.streams.streams.items()
        }

    @property
    def _pyroInstances(self) -> dict[type, Any]:
        """The instances that serve everybody, by their class."""
        instances: dict[type, Any] = self.pyroServed.objects.singles
        return instances

    def __enter__(self) -> Self:
        if self._closed:
            raise self.pyroKit.generation.errors.PyroError("cannot reuse this object")
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def __repr__(self) -> str:
        cls = type(self)
        name = f"{cls.__module__}.{cls.__name__} at 0x{id(self):x}"
        served = vars(self).get("pyroServed")
        if served is None:
            return f"<{name}; unusable>"
        if self._closed:
            return f"<{name}; {self.locationStr} - closed>"
        sock = self.sock
        family = family_str(sock) if sock else "Unix"
        return f"<{name}; {self.locationStr} - {family}; {len(served.objects.ids)} objects>"

    def __getstate__(self) -> tuple[()]:
        return ()

    def __setstate__(self, state: Any) -> None:
        assert len(state) == 0


def serve(
    daemon: Any, objects: Mapping[Any, str | None], names: Any, verbose: bool
) -> None:
    """Serve *objects* until the program is interrupted.

    Args:
        daemon: What serves them; it is closed at the end.
        objects: Names by object or class; None for no name.
        names: The name server that gets the names; None makes them the ids.
        verbose: Whether to print what is served.
    """
    with daemon:
        for obj, name in objects.items():
            uri = daemon.register(obj, None if names is not None else name)
            if verbose:
                print(f"Object {obj!r}:\n    uri = {uri}")
            if name and names is not None:
                names.register(name, uri)
                if verbose:
                    print(f"    name = {name}")
        if verbose:
            print("Pyro daemon running.", flush=True)
        daemon.requestLoop()
