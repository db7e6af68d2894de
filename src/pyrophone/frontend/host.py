"""What all daemons are, however they wait: objects, hooks, sessions, answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ..context import CallContext, Client, serving
from ..errors import NoSuchObjectError, ProtocolError
from ..objects.calls import Dispatcher, format_remote
from ..objects.streams import StreamTable
from ..objects.table import DAEMON_ID
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..uri import URI
from ..wire.buffers import Data
from ..wire.dialects import Dialect
from ..wire.events import Call, Greeting
from ..wire.framing import ONEWAY
from ..wire.server import ServerSession
from ..wire.states import CLOSED
from .contexts import context_for
from .speaking import Speaker

__all__ = ["Host", "Peer"]

_log = logging.getLogger("pyrophone.daemon")


class Peer(Protocol):
    """A daemon's end of one connection, as far as its host is concerned.

    Attributes:
        session: Its session.
        client: Who is at the other end.
        greeted: Whether the client's greeting was accepted.
        deadline: When it is to be closed if nothing happens, by ``time.monotonic()``;
            None is never.
    """

    session: ServerSession
    client: Client
    greeted: bool
    deadline: float | None


class Host(Speaker):
    """Objects of this process that others may call; front-ends wait for the calls.

    Methods that a subclass may override: :meth:`accepts`, :meth:`greets`,
    :meth:`left_by`, :meth:`failed`, :meth:`traceback`, :meth:`annotations`,
    :meth:`housekeeping`, :meth:`session`, :meth:`serializers`, :meth:`members_of`,
    :meth:`speaks`, :meth:`answers`.

    Args:
        location: Where it can be reached, a URI with the object left empty.
        settings: See :class:`pyrophone.settings.Settings`.
        classes: Class table to share with others; by default one of its own.
        control: Class of the control object.
        guard: Makes what keeps others away while an instance is made.
        dialects: What else to answer, by name or as it is; None is what the settings say.

    Raises:
        DaemonError: There is no dialect of that name.

    Attributes:
        alone: Whether it runs one call at a time.
        place: What stands for it in chains of calls; see :mod:`.chains`.
    """

    alone = False

    def __init__(
        self,
        location: URI,
        settings: Settings,
        classes: ClassTable | None,
        control: Callable[..., Any],
        guard: Callable[[], AbstractContextManager[Any]],
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        super().__init__(location, settings, classes, guard, dialects)
        self.streams = StreamTable(settings.stream_lifetime, settings.stream_linger)
        self._dispatcher = Dispatcher(
            self.objects,
            self.streams,
            fail=self.codecs.failure,
            streaming=settings.streaming,
            show=self.traceback,
        )
        self.place = f"!{self.location}" if self.alone else self.location
        self._judges = type(self).failed is not Host.failed
        self._annotates = type(self).annotations is not Host.annotations
        self.objects.register(control(self.objects, self.streams, self.describe), DAEMON_ID)

    def describe(self) -> str:
        """Return one line about the daemon, for people."""
        return f"{type(self).__name__} at {self.location}, {len(self.objects.ids)} objects"

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{self.describe()}>"

    # What a subclass may override.

    def accepts(self, address: Any) -> bool:
        """Tell whether a client from *address* may connect at all; asked first."""
        return True

    def greets(self, client: Client, handshake: Any) -> Any:
        """Judge the handshake of a client; return the answer, or raise to refuse it.

        The text of what is raised is sent. ``context.current()`` has the
        annotations that came along.
        """
        return "hello"

    def left_by(self, client: Client) -> None:
        """Called once a client that was greeted is gone."""

    def failed(
        self,
        client: Client,
        method: Callable[..., Any],
        args: Any,
        kwargs: dict[str, Any],
        error: Exception,
    ) -> None:
        """Called when a method raised, or its arguments don't fit, one-way or not.

        What this raises is sent in place of *error*. It is not called for members that
        there are not, and not for attributes.
        """

    def traceback(self, error: BaseException) -> list[str]:
        """Return the lines that show the client where a method failed."""
        return format_remote(error)

    def annotations(self) -> Mapping[str, bytes]:
        """Return chunks to send with every message."""
        return {}

    def housekeeping(self) -> None:
        """Called about once a second while the daemon serves."""

    def report(self, call: Call, error: BaseException, *, callback: bool) -> None:
        """Tell people here of the error of a one-way call, or of a callback.

        Args:
            call: What failed.
            error: What it raised.
            callback: Whether it was a method marked as one.
        """
        text = "".join(format_remote(error))
        _log.warning("error in %s.%s:\n%s", call.object_id, call.method, text)

    def reconfigure(self, settings: Settings) -> None:
        """Use other settings from now on."""
        super().reconfigure(settings)
        self.streams.lifetime = settings.stream_lifetime
        self.streams.linger = settings.stream_linger
        self._dispatcher.streaming = settings.streaming

    def retire(self) -> None:
        """Let go of what clients had; the end of a daemon."""
        self.streams.clear()
        self.objects.singles.clear()
        self._stand_ins.remove(self._stand_in)

    # What links call.

    def release(self, link: Peer) -> None:
        """Let go of what belonged to the client of *link*, who is gone."""
        client = link.client
        self.streams.leave(client, time.monotonic())
        if link.greeted:
            try:
                self.left_by(client)
            except BaseException as error:  # or the link would stay for ever
                self.noticed(error)
                _log.exception("error in left_by")
        for resource in list(client.resources):
            try:
                resource.close()
            except BaseException as error:  # of the program's own method, anything
                self.noticed(error)
                _log.exception("error closing a tracked resource")
        client.instances.clear()

    def context(self, client: Client, call: Call) -> CallContext:
        """Return the context to serve *call* in; the time that it has begins."""
        return context_for(client, call, self.place)

    def chunks(self) -> Mapping[str, bytes]:
        """Return the annotations of what is no answer to a call; none if they fail."""
        try:
            return self.annotations()
        except Exception:  # nobody is there to be told
            _log.exception("error in annotations")
            return {}

    def noticed(self, error: BaseException) -> None:
        """Called with what code of the user raised and was answered all the same."""

    # Helpers.

    def greet(
        self,
        link: Peer,
        greeting: Greeting,
        context: CallContext | None = None,
        judge: Callable[[Client, Any], Any] | None = None,
    ) -> bytes:
        """Return the bytes that accept *greeting*, or refuse it.

        Args:
            link: Whose it is.
            greeting: What came.
            context: What *judge* was given, if it has judged already.
            judge: Gives the answer, or raises; :meth:`greets` by default.
        """
        context = context or self.greeting_context(link, greeting)
        token = serving.set(context)
        try:
            metadata = None
            if greeting.object_id is not None:
                metadata = self.objects.find(greeting.object_id).metadata
            handshake = (judge or self.greets)(link.client, greeting.handshake)
            self._add_annotations(context)
            data = link.session.welcome(
                greeting, handshake, metadata, context.reply_annotations
            )
        except BaseException as error:  # whatever it is, only this client is refused
            self.noticed(error)
            if not isinstance(error, NoSuchObjectError):
                _log.info("client %s refused: %s", link.client.address, error)
            return link.session.refuse(str(error), greeting, self.chunks())
        finally:
            serving.reset(token)
        link.greeted = True
        link.deadline = None
        return data

    def greeting_context(self, link: Peer, greeting: Greeting) -> CallContext:
        """Return the context to judge *greeting* in."""
        return CallContext(
            link.client,
            greeting.seq,
            0,
            greeting.serializer.name,
            greeting.annotations,
            greeting.correlation,
        )

    def fail(
        self, session: ServerSession, call: Call, error: BaseException, context: CallContext
    ) -> Data:
        """Return the bytes that answer *call* with *error*; tell people if it is due."""
        callback = self._is_callback(call)
        if call.flags & ONEWAY or callback:
            self.report(call, error, callback=callback)
        if self._annotates:
            self._add_annotations(context)
        try:
            return self._dispatcher.fault(session, call, error, context)
        except ProtocolError as problem:  # its annotations are unusable, or it is too large
            if session.state == CLOSED:  # or nobody is there any more
                return b""
            context.reply_annotations = {}
            return self._dispatcher.fault(session, call, problem, context)

    def _is_callback(self, call: Call) -> bool:
        try:
            return self._dispatcher.is_callback(call)
        except NoSuchObjectError:
            return False

    def _add_annotations(self, context: CallContext) -> None:
        if more := self.annotations():
            context.reply_annotations = {**context.reply_annotations, **more}
