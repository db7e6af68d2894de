"""The items of remote iterators, to be read by ``async for``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any, Self

from ..errors import PyrophoneError, StreamError
from ..frontend.deadlines import limit_of
from ..frontend.remotes import stream_error
from ..objects.table import DAEMON_ID
from ..wire.events import Reply
from ..wire.framing import ONEWAY
from .calling import Caller, again
from .limits import within

__all__ = ["FlowingItems", "Items", "PulledItems"]

_NONE = object()


class Items(AsyncIterator[Any]):
    """The items of a remote iterator. Who leaves it early closes it, or drops it.

    Attributes:
        sparing: Whether more is asked for when half of what was, was read; else with each
            message. To be set where the other side gathers no items while it waits.
    """

    sparing = False

    async def __anext__(self) -> Any:
        """Return the next item.

        Raises:
            StopAsyncIteration: There is none left.
            StreamError: The stream is gone, with its daemon or after its time.
        """
        raise NotImplementedError

    async def aclose(self) -> None:
        """Tell the daemon that no more items are wanted."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class PulledItems(Items):
    """Items that are fetched one by one, each by a call.

    Args:
        ask: Calls the daemon, for a reply as it came.
        tell: Calls it, one-way.
        stream_id: What it calls the stream.
    """

    def __init__(
        self,
        ask: Callable[..., Awaitable[Reply]],
        tell: Callable[..., Awaitable[Any]],
        stream_id: str,
    ) -> None:
        self._ask = ask
        self._tell = tell
        self.stream_id = stream_id
        self._done = False

    async def __anext__(self) -> Any:
        """Return the next item; see :class:`Items`."""
        if self._done:
            raise StopAsyncIteration
        reply = await self._ask("get_next_stream_item", [self.stream_id], {}, 0, DAEMON_ID)
        try:
            return reply.unwrap()
        except StopIteration:
            self._done = True
        except StreamError:
            self._done = True
            raise
        except PyrophoneError as error:
            if (gone := stream_error(error)) is None:
                raise
            self._done = True
            raise gone from error
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Tell the daemon that no more items are wanted."""
        if not self._done:
            self._done = True
            await self._tell("close_stream", [self.stream_id], {}, ONEWAY, DAEMON_ID)


class FlowingItems(Items):
    """Items that are sent ahead, as many messages of them as were asked for.

    Args:
        caller: The connection that they come over.
        reply: What answered the call.
        timeout: How long to wait for an item, in seconds; None is for ever.
        window: How many messages may be on their way.
        keep: What is kept for as long as there are items: who has the connection.
    """

    def __init__(
        self,
        caller: Caller,
        reply: Reply,
        timeout: float | None,
        window: int,
        keep: object = None,
    ) -> None:
        self._caller = caller
        self._keep = keep
        self._loop = caller.loop
        self._seq = reply.seq
        self._inflow = caller.inflow(reply)
        self._timeout = timeout
        self._window = window
        self._asked = False
        self._read = 0  # messages, since more was asked for
        self._done = False
        self._values: Iterator[Any] = iter(())

    async def __anext__(self) -> Any:
        """Return the next item; see :class:`Items`."""
        while (value := next(self._values, _NONE)) is _NONE:
            if self._done:
                raise StopAsyncIteration
            await self._turn()
        return value

    async def aclose(self) -> None:
        """Tell the daemon that no more items are wanted.

        A task that waits for one meanwhile finds that there is none left.
        """
        self._values = iter(())
        if not self._done:
            self._done = True
            self._caller.drop(self._seq)
            self._inflow.lose(StreamError("the stream was closed"))

    def __del__(self) -> None:
        # Perhaps in the middle of anything, so the loop is to do it.
        if not self._done and self._loop is not None:
            with suppress(RuntimeError):  # it is closed, and all connections with it
                self._loop.call_soon_threadsafe(self._caller.drop, self._seq)

    async def _turn(self) -> None:
        """Go on to the next message of items."""
        inflow = self._inflow
        session = self._caller.session
        if not inflow.portions and inflow.error is None:
            if not self._asked:
                self._asked = True
                self._caller.write(session.credit(self._seq, self._window))
            timeout = self._timeout
            waiting = inflow.wait()
            await within(waiting, limit_of(timeout), what="item", timeout=timeout)
        else:  # a quick source must not keep others in the loop out
            await asyncio.sleep(0)
        if self._done:  # it was closed meanwhile
            return
        if not inflow.portions:
            assert inflow.error is not None
            self._done = True
            raise again(inflow.error)
        portion = inflow.portions.popleft()
        if portion.last:
            self._done = True
        elif inflow.error is None:
            self._read += 1
            if not self.sparing or 2 * self._read >= self._window:
                self._caller.write(session.credit(self._seq, self._read))
                self._read = 0
        self._values = iter(portion.unwrap())
