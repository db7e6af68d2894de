"""A daemon that does everything in one thread, its own or somebody else's loop."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Self

from ..context import CallContext, Client, serving
from ..errors import StreamError
from ..frontend.control import Control
from ..frontend.dialects import find_dialects
from ..frontend.host import Peer
from ..net.entrances import Entrance
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..wire.dialects import Dialect
from ..wire.events import Greeting
from ..wire.features import FEATURES
from .accepting import AcceptingDaemon
from .link import MORE, PAUSED, READ, WRITE, Link
from .poller import readable
from .pulse import Pulse

__all__ = ["LoopDaemon"]

_MOMENT = 0.05  # seconds

_log = logging.getLogger("pyrophone.daemon")


class LoopDaemon(AcceptingDaemon):
    """A daemon that runs one call at a time, in the thread that serves.

    It can be driven by a loop of yours: wait for any of :attr:`sockets` to be
    readable, then call :meth:`process`.

    Args:
        host: Where to listen: a name or address; ``""`` is all interfaces.
        port: TCP port, 0 for any free one.
        unix_socket: Listen at this Unix socket instead, a NUL first if abstract.
        sock: Serve just this connected socket, whose peer does not greet; it is not
            closed.
        public: ``host`` or ``host:port`` to put into URIs, behind NAT.
        tls: What to serve with; None is without TLS. See
            :func:`pyrophone.net.tls.server_context`.
        settings: See :class:`pyrophone.settings.Settings`.
        classes: Class table to share with others; by default one of its own.
        control: Class of the control object.
        dialects: What else clients may speak on the same port, by name or as it is; by
            default what the settings say.

    Attributes:
        stopping: Whether :meth:`stop` was called.
        interval: Longest wait, in seconds, between two looks at what is due. At first
            it is as short as the limits in the settings need.

    Raises:
        OSError: It can't listen there; or there is to be TLS, and *sock* has none.
        ValueError: *tls* is a context for clients.
        DaemonError: There is no dialect of that name.
    """

    features = FEATURES
    alone = True
    _look = 0.25  # seconds between two looks at clients while a call runs, at most

    def __init__(
        self,
        host: str = "localhost",
        port: int = 0,
        *,
        unix_socket: str | None = None,
        sock: socket.socket | None = None,
        public: str | None = None,
        tls: ssl.SSLContext | None = None,
        settings: Settings | None = None,
        classes: ClassTable | None = None,
        control: Callable[..., Any] = Control,
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        settings = settings or Settings()
        spoken = find_dialects(settings.dialects if dialects is None else dialects)
        entrance = Entrance(
            host,
            port,
            unix_socket=unix_socket,
            sock=sock,
            public=public,
            tls=tls,
            version=settings.ip_version,
        )
        super().__init__(entrance, settings, classes, control, spoken)
        self._finishing = threading.Lock()
        self._grace = 0.0
        self._pulse = Pulse(
            self._connected, f"pyrophone-{self.location}-pulse", self._look, self.oversee
        )
        self._open()

    def serve(self, condition: Callable[[], bool] | None = None) -> None:
        """Serve until :meth:`stop` is called, Ctrl-C is pressed, or *condition* fails.

        Args:
            condition: Asked before each wait: after each call, and when nothing
                happens about once a second.

        Ends the daemon, except where the condition ended it: then serving may go on
        with another call of this method.
        """
        self._asked = condition is not None
        try:
            while not self._closed.is_set() and (condition is None or condition()):
                if self._entrance.sock is not None and not self._links:
                    return
                self.process(self._group.interval)
        except KeyboardInterrupt:
            self._group.interrupt()

    def stop(self, grace: float = 5.0) -> None:
        """End the daemon: answer the calls that run, take no new ones.

        From a thread that serves, or from inside a method, this returns at once, and
        the rest is done behind the method's answer. Otherwise it returns when all is
        done, at the latest a second after the grace.

        Args:
            grace: How long running calls may take to end, in seconds.
        """
        self._grace = grace
        self.stopping = True
        self._poller.wake()
        inside = self._inside()
        if self._group.thread is None:  # nobody is waiting who would see to the rest
            if inside:
                threading.Thread(target=self.finish, name="pyrophone-stop").start()
            else:
                self.finish()
        elif not inside:
            self._closed.wait(grace + 1.0)

    def close(self) -> None:
        """End the daemon without waiting for calls that run."""
        self.stop(grace=0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def left(self, link: Link) -> None:
        """Release what belonged to the client of *link*."""
        super().left(link)
        if self._entrance.sock is not None:
            self._poller.wake()  # there will be no other client

    def greet(
        self,
        link: Peer,
        greeting: Greeting,
        context: CallContext | None = None,
        judge: Callable[[Client, Any], Any] | None = None,
    ) -> bytes:
        """Return the bytes that answer *greeting*; see to signs of life from then on."""
        data = super().greet(link, greeting, context, judge)
        if link.session.beat:
            self._pulse.need()
        return data

    def oversee(self, links: list[Link]) -> None:
        """Read what came while a call runs, and leave calls for later.

        The pulse calls this now and then.
        """
        if self._poller.waiting:  # then no call runs, and what comes is read
            return
        many = {link.sock: link for link in links if link.many}
        for sock in readable(many):
            link = many[sock]
            if link.turn.acquire(False):
                try:
                    link.attend()
                finally:
                    link.turn.release()

    def look_after(self, now: float) -> None:
        """See to deadlines, if it is time to."""
        if now < self._next_round:
            return
        self._next_round = now + self.interval
        self._resume_accepting(now)
        with self._gone:
            links = list(self._links)
        for link in links:
            if link.deadline is not None and now >= link.deadline and link.parked:
                _log.info("client %s disconnected: it was silent", link.client.address)
                self._end(link)
        self.streams.expire(now)
        if self.streams.lifetime is not None:
            self._expire(links, now - self.streams.lifetime)
        try:
            self.housekeeping()
        except Exception:  # of the program's own method, anything
            _log.exception("error in housekeeping")

    def finish(self) -> None:
        """Close everything: what is quiet at once, what is busy within the grace."""
        with self._finishing:
            if not self._closed.is_set():
                self._close_all()
                self._closed.set()

    def _expire(self, links: list[Link], since: float) -> None:
        """End the streams that flow and are older than *since*."""
        for link in links:
            for pump in [*link.pumps.values()]:
                if pump.born < since:
                    pump.stop(StreamError("item stream terminated: its time is over"))

    # What the threaded daemon does differently.

    def _give_back(self) -> None:
        """Leave the user's socket as it was."""
        self._entrance.give_back()

    def _inside(self) -> bool:
        """Tell whether this is a method that is being served, or who serves it."""
        return self.serves_here() or serving.get() is not None

    def _ready(self, link: Link) -> None:
        """Serve a link that has something to read, or can be written to."""
        with link.turn:
            try:
                state = link.serve()
            except BaseException:  # of a signal's handler; what came may have got lost
                link.turn.acquire(timeout=_MOMENT)  # if it was just given to others
                self._poller.forget(link.sock)
                link.close()
                raise
        if (
            state == MORE
            and link.settled
            and link.idle_limit is None
            and not (link.stuck or link.closed or self.stopping)
        ):
            return  # it waits as before
        self._park(link, state)

    def _look_at(self, link: Link) -> None:
        """See to a link that has changed, in another thread; the polling one calls this."""
        if link.closed or not link.parked:
            return
        if self.stopping:
            self._park(link, READ)
        else:
            self._ready(link)

    def _park(self, link: Link, state: int) -> None:
        """Wait for a link's next event; the polling thread calls this."""
        link.settled = False
        if link.closed or self.stopping:
            self._poller.forget(link.sock)  # by its identity: its number may be another's
            link.parked = True
            if link.closed or not link.open:
                link.close()
            return
        if link.greeted:
            self._know(link)
            self._set_deadline(link, state)
        link.parked = True
        if state == PAUSED:
            self._poller.forget(link.sock)
            if not link.paused:  # since a moment
                self._poller.later(partial(self._look_at, link))
            return
        write = state == WRITE or link.stuck
        self._poller.watch(link.sock, WRITE if write else READ, partial(self._ready, link))
        link.settled = link.greeted and not write and link.deadline is None

    def _set_deadline(self, link: Link, state: int) -> None:
        if state == WRITE:
            limit: float | None = self.settings.send_timeout
            link.active = True
        elif link.open or state == PAUSED:
            link.active = True
            limit = None
        elif not link.active:  # it gave a sign of life, no more
            return
        else:
            link.active = False
            limit = link.idle_limit
        link.deadline = time.monotonic() + limit if limit is not None else None

    # Ending.

    def _end(self, link: Link) -> None:
        """Close a link from the polling thread."""
        self._poller.forget(link.sock)
        if link.parked:
            if not (self.stopping and link.open):
                link.close()
        else:  # a worker has it, and will see the end of it
            link.stop_reading()

    def _connected(self) -> list[Link]:
        with self._gone:
            return [*self._links]

    def _close_all(self) -> None:
        self.stopping = True
        if self._listener is not None:
            self._poller.forget(self._listener)
        self._entrance.close()
        self._withdraw()
        with self._gone:
            links = list(self._links)
        for link in links:
            self._end(link)
        for link in self._await_links(0.0 if self.interrupted else self._grace):
            link.give_up()
            if link.parked or link.many:
                link.close()
        self._pulse.close()
        self.retire()
        if self._apart is not None:
            self._apart.close()
        self._give_back()
        self._group.leave(self)

    def _await_links(self, grace: float) -> list[Link]:
        """Wait for busy links to end; return those that don't in so many seconds."""
        deadline = time.monotonic() + grace
        while True:
            self._poller.catch_up()  # with what workers give back
            with self._gone:
                left = deadline - time.monotonic()
                if not self._links or left <= 0:
                    return list(self._links)
                if not self._poller.behind:
                    self._gone.wait(left)

    def __repr__(self) -> str:
        state = f"at {self.location}, {len(self.objects.ids)} objects"
        if self._closed.is_set():
            state = "closed"
        return f"<{type(self).__module__}.{type(self).__name__} {state}>"
