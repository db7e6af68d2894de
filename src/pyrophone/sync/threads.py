"""A daemon that runs calls in worker threads."""

from __future__ import annotations

import socket
from functools import partial
from typing import Any

from ..context import serving
from ..net.sockets import limit_waits
from .link import MORE, Link
from .loop import LoopDaemon
from .pool import Workers

__all__ = ["Daemon"]

_SEND_WAIT = 0.5  # seconds a worker waits for a client that takes nothing
_FAREWELL = 0.2  # seconds that a graceful end waits for workers, past their calls
_LEAST = 0.001  # seconds; 0 would be no limit at all


class Daemon(LoopDaemon):
    """A daemon that runs each call in one of its worker threads.

    A quiet connection costs no thread: one selector waits for all of them. A worker
    that has answered stays with its connection for a moment, because the next call
    usually comes at once.

    Arguments and methods are those of :class:`pyrophone.sync.LoopDaemon`; the number
    of workers and the moment are in the settings.
    """

    worker_name = ""  # of its threads, a # for their number; by default with its location

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.worker_name or f"pyrophone-{self.location}-#"
        self._workers = Workers(self.settings.workers, name)

    def _prepare(self, sock: socket.socket) -> None:
        sock.setblocking(True)
        limit_waits(sock, receive=max(self.settings.linger, _LEAST), send=_SEND_WAIT)

    def _release(self, sock: socket.socket) -> None:
        limit_waits(sock, receive=0, send=0)
        super()._release(sock)

    @property
    def workers(self) -> int:
        """Threads that there are to run calls, at this moment."""
        return self._workers.count

    def _threads_apart(self) -> Workers | None:
        return self._apart or self._workers

    def _serves_here(self) -> bool:
        return super()._serves_here() or serving.get() is not None

    def _ready(self, link: Link) -> None:
        self._poller.forget(link.sock)
        link.parked = False
        self._workers.submit(partial(self._serve, link))

    def _serve(self, link: Link) -> None:
        """Serve *link* for as long as it is busy. A worker runs this."""
        state = link.serve()
        # Who has not greeted yet is given no worker's time.
        while state == MORE and link.greeted and self._workers.roomy and not self.stopping:
            if self._asked:
                self._poller.wake()
            state = link.serve()
        if self._asked:
            self._poller.wake()
        if link.closed:
            return
        if self.stopping:
            link.close()
        else:
            self._poller.later(partial(self._park, link, state))
            if self.stopping:  # since a moment: who waits for the links is to look again
                with self._gone:
                    self._gone.notify_all()

    def _close_all(self) -> None:
        super()._close_all()
        self._workers.close(min(self._grace, _FAREWELL))
