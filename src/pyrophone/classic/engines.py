"""Pyrophone's daemons in the shape of transports."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from .daemons import Looping
from .existing import ExistingTransport, place
from .multiplex import MultiplexTransport
from .threads import ThreadTransport
from .transports import Transport, always

__all__ = ["Engine", "ExistingEngine", "MultiplexEngine", "ThreadEngine"]


class Engine(Transport):
    """A transport that leaves everything to a daemon of Pyrophone.

    Attributes:
        served: That daemon.
    """

    served: Any

    def adopt(self, daemon: Any, served: Looping, where: str) -> None:
        """Stand for *served*, which is at *where*, and asks the hooks of *daemon*."""
        self.daemon = daemon
        self.served = served
        self.sock = served.listener
        self.locationStr = where

    def loop(self, loopCondition: Callable[[], bool] = always) -> None:
        """Serve until the condition fails, the server is shut down, or Ctrl-C."""
        self.served.serve(None if loopCondition is always else loopCondition)

    def wakeup(self) -> None:
        """Have the loop look whether it is to go on."""
        self.served.wake()

    def shutdown(self) -> None:
        """End the loop, and close; calls that run are answered."""
        self.shutting_down = True
        self.served.stop()
        self.sock = None

    def close(self) -> None:
        """Stop to listen, and hang up on the clients."""
        self.shutting_down = True
        self.served.close()
        self.sock = None


class ThreadEngine(Engine, ThreadTransport):
    """Workers for calls, not for connections."""

    _driver: threading.Thread | None = None
    _handed_over = False  # whether the driver is to give way to a loop of the program

    def loop(self, loopCondition: Callable[[], bool] = always) -> None:
        """Serve until the condition fails, the server is shut down, or Ctrl-C."""
        driver, self._driver = self._driver, None
        if driver is not None:
            self._handed_over = True
            self.wakeup()
            driver.join()
        super().loop(loopCondition)

    def events(self, eventsockets: Iterable[Any]) -> None:
        """Serve who comes, from now on, in threads."""
        assert self.sock in list(eventsockets)
        if self._driver is None:
            self._handed_over = False
            self._driver = threading.Thread(
                target=self.served.serve,
                args=(lambda: not self._handed_over,),
                name="Pyro-Driver",
                daemon=True,
            )
            self._driver.start()

    def adopt(self, daemon: Any, served: Any, where: str) -> None:
        """Stand for *served*."""
        super().adopt(daemon, served, where)
        self.pool = _Slots(served, self.config.THREADPOOL_SIZE_MIN)

    def close(self) -> None:
        """Stop to listen, and hang up on the clients."""
        Engine.close(self)


class MultiplexEngine(Engine, MultiplexTransport):
    """One thread, that nobody can hold up."""

    def __init__(self) -> None:
        super().__init__()
        self._selector.close()
        self._nested: list[MultiplexTransport] = []

    def events(self, eventsockets: Iterable[Any]) -> None:
        """Accept clients, or answer requests, for each of the sockets."""
        self.served.process(0.0, list(eventsockets))

    @property
    def sockets(self) -> list[Any]:
        """What a loop of one's own waits for, of all servers combined."""
        found = [
            sock if client is None else self.kit.connection_of(client)
            for sock, client in self.served.sources
            if not isinstance(sock, _Nest)
        ]
        return found + [sock for server in self._nested for sock in server.sockets]

    @property
    def selector(self) -> Any:
        """What it waits with."""
        return self.served.selector

    @selector.setter
    def selector(self, selector: Any) -> None:
        """Leave it at that; it is the daemon's own."""

    def combine_loop(self, server: Any) -> None:
        """Serve *server* along with this one.

        Raises:
            TypeError: That is one of another kind.
        """
        if isinstance(server, MultiplexEngine):
            self.served.combine(server.served)
        elif isinstance(server, MultiplexTransport):
            self._nested.append(server)
            nest = _Nest(server, server.events)
            self.served.watch(nest, nest.process)
        else:
            for sock in server.sockets:
                self.served.watch(sock, partial(server.events, [sock]))
            server.selector = self.selector

    def nest(self) -> _Nest:
        """Return what a server with a selector of its own can wait for."""
        return _Nest(self.served, lambda sockets: self.served.process())

    def _mine(self) -> list[Any]:
        return []

    def _state(self) -> str:
        return f"; {len(self.served.clients)} connections"


class _Slots:
    """What a pool would look like that has a worker for each client."""

    def __init__(self, served: Looping, least: int) -> None:
        self._served = served
        self._least = range(least)

    @property
    def busy(self) -> set[Any]:
        """As many as there are clients, without those who have not been greeted."""
        return {one for one in self._served.clients if one.connection.greeted}

    @property
    def idle(self) -> set[Any]:
        """As many as there would be beside them."""
        return set(self._least[len(self.busy) :])

    def num_workers(self) -> int:
        """Return how many there would be."""
        return max(len(self._least), len(self.busy))

    def __repr__(self) -> str:
        return f"<pool; {len(self.busy)} busy workers; {len(self.idle)} idle workers>"


class _Nest:
    """A selector inside another one, for servers that wait in ways of their own.

    Args:
        server: Whose selector it is.
        events: Called with what is ready.
    """

    def __init__(self, server: Any, events: Callable[[list[Any]], object]) -> None:
        self._server = server
        self.events = events

    def fileno(self) -> int:
        try:
            return int(self._server.selector.fileno())
        except ValueError:  # closed
            return -1

    def process(self) -> None:
        self.events([key.fileobj for key, _ in self._server.selector.select(0)])


class ExistingEngine(Engine, ExistingTransport):
    """One client, over a socket that is connected already."""

    def attach(self, daemon: Any, served: Any, sock: Any) -> None:
        """Stand for *served*, whose only client is at the other end of *sock*."""
        self.adopt(daemon, served, place(sock))
        self.sock = sock
