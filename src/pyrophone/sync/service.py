"""What the daemons of this front-end share: how a message is answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ..context import Client, serving
from ..frontend.host import Host
from ..objects.calls import ATTRIBUTE_ACCESS
from ..serializers.classes import ClassTable
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from ..wire.events import Call, Greeting, Ping
from ..wire.framing import BATCH
from .client import Proxy, codecs_for
from .drive import drive
from .link import Link

__all__ = ["BaseDaemon"]


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

    Raises:
        DaemonError: There is no dialect of that name.
    """

    def __init__(
        self,
        location: URI,
        settings: Settings,
        classes: ClassTable | None,
        control: Callable[..., Any],
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        self.interrupted = False
        super().__init__(location, settings, classes, control, threading.RLock, dialects)

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

    def codecs_for(
        self,
        settings: Settings,
        classes: ClassTable | None = None,
        dialect: Dialect = PYRO5,
    ) -> Codecs:
        """Return what reads and writes the proxies of this front-end."""
        return codecs_for(settings, classes, dialect)

    # What links call.

    def answer(self, link: Link, event: Call | Greeting | Ping) -> bytes:
        """Return the bytes that answer *event*."""
        if type(event) is Call:
            return self.run(link, event)
        if type(event) is Ping:
            return link.session.pong(event, self.annotations())
        assert isinstance(event, Greeting)
        return self.greet(link, event)

    def run(self, link: Link, call: Call) -> bytes:
        """Run *call*; return the bytes that answer it, none if one-way."""
        session = link.session
        client = link.client
        context = self.context(client, call)
        token = serving.set(context)
        try:
            dispatcher = self._dispatcher
            if call.flags & BATCH:
                judge = partial(self.failed, client) if self._judges else None
                value = drive(dispatcher.batch(call, client, judge), self.settings)
            elif self._judges:
                value = self._judged(call, client)
            else:
                value = dispatcher.function(call, client)(*call.args, **call.kwargs)
            if self._annotates:
                self._add_annotations(context)
            return dispatcher.reply(session, call, value, context, time.monotonic())
        except BaseException as error:
            self.noticed(error)
            return self.fail(session, call, error, context)
        finally:
            serving.reset(token)

    def left(self, link: Link) -> None:
        """Note that *link* was closed."""
        self.release(link)

    def noticed(self, error: BaseException) -> None:
        """Note the user's Ctrl-C; the loop ends behind the answer."""
        if isinstance(error, KeyboardInterrupt) and _in_main_thread():
            self.interrupted = True

    # Helpers.

    def _withdraw(self) -> None:
        drive(self._withdrawing(), self._withdraw_settings)

    def _judged(self, call: Call, client: Client) -> Any:
        function = self._dispatcher.function(call, client)
        try:
            return function(*call.args, **call.kwargs)
        except Exception as error:
            if call.method not in ATTRIBUTE_ACCESS:
                self.failed(client, function, call.args, call.kwargs, error)
            raise


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
