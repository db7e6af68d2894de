"""What runs in the loop, and what in a thread."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from pyrophone import aio, sync
from pyrophone.aio.service import runs_in_loop
from pyrophone.uri import URI
from pyrophone.wire.metadata import Metadata

MEMBERS = Metadata(methods=frozenset({"plain"}))


def plain() -> None: ...


async def task() -> None: ...


def generator() -> Iterator[int]:
    yield 1


async def flow() -> AsyncIterator[int]:
    yield 1


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


class Thing:
    def plain(self) -> None: ...

    async def task(self) -> None: ...

    @staticmethod
    async def fixed() -> None: ...

    @classmethod
    async def of_class(cls) -> None: ...


class Called:
    def __call__(self) -> None: ...


class Awaited:
    async def __call__(self) -> None: ...


@pytest.mark.parametrize(
    "function",
    [
        task,
        flow,
        generator,
        Thing().task,
        Thing.fixed,
        Thing.of_class,
        functools.partial(task),
        functools.partial(functools.partial(Thing().task)),
        wrapped(task),
        wrapped(wrapped(flow)),
        functools.partial(wrapped(task)),
        Awaited(),
        aio.Proxy.to(URI.parse("PYRO:x@localhost:1"), metadata=MEMBERS).plain,
    ],
)
def test_what_is_asynchronous_runs_in_the_loop(function: Any) -> None:
    assert runs_in_loop(function)


@pytest.mark.parametrize(
    "function",
    [
        plain,
        Thing().plain,
        len,
        Thing,
        functools.partial(plain),
        wrapped(plain),
        wrapped(generator),  # whose wrapper is plain code that runs at once
        Called(),
        [].append,
        sync.Proxy.to(URI.parse("PYRO:x@localhost:1"), metadata=MEMBERS).plain,
    ],
)
def test_what_may_block_does_not(function: Any) -> None:
    assert not runs_in_loop(function)
