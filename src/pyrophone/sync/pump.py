"""Item streams of a daemon that flow: items are sent ahead, as far as the reader wants."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Protocol

from ..errors import LocalProtocolError, ProtocolError
from ..wire.batching import Batch
from ..wire.buffers import Data
from ..wire.events import Call
from ..wire.flows import Flow
from .outgoing import Outgoing

__all__ = ["Pump", "Runner"]

_SLICE = 0.005  # seconds for one stream where others wait for the same thread


class Runner(Protocol):
    """What a pump needs from its daemon.

    Attributes:
        alone: Whether there is one thread for everything.
    """

    alone: bool

    def submit(self, job: Callable[[], object]) -> None:
        """Have *job*, which runs code of the user, run soon in another thread."""

    def traceback(self, error: BaseException) -> list[str]:
        """Return the lines that show the client where a method failed."""


class Pump:
    """Takes items from one iterator and sends them.

    A :class:`.Batch` gathers them. The iterator is used by one thread at a time, and
    closed once.

    Args:
        link: The connection.
        call: What the stream answers; it flows already.
        items: The iterator.
        runner: The daemon.

    Attributes:
        born: When it was made, by the monotonic clock.
    """

    def __init__(self, link: Outgoing, call: Call, items: Any, runner: Runner) -> None:
        assert call.flow is not None
        self.born = time.monotonic()
        self._link = link
        self._call = call
        self._flow: Flow = call.flow
        self._items = items
        self._runner = runner
        self._sliced = runner.alone
        self._context = copy_context()
        # For what is below, up to the next blank line; reentrant because what is sent may
        # be stuck, and go on, within the sending, which then says so.
        self._lock = threading.RLock()
        self._busy = False
        self._again = False
        self._batch = Batch(call, items)

        self._over = False  # whether there is nothing more to come
        self._error: BaseException | None = None  # what ended it
        self._stopped = False
        self._ended = False

    def begin(self) -> None:
        """Begin, once the link knows it; the reader may have asked already."""
        if self._flow.room > 0:
            self.credited()

    def credited(self) -> None:
        """Go on: the reader has used up something, or takes more again."""
        with self._lock:
            if self._busy:
                self._again = True
                if self._batch.due:
                    self._runner.submit(self._flush)
                return
            if self._ended:
                return
            self._busy = True
        self._runner.submit(self._work)

    def stop(self, error: BaseException | None = None) -> None:
        """Send nothing more but the end; let go of the iterator."""
        self._error = self._error or error
        self._stopped = True
        self.credited()

    def _work(self) -> None:
        """Send what there is to send, then wait for :meth:`credited`."""
        until = time.monotonic() + _SLICE
        while True:
            try:
                going = self._context.run(self._step)
            except BaseException:  # Ctrl-C in the middle of sending, for one
                if not self._ended:  # the reader would wait for ever
                    self._link.lose()
                self._finish()
                raise
            if going and self._sliced and time.monotonic() > until:
                self._runner.submit(self._work)
                return
            if not going:
                with self._lock:
                    if not self._again or self._ended:
                        self._busy = False
                        return
                    self._again = False

    def _step(self) -> bool:
        """Take one item, or end; return whether more can be done now."""
        if self._ended:
            return False
        if self._stopped or self._link.closed:
            self._end()
            return False
        if self._link.stuck:
            return False
        if self._over:
            return self._complete()
        if self._flow.room < 1:
            return False
        try:
            return self._draw()
        except StopIteration:
            self._over = True
        except BaseException as error:  # whatever it is, the reader is told
            self.fail(error)
        return True

    def _draw(self) -> bool:
        """Take one item; return whether there was one, now."""
        self.take(next(self._items))
        return True

    def take(self, item: Any) -> None:
        """Send *item*, now or with others."""
        with self._lock:
            self._batch.items.append(item)
            if self._batch.due:
                self._send()

    def fail(self, error: BaseException) -> None:
        """Let the stream end with *error* behind what it has given."""
        self._error = self._error or error
        self._over = True

    def _flush(self) -> None:
        with self._lock:
            if self._batch.due and not self._over:
                self._send()

    def _send(self, *, last: bool = False) -> None:
        """Send what was gathered, as far as there is room; the lock is held."""
        batch = self._batch
        while (batch.items or last) and not self._ended:
            try:
                data = batch.next(self._link.session, last=last)
            except LocalProtocolError:  # the link was closed since
                return
            except Exception as error:  # of converters, too: the reader is told
                self.fail(error)
                return
            if not data:
                return
            self._link.deliver(data)
            last = last and bool(batch.items)

    def _complete(self) -> bool:
        """Send the rest and the end; return whether there is more to do now."""
        with self._lock:
            self._send(last=self._error is None)
            if self._batch.items:
                return self._flow.room > 0
            if self._error is not None:
                self._link.deliver(self._fault(self._error))
        self._finish()
        return False

    def _fault(self, error: BaseException) -> Data:
        lines = self._runner.traceback(error)
        with suppress(ProtocolError):
            return self._link.session.items_fault(self._call, error, lines)
        return b""

    def _end(self) -> None:
        """End before the end."""
        with self._lock:
            self._batch.items.clear()
            data: Data = b""
            if self._error is not None:
                data = self._fault(self._error)
            else:
                with suppress(ProtocolError):
                    data = self._link.session.items(self._call, [], last=True)
            self._link.deliver(data)
        self._finish()

    def _finish(self) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended = True
        link, seq = self._link, self._call.seq
        link.pumps.pop(seq, None)
        link.done(seq)
        self.let_go()

    def let_go(self) -> None:
        """Close the iterator, if it can be."""
        items: Iterator[Any] = self._items
        self._items = iter(())
        close = getattr(items, "close", None)
        if close is not None:
            with suppress(Exception):  # the user's code, and nobody is left to be told
                close()
