"""Sending on a connection that many threads use: nobody waits with the lock in hand."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from ..errors import LocalProtocolError
from ..wire.buffers import Data, Pieces
from ..wire.client import ClientSession
from .channels import Channel

__all__ = ["Sending"]

_NOTHING: tuple[tuple[()]] = ((),)  # goes along with pieces


class Sending:
    """A session and its socket, as far as something is sent.

    What the peer has no room for at the moment is kept in *_unsent*, and sent by whoever
    comes next, so that a message is never cut short by the time of its sender.

    Attributes:
        session: The conversation; touched with the lock only.
        channel: The socket.
        shared: Whether several calls may be under way. If not, whoever uses this sees to
            it, and whatever goes wrong in the middle of a call closes it.
        closed: Whether it is.
        used: When something came, by the monotonic clock.
    """

    # What each call uses: faster here than among the many of the instance's dictionary.
    __slots__ = (
        "_busy",
        "_flags",
        "_gather",
        "_leader",
        "_lock",
        "_reader",
        "_send",
        "_unsent",
        "_unsure",
        "channel",
        "closed",
        "session",
        "shared",
        "used",
    )

    def __init__(self, session: ClientSession, channel: Channel) -> None:
        self.session = session
        self.channel = channel
        self.shared = False
        self.closed = False
        self.used = time.monotonic()
        self._send = channel.send
        self._gather = channel.gather
        self._flags = (channel.flags,)
        self._lock = threading.RLock()
        self._busy = False  # whether the session is being told something
        self._leader: int | None = None  # for which number somebody reads
        self._reader = 0  # which thread that is
        self._unsent: deque[bytes | memoryview | Pieces] = deque()
        self._unsure = False  # whether more was sent than is noted

    def say(self, make: Callable[[], Data]) -> None:
        """Send what *make* gives, now or as soon as the peer takes it; wait for nothing."""
        with self._lock:
            if not self.closed:
                self._push_quietly(make())

    def close(self, why: str = "") -> None:
        """Close the connection."""
        raise NotImplementedError

    def _call_keeper(self) -> None:
        """See to it that what comes is read, and the rest is sent; with the lock."""

    # All of these with the lock.

    def _launch(self, launch: Callable[[Any], Data], message: Any) -> Data:
        """Return what *launch* makes of *message*.

        Raises:
            LocalProtocolError: This is a call of a signal handler or finalizer that cuts
                into another one of its thread, and would wait for ever.
        """
        if self._busy or self._reader == threading.get_ident():
            self._refuse_nesting()
        self._busy = True
        try:
            return launch(message)
        finally:
            self._busy = False

    def _refuse_nesting(self) -> None:
        raise LocalProtocolError(
            "a call was made in the middle of another one of the same thread, by a "
            "signal handler or finalizer: it needs a connection of its own"
        )

    def _push(self, data: Data) -> None:
        """Send *data*, or leave to others what there is no room for."""
        if self._unsent or type(data) is Pieces:
            self._unsent.append(data)
            self._flush()
            return
        size = len(data)
        sent = None
        self._unsure = True
        try:
            # As in reading: an interrupt finds the number in our hands, or nothing sent.
            for sent in map(self._send, (data,), self._flags):  # noqa: B007
                break
        except BlockingIOError:
            sent = 0
        finally:
            if sent is not None:
                if sent != size:
                    self._unsent.append(memoryview(data)[sent:])
                self._unsure = False

    def _push_quietly(self, data: Data) -> None:
        """Send *data*; if the connection is lost, those who wait for it are told.

        Nobody waits until it is sent: what is left of a user's buffers is copied.
        """
        if not data:
            return
        try:
            self._push(data)
        except OSError as error:
            self.close(f"the connection was lost: {error}")
        if self._unsent:
            if type(data) is Pieces:
                data.own()
            self._call_keeper()

    def _flush_quietly(self) -> None:
        try:
            self._flush()
        except OSError as error:
            self.close(f"the connection was lost: {error}")

    def _flush(self) -> None:
        """Send what there is room for."""
        unsent = self._unsent
        while unsent:
            data = unsent[0]
            size = len(data)
            sent = None
            self._unsure = True
            try:
                if type(data) is Pieces:
                    for sent in map(self._gather, (data.head(),), _NOTHING, self._flags):  # noqa: B007
                        break
                else:
                    for sent in map(self._send, (data,), self._flags):  # noqa: B007
                        break
            except BlockingIOError:
                sent = 0
            finally:
                if sent is not None:
                    if sent == size:
                        unsent.popleft()
                    elif type(data) is Pieces:
                        data.sent(sent)
                    elif sent:
                        unsent[0] = memoryview(cast(bytes, data))[sent:]
                    self._unsure = False
            if sent != size:
                return
