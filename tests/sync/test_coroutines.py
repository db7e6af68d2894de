"""Daemons of threads run ``async def`` methods, all in one thread."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from pyrophone import Settings, context, expose, oneway
from pyrophone.errors import CallCancelledError, DaemonError
from pyrophone.sync import Daemon, LoopDaemon
from pyrophone.sync.coroutines import Coroutines, Task
from pyrophone.wire.framing import BATCH, ONEWAY
from raw import Raw, raw
from running import LIMIT, running


@expose
class Kettle:
    """Does everything a bit later."""

    def __init__(self) -> None:
        self.gates: dict[int, asyncio.Event] = {}
        self.started = threading.Semaphore(0)
        self.ended = threading.Event()
        self.threads: set[str] = set()

    async def wait(self, number: int) -> int:
        self.threads.add(threading.current_thread().name)
        gate = self.gates[number] = asyncio.Event()
        self.started.release()
        try:
            await gate.wait()
        finally:
            self.ended.set()
        return number

    async def go(self, number: int) -> None:
        self.gates[number].set()

    async def seq(self) -> int:
        await asyncio.sleep(0)
        return context.current().seq

    async def fail(self) -> None:
        raise ValueError("no water")

    @oneway
    async def note(self) -> None:
        self.started.release()

    def plain(self) -> str:
        return "plain"


@pytest.fixture(params=[Daemon, LoopDaemon])
def daemon(request: pytest.FixtureRequest) -> Iterator[LoopDaemon]:
    with running(request.param(settings=Settings(workers=2))) as daemon:
        yield daemon


@pytest.fixture
def kettle() -> Kettle:
    return Kettle()


@pytest.fixture
def client(daemon: LoopDaemon, kettle: Kettle) -> Iterator[Raw]:
    with raw(daemon.register(kettle)) as client:
        yield client


def test_many_run_at_once_in_one_thread_and_hold_no_other(
    client: Raw, kettle: Kettle
) -> None:
    calls = [client.call("wait", number) for number in range(5)]
    for _ in calls:
        assert kettle.started.acquire(timeout=LIMIT)
    assert client.reply(client.call("plain")) == "plain"
    for number in reversed(range(5)):
        go = client.call("go", number)
        assert {client.next().seq, client.next().seq} == {go, calls[number]}
    assert len(kettle.threads) == 1


def test_they_see_the_call_they_answer(client: Raw) -> None:
    seq = client.call("seq")
    assert client.reply(seq) == seq


def test_their_errors_arrive(client: Raw) -> None:
    with pytest.raises(ValueError, match="no water"):
        client.reply(client.call("fail"))


def test_one_way_and_in_batches(client: Raw, kettle: Kettle) -> None:
    client.call("note", flags=ONEWAY)
    assert kettle.started.acquire(timeout=LIMIT)
    data = client.session.call(
        "<batch>", [("plain", (), {}), ("fail", (), {})], None, BATCH
    )
    client.send(data)
    results = client.next().unwrap()
    assert results[0] == "plain"
    assert isinstance(results[1].error, ValueError)


def test_who_gives_up_cancels_them_and_is_answered_once(
    client: Raw, kettle: Kettle
) -> None:
    seq = client.call("wait", 1)
    assert kettle.started.acquire(timeout=LIMIT)
    client.send(client.session.abandon(seq))
    assert kettle.ended.wait(LIMIT)
    while client.session.calls:
        client.ping()


def test_a_lost_client_cancels_them(daemon: LoopDaemon, kettle: Kettle) -> None:
    with raw(daemon.register(kettle)) as client:
        client.call("wait", 1)
        assert kettle.started.acquire(timeout=LIMIT)
    assert kettle.ended.wait(LIMIT)


def test_the_end_of_the_daemon_cancels_them_and_leaves_no_thread(
    daemon: LoopDaemon, kettle: Kettle
) -> None:
    with raw(daemon.register(kettle)) as client:
        client.call("wait", 1)
        assert kettle.started.acquire(timeout=LIMIT)
        daemon.close()
        assert kettle.ended.is_set()
        assert not [t for t in threading.enumerate() if t.name.endswith("-async")]
    with pytest.raises(DaemonError, match="ended"):
        daemon.coroutines()


def test_a_peer_with_one_call_at_a_time_waits_for_its_answer(
    daemon: LoopDaemon, kettle: Kettle
) -> None:
    uri = daemon.register(kettle)
    with raw(uri, features=None) as old, raw(uri) as new:
        first = old.call("wait", 1)
        assert kettle.started.acquire(timeout=LIMIT)
        second = old.call("plain")
        new.reply(new.call("go", 1))
        assert old.reply(first) == 1
        assert old.reply(second) == "plain"


def test_what_was_cancelled_before_it_began_does_not_begin() -> None:
    began: list[bool] = []
    outcome: list[BaseException | None] = []
    over = threading.Event()

    async def never() -> None:
        began.append(True)

    with running(Daemon()) as daemon:
        task = daemon.coroutines().task()
        task.cancel()

        def done(value: None, error: BaseException | None) -> None:
            outcome.append(error)
            over.set()

        task.run(never(), done)
        assert over.wait(LIMIT)
    assert began == []
    assert isinstance(outcome[0], CallCancelledError)


class Racing(asyncio.SelectorEventLoop):
    """A loop where something happens in another thread while a task is being made."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], None]] = []

    def call_soon(  # type: ignore[override]  # the types of args follow from callback
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """Let that happen first."""
        while self.meanwhile:
            self.meanwhile.pop()()
        return super().call_soon(callback, *args, context=context)


def test_what_is_cancelled_while_it_begins_is_cancelled_once_it_has_begun() -> None:
    began: list[bool] = []
    outcome: list[BaseException | None] = []

    async def wait() -> None:
        began.append(True)
        await asyncio.sleep(LIMIT)

    loop = Racing()
    task = Task(loop)
    loop.call_soon_threadsafe(loop.meanwhile.append, task.cancel)
    task.run(wait(), lambda value, error: outcome.append(error))
    for _ in range(4):
        loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert began == [True]
    assert [type(error) for error in outcome] == [CallCancelledError]


def test_what_begins_while_the_daemon_ends_is_cancelled_once_it_has_begun() -> None:
    outcome: list[BaseException | None] = []

    async def wait() -> None:
        await asyncio.sleep(LIMIT)

    coroutines = Coroutines("ending")
    task = coroutines.task()

    def begin() -> None:
        task.run(wait(), lambda value, error: outcome.append(error))

    def end() -> None:
        coroutines.close()
        coroutines.soon(begin)

    thread = next(t for t in threading.enumerate() if t.name == "ending")
    coroutines.soon(end)
    thread.join(LIMIT)
    assert [type(error) for error in outcome] == [CallCancelledError]


def test_closing_again_while_it_ends_disturbs_nothing() -> None:
    outcome: list[Any] = []
    began = threading.Event()

    async def lasts() -> None:
        try:
            began.set()
            await asyncio.sleep(LIMIT)
        finally:
            coroutines.close()
            await asyncio.sleep(0)

    coroutines = Coroutines("ending twice")
    coroutines.task().run(lasts(), lambda value, error: outcome.append(error))
    assert began.wait(LIMIT)
    coroutines.close()
    assert [type(error) for error in outcome] == [CallCancelledError]
    with pytest.raises(RuntimeError, match="closed"):
        coroutines.task().run(lasts(), lambda value, error: None)


class Counting(Coroutines):
    """Counts how often its thread is woken."""

    woken = 0

    def soon(self, function: Callable[[], object]) -> None:
        self.woken += 1
        super().soon(function)


def test_what_is_gathered_is_done_in_order_and_wakes_the_thread_once() -> None:
    coroutines = Counting("tests")
    held, free, over = (threading.Event() for _ in range(3))
    done: list[int] = []

    def hold() -> None:
        held.set()
        assert free.wait(LIMIT)

    coroutines.gather(hold)
    assert held.wait(LIMIT)
    for number in range(5):
        coroutines.gather(partial(done.append, number))
    coroutines.gather(over.set)
    free.set()
    assert over.wait(LIMIT)
    assert done == [*range(5)]
    assert coroutines.woken == 2
    coroutines.close()


def test_asyncio_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, pyrophone.sync; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
