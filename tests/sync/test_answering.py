"""Functions of clients: daemons call them over the connection by which they came."""

from __future__ import annotations

import asyncio
import functools
import gc
import socket
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from conversing import crossing, feed, joined
from manyfold import End, script
from pyrophone import Record, Settings, current, expose
from pyrophone.errors import (
    ConnectionLostError,
    DeadlineExceeded,
    NoSuchObjectError,
    NotExposedError,
    RemoteProtocolError,
    SecurityError,
    SerializeError,
)
from pyrophone.serializers import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync import (
    Daemon,
    LoopDaemon,
    RemoteFunction,
    close,
    connect,
    deadline,
    release,
    start,
)
from pyrophone.sync.answering import Running
from pyrophone.sync.connection import Connection
from pyrophone.wire.framing import ONEWAY
from running import LIMIT, running

CODECS = make_codecs(ClassTable(), Settings())


@expose
class Shop:
    """Calls back."""

    def __init__(self) -> None:
        self.kept: Any = None
        self.closed = threading.Event()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)

    def gather(self, function: Callable[..., Any], most: int) -> list[Any]:
        items = function()
        found = [item for item, _ in zip(items, range(most), strict=False)]
        items.close()
        return found

    def keep(self, function: Any) -> None:
        self.kept = function

    def use(self, *args: Any) -> Any:
        return self.kept(*args)

    def lend(self) -> Any:
        return self.double

    def double(self, x: int) -> int:
        return 2 * x


@pytest.fixture(params=[Daemon, LoopDaemon])
def shop(request: pytest.FixtureRequest) -> Iterator[tuple[Shop, Any]]:
    with running(request.param()) as daemon:
        local = Shop()
        proxy = connect(daemon.register(local))
        yield local, proxy
        close(proxy)


class Customer:
    def __init__(self) -> None:
        self.names: list[str] = []

    def hear(self, text: str) -> str:
        self.names.append(threading.current_thread().name)
        return text.upper()


def test_functions_methods_and_partials_are_called(shop: Any) -> None:
    _, proxy = shop
    customer = Customer()
    assert proxy.call(customer.hear, "hello") == "HELLO"
    assert customer.names[0].startswith("pyrophone-functions-")
    assert proxy.call(lambda a, b: a + b, 1, 2) == 3
    assert proxy.call(functools.partial(pow, 2), 5) == 32
    assert proxy.call(max, [3, 1, 2]) == 3


def test_one_may_call_the_daemon_again() -> None:
    with running(Daemon()) as daemon, connect(daemon.register(Shop())) as proxy:
        assert proxy.call(lambda: proxy.call(lambda: proxy.double(3))) == 6


def test_its_error_is_raised_over_there_and_back(shop: Any) -> None:
    _, proxy = shop
    with pytest.raises(ZeroDivisionError) as caught:
        proxy.call(lambda: 1 // 0)
    assert "1 // 0" in "".join(caught.value.__notes__)
    with pytest.raises(SerializeError):
        proxy.call(lambda: threading.Lock())


def test_it_knows_who_calls() -> None:
    with running(Daemon()) as daemon, connect(daemon.register(Shop())) as proxy:
        assert (
            proxy.call(lambda: current().client.address[1])
            == daemon.uri_of(proxy.__dict__["_pyrophone"].uri.object).port
        )


def test_items_flow_back_and_end_when_nobody_wants_more() -> None:
    ended = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            ended.set()

    with running(Daemon()) as daemon, connect(daemon.register(Shop())) as proxy:
        assert proxy.gather(items, 5) == [0, 1, 2, 3, 4]
        assert ended.wait(LIMIT)
        assert proxy.gather(lambda: iter("abc"), 9) == ["a", "b", "c"]


def test_one_that_is_asynchronous_runs_in_a_loop_and_can_be_cancelled(shop: Any) -> None:
    _, proxy = shop
    names: list[str] = []
    begun, ended = threading.Event(), threading.Event()

    async def soon(x: int) -> int:
        await asyncio.sleep(0)
        names.append(threading.current_thread().name)
        return x * (current().deadline is None)

    async def fail() -> None:
        raise ZeroDivisionError("of the coroutine")

    async def forever() -> None:
        try:
            begun.set()
            await asyncio.sleep(1000)
        finally:
            ended.set()

    assert proxy.call(soon, 5) == 5
    assert names == ["pyrophone-functions-async"]
    with pytest.raises(ZeroDivisionError, match="of the coroutine"):
        proxy.call(fail)
    with pytest.raises(DeadlineExceeded), deadline(0.1):
        proxy.call(forever)
    assert not begun.is_set() or ended.wait(LIMIT)


def test_items_of_an_async_generator_flow_back(shop: Any) -> None:
    _, proxy = shop
    ended = threading.Event()

    async def items() -> AsyncIterator[int]:
        try:
            for number in range(10**9):
                yield number
        finally:
            ended.set()

    assert proxy.gather(items, 5) == [0, 1, 2, 3, 4]
    assert ended.wait(LIMIT)


def test_the_loop_ends_with_the_connections_that_need_it(shop: Any) -> None:
    _, proxy = shop
    threads: list[threading.Thread] = []
    begun, ended = threading.Event(), threading.Event()

    async def here() -> None:
        threads.append(threading.current_thread())

    async def forever() -> None:
        try:
            begun.set()
            await asyncio.sleep(1000)
        finally:
            ended.set()

    with connect(proxy.__dict__["_pyrophone"].uri, settings=Settings(window=7)) as other:
        other.call(here)
        proxy.call(here)
    assert threads[0] is threads[1]
    proxy.call(here)
    assert threads[2] is threads[0]
    proxy.keep(forever)
    call = start(proxy.use)
    assert begun.wait(LIMIT)
    close(proxy)
    assert ended.wait(LIMIT)
    threads[0].join(LIMIT)
    assert not threads[0].is_alive()
    with pytest.raises(ConnectionLostError):
        call.result(LIMIT)


def test_it_is_called_while_nobody_here_waits() -> None:
    called = threading.Event()
    local = Shop()
    with running(Daemon()) as daemon, connect(daemon.register(local)) as proxy:
        proxy.keep(called.set)
        local.kept()
        assert called.wait(LIMIT)


def test_more_calls_than_may_be_under_way_at_a_daemon_wait_for_a_thread() -> None:
    local = Shop()
    go = threading.Event()
    heard: list[int] = []
    all_heard = threading.Event()

    def hear(number: int) -> None:
        assert go.wait(LIMIT)
        heard.append(number)
        if len(heard) == 200:
            all_heard.set()

    few = Settings(calls_per_client=3)
    with (
        running(Daemon()) as daemon,
        connect(daemon.register(local), settings=few) as proxy,
    ):
        proxy.keep(hear)
        for number in range(200):
            local.kept.oneway(number)
        assert proxy.double(4) == 8
        go.set()
        assert all_heard.wait(LIMIT)
        assert sorted(heard) == [*range(200)]


@pytest.mark.slow
def test_one_way_calls_are_not_made_faster_than_they_begin() -> None:
    local = Shop()
    begun: list[int] = []
    all_begun = threading.Event()
    behind: list[int] = []

    def hear(number: int) -> None:
        begun.append(number)
        if len(begun) == 9000:
            all_begun.set()

    with running(Daemon()) as daemon, connect(daemon.register(local)) as proxy:
        proxy.keep(hear)
        for number in range(9000):
            local.kept.oneway(number)
            behind.append(number - len(begun))
        assert all_begun.wait(LIMIT)
        assert max(behind) < 4100  # those that have a thread may not have come to this
        assert sorted(begun) == [*range(9000)]


def test_a_function_is_not_given_back_before_earlier_calls_of_it() -> None:
    local = Shop()
    reading, go, heard = threading.Event(), threading.Event(), threading.Event()

    def slowly(name: str, form: Any) -> str:
        reading.set()
        assert go.wait(LIMIT)
        return "read"

    classes, theirs = ClassTable(), ClassTable()
    classes.register_name("Slow", slowly)
    theirs.register(Customer, lambda _: {"__class__": "Slow"})
    with (
        running(Daemon(classes=theirs)) as daemon,
        connect(daemon.register(local), classes=classes) as proxy,
    ):
        gone = threading.Event()
        function = Waiting(heard)
        weakref.finalize(function, gone.set)
        proxy.keep(function)
        del function
        local.kept.oneway(Customer())
        assert reading.wait(LIMIT)
        release(local.kept)
        assert proxy.call(lambda: 5) == 5  # came later, and had a thread
        assert not gone.is_set()
        go.set()
        assert heard.wait(LIMIT)
        assert gone.wait(LIMIT)


class Waiting(functools.partial[None]):
    """A function that says that it was called, and that can be referred to weakly."""

    def __new__(cls, heard: threading.Event) -> Waiting:
        return super().__new__(cls, lambda _: heard.set())


def test_it_ends_with_the_connection() -> None:
    local = Shop()
    customer = Customer()
    gone = weakref.ref(customer)
    with running(Daemon()) as daemon:
        proxy = connect(daemon.register(local))
        proxy.keep(customer.hear)
        close(proxy)
        with pytest.raises(ConnectionLostError):
            local.kept("x")
        del customer
        gc.collect()
        assert gone() is None


def test_it_is_forgotten_when_the_daemon_has_no_use_for_it() -> None:
    local = Shop()
    customer = Customer()
    freed = threading.Event()
    weakref.finalize(customer, freed.set)
    with running(Daemon()) as daemon, connect(daemon.register(local)) as proxy:
        proxy.keep(customer.hear)
        del customer
        gc.collect()
        assert not freed.is_set()
        local.kept = None
        while not freed.wait(0.01):
            proxy.keep(None)
            gc.collect()


def test_those_of_the_daemon_can_be_called_and_given_back() -> None:
    with running(Daemon()) as daemon, connect(daemon.register(Shop())) as proxy:
        function = proxy.lend()
        assert isinstance(function, RemoteFunction)
        assert function(4) == 8
        assert proxy.call(function, 5) == 10  # and travel back
        release(function)
        with pytest.raises(NoSuchObjectError):
            function(4)


def lent(function: Callable[..., Any], part: Callable[[End, str], Any]) -> Any:
    """Pass *function* to *part*, which then acts as the daemon; return what that gives."""
    given: list[Any] = []

    def serve(end: End) -> None:
        end.session.crossing = crossing()
        call = end.call()
        try:
            given.append(part(end, call.args[0].function_id))
        finally:
            with suppress(OSError):
                end.answer(call, None)

    with script(serve) as uri:
        connection = Connection(uri, Settings(beat=None, calls_per_client=1), CODECS)
        connection.call("f", (function,), {})
        connection.close()
    return given[0]


def asked(end: End, function: str, *args: Any, method: str = "__call__") -> Any:
    """Call a function of the client; return or raise what it gives."""
    end.send(end.session.call(method, args, {}, object_id=function))
    return end.event().unwrap()


def refused(end: End) -> None:
    """Call a function that the client does not know, and wait for the answer."""
    with pytest.raises(NoSuchObjectError):
        asked(end, "none")


def test_a_function_has_no_methods() -> None:
    with pytest.raises(NotExposedError, match="a function has no method 'upper'"):
        lent(repr, lambda end, function: asked(end, function, method="upper"))


def test_arguments_of_unknown_classes_are_the_error_of_their_call() -> None:
    def part(end: End, function: str) -> str:
        with pytest.raises(SecurityError, match=r"un__heard"):
            asked(end, function, Record("un__heard", {}))
        return str(asked(end, function, 5))

    assert lent(repr, part) == "5"


@pytest.mark.parametrize("gives", ["value", "items"])
def test_what_a_cancelled_call_gives_is_not_sent(gives: str) -> None:
    begun, go = threading.Event(), threading.Event()

    def function() -> Any:
        begun.set()
        assert go.wait(LIMIT)
        return iter("abc") if gives == "items" else "late"

    def part(end: End, function: str) -> Any:
        end.send(end.session.call("__call__", (), {}, object_id=function))
        seq = end.session.seq
        assert begun.wait(LIMIT)
        end.send(end.session.abandon(seq))
        refused(end)  # by now it knows
        go.set()
        while end.session.calls:  # what comes for it says no more than that it is over
            refused(end)
        return "over"

    assert lent(function, part) == "over"


def test_an_error_of_a_one_way_call_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("of the coroutine")

    def part(end: End, function: str) -> None:
        end.send(end.session.call("__call__", (), {}, ONEWAY, object_id=function))
        while "of the coroutine" not in caplog.text:
            refused(end)

    lent(fail, part)
    assert "error in a function that was passed" in caplog.text


def test_a_lost_connection_lets_go_of_what_flowed_to_the_daemon() -> None:
    ended = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            ended.set()

    def part(end: End, function: str) -> None:
        end.send(end.session.call("__call__", (), {}, object_id=function))
        assert end.event().flows
        end.send(end.session.credit(end.session.seq, 2))
        end.event()
        end.sock.shutdown(socket.SHUT_RDWR)

    with pytest.raises(ConnectionLostError):
        lent(items, part)
    assert ended.wait(LIMIT)


class Silent:
    """Stands for a connection on which nothing is sent."""

    closed = False
    expects = False

    def __init__(self) -> None:
        self.session, self.other = joined()
        self.guard = threading.RLock()

    def say(self, make: Callable[[], bytes]) -> None:
        make()


def test_functions_outlive_their_connection_without_a_sound() -> None:
    connection: Any = Silent()
    functions = Running(connection, None, 10, lambda: None)
    connection.session.crossing = functions
    asleep, awake = threading.Event(), threading.Event()

    async def slow() -> None:
        asleep.set()
        assert await asyncio.to_thread(awake.wait, LIMIT)
        ended.set()

    ended = threading.Event()
    function = functions.export(slow)
    other = connection.other
    other.crossing = crossing()
    (call,) = feed(connection.session, other.call("__call__", (), {}, object_id=function))
    functions.take(call)
    assert asleep.wait(LIMIT)
    gone = weakref.ref(connection)
    del connection
    gc.collect()
    assert gone() is None
    assert functions.closed
    assert functions.export(print) == "2"
    functions.retract("2")
    assert functions.items(call, [1]) == functions.items_fault(call, OSError(), []) == b""
    functions.deliver(b"nobody gets it")
    awake.set()
    assert ended.wait(LIMIT)
    functions.close()


def test_a_daemon_that_asks_for_too_much_at_once_breaks_the_rules() -> None:
    connection: Any = Silent()
    functions = Running(connection, None, 2 - 10_000, lambda: None)
    connection.session.crossing = functions
    begun, go = threading.Semaphore(0), threading.Event()

    def wait() -> None:
        begun.release()
        assert go.wait(LIMIT)

    other = connection.other
    other.crossing = crossing()
    function = functions.export(wait)
    calls = [
        feed(connection.session, other.call("__call__", (), {}, object_id=function))[0]
        for _ in range(4)
    ]
    for call in calls[:2]:
        functions.take(call)
        assert begun.acquire(timeout=LIMIT)
    with pytest.raises(RemoteProtocolError, match="more than 2 calls are under way"):
        functions.take(calls[2])
    go.set()
    while functions.open:  # those that ended make room
        threading.Event().wait(0.001)
    functions.take(calls[3])
    functions.close()
