"""Pyrophone's daemons, with the hooks of Pyro5."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import pyrophone.sync
from pyrophone import URI
from pyrophone.context import Client
from pyrophone.objects.control import DaemonObject
from pyrophone.serializers import ClassTable
from pyrophone.serializers.codecs import Codecs
from pyrophone.sync.link import Link
from pyrophone.sync.pool import Workers
from pyrophone.sync.service import BaseDaemon
from pyrophone.wire.events import Call, Greeting, Ping
from pyrophone.wire.framing import BATCH, ONEWAY, Message
from pyrophone.wire.server import ServerSession

from .blobs import wrapped
from .callcontext import current_context
from .configure import global_config as config
from .connections import connection_of
from .errors import PyroError
from .protocol import log_wiredata
from .serializers import CODECS
from .tables import CLASSES, seconds, settings
from .tls import server_tls
from .tracebacks import format_traceback, get_pyro_traceback

__all__ = ["Bench", "MultiplexServer", "Served", "ThreadServer", "check", "make"]

_log = logging.getLogger("Pyro5.server")
_QUEUE = 1000  # one-way calls that wait for a thread; more are run where they came

# What of the configuration counts for a daemon that runs, from when it is changed.
_live = attrgetter(
    "COMMTIMEOUT",
    "COMPRESSION",
    "ITER_STREAMING",
    "ITER_STREAM_LIFETIME",
    "ITER_STREAM_LINGER",
    "LOGWIRE",
    "MAX_MESSAGE_SIZE",
    "SERPENT_BYTES_REPR",
)


class Served(BaseDaemon):
    """Asks the hooks of a Pyro5 daemon. (Set before the first client comes.)

    Attributes:
        outer: That daemon.
        transport_log: Where people look for what befalls its connections.
    """

    outer: Any
    transport_log = _log
    _seen: Any = None
    _limits: Mapping[str, Any] = {}

    def refresh(self) -> None:
        """Take notice of a configuration that was changed."""
        now = _live(config)
        if now != self._seen:
            self._seen = now
            self.reconfigure(settings(**_limits(self._timed), **self._limits))

    def serializers(
        self, settings: pyrophone.Settings, classes: ClassTable | None
    ) -> Codecs:
        """Return those of the process, which programs extend and replace."""
        super().serializers(settings, classes)  # makes its proxies travel
        return CODECS

    _timed = False  # whether silent clients are disconnected

    def session(self, *, greeted: bool = False) -> ServerSession:
        """Return the session of a new client."""
        self.refresh()
        session = super().session(greeted=greeted)
        session.trace = _trace if config.LOGWIRE else None
        return session

    def describe(self) -> str:
        """Return what clients get for ``info()``."""
        outer = self.outer
        return (
            f"Pyro.Daemon bound on {outer.locationStr}, NAT {outer.natLocationStr}, "
            f"{len(self.objects.ids)} objects registered. "
            f"Servertype: {outer.transportServer}"
        )

    def greets(self, client: Client, handshake: Any) -> Any:
        """Judge the handshake of a client."""
        return self.outer.validateHandshake(connection_of(client), handshake)

    def left(self, link: Link) -> None:
        """Release what belonged to a client."""
        self.refresh()
        super().left(link)

    def left_by(self, client: Client) -> None:
        """Called once a client is gone."""
        self.outer.clientDisconnect(connection_of(client))

    def failed(
        self,
        client: Client,
        method: Callable[..., Any],
        args: Any,
        kwargs: dict[str, Any],
        error: Exception,
    ) -> None:
        """Have the daemon's handler look at what a method raised."""
        outer = self.outer
        outer.methodcall_error_handler(outer, client.address, method, args, kwargs, error)

    def report(self, call: Call, error: BaseException, *, callback: bool) -> None:
        """Tell people of the error of a callback; others were seen by the handler."""
        if callback:
            lines = get_pyro_traceback(type(error), error, error.__traceback__)
            self.transport_log.warning(
                "error during handleRequest: %s; %s", error, "".join(lines)
            )

    def traceback(self, error: BaseException) -> list[str]:
        """Return the lines that show the client where a method failed."""
        if config.DETAILED_TRACEBACK:
            return format_traceback(type(error), error, error.__traceback__, detailed=True)
        return super().traceback(error)

    def annotations(self) -> Mapping[str, bytes]:
        """Return chunks to send with every message."""
        chunks: Mapping[str, bytes] = self.outer.annotations()
        return chunks

    def housekeeping(self) -> None:
        """Called about once a second while the daemon serves."""
        self.refresh()
        self.outer.housekeeping()

    def answer(self, link: Link, event: Call | Greeting | Ping) -> bytes:
        """Return the bytes that answer *event*; calls without an id are given one."""
        self.refresh()
        if type(event) is not Ping and event.correlation is None:
            event.correlation = uuid.uuid4().bytes
        return super().answer(link, event)

    def run(self, link: Link, call: Call) -> bytes:
        """Run *call*; return the bytes that answer it."""
        call.args = wrapped(call.args)
        try:
            return super().run(link, call)
        finally:
            current_context.forget()


class _Looping(Served, pyrophone.sync.LoopDaemon):
    """A daemon of Pyrophone whose pace is that of the configuration."""

    _pace = 1.0

    @property
    def interval(self) -> float:
        """Longest wait between two looks at what is due, in seconds."""
        return max(0.01, min(self._pace, float(config.POLLTIMEOUT)))

    @interval.setter
    def interval(self, seconds: float) -> None:
        self._pace = seconds

    def reconfigure(self, settings: pyrophone.Settings) -> None:
        """Use other settings from now on."""
        super().reconfigure(settings)
        for client in self.clients:
            client.connection.session.trace = _trace if config.LOGWIRE else None


class ThreadServer(_Looping, pyrophone.sync.Daemon):
    """Runs each call in one of its worker threads."""

    transport_log = logging.getLogger("Pyro5.threadpoolserver")
    worker_name = "Pyro-Worker-#"
    _timed = True


class MultiplexServer(_Looping):
    """Runs one call at a time, in the thread of the loop."""

    transport_log = logging.getLogger("Pyro5.multiplexserver")


class Bench(Served):
    """Answers what others have received; has no connections of its own."""

    def __init__(self, location: URI) -> None:
        super().__init__(location, settings(timeout=None, tls=None), CLASSES, DaemonObject)
        self._oneway = Workers(config.THREADPOOL_SIZE, "oneway-call")

    def answer(self, link: Link, event: Call | Greeting | Ping) -> bytes:
        """Return the bytes that answer *event*; a one-way call runs apart."""
        if (
            isinstance(event, Call)
            and event.flags & (ONEWAY | BATCH) == ONEWAY
            and self._oneway.waiting < _QUEUE
        ):
            self._oneway.submit(partial(self.run, link, event))
            return b""
        return super().answer(link, event)

    def retire(self) -> None:
        """Let go of what clients had."""
        super().retire()
        self._oneway.close()


def make(kind: str, **arguments: Any) -> ThreadServer | MultiplexServer:
    """Return a daemon of a kind of SERVERTYPE.

    Raises:
        PyroError: There is no such kind.
        ValueError: The sizes of the thread pool make no sense.
    """
    check(kind)
    limits = {
        "oneway_threads": max(1, config.THREADPOOL_SIZE),
        "ip_version": config.PREFER_IP_VERSION or 0,
    }
    cls: type[ThreadServer | MultiplexServer] = MultiplexServer
    if kind == "thread":
        cls = ThreadServer
        limits["workers"] = config.THREADPOOL_SIZE
    how = settings(**_limits(kind == "thread"), **limits)
    served = cls(settings=how, classes=CLASSES, tls=server_tls(), **arguments)
    served._limits = limits
    return served


def check(kind: str) -> None:
    """See to it that there can be a daemon of a kind of SERVERTYPE.

    Raises:
        PyroError: There is no such kind.
        ValueError: The sizes of the thread pool make no sense.
    """
    if kind not in ("thread", "multiplex"):
        raise PyroError(f"invalid server type '{kind}'")
    low, high = config.THREADPOOL_SIZE_MIN, config.THREADPOOL_SIZE
    if kind == "thread" and not 1 <= low <= high:
        raise ValueError(
            f"invalid threadpool sizes: THREADPOOL_SIZE_MIN={low}, THREADPOOL_SIZE={high}"
        )


def _limits(timed: bool) -> dict[str, Any]:
    """Return the time limits of a daemon; those in the configuration are for clients."""
    limits: dict[str, Any] = {"timeout": None, "tls": None}
    if limit := seconds(config.COMMTIMEOUT):
        limits["send_timeout"] = limit
    if timed:
        limits["idle_timeout"] = limit
    return limits


def _trace(way: str, message: Message) -> None:
    if not config.LOGWIRE:  # switched off since the session last looked
        return
    shown = SimpleNamespace(
        type=message.kind,
        flags=message.flags,
        serializer_id=message.serializer_id,
        seq=message.seq,
        annotations=message.annotations,
        corr_id=message.correlation,
        data=message.payload,
    )
    words = {"received": "daemon wiredata received", "sent": "daemon wiredata sending"}
    log_wiredata(_log, words[way], shown)
