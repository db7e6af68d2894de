"""What others make is sent from their threads, as far as its reader wants it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from conversing import feed, streaming
from pyrophone import expose
from pyrophone.objects.streams import Tap
from pyrophone.sync import Daemon, LoopDaemon
from pyrophone.sync.tapping import TapPump
from raw import Raw, raw
from running import LIMIT, running

END = object()


class Barrel(Tap):
    """Gives what was poured in, and notes which thread took it."""

    def __init__(self, *items: Any) -> None:
        self.items = deque(items)
        self.waker: Callable[[bool], object] | None = None
        self.takers: set[int] = set()
        self.closed = 0
        self.waiting = threading.Event()
        self.ended = threading.Event()

    def pour(self, *items: Any, near: bool = True) -> None:
        self.items.extend(items)
        self.waiting.clear()
        waker, self.waker = self.waker, None
        if waker is not None:
            waker(near)

    def draw(self, waker: Callable[[bool], object]) -> Any | None:
        self.waker = waker
        if not self.items:
            self.waiting.set()
            return None
        self.takers.add(threading.get_ident())
        item = self.items.popleft()
        if item is END:
            raise StopIteration
        if isinstance(item, Exception):
            raise item
        return item

    async def __anext__(self) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        self.closed += 1
        self.ended.set()


@expose
class Cellar:
    """Has a barrel."""

    def __init__(self) -> None:
        self.barrel = Barrel()

    def tap(self) -> Barrel:
        return self.barrel


@pytest.fixture(params=[Daemon, LoopDaemon])
def daemon(request: pytest.FixtureRequest) -> Iterator[LoopDaemon]:
    with running(request.param()) as daemon:
        yield daemon


@pytest.fixture
def cellar() -> Cellar:
    return Cellar()


@pytest.fixture
def client(daemon: LoopDaemon, cellar: Cellar) -> Iterator[Raw]:
    with raw(daemon.register(cellar)) as client:
        yield client


def opened(client: Raw, cellar: Cellar, credit: int) -> int:
    """Open the stream; return its number once the tap is empty."""
    seq = client.call("tap")
    assert client.next().flows
    if credit:
        client.send(client.session.credit(seq, credit))
        assert cellar.barrel.waiting.wait(LIMIT)
    return seq


def items_of(client: Raw, count: int) -> list[Any]:
    """Return so many items, as they come."""
    items: list[Any] = []
    while len(items) < count:
        items += client.next().unwrap()
    return items


def test_an_item_is_sent_by_the_thread_that_makes_it(client: Raw, cellar: Cellar) -> None:
    opened(client, cellar, 10_000)
    for number in range(1000):
        cellar.barrel.pour(number)
        assert items_of(client, 1) == [number]
        if threading.get_ident() in cellar.barrel.takers:
            return
    pytest.fail("another thread has sent them")


def test_a_thread_without_the_time_leaves_it_to_another(
    client: Raw, cellar: Cellar
) -> None:
    opened(client, cellar, 8)
    for number in range(5):
        cellar.barrel.pour(number, near=False)
    assert items_of(client, 5) == [*range(5)]
    assert threading.get_ident() not in cellar.barrel.takers


def test_what_many_threads_make_at_once_comes_once_and_in_order(
    client: Raw, cellar: Cellar
) -> None:
    seq = opened(client, cellar, 10_000)

    def make(first: int) -> None:
        for number in range(first, first + 300):
            cellar.barrel.pour(number, near=bool(number % 3))

    makers = [threading.Thread(target=make, args=(1000 * n,)) for n in range(4)]
    for maker in makers:
        maker.start()
    items = items_of(client, 1200)
    for maker in makers:
        maker.join(LIMIT)
    for first in range(0, 4000, 1000):
        mine = [number for number in items if first <= number < first + 1000]
        assert mine == [*range(first, first + 300)]
    client.send(client.session.abandon(seq))


def test_what_the_reader_does_not_want_stays_in_the_tap(
    client: Raw, cellar: Cellar
) -> None:
    seq = opened(client, cellar, 0)
    cellar.barrel.pour(*range(100))
    client.ping()
    assert len(cellar.barrel.items) == 100
    client.send(client.session.credit(seq, 65_536))
    assert items_of(client, 100) == [*range(100)]


@pytest.mark.slow
def test_a_reader_who_takes_nothing_keeps_no_maker_waiting(
    client: Raw, cellar: Cellar
) -> None:
    opened(client, cellar, 65_536)
    large = "x" * 1_000_000
    for _ in range(30):
        cellar.barrel.pour(large)
    assert cellar.barrel.items  # the rest, as no more could be sent
    assert [len(item) for item in items_of(client, 30)] == [1_000_000] * 30
    assert cellar.barrel.waiting.wait(LIMIT)
    cellar.barrel.pour("behind")
    assert items_of(client, 1) == ["behind"]


def test_it_ends_with_its_tap_or_with_the_error_of_it(client: Raw, cellar: Cellar) -> None:
    opened(client, cellar, 8)
    cellar.barrel.pour(1, END)
    assert items_of(client, 1) == [1]
    assert client.next().last
    assert cellar.barrel.ended.wait(LIMIT)
    cellar.barrel = Barrel()
    opened(client, cellar, 8)
    cellar.barrel.pour(2, ValueError("empty"))
    assert items_of(client, 1) == [2]
    with pytest.raises(ValueError, match="empty"):
        client.next().unwrap()
    assert cellar.barrel.ended.wait(LIMIT)
    assert client.session.calls == 0


def test_who_leaves_while_nothing_is_made_lets_the_tap_be_closed(
    client: Raw, cellar: Cellar
) -> None:
    seq = opened(client, cellar, 8)
    client.send(client.session.abandon(seq))
    assert cellar.barrel.ended.wait(LIMIT)
    while client.session.calls:
        client.ping()
    cellar.barrel.pour("nobody reads it")
    assert cellar.barrel.closed == 1
    assert list(cellar.barrel.items) == ["nobody reads it"]


class Void:
    """Stands for a link that takes all, and for the daemon, whose jobs a test runs."""

    closed = stuck = alone = False

    def __init__(self, session: Any) -> None:
        self.session = session
        self.problem: BaseException | None = None
        self.lost = False
        self.pumps: dict[int, TapPump] = {}
        self.jobs: list[Callable[[], object]] = []
        self.sent = 0

    def deliver(self, data: bytes) -> None:
        if self.problem is not None:
            raise self.problem
        self.sent += 1

    def done(self, key: int) -> None: ...

    def lose(self) -> None:
        self.lost = True

    def submit(self, job: Callable[[], object]) -> None:
        self.jobs.append(job)

    def work(self) -> None:
        """Do what a worker is to do."""
        while self.jobs:
            self.jobs.pop(0)()

    def traceback(self, error: BaseException) -> list[str]:
        return []


class Nobody:
    """Stands for a thread that never has the time."""

    def gather(self, job: Callable[[], object]) -> None: ...


def begun(tap: Tap) -> tuple[TapPump, Void]:
    """Return a pump that has all the credit there can be, and its link."""
    client, server, call = streaming()
    link = Void(server)
    pump = link.pumps[call.seq] = TapPump(cast(Any, link), call, tap, link, Nobody())
    feed(server, client.credit(call.seq, 65_536))
    pump.begin()
    link.work()
    return pump, link


def test_a_thread_that_makes_something_need_not_send_all_that_others_make() -> None:
    class Spring(Barrel):
        """Never runs dry, once it flows."""

        def draw(self, waker: Callable[[bool], object]) -> Any | None:
            return super().draw(waker) if self.waker is None else "water"

    spring = Spring()
    pump, link = begun(spring)
    assert spring.waker is not None
    spring.waker(True)
    assert 0 < link.sent < 65_536
    assert len(link.jobs) == 1
    pump.stop()
    link.work()
    assert spring.closed == 1


def test_what_is_made_while_the_link_is_stuck_is_sent_once_it_takes_more() -> None:
    barrel = Barrel()
    pump, link = begun(barrel)
    link.stuck = True
    barrel.pour("one")
    assert (link.sent, list(barrel.items)) == (0, ["one"])
    link.stuck = False
    pump.credited()
    link.work()
    assert (link.sent, list(barrel.items)) == (1, [])


def test_what_is_made_just_behind_the_last_look_is_sent() -> None:
    class Quick(Barrel):
        """Gets something a moment after it was found empty."""

        def draw(self, waker: Callable[[bool], object]) -> Any | None:
            item = super().draw(waker)
            if item is None and not self.takers:
                self.pour("one")
            return item

    barrel = Quick()
    _, link = begun(barrel)
    assert (link.sent, list(barrel.items)) == (1, [])


def test_credit_wakes_nobody_while_nothing_is_made() -> None:
    pump, link = begun(Barrel())
    pump.credited()
    assert link.jobs == []


def test_who_makes_something_is_not_told_that_it_cannot_be_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    barrel = Barrel()
    _, link = begun(barrel)
    link.problem = RuntimeError("no such thing")
    barrel.pour("one")
    assert barrel.closed == 1
    assert link.lost
    assert "no such thing" in caplog.text


def test_who_is_interrupted_while_sending_leaves_no_reader_waiting() -> None:
    barrel = Barrel()
    _, link = begun(barrel)
    link.problem = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        barrel.pour("one")
    assert (link.lost, barrel.closed) == (True, 1)
