"""A daemon that runs calls in worker threads."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from ..frontend.chains import check_served
from ..net.sockets import limit_waits
from ..wire.events import Call
from ..wire.features import MANY
from .link import BUSY, LOST, MORE, READ, Link
from .loop import LoopDaemon
from .pool import Workers
from .pulse import only_sign

__all__ = ["Daemon"]

_SEND_WAIT = 0.5  # seconds a worker waits for a client that takes nothing
_FAREWELL = 0.2  # seconds that a graceful end waits for workers, past their calls
_LEAST = 0.001  # seconds; 0 would be no limit at all
_TICK = 0.005  # seconds after which a call is slow, and its connection read by others
_LONGEST_TICK = 0.02


class Daemon(LoopDaemon):
    """A daemon that runs each call in one of its worker threads.

    A quiet connection costs no thread: one selector waits for all of them. A worker
    that has answered stays with its connection for a moment, because the next call
    usually comes at once. If a call takes longer, the connection goes back to the
    selector meanwhile, and what else comes is run by other workers.

    Arguments and methods are those of :class:`pyrophone.sync.LoopDaemon`; the number
    of workers and the moment are in the settings.
    """

    alone = False
    worker_name = ""  # of its threads, a # for their number; by default with its location
    _look = 1.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._handed: dict[Link, int] = {}  # that workers have, with their counts of calls
        self._pace = _TICK
        self._next_tick = 0.0
        super().__init__(*args, **kwargs)
        name = self.worker_name or f"pyrophone-{self.location}-#"
        self._workers = Workers(self.settings.workers, name)

    def look_after(self, now: float) -> None:
        """See to slow calls, and to deadlines if it is time to."""
        if self._handed and now >= self._next_tick:
            self._find_slow(now)
        super().look_after(now)

    def submit(self, job: Callable[[], object]) -> None:
        """Have *job* run by a worker."""
        self._workers.submit(job)

    def check_chain(self, call: Call) -> None:
        """Return if *call* can be run here, with all the calls that wait for it.

        Raises:
            DeadlockError: They have all workers.
        """
        most = self.settings.workers
        check_served(call.path, self.location, call.object_id, call.method, most)

    def oversee(self, links: list[Link]) -> None:
        """Have slow calls looked for, also where nobody waits in our selector."""
        if self._handed:
            self._poller.later(partial(self._find_slow, 0.0))

    def left(self, link: Link) -> None:
        """Release what belonged to the client of *link*."""
        self._handed.pop(link, None)
        super().left(link)

    def _prepare(self, sock: socket.socket) -> None:
        sock.setblocking(True)
        self._limit_waits(sock)

    def _limit_waits(self, sock: socket.socket) -> None:
        limit_waits(sock, receive=max(self.settings.linger, _LEAST), send=_SEND_WAIT)

    def _give_back(self) -> None:
        sock = self._entrance.sock
        if sock is not None and sock.fileno() >= 0:
            limit_waits(sock, receive=0, send=0)
        super()._give_back()

    @property
    def workers(self) -> int:
        """Threads that there are to run calls, at this moment."""
        return self._workers.count

    def _threads_apart(self) -> Workers | None:
        return self._apart or self._workers

    # The polling thread calls these.

    def _ready(self, link: Link) -> None:
        if link.shared:
            if link.open or link.stuck:
                self._attend(link)
                return
            link.shared = False
        if link.many and not self._workers.roomy:
            self._share(link)
            self._attend(link)
            return
        if link.silent and only_sign(link):
            self._attend(link)
            return
        self._poller.forget(link.sock)
        link.parked = False
        if link.many or not link.greeted:
            if not self._handed:
                self.tick = self._pace = _TICK
                self._next_tick = time.monotonic() + _TICK
            self._handed[link] = link.count
        self._workers.submit(partial(self._serve, link, link.term))

    def _look_at(self, link: Link) -> None:
        if link.parked:
            super()._look_at(link)
        elif link.many and link in self._handed and link.turn.acquire(False):
            self._take(link)  # its worker waits for what somebody has to read

    def _park(self, link: Link, state: int) -> None:
        self._unhand(link)
        super()._park(link, state)

    def _park_from(self, link: Link, state: int, term: int) -> None:
        """Take a link back from the worker that has had it in *term*."""
        if link.term != term:
            return
        if state == BUSY:
            self._share(link)
            self._attend(link, read=False)
        else:
            self._park(link, state)

    def _find_slow(self, now: float) -> None:
        """Take the links whose workers run a call for longer than a tick."""
        found = False
        for link, count in [*self._handed.items()]:
            if not link.many:
                # One call at a time for ever; but that may be known in a moment only.
                if link.greeted and MANY not in (link.session.features or ()):
                    self._unhand(link)
            elif link.count != count:
                self._handed[link] = link.count
            elif link.turn.acquire(False):
                found = True
                self._take(link)
        self._pace = _TICK if found else min(self._pace * 2, _LONGEST_TICK)
        self._next_tick = now + self._pace
        self.tick = self._pace if self._handed else None

    def _take(self, link: Link) -> None:
        """Take a link from its worker, who runs a call and has given the turn back."""
        self._share(link)
        link.turn.release()
        self._attend(link, read=False)

    def _share(self, link: Link) -> None:
        link.shared = True
        link.term += 1
        self._unhand(link)

    def _unhand(self, link: Link) -> None:
        self._handed.pop(link, None)
        if not self._handed:
            self.tick = None

    def _attend(self, link: Link, *, read: bool = True) -> None:
        if not link.turn.acquire(timeout=_TICK):  # a worker is about to give it back
            link.parked = True
            self._poller.later(partial(self._attend, link, read=read))
            return
        try:
            state = link.attend(read=read)
        finally:
            link.turn.release()
        self._park(link, state)

    # Workers call these.

    def _serve(self, link: Link, term: int) -> None:
        """Serve *link* for as long as it is busy. A worker runs this."""
        link.turn.acquire()
        if link.term != term or link.closed:
            link.turn.release()
            return
        try:
            state = link.serve()
            # Who has not greeted yet is given no worker's time.
            while (
                state == MORE and link.greeted and self._workers.roomy and not self.stopping
            ):
                if self._asked:
                    self._poller.wake()
                state = link.serve()
        except BaseException:  # of a hook, for one; who called would wait for ever
            link.lose()
            if link.term != term:  # others have the turn, and see to the rest
                raise
            link.turn.acquire(timeout=_TICK)  # if it was just given to others
            link.turn.release()
            self._poller.later(partial(self._park_from, link, READ, term))
            raise
        if self._asked:
            self._poller.wake()
        if state == LOST:
            return
        link.turn.release()
        if link.closed:
            return
        if self.stopping and not link.open:
            link.close()
        else:
            self._poller.later(partial(self._park_from, link, state, term))
            if self.stopping:  # since a moment: who waits for the links is to look again
                with self._gone:
                    self._gone.notify_all()

    def _close_all(self) -> None:
        super()._close_all()
        self._workers.close(min(self._grace, _FAREWELL))
