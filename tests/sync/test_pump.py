"""Items are sent as far as their reader wants them, and the iterator is let go once."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from conversing import feed, streaming
from pyrophone import Settings, context, expose
from pyrophone.errors import SerializeError, StreamError
from pyrophone.sync import Daemon, LoopDaemon
from pyrophone.sync.pump import Pump
from raw import raw
from running import LIMIT, running


@expose
class Source:
    """Gives items, and notes how many, and that it was let go."""

    def __init__(self) -> None:
        self.made = 0
        self.ended = threading.Event()
        self.closed = 0
        self.gate = threading.Event()

    def count(self, end: int) -> Iterator[int]:
        try:
            for number in range(end):
                self.made += 1
                yield number
        finally:
            self.closed += 1
            self.ended.set()

    async def count_async(self, end: int) -> AsyncIterator[int]:
        try:
            for number in range(end):
                self.made += 1
                yield number
        finally:
            self.closed += 1
            self.ended.set()

    def break_off(self) -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("no three")

    def unwritable(self) -> Iterator[Any]:
        yield 1
        yield 2
        yield threading.Lock()
        yield 4

    def late(self) -> Iterator[int]:
        yield from range(6)
        assert self.gate.wait(LIMIT)
        yield 6

    def large(self) -> Iterator[str]:
        for _ in range(30):
            self.made += 1
            yield "x" * 1_000_000

    def held(self) -> Iterator[int]:
        self.ended.set()
        assert self.gate.wait(LIMIT)
        return iter(range(5))

    def seen(self) -> Iterator[int]:
        yield context.current().seq


@pytest.fixture(params=[Daemon, LoopDaemon])
def daemon(request: pytest.FixtureRequest) -> Iterator[LoopDaemon]:
    with running(request.param()) as daemon:
        yield daemon


@pytest.mark.parametrize("method", ["count", "count_async"])
def test_all_items_arrive_in_few_messages(daemon: LoopDaemon, method: str) -> None:
    source = Source()
    with raw(daemon.register(source)) as client:
        seq = client.call(method, 5000)
        portions = [portion.unwrap() for portion in client.portions(seq, 8)]
        assert [item for portion in portions for item in portion] == list(range(5000))
        assert len(portions[0]) == 1
        assert len(portions) < 50
        assert source.ended.wait(LIMIT)
        assert source.closed == 1
        assert client.session.calls == 0


@pytest.mark.parametrize("method", ["count", "count_async"])
def test_without_credit_nothing_is_made(daemon: LoopDaemon, method: str) -> None:
    source = Source()
    with raw(daemon.register(source)) as client:
        seq = client.call(method, 10**9)
        assert client.next().flows
        client.ping()
        assert source.made == 0
        client.send(client.session.credit(seq, 3))
        for _ in range(3):
            client.next()
        client.ping()
        assert source.made <= 16


@pytest.mark.parametrize("method", ["count", "count_async"])
def test_a_stream_nobody_wants_ends_and_its_number_is_free(
    daemon: LoopDaemon, method: str
) -> None:
    source = Source()
    with raw(daemon.register(source)) as client:
        seq = client.call(method, 10**9)
        assert client.next().flows
        client.send(client.session.credit(seq, 2))
        client.next()
        client.send(client.session.abandon(seq))
        assert source.ended.wait(LIMIT)
        while client.session.calls:
            client.ping()
        assert source.closed == 1


@pytest.mark.parametrize("method", ["count", "count_async"])
def test_a_lost_client_lets_go_of_the_iterator(daemon: LoopDaemon, method: str) -> None:
    source = Source()
    with raw(daemon.register(source)) as client:
        seq = client.call(method, 10**9)
        assert client.next().flows
        client.send(client.session.credit(seq, 2))
        client.next()
    assert source.ended.wait(LIMIT)
    assert source.closed == 1


def test_an_error_comes_behind_the_items(daemon: LoopDaemon) -> None:
    with raw(daemon.register(Source())) as client:
        *items, end = client.portions(client.call("break_off"), 8)
        assert [item for portion in items for item in portion.unwrap()] == [1, 2]
        with pytest.raises(ValueError, match="no three"):
            end.unwrap()
        assert client.session.calls == 0


def test_an_item_that_cannot_be_written_ends_the_stream_behind_the_others(
    daemon: LoopDaemon,
) -> None:
    with raw(daemon.register(Source())) as client:
        *items, end = client.portions(client.call("unwritable"), 8)
        assert [item for portion in items for item in portion.unwrap()] == [1, 2]
        with pytest.raises(SerializeError):
            end.unwrap()


def test_gathered_items_are_sent_when_the_reader_has_used_up_the_others() -> None:
    source = Source()
    with running(Daemon()) as daemon, raw(daemon.register(source)) as client:
        seq = client.call("late")
        items: list[int] = []
        for portion in client.portions(seq, 8):
            items += portion.unwrap()
            if len(items) == 6:
                source.gate.set()
        assert items == [0, 1, 2, 3, 4, 5, 6]


def test_a_generator_sees_the_call_that_it_answers(daemon: LoopDaemon) -> None:
    with raw(daemon.register(Source())) as client:
        seq = client.call("seen")
        assert [portion.unwrap() for portion in client.portions(seq, 1)] == [[seq], []]


def test_a_stream_lives_no_longer_than_it_may() -> None:
    settings = Settings(stream_lifetime=0.01)
    with running(Daemon(settings=settings)) as daemon:
        daemon.interval = 0.01
        source = Source()
        with raw(daemon.register(source)) as client:
            seq = client.call("count", 10**9)
            assert client.next().flows
            event = client.next()
            assert event.seq == seq
            assert event.last
            with pytest.raises(StreamError):
                event.unwrap()


def test_streams_can_be_switched_off() -> None:
    with running(Daemon(settings=Settings(streaming=False))) as daemon:
        with raw(daemon.register(Source())) as client:
            client.call("count", 3)
            assert not client.next().flows


def test_a_peer_without_the_feature_asks_for_each_item(daemon: LoopDaemon) -> None:
    for method in ("count", "count_async"):
        with raw(daemon.register(Source()), features=None) as client:
            client.call(method, 2)
            stream = client.next().stream
            for number in range(2):
                item = client.call("get_next_stream_item", stream, object_id="Pyro.Daemon")
                assert client.reply(item) == number
            end = client.call("get_next_stream_item", stream, object_id="Pyro.Daemon")
            with pytest.raises(StopIteration):
                client.reply(end)


@pytest.mark.slow
def test_a_client_who_takes_little_gets_all_and_little_is_made_ahead(
    daemon: LoopDaemon,
) -> None:
    source = Source()
    with raw(daemon.register(source)) as client, raw(daemon.uri_of(source)) as other:
        seq = client.call("large")
        assert client.next().flows
        client.send(client.session.credit(seq, 100))
        while not source.made:
            other.ping()
        sizes = []
        while not (portion := client.next()).last:
            sizes += [len(item) for item in portion.unwrap()]
        sizes += [len(item) for item in portion.unwrap()]
        assert sizes == [1_000_000] * 30


def test_a_stream_that_was_given_up_before_it_began_does_not_begin() -> None:
    source = Source()
    with running(Daemon()) as daemon, raw(daemon.register(source)) as client:
        seq = client.call("held")
        assert source.ended.wait(LIMIT)
        client.send(client.session.abandon(seq))
        client.ping()
        source.gate.set()
        while client.session.calls:
            client.ping()


class Jam:
    """Stands for a link that takes the rest of what it was given a moment later."""

    closed = stuck = False

    def __init__(self, session: Any) -> None:
        self.session = session
        self.pumps: dict[int, Pump] = {}
        self.sent = 0
        self.over = threading.Event()

    def deliver(self, data: bytes) -> None:
        self.sent += 1
        for pump in self.pumps.values():
            pump.credited()

    def done(self, key: int) -> None:
        self.over.set()


class Threads:
    """Stands for a daemon."""

    alone = False

    def submit(self, job: Callable[[], object]) -> None:
        threading.Thread(target=job, daemon=True).start()

    def traceback(self, error: BaseException) -> list[str]:
        raise NotImplementedError


def test_a_client_who_takes_more_within_the_sending_holds_nothing_up() -> None:
    client, server, call = streaming()
    feed(server, client.credit(call.seq, 8))
    link: Any = Jam(server)
    pump = Pump(link, call, iter([1, 2, 3]), Threads())
    link.pumps[call.seq] = pump
    pump.begin()
    assert link.over.wait(LIMIT)
    assert link.sent
    assert not link.pumps
