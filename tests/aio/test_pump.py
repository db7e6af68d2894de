"""Streams that flow: sent ahead as far as the reader lets them, and ended with care."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import pytest

from pyrophone import Settings, expose
from pyrophone.aio.daemon import Daemon
from pyrophone.errors import CallCancelledError, SerializeError
from pyrophone.wire.events import Portion
from talking import talking

Run = Callable[[Coroutine[Any, Any, Any]], Any]
MANY = 100_000  # messages


@expose
class Tap:
    """Streams of both kinds."""

    def __init__(self) -> None:
        self.taken = 0
        self.closed = asyncio.Event()
        self.held = asyncio.Event()
        self.gate = asyncio.Event()
        self.threads: set[int] = set()
        self.loop = asyncio.get_running_loop()

    def plain(self, count: int, size: int = 0) -> Iterator[Any]:
        try:
            for number in range(count):
                self.taken += 1
                self.threads.add(threading.get_ident())
                yield number if not size else "x" * size
        finally:
            self.loop.call_soon_threadsafe(self.closed.set)

    async def task(self, count: int, size: int = 0) -> AsyncIterator[Any]:
        try:
            for number in range(count):
                self.taken += 1
                yield number if not size else "x" * size
        finally:
            self.closed.set()

    async def slow(self, count: int) -> AsyncIterator[int]:
        """Give items, and wait in front of the last."""
        try:
            for number in range(count):
                if number == count - 1:
                    self.held.set()
                    await self.gate.wait()
                yield number
        finally:
            self.closed.set()

    def failing(self, count: int) -> Iterator[int]:
        yield from range(count)
        raise LookupError("dry")

    async def failing_later(self, count: int) -> AsyncIterator[int]:
        for number in range(count):
            yield number
        raise LookupError("dry")

    def unfit(self, count: int) -> Iterator[Any]:
        yield from range(count)
        yield threading.Lock()

    def listed(self) -> Any:
        return iter([1, 2, 3])

    async def handed(self) -> Any:
        return self.task(3)

    def ping(self) -> None:
        pass


Test = Callable[[Any, Tap], Coroutine[Any, Any, None]]


async def with_tap(test: Test, **settings: Any) -> None:
    async with Daemon(settings=Settings(**settings)) as daemon:
        tap = Tap()
        uri = await daemon.register(tap)
        async with talking(uri) as talker:
            await test(talker, tap)


async def begin(talker: Any, method: str, *args: Any) -> int:
    """Call for a stream; return its number."""
    seq: int = talker.say(method, *args)
    reply = await talker.hear()
    assert reply.seq == seq
    assert reply.flows
    return seq


async def drain(talker: Any, seq: int) -> list[list[Any]]:
    """Read a stream to its end, with a credit for each message; return the messages."""
    portions = []
    while True:
        portion = await talker.hear()
        assert isinstance(portion, Portion)
        assert portion.seq == seq
        portions.append(portion.unwrap())
        if portion.last:
            return portions
        talker.credit(seq, 1)


async def hear_all(talker: Any, items: list[Any]) -> None:
    """Read a stream with credit for all of it, into *items*, until its error."""
    while True:
        items += (await talker.hear()).unwrap()


@pytest.mark.parametrize("method", ["plain", "task"])
@pytest.mark.parametrize("count", [0, 1, 2, 5000])
def test_all_items_come_in_their_order(run: Run, method: str, count: int) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        seq = await begin(talker, method, count)
        talker.credit(seq, 8)
        portions = await drain(talker, seq)
        assert [item for portion in portions for item in portion] == list(range(count))
        if count == 5000:
            assert len(portions) < 100  # batched
            assert len(portions[0]) == 1
        await tap.closed.wait()
        assert await talker.ask("ping") is None

    run(with_tap(test))


@pytest.mark.parametrize("method", ["plain", "task"])
def test_nothing_is_taken_before_the_reader_asks_nor_far_ahead(
    run: Run, method: str
) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        seq = await begin(talker, method, MANY)
        for _ in range(10):
            await talker.ask("ping")
        assert tap.taken == 0
        talker.credit(seq, 2)
        items: list[Any] = []
        for _ in range(2):
            items += (await talker.hear()).unwrap()
        for _ in range(10):
            await talker.ask("ping")
        assert tap.taken <= len(items) + 4
        talker.cancel(seq)
        with pytest.raises(CallCancelledError):
            (await talker.hear()).unwrap()
        await tap.closed.wait()

    run(with_tap(test))


@pytest.mark.parametrize("method", ["plain", "task"])
def test_a_message_is_not_much_larger_than_is_large_enough(run: Run, method: str) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        seq = await begin(talker, method, 200, 10_000)
        talker.credit(seq, 8)
        portions = await drain(talker, seq)
        assert sum(map(len, portions)) == 200
        assert max(map(len, portions)) <= 8

    run(with_tap(test))


def test_items_that_are_together_too_large_are_sent_apart(run: Run) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        seq = await begin(talker, "task", 50, 1000)
        talker.credit(seq, 100)
        portions = await drain(talker, seq)
        assert sum(map(len, portions)) == 50
        assert max(map(len, portions)) <= 3

    run(with_tap(test, max_message_size=3500))


def test_an_item_is_not_held_back_when_the_reader_has_read_all(run: Run) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        seq = await begin(talker, "slow", 6)
        talker.credit(seq, 8)
        items: list[Any] = []
        while len(items) < 5:
            items += (await talker.hear()).unwrap()
            talker.credit(seq, 1)
        assert items == [0, 1, 2, 3, 4]
        tap.gate.set()
        assert await drain(talker, seq) in ([[5], []], [[5]])

    run(with_tap(test))


@pytest.mark.parametrize("method", ["failing", "failing_later"])
def test_an_error_ends_a_stream_behind_its_items(run: Run, method: str) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        seq = await begin(talker, method, 100)
        talker.credit(seq, 50)
        items: list[Any] = []
        with pytest.raises(LookupError, match="dry") as caught:
            await hear_all(talker, items)
        assert items == list(range(100))
        assert f"in {method}" in "".join(caught.value.__notes__)
        assert await talker.ask("ping") is None

    run(with_tap(test))


def test_the_good_items_come_before_the_one_that_cannot_be_written(run: Run) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        seq = await begin(talker, "unfit", 100)
        talker.credit(seq, 50)
        items: list[Any] = []
        with pytest.raises(SerializeError):
            await hear_all(talker, items)
        assert items == list(range(100))
        assert await talker.ask("ping") is None

    run(with_tap(test))


def test_cancelling_ends_a_generator_that_waits(run: Run) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        seq = await begin(talker, "slow", 1)
        talker.credit(seq, 8)
        await tap.held.wait()
        talker.cancel(seq)
        with pytest.raises(CallCancelledError):
            (await talker.hear()).unwrap()
        await tap.closed.wait()

    run(with_tap(test))


@pytest.mark.parametrize("method", ["plain", "task", "slow"])
def test_a_stream_ends_with_its_client(run: Run, method: str) -> None:
    async def main() -> None:
        async with Daemon() as daemon:
            tap = Tap()
            uri = await daemon.register(tap)
            async with talking(uri) as talker:
                seq = await begin(talker, method, MANY)
                talker.credit(seq, 1)
                await talker.hear()
            await tap.closed.wait()

    run(main())


@pytest.mark.parametrize("method", ["listed", "handed"])
def test_iterators_that_are_no_generators_of_the_method_flow_too(
    run: Run, method: str
) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        seq = await begin(talker, method)
        talker.credit(seq, 8)
        items = [item for portion in await drain(talker, seq) for item in portion]
        assert items in ([1, 2, 3], [0, 1, 2])

    run(with_tap(test))


def test_plain_items_are_not_taken_in_the_loop(run: Run) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        seq = await begin(talker, "plain", 500)
        talker.credit(seq, 8)
        await drain(talker, seq)
        assert threading.get_ident() not in tap.threads

    run(with_tap(test))


def test_where_streaming_is_off_an_iterator_is_an_error(run: Run) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        for method in ("plain", "task"):
            talker.say(method, 3)
            reply = await talker.hear()
            assert not reply.flows
            assert reply.stream is None

    run(with_tap(test, streaming=False))


async def sip(talker: Any, seq: int, items: list[Any]) -> None:
    """Read a stream with credit for one message, and the next one long after that."""
    over = False
    while not over:
        talker.credit(seq, 1)
        for _ in range(5):
            number = talker.say("ping")
            while (event := await talker.hear()).seq != number:
                items += event.unwrap()
                over = event.last


@pytest.mark.parametrize("count", [1, 4, 7])
@pytest.mark.parametrize("method", ["plain", "task", "failing", "failing_later"])
def test_the_rest_and_the_end_wait_for_credit_too(
    run: Run, method: str, count: int
) -> None:
    async def test(talker: Any, tap: Tap) -> None:
        seq = await begin(talker, method, count)
        items: list[Any] = []
        if method.startswith("failing"):
            with pytest.raises(LookupError, match="dry"):
                await sip(talker, seq, items)
        else:
            await sip(talker, seq, items)
        assert items == list(range(count))

    run(with_tap(test))
