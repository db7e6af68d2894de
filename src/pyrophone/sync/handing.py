"""Calls that are run by others than who reads them, or later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from ..context import CallContext
from ..errors import DeadlockError
from ..objects.functions import OF_FUNCTIONS
from ..wire.buffers import Data
from ..wire.events import Call, Greeting, Ping
from ..wire.framing import BATCH, ONEWAY
from .link import Link
from .pool import Workers
from .waiting import WaitingDaemon, guarded

__all__ = ["HandingDaemon"]

_QUEUE = 1000  # one-way calls that wait for a thread; more are run where they came


class HandingDaemon(WaitingDaemon):
    """A daemon that hands calls on; a subclass takes in clients, serves them, and ends.

    Arguments are those of :class:`.WaitingDaemon`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked = False  # whether somebody waits for calls to change a condition
        self._apart: Workers | None = None  # for one-way calls alone
        if self.settings.oneway_threads:
            self._apart = Workers(self.settings.oneway_threads, "oneway-call")

    def answer(self, link: Link, event: Call | Greeting | Ping) -> Data:
        """Return the bytes that answer *event*; a one-way call may run apart."""
        if type(event) is Call:
            oneway = event.flags & ONEWAY
            return (
                b"" if oneway and self.starts_apart(link, event) else self.run(link, event)
            )
        return super().answer(link, event)

    def starts_apart(self, link: Link, call: Call) -> bool:
        """Run a one-way call in another thread, if there is one for it."""
        apart = self._threads_apart()
        if apart is None or apart.waiting >= _QUEUE or call.flags & BATCH:
            return False
        if link.calls is not None:
            link.calls.returns.come(call)
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
        if call.flags & ONEWAY and link.calls is not None:
            link.calls.returns.come(call)
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

    # What a subclass does.

    def _threads_apart(self) -> Workers | None:
        return self._apart

    def _look_at(self, link: Link) -> None:
        """See to a link that has changed, in another thread; the polling one calls this."""
        raise NotImplementedError

    # Who runs calls calls these.

    def _refuse_deadlock(self, link: Link, call: Call, context: CallContext) -> None:
        link.session.read(call)  # for what the error tells
        try:
            self.check_chain(call)
        except DeadlockError as error:
            link.deliver(self.explain(link, call, error, context))

    def _run_started(self, link: Link, call: Call, context: CallContext, key: int) -> None:
        """Run a call that another thread has read."""
        if link.closed or self.stopping:
            link.done(key)
            return
        if not context.cancelled:
            link.session.read(call)
        act = partial(self.perform, link, call, context)
        data: Data | None = b""
        try:
            data = self._begins(link, call, act) if call.flags & ONEWAY else act()
            if data:
                link.deliver(data)
        except BaseException:
            link.lose()  # or who called would wait for ever
            raise
        finally:
            if data is not None:
                link.done(key)
            self.ended()

    def _run_apart(self, link: Link, call: Call) -> None:
        self._begins(link, call, partial(self.run, link, call))
        if self._asked:
            self._poller.wake()

    def _begins(
        self, link: Link, call: Call, act: Callable[[], Data | None]
    ) -> Data | None:
        """Run a one-way call by *act*; what gives functions back waits for earlier ones."""
        if link.calls is None:
            return act()
        returns = link.calls.returns
        try:
            if call.method not in OF_FUNCTIONS:
                returns.begun(call)
            return act()
        finally:
            returns.begun(call)  # it may have failed before that
