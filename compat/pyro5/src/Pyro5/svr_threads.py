"""A transport with a worker thread for each connection.

Daemons run on Pyrophone's own, which needs a worker for each call only; those that
override how requests are handled run on this one.
"""

from __future__ import annotations

import itertools
import logging
import queue
import selectors
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, NoReturn, Self

from .configure import global_config as config
from .socketutil import SocketConnection
from .svr_base import Transport, always, answered

__all__ = [
    "ClientConnectionJob",
    "Housekeeper",
    "NoFreeWorkersError",
    "Pool",
    "PoolError",
    "SocketServer_Threadpool",
    "Worker",
]

log = logging.getLogger("Pyro5.threadpoolserver")
log.addHandler(logging.NullHandler())

FULL = "no free workers, increase server threadpool size"
_DENIAL = 0.1  # seconds that accepting waits for a refusal to be sent
_DENIAL_LIMIT = 5.0  # seconds after which it is given up
_DENIALS = 50  # refusals at a time; more clients are just hung up on


class PoolError(Exception):
    """The pool can't take jobs."""


class NoFreeWorkersError(PoolError):
    """All workers are busy, and there may be no more of them."""


class Worker(threading.Thread):
    """A thread that does one job after another.

    Args:
        pool: Whose it is.
    """

    _numbers = itertools.count(1)

    def __init__(self, pool: Pool) -> None:
        super().__init__(name=f"Pyro-Worker-{next(self._numbers)}", daemon=True)
        self.pool = pool
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()

    def process(self, job: Callable[[], object] | None) -> None:
        """Do *job* next."""
        self._jobs.put(job)

    def halt(self) -> None:
        """End, behind the job at hand."""
        self._jobs.put(None)

    def run(self) -> None:
        """Do jobs, until there is None."""
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except BaseException:  # or a job that wants to exit would cost a worker
                log.exception("unhandled error in a job of the thread pool")
            del job  # or what it holds stays alive until the next one comes
            self.pool.notify_done(self)


class Pool:
    """Workers: THREADPOOL_SIZE_MIN of them at all times, THREADPOOL_SIZE at most.

    Attributes:
        idle: Those without a job.
        busy: The others.
        closed: Whether no more jobs are taken.
    """

    def __init__(self) -> None:
        if not 1 <= config.THREADPOOL_SIZE_MIN <= config.THREADPOOL_SIZE:
            raise ValueError("minimum threadpool size must be at least 1 and not above max")
        self.idle: set[Worker] = set()
        self.busy: set[Worker] = set()
        self.closed = False
        self.count_lock = threading.Lock()
        for _ in range(config.THREADPOOL_SIZE_MIN):
            self.idle.add(self._hire())

    def process(self, job: Callable[[], object]) -> None:
        """Have a worker do *job*.

        Raises:
            NoFreeWorkersError: They are all busy.
            PoolError: The pool is closed.
        """
        with self.count_lock:
            if self.closed:
                raise PoolError("job queue is closed")
            if self.idle:
                worker = self.idle.pop()
            elif self.num_workers() < config.THREADPOOL_SIZE:
                worker = self._hire()
            else:
                raise NoFreeWorkersError(FULL)
            self.busy.add(worker)
        worker.process(job)

    def notify_done(self, worker: Worker) -> None:
        """Note that *worker* is done with its job."""
        with self.count_lock:
            self.busy.discard(worker)
            if self.closed or len(self.idle) >= config.THREADPOOL_SIZE_MIN:
                worker.halt()
            else:
                self.idle.add(worker)

    def num_workers(self) -> int:
        """Return how many workers there are."""
        return len(self.busy) + len(self.idle)

    def close(self) -> None:
        """Let the workers end, and take no more jobs."""
        with self.count_lock:
            self.closed = True
            for worker in self.idle:
                worker.halt()
            self.idle.clear()
            self.busy.clear()  # each ends with its job

    def _hire(self) -> Worker:
        worker = Worker(self)
        worker.start()
        return worker

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        cls = type(self)
        return (
            f"<{cls.__module__}.{cls.__name__} at 0x{id(self):x}; "
            f"{len(self.busy)} busy workers; {len(self.idle)} idle workers>"
        )


class ClientConnectionJob:
    """Serves one client until it goes.

    Args:
        clientSocket: What it is connected with.
        clientAddr: Where it calls from.
        daemon: Who answers.
    """

    def __init__(self, clientSocket: Any, clientAddr: Any, daemon: Any) -> None:
        self.csock = SocketConnection(clientSocket)
        self.caddr = clientAddr
        self.daemon = daemon
        self.transport: Any = SocketServer_Threadpool

    def __call__(self) -> None:
        if not self.handleConnection():
            return
        try:
            while answered(self.transport, self.daemon, self.csock):
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
        except Exception:
            log.exception("error during the handshake with %s", self.caddr)
        self.csock.close()
        return False

    def denyConnection(self, reason: str) -> None:
        """Tell the client that it can't be served."""
        log.warning("client connection was denied: %s", reason)
        try:
            self.csock.settimeout(_DENIAL_LIMIT)
            self.daemon._handshake(self.csock, denied_reason=reason)
        except Exception as error:
            log.debug("it was not told: %s", error)
        self.csock.close()


class Housekeeper(threading.Thread):
    """Reminds a daemon of its housekeeping.

    Args:
        daemon: Whom.
    """

    def __init__(self, daemon: Any) -> None:
        super().__init__(name="housekeeper", daemon=True)
        self.pyroDaemon = daemon
        self.stop = threading.Event()
        self.waittime = min(config.POLLTIMEOUT, max(config.COMMTIMEOUT or 0, 5))

    def run(self) -> None:
        """Do so until it is stopped."""
        while not self.stop.wait(self.waittime):
            try:
                self.pyroDaemon._housekeeping()
            except Exception:
                log.exception("error in housekeeping")


class SocketServer_Threadpool(Transport):
    """Gives each connection to a worker."""

    _name = "SocketServer_Threadpool"
    log = log

    def __init__(self) -> None:
        super().__init__()
        self.pool: Any = None
        self.housekeeper: Housekeeper | None = None
        self._denials = threading.Semaphore(_DENIALS)

    def init(
        self, daemon: Any, host: str, port: int, unixsocket: str | None = None
    ) -> None:
        """Begin to listen, and start the workers.

        Raises:
            OSError: That is not possible there.
            ValueError: The sizes of the pool make no sense.
        """
        self.pool = Pool()
        try:
            self.listen(daemon, host, port, unixsocket)
        except BaseException:
            self.pool.close()
            raise
        self.housekeeper = Housekeeper(daemon)
        self.housekeeper.start()

    def loop(self, loopCondition: Callable[[], bool] = always) -> None:
        """Serve until the condition fails, the server is shut down, or Ctrl-C."""
        with selectors.DefaultSelector() as selector:
            if self.sock is None:
                return
            selector.register(self.sock, selectors.EVENT_READ)
            try:
                while not self.shutting_down and loopCondition():
                    if selector.select(config.POLLTIMEOUT) and not self.shutting_down:
                        self.events([self.sock])
            except KeyboardInterrupt:
                log.debug("stopping on break signal")

    def events(self, eventsockets: Iterable[Any]) -> None:
        """Accept one client, if there is one within POLLTIMEOUT."""
        assert self.sock in list(eventsockets)
        accepted = self.accept(config.POLLTIMEOUT)
        if accepted is None:
            return
        job = ClientConnectionJob(accepted[0], accepted[1], self.daemon)
        job.transport = self
        try:
            self.pool.process(job)
        except NoFreeWorkersError:
            self._deny(job)
        except PoolError as error:
            log.debug("client not served: %s", error)
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
        """Stop to listen, and let the workers end."""
        super().close()
        if self.housekeeper is not None:
            self.housekeeper.stop.set()
        if self.pool is not None:
            self.pool.close()

    def _deny(self, job: ClientConnectionJob) -> None:
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
