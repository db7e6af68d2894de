"""A transport with a worker thread for each connection.

Daemons run on Pyrophone's own, which needs a worker for each call only; those that
override how requests are handled run on this one.
"""

from __future__ import annotations

import selectors
import socket
import threading
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NoReturn

from .kit import Kit
from .pools import FULL, Pool
from .transports import Transport, always

__all__ = ["Housekeeper", "Job", "ThreadTransport"]

_DENIAL = 0.1  # seconds that accepting waits for a refusal to be sent
_DENIAL_LIMIT = 5.0  # seconds after which it is given up
_DENIALS = 50  # refusals at a time; more clients are just hung up on


class Job:
    """Serves one client until it goes.

    Args:
        clientSocket: What it is connected with.
        clientAddr: Where it calls from.
        daemon: Who answers.

    Attributes:
        transport: Where it came in, or the class of that.
    """

    transport: Any

    def __init__(self, clientSocket: Any, clientAddr: Any, daemon: Any) -> None:
        self.csock = self.transport.kit.connection(clientSocket)
        self.caddr = clientAddr
        self.daemon = daemon

    def __call__(self) -> None:
        if not self.handleConnection():
            return
        try:
            while self.transport.answered(self.daemon, self.csock):
                pass
        finally:
            try:
                self.daemon._clientDisconnect(self.csock)
            finally:
                self.csock.close()

    def handleConnection(self) -> bool:
        """Greet the client; return whether it may stay."""
        try:
            if self.daemon._handshake(self.csock):
                return True
        except Exception:  # of the program's own methods, too
            self.transport.log.exception("error during the handshake with %s", self.caddr)
        self.csock.close()
        return False

    def denyConnection(self, reason: str) -> None:
        """Tell the client that it can't be served."""
        self.transport.log.warning("client connection was denied: %s", reason)
        try:
            self.csock.timeout = _DENIAL_LIMIT
            self.daemon._handshake(self.csock, denied_reason=reason)
        except Exception as error:  # of the program's own methods, too
            self.transport.log.debug("it was not told: %s", error)
        self.csock.close()


class Housekeeper(threading.Thread):
    """Reminds a daemon of its housekeeping.

    Args:
        daemon: Whom.

    Attributes:
        kit: The parts of the package whose daemon it is.
    """

    kit: Kit

    def __init__(self, daemon: Any) -> None:
        super().__init__(name="housekeeper", daemon=True)
        config = self.kit.generation.config
        self.pyroDaemon = daemon
        self.stop = threading.Event()
        self.waittime = min(config.POLLTIMEOUT, max(config.COMMTIMEOUT or 0, 5))

    def run(self) -> None:
        """Do so until it is stopped."""
        while not self.stop.wait(self.waittime):
            try:
                self.pyroDaemon._housekeeping()
            except Exception:  # of the program's own methods, too
                self.kit.log.exception("error in housekeeping")


class ThreadTransport(Transport):
    """Gives each connection to a worker.

    Attributes:
        job: Class of what serves one client.
        pools: Class of the pool.
        reminder: Class of what sees to the housekeeping.
    """

    _name = "SocketServer_Threadpool"
    job: Callable[..., Job]
    pools: type[Pool]
    reminder: Callable[..., Housekeeper]

    def __init__(self) -> None:
        super().__init__()
        self.pool: Any = None
        self.housekeeper: Housekeeper | None = None
        self._denials = threading.Semaphore(_DENIALS)
        self._clients: weakref.WeakSet[Any] = weakref.WeakSet()

    def init(
        self, daemon: Any, host: str, port: int, unixsocket: str | None = None
    ) -> None:
        """Begin to listen, and start the workers.

        Raises:
            OSError: That is not possible there.
            ValueError: The sizes of the pool make no sense.
        """
        self.pool = self.pools()
        try:
            self.listen(daemon, host, port, unixsocket)
        except BaseException:
            self.pool.close()
            raise
        self.housekeeper = self.reminder(daemon)
        self.housekeeper.start()

    def loop(self, loopCondition: Callable[[], bool] = always) -> None:
        """Serve until the condition fails, the server is shut down, or Ctrl-C."""
        with self.looping(), selectors.DefaultSelector() as selector:
            if self.sock is None:
                return
            selector.register(self.sock, selectors.EVENT_READ)
            while not self.shutting_down and loopCondition():
                if selector.select(self.config.POLLTIMEOUT) and not self.shutting_down:
                    self.events([self.sock])

    def events(self, eventsockets: Iterable[Any]) -> None:
        """Accept one client, if there is one within POLLTIMEOUT."""
        assert self.sock in list(eventsockets)
        accepted = self.accept(self.config.POLLTIMEOUT)
        if accepted is None:
            return
        job = self.job(accepted[0], accepted[1], self.daemon)
        job.transport = self
        self._clients.add(job.csock)
        try:
            self.pool.process(job)
        except self.pools.full:
            self._deny(job)
        except self.pools.error as error:
            self.log.debug("client not served: %s", error)
            job.csock.close()

    @property
    def sockets(self) -> list[Any]:
        """What a loop of one's own waits for."""
        return [self.sock] if self.sock is not None else []

    @property
    def selector(self) -> Any:
        """There is none."""
        raise TypeError("threadpool server doesn't have multiplexing selector")

    def combine_loop(self, server: Any) -> NoReturn:
        """Refuse: each has a thread of its own."""
        raise TypeError("You can't use the loop combiner on the threadpool server type")

    def close(self) -> None:
        """Stop to listen, and let the workers end; calls that run are answered."""
        super().close()
        for conn in list(self._clients):
            with suppress(OSError):  # past TLS, which would take this for its own end
                socket.socket.shutdown(conn.sock, socket.SHUT_RD)
        if self.housekeeper is not None:
            self.housekeeper.stop.set()
        if self.pool is not None:
            self.pool.close()

    def _deny(self, job: Job) -> None:
        if not self._denials.acquire(blocking=False):
            job.csock.close()
            return

        def deny() -> None:
            try:
                job.denyConnection(FULL)
            finally:
                self._denials.release()

        thread = threading.Thread(target=deny, name="Pyro-Denial", daemon=True)
        thread.start()
        thread.join(_DENIAL)  # one that says nothing holds up nobody for longer

    def _state(self) -> str:
        return f"; {self.pool.num_workers()} workers" if self.pool is not None else ""
