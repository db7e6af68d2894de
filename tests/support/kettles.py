"""Objects that scenarios call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

from pyrophone import Blob, callback, current, expose, oneway
from running import LIMIT

__all__ = ["Kettle", "OverheatError", "Visitor"]


class OverheatError(Exception):
    """A class that only the server knows."""


class Kettle:
    def __init__(self) -> None:
        self._level = 3
        self.heard: list[Any] = []
        self.noticed = threading.Event()

    @expose
    def add(self, a: Any, b: Any = 1) -> Any:
        return a + b

    @expose
    def repeat(self, text: str, times: int) -> str:
        return text * times

    @expose
    def echo(self, *args: Any, **kwargs: Any) -> Any:
        return [*args, kwargs]

    @expose  # type: ignore[prop-decorator]
    @property
    def level(self) -> int:
        return self._level

    @level.setter
    def level(self, value: int) -> None:
        self._level = value

    @expose
    def fail(self, kind: str) -> None:
        raise {"value": ValueError("bad", 7), "own": OverheatError("too hot", 99)}[kind]

    @expose
    def leave(self) -> None:
        raise SystemExit(3)

    @expose
    def secret(self) -> Any:
        return {"k": [threading.Lock()]}

    @expose
    def count(self, n: int) -> Iterator[int]:
        yield from range(n)

    @expose
    def count_and_fail(self) -> Iterator[int]:
        yield 1
        raise ValueError("half way")

    @expose
    @oneway
    def hear(self, what: Any) -> None:
        self.heard.append(what)
        self.noticed.set()

    @expose
    @oneway
    def hear_and_fail(self) -> None:
        raise ValueError("nobody is told")

    @expose
    @callback
    def call_back(self) -> None:
        raise ValueError("logged, too")

    @expose
    def what_was_heard(self) -> list[Any]:
        assert self.noticed.wait(LIMIT)
        return self.heard

    @expose
    def tell(self) -> list[Any]:
        context = current()
        context.reply_annotations["BACK"] = b"there"
        return [
            dict(context.annotations).get("WORD", b"").decode(),
            str(context.correlation_id),
        ]

    @expose
    def tell_and_fail(self) -> None:
        current().reply_annotations["LOST"] = b"?"
        raise ValueError("after annotating")

    @expose
    def peek(self, blob: Blob) -> Any:
        return [blob.info, blob.value]

    @expose
    def __len__(self) -> int:
        return 2

    @expose
    def __getitem__(self, index: int) -> str:
        return "ab"[index]

    def hidden(self) -> None: ...

    # What one end of two may write as "async def".

    @expose
    async def soon(self, a: Any, b: Any = 1) -> Any:
        await asyncio.sleep(0)
        return a + b

    @expose
    async def fail_soon(self, kind: str) -> None:
        await asyncio.sleep(0)
        self.fail(kind)

    @expose
    async def count_soon(self, n: int) -> AsyncIterator[int]:
        for index in range(n):
            await asyncio.sleep(0)
            yield index

    @expose
    async def tell_soon(self) -> list[Any]:
        await asyncio.sleep(0)
        return self.tell()


@expose
class Visitor:
    """Made by the daemon for each client."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self._calls = 0

    def count(self) -> int:
        self._calls += 1
        return self._calls
