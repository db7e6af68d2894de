"""A daemon that does everything in one thread, its own or somebody else's loop."""

from __future__ import annotations

import errno
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Any, Self

from ..context import CallContext, serving
from ..errors import DeadlockError, StreamError
from ..frontend.dialects import find_dialects
from ..net.addresses import advertised
from ..net.sockets import (
    close_hard,
    listen_tcp,
    listen_unix,
    remove_socket_file,
    tune,
    wait_for,
)
from ..net.tunnels import check_server
from ..objects.control import DaemonObject
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import Dialect
from ..wire.events import Call, Greeting, Ping
from ..wire.features import FEATURES
from ..wire.framing import BATCH, ONEWAY
from .link import PAUSED, READ, WRITE, Link
from .pool import Workers
from .pulse import Pulse
from .waiting import WaitingDaemon, guarded

__all__ = ["LoopDaemon"]

_log = logging.getLogger("pyrophone.daemon")

_ACCEPTS = 64  # per round, so that those who are connected get their turn
_PAUSE = 0.2  # seconds without accepting, when the process is out of descriptors
_QUEUE = 1000  # one-way calls that wait for a thread; more are run where they came
_SCARCE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class LoopDaemon(WaitingDaemon):
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
        control: Callable[..., Any] = DaemonObject,
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        check_server(tls, sock)
        settings = settings or Settings()
        spoken = find_dialects(settings.dialects if dialects is None else dialects)
        self._tls = tls
        listener: socket.socket | None = None
        self._socket_file = unix_socket
        if sock is not None:
            where = URI("PYRO", "x")
        elif unix_socket is not None:
            listener = listen_unix(unix_socket)
            where = URI("PYRO", "x", unix_socket)
        else:
            listener = listen_tcp(host, port, settings.ip_version)
            where = advertised(host, listener.getsockname()[1], public)
        super().__init__(where, settings, classes, control, listener, spoken)
        self._kept = sock  # the user's, to be left open
        self._kept_timeout = sock.gettimeout() if sock is not None else None
        self._strangers: dict[Link, None] = {}  # not greeted yet, the oldest first
        self._asked = False  # whether somebody waits for calls to change a condition
        self._finishing = threading.Lock()
        self._grace = 0.0
        self._next_round = 0.0
        self._pause_until = 0.0
        self._pulse = Pulse(
            self._connected, f"pyrophone-{self.location}-pulse", self._look, self.oversee
        )
        self._apart: Workers | None = None  # for one-way calls alone
        if self.settings.oneway_threads:
            self._apart = Workers(self.settings.oneway_threads, "oneway-call")
        if listener is not None:
            listener.setblocking(False)
            self._poller.watch(listener, READ, self._accept)
        elif sock is not None:
            self._adopt(sock, greeted=True)

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
                if self._kept is not None and not self._links:
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def left(self, link: Link) -> None:
        """Release what belonged to the client of *link*."""
        super().left(link)
        with self._gone:
            self._strangers.pop(link, None)
            self._links.discard(link)
            self._gone.notify_all()
        if self._kept is not None:
            self._poller.wake()  # there will be no other client

    def answer(self, link: Link, event: Call | Greeting | Ping) -> bytes:
        """Return the bytes that answer *event*; a one-way call may run apart."""
        if type(event) is Call:
            oneway = event.flags & ONEWAY
            return (
                b"" if oneway and self.starts_apart(link, event) else self.run(link, event)
            )
        data = super().answer(link, event)
        if link.session.beat and type(event) is Greeting:
            self._pulse.need()
        return data

    def starts_apart(self, link: Link, call: Call) -> bool:
        """Run a one-way call in another thread, if there is one for it."""
        apart = self._threads_apart()
        if apart is None or apart.waiting >= _QUEUE or call.flags & BATCH:
            return False
        apart.submit(partial(self._run_apart, link, call))
        return True

    def start(self, link: Link, call: Call, context: CallContext, key: int) -> None:
        """Have *call* run soon, by who runs calls."""
        if call.path:
            try:
                self.check_chain(call)  # there may never be a thread for it
            except DeadlockError:
                self._refuse_deadlock(link, call, context)
                link.done(key)
                return
        self.submit(partial(self._run_started, link, call, context, key))

    def submit(self, job: Callable[[], object]) -> None:
        """Have *job* run soon, by who runs calls."""
        self._poller.later(partial(guarded, job))

    def attention(self, link: Link) -> None:
        """Have the link looked at by the thread that waits for sockets."""
        self._poller.later(partial(self._look_at, link))
        if self.stopping:
            with self._gone:
                self._gone.notify_all()

    def serves_here(self) -> bool:
        """Tell whether this is the thread that waits for sockets."""
        return threading.get_ident() == self._group.thread

    def ended(self) -> None:
        """Note that a call was answered from another thread."""
        if self._asked:
            self._poller.wake()

    def oversee(self, links: list[Link]) -> None:
        """Read what came while a call runs, and leave calls for later.

        The pulse calls this now and then.
        """
        for link in links:
            if link.many and wait_for(link.sock, 0.0) and link.turn.acquire(False):
                try:
                    link.attend()
                finally:
                    link.turn.release()

    def look_after(self, now: float) -> None:
        """See to deadlines, if it is time to."""
        if now < self._next_round:
            return
        self._next_round = now + self.interval
        if self._listener is not None and self._pause_until and now >= self._pause_until:
            self._pause_until = 0.0
            self._poller.watch(self._listener, READ, self._accept)
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
        except Exception:
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

    def _threads_apart(self) -> Workers | None:
        return self._apart

    def _prepare(self, sock: socket.socket) -> None:
        sock.setblocking(False)

    def _release(self, sock: socket.socket) -> None:
        """Undo what was done to the user's socket."""
        sock.settimeout(self._kept_timeout)

    def _inside(self) -> bool:
        """Tell whether this is a method that is being served, or who serves it."""
        return self.serves_here() or serving.get() is not None

    def _ready(self, link: Link) -> None:
        """Serve a link that has something to read, or can be written to."""
        with link.turn:
            state = link.serve()
        self._park(link, state)

    def _look_at(self, link: Link) -> None:
        """See to a link that has changed, in another thread; the polling one calls this."""
        if link.closed or not link.parked:
            return
        if self.stopping:
            self._park(link, READ)
        else:
            self._ready(link)

    def _refuse_deadlock(self, link: Link, call: Call, context: CallContext) -> None:
        link.session.read(call)  # for what the error tells
        try:
            self.check_chain(call)
        except DeadlockError as error:
            link.deliver(self.fail(link.session, call, error, context))

    def _run_started(self, link: Link, call: Call, context: CallContext, key: int) -> None:
        """Run a call that another thread has read."""
        if link.closed or self.stopping:
            link.done(key)
            return
        if not context.cancelled:
            link.session.read(call)
        data = self.perform(link, call, context)
        if data is not None:
            link.deliver(data)
            link.done(key)
        self.ended()

    def _park(self, link: Link, state: int) -> None:
        """Wait for a link's next event; the polling thread calls this."""
        if link.closed or self.stopping:
            self._poller.forget(link.sock)  # by its identity: its number may be another's
            link.parked = True
            if link.closed or not link.open:
                link.close()
            return
        if link.greeted:
            with self._gone:
                self._strangers.pop(link, None)
            self._set_deadline(link, state)
        link.parked = True
        if state == PAUSED:
            self._poller.forget(link.sock)
            if not link.paused:  # since a moment
                self._poller.later(partial(self._look_at, link))
            return
        write = state == WRITE or link.stuck
        self._poller.watch(link.sock, WRITE if write else READ, partial(self._ready, link))

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

    # Accepting.

    def _accept(self) -> None:
        assert self._listener is not None
        for _ in range(_ACCEPTS):
            try:
                sock, address = self._listener.accept()
            except OSError as error:
                if error.errno in _SCARCE:
                    self._pause_accepting(error)
                return
            if self._welcomes(address):
                tune(sock)
                self._adopt(sock)
            else:
                close_hard(sock)

    def _welcomes(self, address: Any) -> bool:
        try:
            return self.accepts(address)
        except Exception:
            _log.exception("error in accepts; the client is refused")
            return False

    def _adopt(self, sock: socket.socket, *, greeted: bool = False) -> None:
        self._prepare(sock)
        link = Link(
            sock,
            self.session(greeted=greeted),
            self,
            keep=sock is self._kept,
            tls=self._tls,
        )
        link.idle_limit = self.settings.idle_timeout
        if not greeted:
            link.deadline = time.monotonic() + self.settings.handshake_timeout
        for stranger in self._enter(link):
            self._end(stranger)
        link.parked = True
        self._poller.watch(sock, READ, partial(self._ready, link))

    def _enter(self, link: Link) -> list[Link]:
        """Add a link; return the strangers that must go for it, the oldest."""
        gone = []
        with self._gone:  # workers take links out at the same time
            self._links.add(link)
            if not link.greeted:
                self._strangers[link] = None
            while len(self._strangers) > self.settings.strangers:
                oldest = next(iter(self._strangers))
                del self._strangers[oldest]
                if not oldest.greeted:  # it may have been, a moment ago
                    gone.append(oldest)
        return gone

    def _pause_accepting(self, error: OSError) -> None:
        assert self._listener is not None
        if not self._pause_until:
            _log.warning("no new clients for now: %s", error)
        self._poller.forget(self._listener)
        self._pause_until = time.monotonic() + _PAUSE
        self._next_round = min(self._next_round, self._pause_until)

    # Ending.

    def _run_apart(self, link: Link, call: Call) -> None:
        self.run(link, call)
        if self._asked:
            self._poller.wake()

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
            self._listener.close()
            if self._socket_file is not None:
                remove_socket_file(self._socket_file)
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
        if self._kept is not None and self._kept.fileno() >= 0:
            self._release(self._kept)
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
