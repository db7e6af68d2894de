"""A publisher in a program with an asyncio loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Self

from ..aio import close, connect, deadline
from ..errors import EventError, PyrophoneError
from ..serializers.classes import ClassTable
from ..settings import Settings
from ..uri import URI
from .publisher import BasePublisher, read_hello
from .sending import Sending

__all__ = ["AsyncPublisher"]


class AsyncPublisher(BasePublisher):
    """Publishes events from a loop.

    Arguments, attributes, promises and errors are those of
    :class:`pyrophone.events.Publisher`.
    """

    def __init__(
        self,
        service: str | URI | None = None,
        *,
        keep: bool = False,
        classes: ClassTable | None = None,
        settings: Settings | None = None,
    ) -> None:
        super().__init__(service, keep=keep, classes=classes, settings=settings)
        self._lock = asyncio.Lock()

    async def publish(
        self, topic: str, value: Any = None, *, keep: bool | None = None
    ) -> None:
        """Publish one event; return when the service has it."""
        await self.publish_many([(topic, value)], keep=keep)

    async def publish_many(
        self, events: Iterable[tuple[str, Any]], *, keep: bool | None = None
    ) -> None:
        """Publish several events, pairs of topic and value, in one message."""
        async with self._lock:
            packed = self._pack(events, keep)
            if not packed.records:
                return
            try:
                await self._send(packed.records)
            except EventError:  # the service refused them
                raise
            except BaseException:  # they may be there; if not, they count as lost
                self._use_up(packed, published=False)
                raise
            self._use_up(packed, published=True)
            if self._proxy is None:
                with suppress(PyrophoneError):  # the next one tries again
                    await self._reach()

    async def close(self) -> None:
        """End it."""
        async with self._lock:
            self._closed = True
            await self._leave()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *what: object) -> None:
        await self.close()

    async def _send(self, records: bytes) -> None:
        sending = Sending(self._limit, known=self._known)
        while True:
            try:
                with deadline(sending.left):
                    service = await self._reach()
                    epoch = await service.publish(records, self._key)
                if epoch != self._epoch:  # connected anew unseen, to one that knows nothing
                    await self._leave()
                return
            except EventError:
                raise
            except PyrophoneError as error:
                await self._leave()
                pause = sending.pause_after(error)
            await asyncio.sleep(pause)

    async def _reach(self) -> Any:
        """Return the service, which knows of this one."""
        if self._proxy is None:
            proxy: Any = await connect(
                self._target, settings=self._settings, classes=self._classes
            )
            try:
                epoch, most = read_hello(await proxy.hello())
                if self._numbers:
                    await proxy.hello(self._news(epoch, most), self._key)
            except BaseException:
                await close(proxy)
                raise
            self._proxy, self._epoch, self._known = proxy, epoch, True
        return self._proxy

    async def _leave(self) -> None:
        proxy, self._proxy = self._proxy, None
        if proxy is not None:
            await close(proxy)
