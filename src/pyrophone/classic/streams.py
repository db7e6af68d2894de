"""The items of an iterator that stays on the server."""

from __future__ import annotations

import _thread
from contextlib import suppress
from typing import Any, ClassVar, Self

from ..objects.table import DAEMON_ID
from .generation import Generation

__all__ = ["StreamIterator"]


class StreamIterator:
    """Fetches the items one by one, over the connection of the proxy."""

    generation: ClassVar[Generation]

    def __init__(self, streamId: str, proxy: Any) -> None:
        self.streamId = streamId
        self.proxy = proxy
        self.pyroseq = proxy._pyroSeq

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        if self.proxy is None:
            raise StopIteration
        if self.proxy._pyroConnection is None:
            raise self.generation.errors.ConnectionClosedError(
                "the proxy for this stream result has been closed"
            )
        self.pyroseq += 1
        try:
            return self.proxy._pyroInvoke(
                "get_next_stream_item", [self.streamId], {}, objectId=DAEMON_ID
            )
        except (StopIteration, GeneratorExit):
            self.proxy = None
            raise

    def close(self) -> None:
        """Tell the server that no more items are wanted."""
        proxy, self.proxy = self.proxy, None
        if proxy is not None and proxy._pyroConnection is not None:
            proxy._pyroTell("close_stream", [self.streamId], DAEMON_ID)

    def __del__(self) -> None:
        # It may be collected anywhere, also in the thread that the server needs to
        # greet a connection; and in the middle of threading, which must not be used then.
        with suppress(Exception):
            if self.proxy._pyroIsFree():
                self.close()
            elif self.proxy._pyroConnection is not None:
                _thread.start_new_thread(_close, (self.proxy, self.streamId))


def _close(proxy: Any, stream_id: str) -> None:
    with suppress(Exception):  # nobody is left to be told of it
        proxy._pyroTell("close_stream", [stream_id], DAEMON_ID)
