"""Items that flow: sent ahead, but never far; and ended from both sides."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from fronts import Front
from gates import Gate
from kinds import Kind
from pyrophone import Settings, expose, sync
from pyrophone.errors import SerializeError
from running import LIMIT, running

LARGE = 30_000  # characters of an item; three of them fill a message
WINDOW = 2


@expose
class Spring:
    """Its streams tell how far they are, and when they end."""

    def __init__(self) -> None:
        self.made = 0
        self.ended = Gate()

    def plain(self, n: int, size: int = 0) -> Iterator[Any]:
        try:
            for number in range(n):
                self.made += 1
                yield "x" * size or number
        finally:
            self.ended.open()

    async def soon(self, n: int, size: int = 0) -> AsyncIterator[Any]:
        try:
            for number in range(n):
                self.made += 1
                yield "x" * size or number
        finally:
            self.ended.open()

    def broken(self) -> Iterator[Any]:
        yield from (1, 2, 3)
        yield threading.Lock()

    def quick(self) -> str:
        return "quick"


@pytest.mark.parametrize("form", ["plain", "soon"])
def test_items_arrive_in_order(front: Front, daemon: Any, form: str) -> None:
    spring = Spring()
    with front.connect(daemon.register(spring)) as proxy:
        assert list(getattr(proxy, form)(3000 if front.name == "sync" else 300)) == list(
            range(3000 if front.name == "sync" else 300)
        )
        assert spring.ended.wait()
        one, other = getattr(proxy, form)(50), getattr(proxy, form)(50)
        pairs = [(next(one), next(other)) for _ in range(50)]
        assert pairs == [(number, number) for number in range(50)]
        assert list(one) == list(other) == []


@pytest.mark.parametrize("form", ["plain", "soon"])
def test_a_producer_is_never_more_than_the_window_ahead(
    front: Front, kind: Kind, form: str
) -> None:
    spring = Spring()
    settings = Settings(window=WINDOW)
    with kind.serving(settings=settings) as daemon:
        with front.connect(daemon.register(spring), settings=settings) as proxy:
            items = getattr(proxy, form)(10_000, LARGE)
            for taken in range(1, 20):
                assert len(next(items)) == LARGE
                for _ in range(3):
                    assert proxy.quick() == "quick"  # the stalled stream holds up nobody
                # A message holds what fits into 64 KiB and one more; one is being filled.
                assert spring.made <= taken + (WINDOW + 2) * 4
            items.close()
            assert spring.ended.wait()


@pytest.mark.parametrize("form", ["plain", "soon"])
def test_closing_early_stops_the_producer(front: Front, daemon: Any, form: str) -> None:
    spring = Spring()
    with front.connect(daemon.register(spring)) as proxy:
        items = getattr(proxy, form)(10**9, LARGE)
        assert len(next(items)) == LARGE
        items.close()
        assert spring.ended.wait()
        assert list(items) == []
        assert proxy.quick() == "quick"


@pytest.mark.parametrize("form", ["plain", "soon"])
def test_a_client_that_leaves_stops_its_producers(
    front: Front, daemon: Any, form: str
) -> None:
    spring = Spring()
    with front.connect(daemon.register(spring)) as proxy:
        items = getattr(proxy, form)(10**9, LARGE)
        assert len(next(items)) == LARGE
    assert spring.ended.wait()


def test_an_item_that_cannot_travel_comes_after_those_before_it(
    front: Front, daemon: Any
) -> None:
    with front.connect(daemon.register(Spring())) as proxy:
        items = proxy.broken()
        assert [next(items), next(items), next(items)] == [1, 2, 3]
        with pytest.raises(SerializeError, match="lock object"):
            next(items)
        assert proxy.quick() == "quick"


def test_streams_of_several_threads_do_not_mix(front: Front, daemon: Any) -> None:
    with front.connect(daemon.register(Spring())) as proxy:
        read: list[bool] = []

        def read_all() -> None:
            read.append(list(proxy.plain(100)) == list(range(100)))

        threads = [threading.Thread(target=read_all) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        assert read == [True] * 8


def test_credit_that_comes_before_there_is_a_producer_counts() -> None:
    """A reader of another thread may take it in before the stream is known to be one.

    Nor is a producer kept that could have ended before that.
    """
    spring = Spring()
    links: list[Any] = []

    class Late:
        def __init__(self, bare: Any) -> None:
            self._bare = bare

        def pump(self, link: Any, call: Any, *rest: Any) -> Any:
            pump = self._bare.pump(link, call, *rest)
            end = time.monotonic() + LIMIT
            while call.flow.room < 1 and time.monotonic() < end:
                threading.Event().wait(0.001)
            spring.ended.wait(0.1)  # by now it would have ended
            links.append(link)
            return pump

        def __getattr__(self, name: str) -> Any:
            return getattr(self._bare, name)

    class Tardy(sync.Daemon):
        def coroutines(self) -> Any:
            return Late(super().coroutines())

    with running(Tardy()) as daemon, sync.connect(daemon.register(spring)) as proxy:
        with sync.deadline(LIMIT):
            assert list(proxy.soon(5)) == [0, 1, 2, 3, 4]
            while links[0].pumps:
                sync.ping(proxy)
