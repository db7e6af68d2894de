"""A call that comes alone is served as every other one, on whatever way."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from pyrophone import Settings, expose, oneway
from pyrophone.cli.main import build_name
from pyrophone.context import current
from pyrophone.errors import NoSuchObjectError, NotExposedError, ProtocolError
from pyrophone.sync import Daemon, LoopDaemon
from pyrophone.sync.link import Link
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Call, Reply
from pyrophone.wire.framing import ONEWAY
from raw import Raw, raw
from running import LIMIT, running


@expose
class Desk:
    """Does what comes to a daemon."""

    def __init__(self) -> None:
        self.contexts: list[Any] = []
        self.told = threading.Event()

    def note(self, *args: Any, **kwargs: Any) -> int:
        self.contexts.append(current())
        return len(args) + len(kwargs)

    def echo(self, value: Any) -> Any:
        return value

    def text(self, size: int) -> str:
        return "x" * size

    def fail(self) -> None:
        raise LookupError("not here")

    def lock(self) -> Any:
        return threading.Lock()

    def items(self) -> Iterator[int]:
        yield from range(3)

    async def soon(self) -> str:
        return "soon"

    def annotated(self) -> int:
        current().reply_annotations["NOTE"] = b"yes"
        return 5

    @oneway
    def tell(self) -> None:
        self.told.set()


@pytest.fixture(params=[Daemon, LoopDaemon])
def daemon(request: pytest.FixtureRequest) -> Iterator[LoopDaemon]:
    settings = Settings(max_message_size=8_000_000)
    with running(request.param(settings=settings)) as daemon:
        yield daemon


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def client(daemon: LoopDaemon, desk: Desk) -> Iterator[Raw]:
    with raw(daemon.register(desk, "desk")) as client:
        yield client


def both(client: Raw, method: str, *args: Any, **options: Any) -> list[Reply]:
    """Return what is answered to a call that comes alone, and to one with another."""
    client.call(method, *args, **options)
    replies = [client.next()]
    first = client.session.call(method, args, {}, **options)
    number = client.session.seq
    client.send(first + client.session.call("echo", (0,), {}))
    answers: dict[int, Reply] = {}
    while len(answers) < 2:
        reply = client.next()
        answers[reply.seq] = reply
    return [*replies, answers[number]]


def parts(value: object, *without: str) -> dict[str, Any]:
    slots: Any = type(value)
    return {
        name: getattr(value, name)
        for name in dir(slots)
        if not name.startswith("__")
        and name not in without
        and not callable(getattr(value, name))
    }


def test_methods_know_as_much_on_both_ways(client: Raw, desk: Desk) -> None:
    assert [reply.unwrap() for reply in both(client, "note", 1, "é", None)] == [3, 3]
    alone, among = desk.contexts
    own = ("seq", "origin", "correlation_id")
    assert parts(alone, *own) == parts(among, *own)
    assert alone.client is among.client
    assert parts(alone.origin, "seq") == parts(among.origin, "seq")
    assert alone.origin.seq == alone.seq
    assert alone.path == f"{alone.place} desk.note"


def test_results_of_all_kinds_are_the_same_on_both_ways(client: Raw) -> None:
    for value in (None, True, 7, 2.5, "é", [1, {"a": (2,)}], "x" * 300_000, b"b" * 500):
        assert [reply.unwrap() for reply in both(client, "echo", value)] == [value, value]
    assert [reply.unwrap() for reply in both(client, "soon")] == ["soon", "soon"]
    for reply in both(client, "annotated"):
        assert (reply.unwrap(), reply.annotations) == (5, {"NOTE": b"yes"})


@pytest.mark.parametrize(
    ("method", "args", "object_id", "kind", "text"),
    [
        ("fail", (), "desk", LookupError, "not here"),
        ("echo", (), "desk", TypeError, "missing 1 required"),
        ("nothing", (), "desk", NotExposedError, "nothing"),
        ("__call__", (), "desk", NoSuchObjectError, "desk"),
        ("echo", (1,), "table", NoSuchObjectError, "table"),
    ],
)
def test_errors_are_the_same_on_both_ways(
    client: Raw, method: str, args: Any, object_id: str, kind: type[Exception], text: str
) -> None:
    for reply in both(client, method, *args, object_id=object_id):
        with pytest.raises(kind, match=text):
            reply.unwrap()


def test_results_that_cannot_be_sent_are_errors_on_both_ways(client: Raw) -> None:
    for reply in both(client, "lock"):
        with pytest.raises(Exception, match="lock"):
            reply.unwrap()


def test_a_result_above_the_limit_is_an_error_on_both_ways(client: Raw) -> None:
    for reply in both(client, "text", 8_000_001):
        with pytest.raises(ProtocolError, match="8000000"):
            reply.unwrap()


def test_streams_flow(client: Raw) -> None:
    for _ in range(2):
        portions = client.portions(client.call("items"), 10)
        assert [item for portion in portions for item in portion.unwrap()] == [0, 1, 2]


def test_one_way_calls_are_not_answered(client: Raw, desk: Desk) -> None:
    client.call("tell", flags=ONEWAY)
    assert desk.told.wait(LIMIT)
    assert client.reply(client.call("echo", 1)) == 1


def test_an_answer_for_which_there_is_no_room_comes_whole(client: Raw) -> None:
    client.call("text", 7_000_000)
    client.call("echo", 2)
    values = [client.next().unwrap() for _ in range(2)]  # as they are ready
    assert sorted(values, key=str) == [2, "x" * 7_000_000]


def test_a_client_that_goes_while_its_call_runs_ends_nothing_else(
    daemon: LoopDaemon, desk: Desk
) -> None:
    entered, go_on = threading.Event(), threading.Event()

    @expose
    class Slow:
        def wait(self) -> str:
            entered.set()
            assert go_on.wait(LIMIT)
            return "x" * 100_000

    gone = threading.Event()
    daemon.left_by = lambda client: gone.set()  # type: ignore[method-assign]
    with raw(daemon.register(Slow())) as client:
        client.call("wait")
        assert entered.wait(LIMIT)
    go_on.set()
    assert gone.wait(LIMIT)
    with raw(daemon.register(desk)) as other:
        assert other.reply(other.call("echo", 1)) == 1


def test_a_daemon_that_judges_or_annotates_does_so_for_calls_that_come_alone() -> None:
    judged = []

    class Judge(Daemon):
        def failed(self, *args: Any) -> None:
            judged.append(str(args[-1]))

        def annotations(self) -> dict[str, bytes]:
            return {"SERV": b"er"}

    class Counter(Daemon):
        def perform(self, link: Any, call: Call, context: Any) -> Any:
            judged.append(call.method)
            return super().perform(link, call, context)

    with running(Judge()) as daemon, raw(daemon.register(Desk())) as client:
        for reply in both(client, "fail"):
            assert reply.annotations == {"SERV": b"er"}
    assert judged == ["not here", "not here"]
    with running(Counter()) as other, raw(other.register(Desk())) as client:
        assert client.reply(client.call("echo", 1)) == 1
    assert judged[2:] == ["echo"]


class Reused:
    """A socket that is given up when its number is asked for, which others get next."""

    def __init__(self, sock: socket.socket, cut: Callable[[], None]) -> None:
        self._sock = sock
        self._cut = cut
        self.others: list[socket.socket] = []

    def fileno(self) -> int:
        number = self._sock.fileno()
        if not self.others:
            self.others += socket.socketpair()
            self._cut()
            self.others += socket.socketpair()
            for sock in self.others:
                sock.setblocking(False)
                sock.sendall(b"of others")
        return number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def linked(service: LoopDaemon) -> tuple[Link, socket.socket]:
    """Return a link as there is one when a client was greeted, and its client's socket."""
    far, near = socket.socketpair()
    near.setblocking(False)
    link = Link(near, service.session(greeted=True), service)
    link.many = True
    return link, far


@pytest.mark.skipif(build_name() != "compiled", reason="Python asks for no numbers")
@pytest.mark.parametrize("sends", [False, True])
def test_a_connection_cut_by_another_thread_takes_nothing_of_others(sends: bool) -> None:
    def echo(value: Any) -> Any:
        if sends:  # it is read as ever, and cut when it is answered
            link.sock = reused
        return value

    with LoopDaemon() as service:
        desk = Desk()
        desk.echo = echo  # type: ignore[method-assign]
        service.register(desk, "desk")
        link, far = linked(service)
        session = ClientSession("desk", service.codecs, greeted=True)
        reused: Any = Reused(link.sock, link.give_up)
        far.sendall(session.call("echo", (1,), {}))
        if not sends:
            link.sock = reused
        with far, link.turn:
            link.serve()
            assert reused.others
            with suppress(ConnectionError):
                assert far.recv(100) == b""
        assert reused.fileno() < 0
        for sock in reused.others:
            with sock:
                assert sock.recv(100) == b"of others"


LITTLE_STACK = """
import threading
from pyrophone import expose
from pyrophone.sync import Daemon, connect

@expose
class Echo:
    def echo(self, value):
        return value

daemon = Daemon()
uri = daemon.register(Echo())
threading.stack_size(65536)
threading.Thread(target=daemon.serve).start()
with connect(uri) as proxy:
    print([len(proxy.echo("x" * size)) for size in (1, 7000, 8200, 300_000)])
daemon.close()
"""


@pytest.mark.slow
def test_threads_with_little_stack_serve() -> None:
    command = [sys.executable, "-c", LITTLE_STACK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "[1, 7000, 8200, 300000]\n", done.stderr


@pytest.mark.parametrize("size", [*range(8148, 8158), 65536, 100_000])
def test_calls_of_any_size_are_read_whole(client: Raw, size: int) -> None:
    text = "y" * (size - len(client.session.call("echo", ("",), {})))
    assert client.reply(client.call("echo", text)) == text
