"""The items of remote iterators: fetched one by one, or sent ahead."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ..errors import PyrophoneError, StreamError
from ..frontend.deadlines import limit_of
from ..frontend.remotes import stream_error
from ..objects.table import DAEMON_ID
from ..wire.events import Portion
from ..wire.framing import ONEWAY
from .channels import LateError
from .portions import DroppedError, Inbox
from .waiters import late, seconds_until

__all__ = ["Fetched", "Flowing", "Items"]


class Streaming(Protocol):
    """What flowing items need from their connection; see there.

    Attributes:
        closed: Whether it is.
    """

    closed: bool

    def inbox(self, seq: int) -> Inbox:
        """Return where items go."""

    def grant(self, inbox: Inbox, count: int) -> None:
        """Let more of them come."""

    def portion(self, inbox: Inbox, limit: float | None) -> Portion:
        """Return the next ones."""

    def drop(self, inbox: Inbox) -> None:
        """Give the stream up."""

    def drop_later(self, inbox: Inbox) -> None:
        """Likewise, from a finalizer."""


class Items(Iterator[Any]):
    """The items of a remote iterator. Several threads may read them, each item once."""

    @abstractmethod
    def close(self) -> None:
        """Tell the daemon that no more items are wanted."""


class Fetched(Items):
    """Items that are fetched one by one as they are asked for.

    Args:
        invoke: Calls the daemon.
        stream_id: What it calls the stream.
    """

    def __init__(self, invoke: Callable[..., Any], stream_id: str) -> None:
        self._invoke = invoke
        self.stream_id = stream_id
        self._done = False
        self._turn = threading.Lock()  # it refuses two at once

    def __next__(self) -> Any:
        """Return the next item.

        Raises:
            StopIteration: There is none left.
            StreamError: The stream is gone, with its daemon or after its time.
        """
        with self._turn:
            if self._done:
                raise StopIteration
            try:
                return self._invoke(
                    "get_next_stream_item", [self.stream_id], {}, 0, DAEMON_ID
                )
            except (StopIteration, StreamError):
                self._done = True
                raise
            except PyrophoneError as error:
                if (gone := stream_error(error)) is None:
                    raise
                self._done = True
                raise gone from error

    def close(self) -> None:
        """Tell the daemon that no more items are wanted."""
        if not self._done:
            self._done = True
            self._invoke("close_stream", [self.stream_id], {}, ONEWAY, DAEMON_ID)


class Flowing(Items):
    """Items that the daemon sends ahead, as many as there is a window for.

    Args:
        connection: Where they come.
        seq: Number of the call whose result they are.
        window: How many messages of them may be under way.
        timeout: How long one may take, in seconds; None is for ever.
    """

    def __init__(
        self, connection: Streaming, seq: int, window: int, timeout: float | None
    ) -> None:
        self._connection = connection
        self._inbox = connection.inbox(seq)
        self._timeout = timeout
        self._window = window
        self._asked = False
        self._items: deque[Any] = deque()
        self._interrupted = False
        self._done = False  # whether nothing more will come
        self._turn = threading.Lock()

    def __next__(self) -> Any:
        """Return the next item.

        Raises:
            StopIteration: There is none left.
            DeadlineExceeded: None came in time; the next one may.
            ConnectionLostError: The stream is gone, with its connection.
        """
        limit = limit_of(self._timeout)
        if not self._turn.acquire(timeout=seconds_until(limit)):
            raise late(self._timeout, limit)
        try:
            while not self._items:
                if self._interrupted:
                    raise StreamError("reading the stream was interrupted")
                if self._done:
                    raise StopIteration
                self._fetch(limit)
            try:
                return self._items.popleft()
            except IndexError:  # closed by another thread at this moment
                raise StopIteration from None
        finally:
            self._turn.release()

    def close(self) -> None:
        """Tell the daemon that no more items are wanted; drop those that are here.

        A thread that waits for one meanwhile finds that there is none left.
        """
        if not self._done:
            self._done = True
            self._connection.drop(self._inbox)
        self._items.clear()

    def __del__(self) -> None:
        if not getattr(self, "_done", True):
            self._connection.drop_later(self._inbox)

    def _fetch(self, limit: float | None) -> None:
        connection = self._connection
        if not self._asked:
            self._asked = True
            connection.grant(self._inbox, self._window)
        try:
            portion = connection.portion(self._inbox, limit)
        except LateError:
            raise late(self._timeout, limit) from None
        except DroppedError:  # by close(), in another thread
            raise StopIteration from None
        except BaseException as error:
            if not isinstance(error, Exception):  # what was read last may have got lost
                self._interrupted = True
                self.close()
            self._done |= connection.closed
            raise
        if portion.last:
            self._done = True
        else:
            connection.grant(self._inbox, 1)
        self._items.extend(portion.unwrap())
