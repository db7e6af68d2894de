"""Pyrophone's daemons, with the hooks of daemons of older Pyros."""

from __future__ import annotations

import enum
import logging
import uuid
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from ..context import CallContext, Client
from ..objects.proxy import BaseProxy, proxy_form
from ..serializers.classes import ClassTable
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..sync import BaseDaemon, Daemon, Link, LoopDaemon
from ..uri import URI
from ..wire.buffers import Data
from ..wire.events import Call, Greeting, Ping
from ..wire.framing import Message
from ..wire.metadata import Metadata
from ..wire.server import ServerSession
from .generation import Generation
from .kit import Kit

__all__ = ["Ending", "Looping", "Served", "ThreadServer", "check", "make"]


class Ending(enum.Enum):
    """What a call that failed means for its connection."""

    ANSWER = "it is answered"
    FAREWELL = "it is answered, and then the connection is closed"
    HANG_UP = "the connection is closed"


class Served(BaseDaemon):
    """Asks the hooks of a daemon of the package. (Set before the first client comes.)

    Attributes:
        kit: The parts of that package.
        outer: The daemon.
        transport_log: Where people look for what befalls its connections.
        streams_attributes: Whether attributes that are iterators are item streams.
        annotates_errors: Whether what a method has set for its reply goes with its error.
    """

    kit: Kit
    outer: Any
    transport_log: logging.Logger
    features: frozenset[str] = frozenset()  # its peers have none, nor its programs
    awaits = False
    streams_attributes = True
    annotates_errors = True
    _seen: Any = None
    _limits: Mapping[str, Any] = {}
    _timed = False  # whether silent clients are disconnected

    def refresh(self) -> None:
        """Take notice of a configuration that was changed."""
        generation = self.kit.generation
        now = attrgetter(*self.kit.live)(generation.config)
        if now != self._seen:
            self._seen = now
            limits = _time_limits(generation.config, self._timed)
            self._dispatcher.stream_attributes = self.streams_attributes
            self.streams.closes = False  # an object may give out one that it keeps
            self.reconfigure(generation.settings(**limits, **self._limits))

    def serializers(self, settings: Settings, classes: ClassTable | None) -> Codecs:
        """Return those of the process, which programs extend and replace."""
        super().serializers(settings, classes)  # makes its proxies travel
        return self.kit.codecs

    def session(self, *, greeted: bool = False) -> ServerSession:
        """Return the session of a new client."""
        self.refresh()
        session = super().session(greeted=greeted)
        session.trace = self._trace if self.kit.generation.config.LOGWIRE else None
        return session

    def _trace(self, way: str, message: Message) -> None:
        if self.kit.generation.config.LOGWIRE:  # else switched off since the last look
            self.kit.trace(way, message)

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
        return self.outer.validateHandshake(self.kit.connection_of(client), handshake)

    def left(self, link: Link) -> None:
        """Release what belonged to a client."""
        self.refresh()
        super().left(link)

    def left_by(self, client: Client) -> None:
        """Called once a client is gone."""
        self.outer.clientDisconnect(self.kit.connection_of(client))

    def report(self, call: Call, error: BaseException, *, callback: bool) -> None:
        """Tell people of the error of a callback."""
        if callback:
            lines = self.kit.show(error)
            self.transport_log.warning(
                "error during handleRequest: %s; %s", error, "".join(lines)
            )

    def traceback(self, error: BaseException) -> list[str]:
        """Return the lines that show the client where a method failed."""
        if self.kit.generation.config.DETAILED_TRACEBACK:
            return self.kit.show_all(error)
        return super().traceback(error)

    def annotations(self) -> Mapping[str, bytes]:
        """Return chunks to send with every message."""
        chunks: Mapping[str, bytes] = self.outer.annotations()
        return chunks

    def housekeeping(self) -> None:
        """Called about once a second while the daemon serves."""
        self.refresh()
        self.outer.housekeeping()

    def answer(self, link: Link, event: Call | Greeting | Ping) -> Data:
        """Return the bytes that answer *event*; calls without an id are given one."""
        self.refresh()
        if type(event) is not Ping and event.correlation is None:
            event.correlation = uuid.uuid4().bytes
        return super().answer(link, event)

    def run(self, link: Link, call: Call) -> Data:
        """Run *call*; return the bytes that answer it."""
        call.args = self.kit.wrapped(call.args)
        try:
            return super().run(link, call)
        finally:
            self.kit.context.forget()

    def ending(self, call: Call, error: BaseException, *, callback: bool) -> Ending:
        """Tell what *error*, of a call, means for its connection.

        Args:
            call: What failed.
            error: What it raised.
            callback: Whether it was a method marked as one.
        """
        return Ending.ANSWER

    def stands_in(self, uri: URI, metadata: Metadata) -> Mapping[str, Any] | None:
        """Return what travels in the place of an object of this daemon.

        Args:
            uri: Of the object.
            metadata: Its members.

        Returns:
            The class form of a proxy; None if the object travels itself.
        """
        return proxy_form(uri, metadata)

    def _stand_in(self, value: Any) -> Mapping[str, Any] | None:
        if isinstance(value, BaseProxy) or (name := self.objects.id_of(value)) is None:
            return None
        return self.stands_in(self._uri(name), self.objects.find(name).members.metadata)

    def fail(
        self, session: ServerSession, call: Call, error: BaseException, context: CallContext
    ) -> Data:
        if not self.annotates_errors:
            context.reply_annotations = {}
        ending = self.ending(call, error, callback=self._is_callback(call))
        if ending is Ending.ANSWER:
            return super().fail(session, call, error, context)
        answers = ending is Ending.FAREWELL
        data = super().fail(session, call, error, context) if answers else b""
        call.problem = error
        session.close()
        return data


class Looping(Served, LoopDaemon):
    """A daemon of Pyrophone whose pace is that of the configuration."""

    _pace = 1.0

    @property
    def interval(self) -> float:
        """Longest wait between two looks at what is due, in seconds."""
        poll = self.kit.generation.config.POLLTIMEOUT
        return max(0.01, min(self._pace, float(poll)))

    @interval.setter
    def interval(self, seconds: float) -> None:
        self._pace = seconds

    def reconfigure(self, settings: Settings) -> None:
        """Use other settings from now on; who is there may be idle as long as before."""
        before = [
            (client.connection, client.connection.idle_limit) for client in self.clients
        ]
        super().reconfigure(settings)
        trace = self._trace if self.kit.generation.config.LOGWIRE else None
        for link, idle in before:
            link.idle_limit = idle
            link.session.trace = trace


class ThreadServer(Looping, Daemon):
    """Runs each call in one of its worker threads."""

    worker_name = "Pyro-Worker-#"
    _timed = True


def make(
    cls: type[Looping], where: Mapping[str, Any], log: logging.Logger | None = None
) -> Looping:
    """Return a daemon, made by what the configuration says.

    Args:
        cls: Its class.
        where: Where it listens, as the class has it.
        log: Where people look for what befalls its connections, if not where its class
            says.
    """
    generation = cls.kit.generation
    config = generation.config
    literal = ":" in (where.get("host") or "")  # an address, which has its version
    limits = {
        "oneway_threads": max(1, config.THREADPOOL_SIZE),
        "ip_version": 0 if literal else config.PREFER_IP_VERSION or 0,
    }
    if cls._timed:
        limits["workers"] = config.THREADPOOL_SIZE
    how = generation.settings(**_time_limits(config, cls._timed), **limits)
    served = cls(settings=how, classes=generation.classes, tls=cls.kit.tls(), **where)
    served._limits = limits
    if log is not None:
        served.transport_log = log
    return served


def check(generation: Generation) -> None:
    """See to it that there can be a daemon of the kind that the configuration says.

    Raises:
        PyroError: There is no such kind.
        ValueError: The sizes of the thread pool make no sense.
    """
    config = generation.config
    kind, low, high = (
        config.SERVERTYPE,
        config.THREADPOOL_SIZE_MIN,
        config.THREADPOOL_SIZE,
    )
    if kind not in ("thread", "multiplex"):
        raise generation.errors.PyroError(f"invalid server type '{kind}'")
    if kind == "thread" and not 1 <= low <= high:
        raise ValueError(
            f"invalid threadpool sizes: THREADPOOL_SIZE_MIN={low}, THREADPOOL_SIZE={high}"
        )


def _time_limits(config: Any, timed: bool) -> dict[str, Any]:
    """Return the time limits of a daemon; those in the configuration are for clients."""
    limit = config.COMMTIMEOUT or None
    limits: dict[str, Any] = {"timeout": None, "tls": None}
    if limit:
        limits["send_timeout"] = limit
    if timed:
        limits["idle_timeout"] = limit
    return limits
