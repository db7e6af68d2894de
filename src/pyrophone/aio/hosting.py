"""What the objects of a daemon in a loop need to be called, apart from connections."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, cast

from ..context import CallContext, Client, serving
from ..frontend.host import Host
from ..objects.functions import CALLED
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..steps import Procedure
from ..uri import URI
from ..wire.buffers import Data
from ..wire.dialects import Dialect
from ..wire.events import Call, Greeting
from ..wire.features import FEATURES, FLOW
from ..wire.session import Session
from .bridge import Bridge
from .client import Proxy
from .drive import drive
from .link import Link
from .pool import Pool
from .service import runs_in_loop

__all__ = ["HostingDaemon"]

_log = logging.getLogger("pyrophone.daemon")

_READERS = 2


class HostingDaemon(Host):
    """Objects that others may call; what is asynchronous runs in the loop, all else apart.

    Args:
        location: Where it can be reached, a URI with the object left empty.
        settings: See :class:`pyrophone.settings.Settings`.
        classes: Class table to share with others; by default one of its own.
        control: Class of the control object.
        dialects: What else to answer, by name or as it is; None is what the settings say.

    Attributes:
        pool: The threads for plain methods.
        study: Those that read large calls.
        apart: Whether answers may be written in threads: no hook has to be asked for it.
        judge: What :meth:`failed` is for the methods that run, None if nobody overrides it.
    """

    features = FEATURES
    proxies = Proxy

    def __init__(
        self,
        location: URI,
        settings: Settings,
        classes: ClassTable | None,
        control: Callable[..., Any],
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        super().__init__(location, settings, classes, control, threading.RLock, dialects)
        self.pool = Pool(settings.workers, f"pyrophone-{self.location}-#")
        self.study = Pool(_READERS, f"pyrophone-{self.location}-reader-#")
        self.apart = not self._annotates
        self.judge: Callable[..., Any] | None = self.failed if self._judges else None
        self._tasks: set[asyncio.Task[None]] = set()

    async def register(
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
        :meth:`pyrophone.frontend.registry.Registry.registering`. It waits only for a name
        server.
        """
        steps = self.registering(
            target, object_id, name=name, tags=tags, weak=weak, force=force
        )
        return await drive(steps, self.settings)

    def proxy_of(self, target: Any) -> Proxy:
        """Return a proxy for a registered object, not connected yet."""
        return Proxy.to(self.uri_of(target), settings=self.settings, codecs=self.codecs)

    @property
    def workers(self) -> int:
        """Threads that there are to run plain methods, at this moment."""
        return self.pool.count

    # What answering calls.

    def function_at_hand(self, client: Client, call: Call) -> Callable[..., Any] | None:
        """Return what to run for *call*, None if finding it may run code of the user."""
        if call.problem is None and call.method != CALLED:
            entry = self.objects.find(call.object_id)
            fixed = entry.fixed
            if fixed is not None:
                if call.method in entry.members.methods:
                    function: Callable[..., Any] = getattr(fixed, call.method)
                    return function
            elif not self.objects.at_hand(entry, client):
                return None
        return self.function(client, call)

    def function(self, client: Client, call: Call) -> Callable[..., Any]:
        """Return what to run for *call*; an instance may be made for it."""
        if call.method == CALLED and call.problem is None:
            known = client.connection.functions
            if known is not None:
                passed: Callable[..., Any] = known.function(call)
                return passed
        return self._dispatcher.function(call, client)

    def batch(self, client: Client, call: Call) -> Procedure[list[Any]]:
        """Return the steps of a batch."""
        judge = partial(self.failed, client) if self._judges else None
        return self._dispatcher.batch(call, client, judge)

    def flowing(self, session: Session, call: Call, value: Any) -> bool:
        """Tell whether *value* is to be answered by a stream that flows."""
        return (
            self._dispatcher.is_stream(call, value)
            and FLOW in (session.features or ())
            and self.settings.streaming
        )

    def reply(self, session: Any, call: Call, value: Any, context: CallContext) -> Data:
        """Return the bytes that answer *call* with *value*."""
        if self._annotates:
            self._add_annotations(context)
        if _is_async(value):
            value = Bridge(value)
        return self._dispatcher.reply(session, call, value, context, time.monotonic())

    def open(self, session: Session, call: Call, context: CallContext) -> Data:
        """Return the bytes that answer *call* with a stream that flows."""
        if self._annotates:
            self._add_annotations(context)
        return session.flow(
            call, annotations=context.reply_annotations, correlation=context.correlation
        )

    def noticed(self, error: BaseException) -> None:
        """Let the user's Ctrl-C end the loop, behind the answer."""
        if isinstance(error, KeyboardInterrupt) and _in_main_thread():
            asyncio.get_running_loop().call_soon(_raise, error)

    # What links call.

    def welcome(self, link: Link, greeting: Greeting) -> None:
        """Judge *greeting*, apart from the loop if it is code of the user that does."""
        if type(self).greets is Host.greets:
            data = self.greet(cast(Any, link), greeting)
            link.greet(data, accepted=link.greeted)
        else:
            self._spawn(self._judge(link, greeting))

    async def _judge(self, link: Link, greeting: Greeting) -> None:
        context = self.greeting_context(cast(Any, link), greeting)
        serving.set(context)
        answer: Any = None
        problem: BaseException | None = None
        if greeting.object_id is None or greeting.object_id in self.objects.ids:
            try:
                answer = await self._call(self.greets, link.client, greeting.handshake)
            except BaseException as error:  # of the program's own method; raised by judge
                problem = error

        def judge(client: Client, handshake: Any) -> Any:
            if problem is not None:
                raise problem
            return answer

        if not link.closed:
            data = self.greet(cast(Any, link), greeting, context, judge)
            link.greet(data, accepted=link.greeted)
        elif problem is None:  # it was accepted, and has left meanwhile
            link.greeted = True
            await self._let_go(link)

    async def _let_go(self, link: Link) -> None:
        """Let go of what belonged to the client of *link*, who is gone."""
        if link.greeted and type(self).left_by is not Host.left_by:
            link.greeted = False
            try:
                await self._call(self.left_by, link.client)
            except BaseException as error:  # of the program's own method, anything
                self.noticed(error)
                _log.exception("error in left_by")
        link.greeted = False
        if link.client.resources or self.streams:
            await self._apart(self.release, cast(Any, link))
        else:
            self.release(cast(Any, link))

    # Helpers.

    async def _call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a hook, in the loop if it is asynchronous, else in the pool."""
        if runs_in_loop(function):
            return await function(*args)
        value = await self._apart(function, *args)
        if hasattr(type(value), "__await__"):
            value = await value
        return value

    async def _apart(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run *function* in the pool, in the context of this task."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        self.pool.submit(partial(copy_context().run, _run, loop, done, function, args))
        return await done

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _run(
    loop: asyncio.AbstractEventLoop,
    done: asyncio.Future[Any],
    function: Callable[..., Any],
    args: tuple[Any, ...],
) -> None:
    value: Any = None
    problem: BaseException | None = None
    try:
        value = function(*args)
    except BaseException as error:  # whatever it is, who waits is told
        problem = error
    with suppress(RuntimeError):  # the loop is closed; nobody waits for it
        loop.call_soon_threadsafe(_settle, done, value, problem)


def _settle(done: asyncio.Future[Any], value: Any, problem: BaseException | None) -> None:
    if done.done():
        return
    if isinstance(problem, StopIteration):  # which no future takes
        problem = RuntimeError(f"StopIteration: {problem}")
    if problem is None:
        done.set_result(value)
    else:
        done.set_exception(problem)


def _is_async(value: Any) -> bool:
    kind = type(value)
    return hasattr(kind, "__anext__") and hasattr(kind, "__aiter__")


def _raise(error: BaseException) -> None:
    raise error


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
