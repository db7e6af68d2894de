"""What the daemons of this front-end share: how a message is answered."""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..context import CallContext, Client, serving
from ..errors import DaemonError
from ..frontend.chains import check_call
from ..frontend.host import Host
from ..objects.batch import DATA
from ..objects.calls import ATTRIBUTE_ACCESS
from ..objects.functions import OF_FUNCTIONS
from ..objects.streams import Tap
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..uri import URI
from ..wire.buffers import Data
from ..wire.dialects import Dialect
from ..wire.events import Call, Greeting, Ping
from ..wire.features import FLOW
from ..wire.framing import BATCH, ONEWAY
from .client import Proxy
from .drive import drive
from .link import Link
from .pump import Pump

if TYPE_CHECKING:
    from .coroutines import Coroutines

__all__ = ["BaseDaemon"]

_log = logging.getLogger("pyrophone.daemon")


class BaseDaemon(Host):
    """Objects of this process that others may call; subclasses wait for the calls.

    Methods that a subclass may override are those of
    :class:`pyrophone.frontend.host.Host`.

    Args:
        location: Where it can be reached, a URI with the object left empty.
        settings: See :class:`pyrophone.settings.Settings`.
        classes: Class table to share with others; by default one of its own.
        control: Class of the control object.
        dialects: What else to answer, by name or as it is; None is what the settings say.

    Attributes:
        interrupted: Whether Ctrl-C was pressed while it ran a call.
        awaits: Whether ``async def`` methods are run, in a thread of their own.
        straight: Whether calls are run as :meth:`perform` here does it, and nothing more.

    Raises:
        DaemonError: There is no dialect of that name.
    """

    awaits = True
    proxies = Proxy

    def __init__(
        self,
        location: URI,
        settings: Settings,
        classes: ClassTable | None,
        control: Callable[..., Any],
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        self.interrupted = False
        self._starting = threading.Lock()
        self._coroutines: Coroutines | None = None
        self._retired = False
        super().__init__(location, settings, classes, control, threading.RLock, dialects)
        plainly = type(self).perform is BaseDaemon.perform
        self.straight = plainly and not self._judges and not self._annotates

    def register(
        self,
        target: Any,
        object_id: str | None = None,
        *,
        name: str | None = None,
        tags: set[str] | None = None,
        weak: bool = False,
        force: bool = False,
    ) -> URI:
        """Make an object, or a class to be instantiated, callable; return its URI.

        Arguments and errors are those of
        :meth:`pyrophone.frontend.registry.Registry.registering`.
        """
        steps = self.registering(
            target, object_id, name=name, tags=tags, weak=weak, force=force
        )
        return drive(steps, self.settings)

    def proxy_of(self, target: Any) -> Proxy:
        """Return a proxy for a registered object, not connected yet."""
        return Proxy.to(self.uri_of(target), settings=self.settings, codecs=self.codecs)

    # What links call.

    def answer(self, link: Link, event: Call | Greeting | Ping) -> Data:
        """Return the bytes that answer *event*."""
        if type(event) is Call:
            return self.run(link, event)
        if type(event) is Ping:
            return link.session.pong(event, self.chunks())
        assert isinstance(event, Greeting)
        return self.greet(link, event)

    def run(self, link: Link, call: Call) -> Data:
        """Run *call*; return the bytes that answer it, none if there are none now."""
        return self.perform(link, call, self.context(link.client, call)) or b""

    def perform(self, link: Link, call: Call, context: CallContext) -> Data | None:
        """Run *call*; return the bytes that answer it, None if they follow."""
        token = serving.set(context)
        try:
            if context.cancelled or context.deadline is not None:
                context.check()
            if call.path:
                self.check_chain(call)
            if call.flags & BATCH:
                return self._reply(link, call, context, self._run_batch(link, call))
            if call.method in OF_FUNCTIONS:
                function = self._function(link, call)
            else:
                function = self._dispatcher.function(call, link.client)
            if self._judges:
                value = self._judged(link.client, call, function)
            else:
                value = function(*call.args, **call.kwargs)
            if type(value) in DATA and not self._annotates:  # the short way, most go it
                return link.session.result(
                    call,
                    value,
                    annotations=context.reply_annotations,
                    correlation=context.correlation,
                )
            return self.conclude(link, call, context, function, value)
        except BaseException as error:  # whatever it is, the caller is told
            return self.explain(link, call, error, context)
        finally:
            serving.reset(token)

    def explain(
        self, link: Link, call: Call, error: BaseException, context: CallContext
    ) -> Data:
        """Return the bytes that answer *call* with *error*.

        Where code of the user that has a say in it fails, the connection ends, so that who
        called does not wait for ever. If that raises *error* itself, so does this.
        """
        self.noticed(error)
        try:
            return self.fail(link.session, call, error, context)
        except BaseException as problem:  # of the program's own method, anything
            if problem is error:
                raise
            self.noticed(problem)
            _log.exception("a call that failed can't be answered; its connection is closed")
            link.lose()
            return b""

    def conclude(
        self,
        link: Link,
        call: Call,
        context: CallContext,
        function: Callable[..., Any],
        value: Any,
    ) -> Data | None:
        """Return the bytes that answer *call*, of which *function* made *value*.

        None if they follow, since *value* is to be awaited or read item by item.
        """
        if self.awaits and isinstance(value, Coroutine):
            return self._await(link, call, context, function, value)
        return self._reply(link, call, context, value)

    def check_chain(self, call: Call) -> None:
        """Return if *call* can be run here, with all the calls that wait for it.

        Raises:
            DeadlockError: It would wait for one of them.
        """
        check_call(call.path, self.location, call.object_id, call.method)

    def left(self, link: Link) -> None:
        """Note that *link* was closed."""
        self.release(link)

    def noticed(self, error: BaseException) -> None:
        """Note the user's Ctrl-C; the loop ends behind the answer."""
        if isinstance(error, KeyboardInterrupt) and _in_main_thread():
            self.interrupted = True

    # What happens in other threads.

    def submit(self, job: Callable[[], object]) -> None:
        """Have *job*, which runs code of the user, run soon in another thread."""
        raise NotImplementedError

    def ended(self) -> None:
        """Note that a call was answered from another thread."""

    def coroutines(self) -> Coroutines:
        """Return what runs coroutines; it is made when it is needed.

        Raises:
            DaemonError: The daemon has ended.
        """
        with self._starting:
            if self._retired:
                raise DaemonError("the daemon has ended")
            if self._coroutines is None:
                # Imported here, since asyncio takes longer to import than all of this.
                module = importlib.import_module(".coroutines", __package__)
                self._coroutines = module.Coroutines(f"pyrophone-{self.location}-async")
            return self._coroutines

    def retire(self) -> None:
        """Let go of what clients had, and of what runs coroutines."""
        with self._starting:
            self._retired = True
            coroutines = self._coroutines
        if coroutines is not None:
            coroutines.close()
        super().retire()

    # Helpers.

    def _function(self, link: Link, call: Call) -> Callable[..., Any]:
        if link.calls is not None and call.problem is None:
            return link.calls.function(call)
        return self._dispatcher.function(call, link.client)

    def _reply(
        self, link: Link, call: Call, context: CallContext, value: Any
    ) -> Data | None:
        """Return the bytes that answer *call* with *value*, None if they were sent."""
        if self._annotates:
            self._add_annotations(context)
        session = link.session
        if type(value) in DATA or not self._dispatcher.is_stream(call, value):
            return self._dispatcher.reply(session, call, value, context, time.monotonic())
        if FLOW not in (session.features or ()) or not self._dispatcher.streaming:
            if hasattr(type(value), "__anext__"):
                value = self.coroutines().blocking(value)
            return self._dispatcher.reply(session, call, value, context, time.monotonic())
        data = session.flow(
            call, annotations=context.reply_annotations, correlation=context.correlation
        )
        if call.flow is None:  # it was cancelled, and is answered with that
            return data
        link.open.setdefault(call.seq, context)
        link.deliver(data)
        make: Callable[..., Pump] = Pump
        if isinstance(value, Tap):
            make = self.coroutines().tapped
        elif hasattr(type(value), "__anext__"):
            make = self.coroutines().pump
        pump = link.pumps[call.seq] = make(link, call, value, self)
        pump.begin()
        if context.cancelled:  # since a moment
            link.cancel(call.seq)
        return None

    def _await(
        self,
        link: Link,
        call: Call,
        context: CallContext,
        function: Callable[..., Any],
        coroutine: Coroutine[Any, Any, Any],
    ) -> Data | None:
        """Let *coroutine* run; its answer follows."""
        oneway = call.flags & ONEWAY
        try:
            coroutines = self.coroutines()
        except BaseException:
            coroutine.close()
            raise
        task = coroutines.task()
        if not oneway:
            link.open.setdefault(call.seq, context)
            link.tasks[call.seq] = task.cancel
        task.run(coroutine, partial(self._awaited, link, call, context, function))
        if context.cancelled:
            task.cancel()
        return b"" if oneway else None

    def _awaited(
        self,
        link: Link,
        call: Call,
        context: CallContext,
        function: Callable[..., Any],
        value: Any,
        error: BaseException | None,
    ) -> None:
        """Answer *call*, whose coroutine has ended."""
        data: Data | None = b""
        try:
            if isinstance(error, Exception) and self._judges:
                self.failed(link.client, function, call.args, call.kwargs, error)
            if error is not None:
                raise error
            data = self._reply(link, call, context, value)
        except BaseException as problem:  # whatever it is, the caller is told
            data = self.explain(link, call, problem, context)
        finally:
            if data:
                link.deliver(data)
            if data is not None and not call.flags & ONEWAY:
                link.done(call.seq)
            self.ended()

    def _withdraw(self) -> None:
        drive(self._withdrawing(), self._withdraw_settings)

    def _run_batch(self, link: Link, call: Call) -> Any:
        judge = partial(self.failed, link.client) if self._judges else None
        return self._dispatcher.run_batch(call, link.client, judge, self._settled)

    def _settled(self, value: Any) -> Any:
        """Return what *value* gives in a batch."""
        if self.awaits and isinstance(value, Coroutine):
            return self.coroutines().result(value)
        return value

    def _judged(self, client: Client, call: Call, function: Callable[..., Any]) -> Any:
        try:
            return function(*call.args, **call.kwargs)
        except Exception as error:
            if call.method not in ATTRIBUTE_ACCESS:
                self.failed(client, function, call.args, call.kwargs, error)
            raise


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
