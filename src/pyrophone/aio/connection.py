"""A client's end of one connection in a loop."""

from __future__ import annotations

import asyncio
import math
import os
import time
import weakref
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, cast

from ..context import Client, answered, to_send
from ..errors import (
    ConnectionLostError,
    LocalProtocolError,
    ProtocolError,
    RefusedError,
    SecurityError,
)
from ..settings import Settings
from ..uri import URI
from ..wire.buffers import Data
from ..wire.client import ClientSession
from ..wire.events import Call, Cancel, Credit, Ping, Refusal, Reply, Welcome
from ..wire.features import FLOW, MANY
from ..wire.metadata import Metadata
from .beats import Beats
from .calling import Caller
from .dialing import tune_transport
from .functions import Functions, FunctionService
from .landing import land
from .running import Running
from .swift import SwiftConnection

__all__ = ["Connection"]

_FAREWELL = 1.0  # seconds that sending the rest may take at the end
_QUEUE = 10_000  # calls of functions beyond the limit, while calls of ours are open
_OVER = "the connection was closed: receiving: not enough data"


class Connection(SwiftConnection, Caller, asyncio.Protocol):
    """One connection, made by :func:`open_connection`.

    It carries many calls at once if the other side can, else the caller sees to it that
    there is only one. It is closed when its last lease is gone, and when its loop ends:
    ``asyncio.run`` and its like finish the asynchronous generators, and one of these
    watches over each connection.

    Attributes:
        metadata: The members of the object that was greeted.
        handshake: What the daemon answered to ours.
        many: Whether it carries many calls at once.
        leases: How many use it.
    """

    def __init__(self, uri: URI, session: ClientSession, settings: Settings) -> None:
        super().__init__(session)
        self._session = session
        self.uri = uri
        self.location = str(uri.location)
        self.client = Client(self.location, self)  # who calls functions of this side
        self.metadata = Metadata()
        self.handshake: Any = None
        self.many = False
        self.leases = 0
        self._most = settings.calls_per_client
        self._window = settings.window
        self._functions: Functions | None = None
        self._answering: Running | None = None
        self._service: FunctionService | None = None
        self._pid = os.getpid()
        self._transport: asyncio.Transport | None = None
        self._greeting: asyncio.Future[Welcome | Refusal] | None = None
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._guard: AsyncGenerator[None, None] | None = None

    @property
    def open(self) -> bool:
        """Whether calls can be made with it, in its loop."""
        return self._error is None

    def watch(self) -> None:
        """See to it that the end of the loop closes the connection."""
        self._guard = _guard(weakref.ref(self))
        with suppress(StopIteration):
            self._guard.asend(None).send(None)

    async def greet(self, handshake: Any) -> None:
        """Open the conversation.

        Raises:
            RefusedError: The daemon refused; the text is its reason.
        """
        annotations, correlation = to_send()
        self.write(
            self._session.greet(handshake, annotations=annotations, correlation=correlation)
        )
        self._greeting = asyncio.get_running_loop().create_future()
        event = await self._greeting
        if isinstance(event, Refusal):
            raise RefusedError(f"connection to {self.uri.location} rejected: {event.text}")
        answered(event.annotations)
        self.handshake = event.handshake
        self.metadata = event.metadata
        features = self.session.features or frozenset()
        self.many = MANY in features
        if FLOW in features:
            self._functions = self.session.crossing = Functions(self, self._window)
        if self.session.beat:
            self._beats = Beats(self.session.beat, self._pulse, self._silent)

    def spoil(self, error: Exception) -> None:
        """Close the connection at once; those who wait get *error*."""
        self._end(error, hard=True)

    def here(self) -> bool:
        """Tell whether this is the process that made it, not a child of that."""
        return self._pid == os.getpid()

    def close(self) -> None:
        """Close the connection, when what was written has been sent."""
        self._end(LocalProtocolError("session is closed"), hard=False)

    def leave(self) -> None:
        """Note that one who used the connection is gone; after the last it is closed."""
        self.leases -= 1
        if not self.leases:
            self.close()

    async def shut_down(self) -> None:
        """Close the connection; return when that is done, also for its transport."""
        self.close()
        if self._transport is not None:
            await asyncio.wait([self._gone], timeout=_FAREWELL)
        if self._transport is not None:  # what was written is not wanted, it seems
            self._transport.abort()
            await asyncio.wait([self._gone], timeout=_FAREWELL)
        if self._service is not None:
            await self._service.rest()

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the *transport*."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not say so
        if self._error is None:
            self._sink = self._transport
        tune_transport(transport)

    def landed(self, *, done: bool) -> None:
        """Note that bytes went where they belong; if *done*, a message may be complete."""
        if self._error is None:
            if done:
                self.data_received(b"")
            elif self._beats is not None:
                self._beats.heard = time.monotonic()

    def eof_received(self) -> None:
        """Note that the other side sends no more."""
        self._end(ConnectionLostError(_OVER), hard=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell all who wait."""
        text = f"the connection was lost: {exc}" if exc else _OVER
        self._end(ConnectionLostError(text), hard=True)
        self._transport = None
        self._gone.set_result(None)
        guard = self._guard
        if guard is not None and self._service is None:  # else it waits for threads
            self._guard = None
            # It waits for nothing by now; where the loop itself is ending it, it is busy.
            with suppress(StopIteration, RuntimeError):
                guard.aclose().send(None)

    def pause_writing(self) -> None:
        """Hold back who wants to send."""
        self.paused = True

    def resume_writing(self) -> None:
        """Let them send."""
        if self._outflow is not None:
            self.paused = False
            if not self._outflow.go_on():
                return
        self.go_on()

    def _received(self, data: bytes) -> None:
        session = self._session
        waiting = self._waiting
        try:
            session.receive(data)
            while (event := session.next()) is not None:
                if type(event) is Reply:
                    seq = event.seq
                    waiter = waiting.get(seq)
                    if waiter is None or event.flows or waiter.done():
                        self.replied(event)
                    else:
                        del waiting[seq]
                        waiter.set_result(event)
                elif not self.settle(event):
                    self._take(event)
                if not session.decoder.data:
                    break  # nothing is behind it
            else:
                if session.decoder.landing is not None and self._transport is not None:
                    land(session.decoder, self._transport, self)
        except (ProtocolError, SecurityError) as error:
            self._end(error, hard=True)
        except Exception as error:  # a loop may leave the callers waiting for ever
            self._end(ConnectionLostError(f"the connection was lost: {error!r}"), hard=True)
            raise
        if self._answering is not None and self._full:
            self._read(False)

    def _take(self, event: object) -> None:
        """Take what answers no call of ours."""
        if isinstance(event, Call):
            self._serve(event)
        elif isinstance(event, Cancel | Credit):
            if self._answering is not None:
                if isinstance(event, Cancel):
                    self._answering.cancel(event)
                else:
                    self._answering.credit(event)
        elif isinstance(event, Ping):
            self.write(self.session.pong(event))
        else:
            assert isinstance(event, Welcome | Refusal)
            assert self._greeting is not None
            if not self._greeting.done():
                self._greeting.set_result(event)

    def _serve(self, call: Call) -> None:
        """Have a function of this side run."""
        if self._functions is None or self._functions.released(call):
            return
        if self._answering is None:
            self._service = FunctionService(self._functions)
            self._answering = Running(self, self._service)
        self._answering.call(call)

    def ended(self) -> None:
        """Note that a function has run; read on, if that had to wait."""
        if not self._reading and self._answering is not None:
            self._read(not self._full)

    def _large(self, data: Data, lent: bool) -> None:
        self._flow(cast(asyncio.Transport, self._transport), data, lent)

    def _soon(self) -> None:
        self._gone.get_loop().call_soon(self._uncork)

    def _resume(self) -> None:
        self._read(not self._full)

    @property
    def _full(self) -> bool:
        """Whether so many functions run here that no more calls of them are to be read."""
        assert self._answering is not None
        # What they wait for themselves may lie behind calls that are too many.
        spare = _QUEUE if self.session.calls else 0
        return self._answering.count >= self._most + spare

    def _read(self, wanted: bool) -> None:
        """Read what comes, or leave it for now; then nobody is judged by his silence."""
        if self._reading is wanted or self._transport is None:
            return
        self._reading = wanted
        if self._beats is not None:
            self._beats.heard = time.monotonic() if wanted else math.inf
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _pulse(self) -> None:
        if not self.paused:  # or more lies there than it will take anyway
            self.write(self.session.pulse())

    def _silent(self) -> None:
        text = f"no sign of life for {round(3 * self.session.beat, 3):g} s"
        self._end(ConnectionLostError(f"the connection was lost: {text}"), hard=True)

    def _end(self, error: Exception, *, hard: bool) -> None:
        if self._error is not None:
            return
        self._uncork()
        if self._outflow is not None and not hard:
            self._outflow.flush()
        if self._beats is not None:
            self._beats.stop()
        self.session.close()
        self.lose(error)
        if self._answering is not None and self._service is not None:
            self._answering.close()
            self._service.pool.close()
        if self._functions is not None:
            self._functions.clear()
        if self._greeting is not None and not self._greeting.done():
            self._greeting.set_exception(error)
        if self._transport is not None:
            if hard:
                self._transport.abort()
            else:
                self._transport.close()


async def _guard(reference: weakref.ref[Connection]) -> AsyncGenerator[None, None]:
    """Close a connection when the loop finishes its asynchronous generators."""
    try:
        yield
    finally:
        connection = reference()
        if connection is not None and connection.here():
            await connection.shut_down()
