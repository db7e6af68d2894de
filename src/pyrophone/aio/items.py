"""The items of remote iterators, to be read by ``async for``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol, Self

from ..errors import PyrophoneError, StreamError
from ..objects.table import DAEMON_ID
from ..wire.events import Reply
from ..wire.framing import ONEWAY

__all__ = ["Items", "PulledItems"]

_STREAM_GONE = "item stream terminated"  # what Pyro5 says, in an error of its base class


class _Remote(Protocol):
    async def reply(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        object_id: str | None = None,
    ) -> Reply:
        """Call a method; return its reply as it came."""

    def invoke(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int = 0,
        object_id: str | None = None,
    ) -> Any:
        """Call a method."""


class Items(AsyncIterator[Any]):
    """The items of a remote iterator. Who leaves it early closes it, or drops it."""

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
    """Items that are fetched one by one, each by a call."""

    def __init__(self, remote: _Remote, stream_id: str) -> None:
        self._remote = remote
        self.stream_id = stream_id
        self._done = False

    async def __anext__(self) -> Any:
        """Return the next item; see :class:`Items`."""
        if self._done:
            raise StopAsyncIteration
        reply = await self._remote.reply(
            "get_next_stream_item", [self.stream_id], {}, 0, DAEMON_ID
        )
        try:
            return reply.unwrap()
        except StopIteration:
            self._done = True
        except StreamError:
            self._done = True
            raise
        except PyrophoneError as error:
            if type(error) is PyrophoneError and str(error) == _STREAM_GONE:
                self._done = True
                raise StreamError(str(error)) from error
            raise
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Tell the daemon that no more items are wanted."""
        if not self._done:
            self._done = True
            await self._remote.invoke(
                "close_stream", [self.stream_id], {}, ONEWAY, DAEMON_ID
            )
