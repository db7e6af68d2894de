"""Iterators that stay on the server while a client reads them item by item."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

from ..context import Client
from ..errors import StreamError

__all__ = ["Stream", "StreamTable", "Tap"]


class Tap(AsyncIterator[Any]):
    """An asynchronous iterator of what others make, which can be asked without waiting.

    A daemon of threads sends its items from the threads that make them: no other has to
    wake up for that. It needs ``close``, too, to be called from any thread.

    Attributes:
        items_per_message: One: nothing is gathered elsewhere, what waits is to wait here.
            See :mod:`pyrophone.wire.batching`.
    """

    items_per_message = 1

    def draw(self, waker: Callable[[bool], object]) -> Any | None:
        """Return an item; if there is none, None, and *waker* is called once there is.

        Args:
            waker: Called in whatever thread makes the next one, or ends this. It is told
                whether that thread has the time to send it: no, if many are woken.

        Raises:
            StopIteration: There will be none.
        """
        raise NotImplementedError


class Stream:
    """One item stream.

    Attributes:
        items: The iterator.
        client: Whose it is; None if that one is gone.
        born: When it was opened.
        orphaned: Since when its client is gone, or None.
    """

    __slots__ = ("born", "client", "items", "orphaned")

    def __init__(self, items: Iterator[Any], client: Client, born: float) -> None:
        self.items = items
        self.client: Client | None = client
        self.born = born
        self.orphaned: float | None = None


class StreamTable:
    """The item streams of one daemon, by id.

    A stream belongs to the client that got it; when that one is gone, whoever
    knows the id and asks first adopts it. Times are what the front-end's clock
    says, in seconds.

    Args:
        lifetime: How long a stream may live; None is unlimited.
        linger: How long it stays after its client is gone; 0 drops it at once.

    Attributes:
        lifetime: Likewise; may be changed.
        linger: Likewise.
        closes: Whether the iterator of a stream that is dropped is closed. If not,
            it ends when nobody has it any more, and who keeps it can go on.
    """

    closes = True

    def __init__(self, lifetime: float | None = None, linger: float = 30.0) -> None:
        self.lifetime = lifetime
        self.linger = linger
        self._streams: dict[str, Stream] = {}

    @property
    def streams(self) -> dict[str, Stream]:
        """The streams by id, as they are now."""
        return dict(self._streams)

    def __len__(self) -> int:
        return len(self._streams)

    def open(self, items: Iterator[Any], client: Client, now: float) -> str:
        """Keep *items* for *client*; return the id of the new stream."""
        stream_id = str(uuid.uuid4())
        self._streams[stream_id] = Stream(items, client, now)
        return stream_id

    def next_item(self, stream_id: Any, client: Client) -> Any:
        """Return the next item of a stream.

        Raises:
            StopIteration: There is none left; the stream is gone.
            StreamError: It has ended or expired, or never was, or another call is
                reading it at this moment.
            Exception: What the iterator raised; the stream is gone.
        """
        stream = self._streams.get(stream_id) if isinstance(stream_id, str) else None
        if stream is None:
            raise StreamError("item stream terminated")
        if stream.orphaned is not None:
            stream.client = client
            stream.orphaned = None
        if getattr(stream.items, "gi_running", False):
            raise StreamError("another call is reading this item stream")
        try:
            return next(stream.items)
        except BaseException:
            self.close(stream_id)
            raise

    def close(self, stream_id: Any) -> None:
        """Drop a stream; an unknown one is passed over."""
        if isinstance(stream_id, str):
            stream = self._streams.pop(stream_id, None)
            if self.closes:
                _finish(stream)

    def leave(self, client: Client, now: float) -> None:
        """Note that *client* is gone."""
        for stream_id, stream in list(self._streams.items()):
            if stream.client is client:
                stream.client = None
                stream.orphaned = now
                if self.linger <= 0:
                    self.close(stream_id)

    def expire(self, now: float) -> None:
        """Drop the streams whose time is over."""
        for stream_id, stream in list(self._streams.items()):
            old = self.lifetime is not None and now - stream.born > self.lifetime
            lost = stream.orphaned is not None and now - stream.orphaned > self.linger
            if old or lost:
                self.close(stream_id)

    def clear(self) -> None:
        """Drop all streams."""
        for stream_id in list(self._streams):
            self.close(stream_id)


def _finish(stream: Stream | None) -> None:
    close = getattr(stream and stream.items, "close", None)
    if close is not None:
        # It is the user's code, and nobody is left to be told; or it is a generator
        # that runs in another thread, which ends with its item.
        with suppress(Exception):
            close()
