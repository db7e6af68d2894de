"""Pyrophone's daemons, with the rules of those of Pyro 3."""

from __future__ import annotations

import socket
import threading
import time
import weakref
from collections.abc import Mapping
from typing import Any

from pyrophone import Settings
from pyrophone.context import CallContext, Client, current, serving
from pyrophone.errors import SecurityError
from pyrophone.frontend.host import Peer
from pyrophone.sync import BaseDaemon, Daemon, Link, LoopDaemon
from pyrophone.wire.buffers import Data
from pyrophone.wire.events import Call, Greeting
from pyrophone.wire.features import BUFFERS, LIMIT, VALUES
from pyrophone.wire.framing import BATCH, ONEWAY
from pyrophone.wire.server import ServerSession

from . import config
from .connections import KEY, LocalStorage, TCPConnection
from .constants import INTERNAL_DAEMON_GUID
from .dispatch import Servant
from .errors import NoModuleError, PyroError
from .faults import NOT_ADMITTED
from .logs import Log
from .tracebacks import getPyroTraceback
from .values import CLASSES, known

__all__ = ["Engine", "Looping", "Threading", "make"]

_FOREVER = 1e8  # seconds
_LOGIN = 10.0  # seconds within which a client has to say who it is
_ONEWAY = 500  # one-way calls at a time that have threads of their own
_SPARE = 16  # threads more than connections
_SHARE = 0.8  # of the time-out that a thread waits for its connection


class Engine(BaseDaemon):
    """Asks the validators of a daemon, and serves nobody whom they don't know.

    Attributes:
        outer: The daemon, weakly.
        broken: What is to be raised by who serves: an error of a callback, Ctrl-C, or None.
        threaded: Whether each connection has a thread.
        happened: Counts clients who came, and without threads calls, too.
    """

    # One proxy has one connection, which carries one call at a time.
    features = frozenset({BUFFERS, LIMIT, VALUES})
    awaits = False
    outer: weakref.ref[Any]
    broken: BaseException | None = None
    threaded = False
    happened = 0

    def session(self, *, greeted: bool = False) -> ServerSession:
        """Return the session of a new client."""
        self.happened += 1
        return super().session(greeted=greeted)

    def greets(self, client: Client, handshake: Any) -> Any:
        """Judge a client; return what it has to answer."""
        outer = self._outer()
        connection = TCPConnection(client)
        client.storage[KEY] = connection
        if not config.PYRO_SOCK_KEEPALIVE:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)
        with outer.guard:
            outer.connections.append(connection)
        try:
            answer = outer.judge(connection)
            Log.msg("Daemon", "new connection from", connection.addr)
            return answer
        except BaseException:
            self._drop(connection)
            raise

    def greet(self, link: Peer, greeting: Greeting, *args: Any) -> bytes:
        """Answer a greeting; who has to prove who it is can't send much before that."""
        data = super().greet(link, greeting, *args)
        connection: TCPConnection | None = link.client.storage.get(KEY)
        if connection is not None and not connection.admitted:
            link.session.decoder.max_size = self.settings.handshake_size
        return data

    def left_by(self, client: Client) -> None:
        """Called once a client is gone."""
        self._drop(client.storage[KEY])

    def context(self, client: Client, call: Call) -> CallContext:
        """Return the context of a call; it runs on where its caller waits no more."""
        context = super().context(client, call)
        context.deadline = None
        return context

    def perform(self, link: Link, call: Call, context: CallContext) -> Data | None:
        """Run *call*, unless its client still has to say who it is."""
        self.happened += not self.threaded
        connection: TCPConnection | None = link.client.storage.get(KEY)
        if connection is not None and connection.admitted:
            return super().perform(link, call, context)
        if connection is None or not _is_login(call):
            call.problem = SecurityError(NOT_ADMITTED)
        answer = super().perform(link, call, context)
        if connection is not None and connection.admitted:
            link.session.decoder.max_size = self.settings.max_message_size
        return answer

    def fail(
        self, session: ServerSession, call: Call, error: BaseException, context: CallContext
    ) -> Data:
        """Answer *call* with *error*; what is no Exception breaks the connection."""
        if isinstance(error, Exception):
            return super().fail(session, call, self._sendable(error), context)
        call.problem = error
        session.close()
        return b""

    def noticed(self, error: BaseException) -> None:
        """Have what a handler of signals raises during a call end the loop alone."""
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and not isinstance(error, Exception):
            self.broken = error

    def traceback(self, error: BaseException) -> list[str]:
        """Return what shows the client where a method failed, and what that called."""
        frames = error.__traceback__
        while frames is not None and _is_ours(frames.tb_frame.f_globals.get("__name__")):
            frames = frames.tb_next
        return getPyroTraceback(error, type(error), frames or error.__traceback__)

    def report(self, call: Call, error: BaseException, *, callback: bool) -> None:
        """Tell people of the error of a one-way call."""
        Log.error("Daemon", f"error in {call.object_id}, one-way:", repr(error))

    def annotations(self) -> Mapping[str, bytes]:
        """Return chunks to send with every message: none."""
        return {}

    def limit(self, timeout: float | None) -> None:
        """Disconnect clients that are quiet for so long from now on."""
        self.reconfigure(settings(self.threaded, timeout))
        if timeout:
            self.interval = max(0.01, min(1.0, timeout * (1 - _SHARE)))

    def called_inside(self) -> bool:
        """Tell whether a method is being served here, or this thread serves."""
        return serving.get() is not None

    def housekeeping(self) -> None:
        """Called about once a second while the daemon serves."""
        outer = self.outer()
        if outer is None:
            return
        late = time.monotonic() - _LOGIN
        for connection in list(outer.connections):
            if not connection.admitted and connection.since < late:
                connection.close()

    # What servants call.

    def begins(self) -> None:
        """Get the local storage ready for the call that begins."""
        outer = self._outer()
        context = current()
        connection: TCPConnection = context.client.storage[KEY]
        if not self.threaded:
            storage = outer.shared_storage()
        elif context.flags & ONEWAY and config.PYRO_ONEWAY_THREADED:
            storage = outer.new_storage()
        else:
            storage = connection.storage or outer.new_storage()
            connection.storage = storage
        storage.caller = connection
        _remember(storage)

    def failed_in(self, error: Exception, callback: bool) -> None:
        """Take notice of an error of a method."""
        if config.PYRO_TRACELEVEL > 0:
            Log.error("Daemon", "error in a method:\n", "".join(self.traceback(error)))
        if not callback:
            return
        if self.threaded:
            thread = threading.current_thread()
            hook = (type(error), error, error.__traceback__, thread)
            threading.excepthook(threading.ExceptHookArgs(hook))
        else:
            self.broken = error

    # Helpers.

    def _outer(self) -> Any:
        outer = self.outer()
        if outer is None:
            raise SecurityError("the daemon is gone")
        return outer

    def _sendable(self, error: Exception) -> Exception:
        """Return what to answer with: another error if this one can't be written."""
        try:
            self.codecs.extended().by_name["serpent"].dumps(error)
        except Exception as problem:  # or the client would wait for ever
            text = f"{type(error).__name__} can't travel: {problem}"
            return PyroError(text).with_traceback(error.__traceback__)
        return error

    def _drop(self, connection: TCPConnection) -> None:
        connection.connected = 0
        outer = self.outer()
        if outer is not None:
            with outer.guard:
                if connection in outer.connections:
                    outer.connections.remove(connection)


class Looping(Engine, LoopDaemon):
    """Serves everything in the thread of the loop."""


class Threading(Engine, Daemon):
    """Gives each connection a thread: a worker who waits for it for as long as it is."""

    threaded = True
    worker_name = "Pyro-connection-#"

    def starts_apart(self, link: Link, call: Call) -> bool:
        """Run a one-way call in another thread, if that is wanted."""
        try:
            known(call.args)  # which only the thread knows that has read them
        except NoModuleError as error:
            call.problem = call.problem or error
        return bool(config.PYRO_ONEWAY_THREADED) and super().starts_apart(link, call)


def make(
    threaded: bool, host: str, port: int, timeout: float | None, tls: Any
) -> Looping | Threading:
    """Return what serves at a place.

    Args:
        threaded: Whether each connection is to have a thread.
        host: Where to listen.
        port: Likewise; 0 is any.
        timeout: After which a quiet client is disconnected, None is never.
        tls: What to serve with, or None.
    """
    kind = Threading if threaded else Looping
    limits = settings(threaded, timeout)
    engine = kind(host, port, tls=tls, settings=limits, classes=CLASSES)
    if engine.listener is not None:
        engine.listener.listen(config.PYRO_TCP_LISTEN_BACKLOG)
    return engine


def settings(threaded: bool, timeout: float | None) -> Settings:
    """Return the settings of an engine; see :func:`make`."""
    limits: dict[str, Any] = {}
    if threaded:
        limits["linger"] = timeout * _SHARE if timeout else _FOREVER
    if timeout:
        limits["idle_timeout"] = timeout * (1 - _SHARE) if threaded else timeout
        limits["send_timeout"] = timeout
    return Settings(
        workers=max(1, config.PYRO_MAXCONNECTIONS) + _SPARE,
        oneway_threads=_ONEWAY if threaded else 0,
        compression=bool(config.PYRO_COMPRESSION),
        streaming=False,
        ip_version=4,
        beat=None,
        **limits,
    )


def _is_login(call: Call) -> bool:
    door = call.object_id == INTERNAL_DAEMON_GUID and call.method == "login"
    return door and not call.flags & BATCH


def _is_ours(module: Any) -> bool:
    return module == Servant.__module__ or str(module).partition(".")[0] == "pyrophone"


def _remember(storage: LocalStorage) -> None:
    """Let programs find the storage by the thread, as some do."""
    vars(threading.current_thread())["localStorage"] = storage


def served() -> TCPConnection | None:
    """Return the connection of the call that is being served, None if none is."""
    context = serving.get()
    return None if context is None else context.client.storage.get(KEY)
