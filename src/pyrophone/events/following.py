"""Streams that are asked for anew when they are lost: how subscribers go on."""

from __future__ import annotations

import asyncio
import concurrent.futures
import dataclasses
import logging
import random
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from ..aio import Items, close, connect, options
from ..errors import (
    CallCancelledError,
    CommunicationError,
    DaemonError,
    NamingError,
    NoSuchObjectError,
    ProtocolError,
    PyrophoneError,
    RefusedError,
    RemoteProtocolError,
    StreamError,
)
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..uri import URI
from .outlet import Outlet

__all__ = ["Following", "Source", "is_passing", "target_of"]

_log = logging.getLogger("pyrophone.events")

_LIMIT = 10.0  # seconds for connecting and asking, if the settings have no limit
_FIRST, _LONGEST = 0.1, 5.0  # seconds between attempts


class Source(Protocol):
    """What can be followed.

    Attributes:
        target: What to connect to.
        settings: For that.
        classes: Whose values may come.
        handshake: What the daemon gets.
        sparing: How it is read, see :class:`pyrophone.aio.Items`.
    """

    target: str | URI
    settings: Settings
    classes: ClassTable | None
    handshake: Any
    sparing: bool

    async def ask(self, proxy: Any) -> Any:
        """Ask for the stream, behind what was had already; its first item comes at once."""

    def read(self, item: Any) -> list[Any]:
        """Return what a reader gets for an item of the stream."""


def target_of(service: str | URI | None, default: str) -> str | URI:
    """Return what to connect to.

    Raises:
        TypeError: *service* is neither a URI nor a name.
    """
    if service is None:
        return default
    if not isinstance(service, str | URI):
        raise TypeError(f"service is a URI or a name, not {type(service).__name__}")
    return service


def is_passing(error: BaseException, *, known: bool) -> bool:
    """Tell whether to try again after *error*, soon or later.

    Args:
        error: What happened.
        known: Whether it has been good before: then what is not there will come back.
    """
    if isinstance(error, RefusedError | NoSuchObjectError):
        return known
    if isinstance(error, ProtocolError):
        return False
    return isinstance(
        error,
        CommunicationError | NamingError | StreamError | CallCancelledError | DaemonError,
    )


class Following:
    """Reads the streams of some sources into one outlet, for ever.

    Args:
        sources: What to read.
        reconnect: Whether to go on when a connection is lost, or can't be made.
        name: For people.
    """

    def __init__(self, sources: Sequence[Source], *, reconnect: bool, name: str) -> None:
        self.outlet = Outlet()
        self._sources = sources
        self._reconnect = reconnect
        self._name = name
        self._closed = False
        self._connected: set[int] = set()  # sources, by number
        self._known: set[int] = set()  # likewise, those that were connected before
        # Reentrant: who forgets it closes it, perhaps while garbage is collected here.
        self._lock = threading.RLock()
        self._begun: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> str:
        """``waiting``, ``connected`` or ``closed``."""
        if self._over:
            return "closed"
        return "connected" if len(self._connected) == len(self._sources) else "waiting"

    @property
    def begun(self) -> concurrent.futures.Future[None]:
        """Done when all are connected for the first time, or one can't be."""
        return self._begun

    def begin_in_thread(self) -> None:
        """Run in a thread of its own, if it does not run yet."""
        with self._lock:
            if self._over or (self._thread is not None and self._thread.is_alive()):
                return
            self._check_free()
            if self._thread is not None:  # that of the parent: this is a child of fork
                self._begun = concurrent.futures.Future()
                self._connected.clear()
                self._known.clear()
            self._thread = threading.Thread(
                target=self._serve, name=f"pyrophone-{self._name}", daemon=True
            )
            self._thread.start()

    def begin_in_loop(self) -> None:
        """Run in the running loop, if it does not run there yet."""
        loop = asyncio.get_running_loop()
        if self._over or (self._task is not None and self._loop is loop):
            return
        if self._thread is not None or (self._loop and not self._loop.is_closed()):
            raise RuntimeError(f"{self._name} is read by others: threads, or another loop")
        self._loop = loop
        self._task = loop.create_task(self._run(), name=f"pyrophone-{self._name}")

    def close(self) -> None:
        """End it, from any thread."""
        with self._lock:
            self._closed = True
            self.outlet.drop()
            loop, task = self._loop, self._task
        if loop is not None and task is not None:
            with suppress(RuntimeError):  # it is closed
                loop.call_soon_threadsafe(task.cancel)

    async def ended(self) -> None:
        """Return when all is closed."""
        if self._task is not None and self._loop is asyncio.get_running_loop():
            self._task.cancel()
            await asyncio.wait([self._task])

    def joined(self) -> None:
        """Wait for the thread, if there is one and this is another."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_LIMIT)

    @property
    def _over(self) -> bool:
        return self._closed or self.outlet.over

    def _check_free(self) -> None:
        if self._loop is not None and self._thread is None and not self._loop.is_closed():
            raise RuntimeError(f"{self._name} is read in a loop already")

    def _serve(self) -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run(self._in_thread())

    async def _in_thread(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.current_task()
        await self._run()

    async def _run(self) -> None:
        tasks = [
            asyncio.create_task(self._follow(number, source))
            for number, source in enumerate(self._sources)
        ]
        try:
            await asyncio.gather(*tasks)
        except Exception as error:  # whatever it is, who reads is told
            self._settle(error)
            self.outlet.end(error)
        finally:
            self._settle(StreamError("it is closed"))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, number: int, source: Source) -> None:
        pause = _FIRST
        while True:
            try:
                await self._read(number, source)
            except PyrophoneError as error:
                known = number in self._known
                if not self._reconnect or not is_passing(error, known=known):
                    raise
                self._settle(error)
                if number in self._connected:
                    pause = _FIRST
                if number in self._connected or pause == _FIRST:
                    text = "%s waits for %s, and tries again and again: %s"
                    _log.warning(text, self._name, source.target, error)
            finally:
                self._connected.discard(number)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST)

    async def _read(self, number: int, source: Source) -> None:
        """Read one stream as long as it lasts; raise what ended it."""
        settings = source.settings
        limited = dataclasses.replace(settings, timeout=settings.timeout or _LIMIT)
        proxy = await connect(
            source.target,
            settings=limited,
            classes=source.classes,
            handshake=source.handshake,
        )
        items: Items | None = None
        try:
            try:
                async with asyncio.timeout(limited.timeout):
                    given = await source.ask(options(proxy, timeout=None))
            except TimeoutError:
                raise StreamError("there was no answer in time") from None
            if not isinstance(given, Items):
                kind = type(given).__name__
                raise RemoteProtocolError(f"{source.target} gives no stream, but {kind}")
            items = given
            items.sparing = source.sparing
            async for item in items:
                if number not in self._connected:  # the first, which comes at once
                    self._connect(number)
                if values := source.read(item):
                    await self.outlet.put(values)
        finally:
            if items is not None:
                await items.aclose()
            await close(proxy)
        raise StreamError("the stream has ended")

    def _connect(self, number: int) -> None:
        self._connected.add(number)
        self._known.add(number)
        if len(self._known) == len(self._sources):
            self._settle(None)

    def _settle(self, error: BaseException | None) -> None:
        if self._begun.done():
            return
        if error is None:
            self._begun.set_result(None)
        else:
            self._begun.set_exception(error)
