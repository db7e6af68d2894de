from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pyrophone import Settings, expose
from pyrophone.aio import Items
from pyrophone.errors import (
    CallCancelledError,
    ConnectError,
    ConnectionLostError,
    DaemonError,
    EventError,
    NoSuchObjectError,
    NotExposedError,
    PyrophoneError,
    RefusedError,
    RemoteProtocolError,
    StreamError,
    UnknownNameError,
)
from pyrophone.events.following import Following, is_passing
from pyrophone.serializers import ClassTable
from pyrophone.sync import Daemon
from pyrophone.uri import URI
from running import LIMIT, running


@expose
class Counter:
    """Gives three numbers in each stream, and ends it if they are small."""

    async def count(self, start: int) -> AsyncIterator[list[int]]:
        yield [start]
        yield [start + 1, start + 2]
        if start >= 100:
            await asyncio.Event().wait()


class Numbers:
    """A source that begins where it was."""

    def __init__(self, target: URI) -> None:
        self.target: str | URI = target
        self.settings = Settings()
        self.classes: ClassTable | None = None
        self.handshake: Any = "hello"
        self.sparing = False
        self.next = 0

    async def ask(self, proxy: Any) -> Any:
        return await proxy.count(self.next)

    def read(self, item: list[int]) -> list[int]:
        self.next = item[-1] + 1
        return item


@pytest.mark.parametrize(
    ("error", "before", "after"),
    [
        (ConnectError("no"), True, True),
        (ConnectionLostError("lost"), True, True),
        (UnknownNameError("who"), True, True),
        (StreamError("over"), True, True),
        (CallCancelledError("stopped"), True, True),
        (DaemonError("ended"), True, True),
        (RefusedError("no such object"), False, True),
        (NoSuchObjectError("gone"), False, True),
        (NotExposedError("no"), False, False),
        (EventError("bad"), False, False),
        (RemoteProtocolError("nonsense"), False, False),
    ],
)
def test_what_may_be_over_soon_is_tried_again(
    error: PyrophoneError, before: bool, after: bool
) -> None:
    assert is_passing(error, known=False) is before
    assert is_passing(error, known=True) is after


def test_a_stream_that_ends_is_asked_for_anew_and_goes_on() -> None:
    with running(Daemon()) as daemon:
        source = Numbers(daemon.register(Counter()))
        following = Following([source], reconnect=True, name="numbers")
        assert following.state == "waiting"
        following.begin_in_thread()
        assert [following.outlet.take(LIMIT) for _ in range(7)] == list(range(7))
        following.close()
        following.joined()
        assert following.state == "closed"


def test_without_reconnecting_the_end_is_told() -> None:
    with running(Daemon()) as daemon:
        source = Numbers(daemon.register(Counter()))
        following = Following([source], reconnect=False, name="numbers")
        following.begin_in_thread()
        assert [following.outlet.take(LIMIT) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(StreamError, match="the stream has ended"):
            following.outlet.take(LIMIT)
        assert following.state == "closed"


def test_what_has_ended_does_not_begin_again() -> None:
    counter = Counter()
    with running(Daemon()) as daemon:
        source = Numbers(daemon.register(counter))
        following = Following([source], reconnect=False, name="numbers")
        following.begin_in_thread()
        following.joined()
        assert following.state == "closed"
        assert source.next == 3
        following.begin_in_thread()
        following.joined()
        asyncio.run(_begin_in_loop(following))
        assert source.next == 3


async def _begin_in_loop(following: Following) -> None:
    following.begin_in_loop()
    await following.ended()


def test_an_answer_that_is_no_stream_is_told() -> None:
    @expose
    class Wrong:
        def count(self, start: int) -> list[int]:
            return [start]

    with running(Daemon()) as daemon:
        following = Following(
            [Numbers(daemon.register(Wrong()))], reconnect=True, name="it"
        )
        following.begin_in_thread()
        with pytest.raises(RemoteProtocolError, match="gives no stream, but list"):
            following.outlet.take(LIMIT)
        following.close()
        following.joined()


class Given(Items):
    """A stream of one item."""

    def __init__(self) -> None:
        self.left = [[1]]

    async def __anext__(self) -> list[int]:
        if not self.left:
            raise StopAsyncIteration
        return self.left.pop()

    async def aclose(self) -> None: ...


@pytest.mark.parametrize("sparing", [False, True])
def test_a_source_says_how_it_is_read(sparing: bool) -> None:
    given = Given()

    class Ready(Numbers):
        async def ask(self, proxy: Any) -> Any:
            return given

    with running(Daemon()) as daemon:
        source = Ready(daemon.register(Counter()))
        source.sparing = sparing
        following = Following([source], reconnect=False, name="numbers")
        following.begin_in_thread()
        assert following.outlet.take(LIMIT) == 1
        assert given.sparing is sparing
        following.close()
        following.joined()


def test_several_sources_come_out_of_one_outlet() -> None:
    with running(Daemon()) as daemon:
        uri = daemon.register(Counter())
        sources = [Numbers(uri), Numbers(uri)]
        sources[0].next, sources[1].next = 100, 200

        async def work() -> None:
            following = Following(sources, reconnect=True, name="numbers")
            following.begin_in_loop()
            await asyncio.wrap_future(following.begun)
            assert following.state == "connected"
            got = sorted([await following.outlet.take_soon() for _ in range(6)])
            following.close()
            await following.ended()
            assert got == [100, 101, 102, 200, 201, 202]

        asyncio.run(asyncio.wait_for(work(), LIMIT))


def test_one_reader_is_enough() -> None:
    async def work() -> None:
        following = Following([], reconnect=True, name="nothing")
        following.begin_in_loop()
        with pytest.raises(RuntimeError, match="nothing is read in a loop already"):
            following.begin_in_thread()
        following.close()
        await following.ended()
        following.begin_in_loop()  # closed is closed
        assert following.state == "closed"

    asyncio.run(work())
    with running(Daemon()) as daemon:
        source = Numbers(daemon.register(Counter()))
        following = Following([source], reconnect=True, name="numbers")
        following.begin_in_thread()

        async def other() -> None:
            with pytest.raises(RuntimeError, match="numbers is read by others"):
                following.begin_in_loop()

        assert following.outlet.take(LIMIT) == 0
        asyncio.run(other())
        following.close()
        following.joined()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.slow
def test_a_child_of_fork_reads_for_itself() -> None:
    program = """
import os
from pyrophone.events import EventBus, Publisher, subscribe
from pyrophone.serializers import ClassTable
from pyrophone.sync import Daemon
import threading
daemon = Daemon()
uri = daemon.register(EventBus())
threading.Thread(target=daemon.serve, daemon=True).start()
subscription = subscribe("t", service=uri).start()
with Publisher(uri) as publisher:
    publisher.publish("t", 1, keep=True)
    assert subscription.get(10).value == 1
    child = os.fork()
    if not child:
        with Publisher(uri) as other:
            subscription.start()
            publisher.publish("t", 2)
            assert subscription.get(10).value == 2
        os._exit(7)
    assert subscription.get(10).value == 2
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    publisher.publish("t", 3)
    assert subscription.get(10).value == 3
subscription.close()
daemon.close()
print("good")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("good\n", "")
