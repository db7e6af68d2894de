"""A daemon calls functions that a client has passed, over the connection they came by."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pyrophone import Settings, context, expose
from pyrophone.errors import (
    ConnectionLostError,
    DeadlineExceeded,
    DeadlockError,
    NoSuchObjectError,
)
from pyrophone.frontend.deadlines import deadline
from pyrophone.sync import Daemon, LoopDaemon
from pyrophone.sync.link import Link
from pyrophone.wire.events import Call
from pyrophone.wire.framing import ONEWAY
from raw import Raw, raw
from running import LIMIT, running


@expose
class Caller:
    """Calls what it is given."""

    def __init__(self) -> None:
        self.kept: Any = None
        self.errors: list[Exception] = []
        self.heard = threading.Event()

    def apply(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)

    def keep(self, function: Callable[..., Any]) -> None:
        self.kept = function

    def forget(self) -> None:
        self.kept = None

    def tell(self, function: Any, value: Any) -> str:
        function.oneway(value)
        return "told"

    def total(self, function: Callable[..., Any]) -> int:
        return sum(function())

    def hurry(self, function: Callable[..., Any]) -> str:
        try:
            with deadline(0.05):
                function()
        except DeadlineExceeded as error:
            return f"late, sent: {error.sent}"
        return "in time"

    def left(self, function: Callable[..., Any]) -> Any:
        return function(context.current().remaining())

    def twice(self) -> Callable[[int], int]:
        return lambda number: number * 2

    def marked(self, function: Callable[..., Any]) -> str:
        with context.annotate(MARK=b"of the daemon") as received:
            function()
        return received["MARK"].decode()

    def own(self) -> Callable[[], None]:
        return self.heard.set

    def ready(self) -> str:
        return "ready"


@pytest.fixture(params=[Daemon, LoopDaemon])
def daemon(request: pytest.FixtureRequest) -> Iterator[LoopDaemon]:
    with running(request.param()) as daemon:
        yield daemon


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
def client(daemon: LoopDaemon, caller: Caller) -> Iterator[Raw]:
    with raw(daemon.register(caller)) as client:
        yield client


def work(*args: Any) -> Any:
    """Stands for a function; nobody runs it."""


def answer(client: Raw, call: Call, value: Any) -> None:
    client.send(client.session.result(call, value))


def test_a_function_is_called_while_its_call_runs(client: Raw) -> None:
    seq = client.call("apply", work, 20, 1)
    inner = client.called()
    assert client.functions.find(inner.object_id) is work
    assert (inner.method, list(inner.args)) == ("__call__", [20, 1])
    answer(client, inner, 21)
    assert client.reply(seq) == 21


def test_the_error_of_a_function_is_raised_where_it_was_called(client: Raw) -> None:
    seq = client.call("apply", work)
    client.send(client.session.fault(client.called(), ValueError("no"), []))
    with pytest.raises(ValueError, match="no"):
        client.reply(seq)


def test_other_calls_are_answered_meanwhile() -> None:
    with running(Daemon()) as daemon, raw(daemon.register(Caller())) as client:
        seq = client.call("apply", work)
        inner = client.called()
        assert client.reply(client.call("ready")) == "ready"
        client.ping()
        answer(client, inner, 1)
        assert client.reply(seq) == 1


def test_one_thread_answers_pings_while_it_waits_and_runs_calls_behind() -> None:
    with running(LoopDaemon()) as daemon, raw(daemon.register(Caller())) as client:
        seq = client.call("apply", work)
        inner = client.called()
        late = client.call("ready")
        client.ping()
        answer(client, inner, 1)
        assert client.reply(seq) == 1
        assert client.reply(late) == "ready"


def test_functions_are_called_later_by_any_threads(client: Raw, caller: Caller) -> None:
    client.reply(client.call("keep", work))
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(caller.kept(n)))
        for n in range(5)
    ]
    for thread in threads:
        thread.start()
    calls = [client.called() for _ in threads]
    for call in reversed(calls):
        answer(client, call, call.args[0] * 10)
    for thread in threads:
        thread.join(LIMIT)
    assert sorted(results) == [0, 10, 20, 30, 40]


def test_a_oneway_call_is_not_waited_for(client: Raw) -> None:
    seq = client.call("tell", work, 5)
    events = [client.next(), client.next()]
    (call,) = (event for event in events if type(event) is Call)
    assert list(call.args) == [5]
    (reply,) = (event for event in events if event is not call)
    assert reply.seq == seq
    assert reply.unwrap() == "told"


def test_who_makes_one_way_calls_waits_for_a_client_that_is_far_behind(
    client: Raw, caller: Caller
) -> None:
    client.reply(client.call("keep", work))
    sent: list[int] = []
    late: list[DeadlineExceeded] = []

    def tell() -> None:
        for number in range(4000):
            caller.kept.oneway(number)
        try:
            with deadline(0.01):
                caller.kept.oneway("in vain")
        except DeadlineExceeded as error:
            late.append(error)
        caller.kept.oneway("at last")
        caller.kept.oneway("behind")
        sent.append(4002)

    thread = threading.Thread(target=tell)
    thread.start()
    assert [client.called().args[0] for _ in range(4000)] == [*range(4000)]
    unanswered, cancelled, question = client.called(), client.next(), client.called()
    assert (question.method, question.object_id) == ("__call__", "")
    assert cancelled.seq == unanswered.seq
    assert (str(late[0]), late[0].sent) == (
        "the client is 4000 one-way calls behind; nothing was sent",
        False,
    )
    assert not sent
    client.send(client.session.fault(question, NoSuchObjectError("no function ''"), []))
    assert [client.called().args[0] for _ in range(2)] == ["at last", "behind"]
    thread.join(LIMIT)
    assert sent


def test_items_flow_from_a_function(client: Raw) -> None:
    seq = client.call("total", work)
    inner = client.called()
    client.send(client.session.flow(inner))
    credit = client.next()
    assert credit.count == Settings().window
    client.send(client.session.items(inner, [1, 2]))
    assert client.next().count == 1
    client.send(client.session.items(inner, [3], last=True))
    assert client.reply(seq) == 6


def test_a_function_has_the_time_of_its_block(client: Raw) -> None:
    seq = client.call("hurry", work)
    inner = client.called()
    assert inner.limit is not None
    assert inner.limit <= 0.05
    cancel = client.next()
    assert cancel.seq == inner.seq
    assert client.reply(seq) == "late, sent: True"


def test_a_function_has_the_time_of_the_call_that_calls_it(client: Raw) -> None:
    client.call("left", work, limit=LIMIT)
    inner = client.called()
    assert inner.limit is not None
    assert inner.limit <= inner.args[0] <= LIMIT


def test_a_function_is_not_called_when_its_time_is_over(
    client: Raw, caller: Caller
) -> None:
    client.reply(client.call("keep", work))
    with deadline(0.001):
        over = time.monotonic() + 0.001
        while time.monotonic() < over:
            client.ping()
        with pytest.raises(DeadlineExceeded, match="nothing was sent") as caught:
            caller.kept()
        assert not caught.value.sent
    client.ping()  # and nothing came before


def test_annotations_cross_with_calls_of_functions(client: Raw) -> None:
    seq = client.call("marked", work)
    inner = client.called()
    assert inner.annotations == {"MARK": b"of the daemon"}
    client.send(client.session.result(inner, 1, annotations={"MARK": b"of the client"}))
    assert client.reply(seq) == "of the client"


def test_a_function_of_the_daemon_is_called_by_the_client(client: Raw) -> None:
    function = client.reply(client.call("twice"))
    call = client.call("__call__", 4, object_id=function.function_id)
    assert client.reply(call) == 8


def test_who_is_waited_for_is_told_by_whom(daemon: LoopDaemon, client: Raw) -> None:
    client.call("apply", work)
    path = client.called().path
    alone = "!" if isinstance(daemon, LoopDaemon) and not isinstance(daemon, Daemon) else ""
    assert path.startswith(f"{alone}{daemon.location} ")
    assert path.endswith(".apply")


def test_one_thread_that_waits_for_this_call_does_not_run_it() -> None:
    with running(LoopDaemon()) as daemon, raw(daemon.register(Caller())) as client:
        seq = client.call("apply", work)
        inner = client.called()
        again = client.call("ready", path=inner.path)
        with pytest.raises(DeadlockError, match=r"apply at .* -> .*ready at"):
            client.reply(again)
        answer(client, inner, 1)
        assert client.reply(seq) == 1


def test_all_threads_that_wait_for_this_call_do_not_run_it() -> None:
    settings = Settings(workers=2)
    with running(Daemon(settings=settings)) as daemon:
        with raw(daemon.register(Caller())) as client:
            first = client.call("apply", work)
            one = client.called()
            second = client.call("apply", work, path=one.path)
            two = client.called()
            again = client.call("ready", path=two.path)
            with pytest.raises(DeadlockError, match="all 2 threads"):
                client.reply(again)
            answer(client, two, 2)
            assert client.reply(second) == 2
            answer(client, one, 1)
            assert client.reply(first) == 1


class Tardy(Daemon):
    """Lets one-way calls of functions wait before they look for theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go, self.returned = (threading.Event() for _ in range(3))

    def perform(self, link: Link, call: Call, context: Any) -> Any:
        if (call.method, call.flags & ONEWAY) == ("__call__", ONEWAY):
            self.begun.set()
            assert self.go.wait(LIMIT)
        try:
            return super().perform(link, call, context)
        finally:
            if call.method == "__release__":
                self.returned.set()


@pytest.mark.parametrize("busy", [False, True])
def test_a_function_is_given_back_behind_earlier_one_way_calls_of_it(busy: bool) -> None:
    tardy, caller = Tardy(), Caller()
    with running(tardy) as daemon, raw(daemon.register(caller)) as client:
        function = client.reply(client.call("own")).function_id
        if busy:  # then other threads look at what comes
            client.call("apply", work)
            client.called()
        client.call("__call__", object_id=function, flags=ONEWAY)
        assert tardy.begun.wait(LIMIT)
        client.call("__release__", 1, object_id=function, flags=ONEWAY)
        assert tardy.returned.wait(LIMIT)
        assert not caller.heard.is_set()
        tardy.go.set()
        assert caller.heard.wait(LIMIT)
        with pytest.raises(NoSuchObjectError):  # by now it was given back
            client.reply(client.call("__call__", object_id=function))


def test_a_client_that_is_gone_since_a_moment_is_gone(
    daemon: LoopDaemon, client: Raw, caller: Caller
) -> None:
    client.reply(client.call("keep", work))
    (link,) = daemon._links
    link.session.close()  # as who reads does, before it tells those who call
    with pytest.raises(ConnectionLostError, match="client is gone"):
        caller.kept()


def test_a_lost_client_ends_what_waits_for_it(daemon: LoopDaemon, caller: Caller) -> None:
    ended = threading.Event()
    with raw(daemon.register(caller)) as client:
        client.reply(client.call("keep", work))

        def wait() -> None:
            try:
                caller.kept()
            except ConnectionLostError as error:
                caller.errors.append(error)
                ended.set()

        threading.Thread(target=wait).start()
        client.called()
    assert ended.wait(LIMIT)
    with pytest.raises(ConnectionLostError, match="client is gone"):
        caller.kept()


def test_what_nobody_has_any_more_is_given_back(client: Raw) -> None:
    client.reply(client.call("keep", work))
    client.reply(client.call("keep", work))
    assert len(client.functions) == 1
    client.reply(client.call("forget"))
    gc.collect()
    client.call("apply", print, 1)
    released = client.called()
    assert (released.method, list(released.args)) == ("__release__", [2])
    client.functions.release(released.object_id, 2)
    assert client.called().method == "__call__"


def test_a_function_can_be_given_back(client: Raw, caller: Caller) -> None:
    client.reply(client.call("keep", work))
    caller.kept.release()
    assert client.called().method == "__release__"
