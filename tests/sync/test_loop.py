"""The daemon with one thread: driven by itself or by somebody else, and how it ends."""

from __future__ import annotations

import contextlib
import logging
import queue
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyrophone import URI, Settings, current, expose, oneway
from pyrophone.errors import CommunicationError, ConnectError
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync import Daemon, LoopDaemon, close, connect
from pyrophone.sync.connection import Connection
from raw import raw
from running import LIMIT, running


@expose
class Echo:
    def echo(self, value: Any) -> Any:
        return value

    def sized(self, size: int) -> str:
        return "x" * size


@pytest.fixture(params=[Daemon, LoopDaemon])
def kind(request: pytest.FixtureRequest) -> type[LoopDaemon]:
    cls: type[LoopDaemon] = request.param
    return cls


def in_thread(function: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=function)
    thread.start()
    return thread


def test_somebody_elses_loop_can_drive_it() -> None:
    daemon = LoopDaemon()
    uri = daemon.register(Echo())
    results: list[Any] = []

    def use() -> None:
        with connect(uri) as proxy:
            results.append(proxy.echo(5))

    client = in_thread(use)
    while client.is_alive():
        ready, _, _ = select.select(daemon.sockets, [], [], 0.05)
        if ready:
            daemon.process()
    daemon.stop()
    assert results == [5]
    daemon.process()


def test_serving_ends_and_goes_on_with_its_condition(kind: type[LoopDaemon]) -> None:
    daemon = kind(settings=Settings(handshake_timeout=0.05))  # so it looks often
    uri = daemon.register(Echo())
    asked: list[int] = []

    def twice() -> bool:
        asked.append(1)
        return len(asked) % 3 != 0

    daemon.serve(twice)
    assert len(asked) == 3
    with running(daemon), connect(uri) as proxy:
        assert proxy.echo(1) == 1


def test_stopping_from_another_thread_waits_for_the_end(kind: type[LoopDaemon]) -> None:
    daemon = kind()
    uri = daemon.register(Echo())
    thread = in_thread(daemon.serve)
    with connect(uri) as proxy:
        proxy.echo(1)
        daemon.stop()
        thread.join(LIMIT)
        assert not thread.is_alive()
        with pytest.raises(CommunicationError):
            proxy.echo(2)
    with pytest.raises(ConnectError):
        connect(uri)
    daemon.stop()
    daemon.close()


def test_stopping_from_inside_a_method_answers_it(kind: type[LoopDaemon]) -> None:
    daemon = kind()

    @expose
    class Switch:
        def off(self) -> str:
            daemon.stop()
            return "off"

    uri = daemon.register(Switch())
    thread = in_thread(daemon.serve)
    with connect(uri) as switch:
        assert switch.off() == "off"
        thread.join(LIMIT)
        assert not thread.is_alive()


@pytest.mark.parametrize("how", ["process", "serve"])
def test_stopping_from_inside_a_method_of_a_driven_daemon(how: str) -> None:
    daemon = LoopDaemon()

    @expose
    class Switch:
        def off(self) -> str:
            daemon.stop()
            return "off"

    uri = daemon.register(Switch())
    results: list[str] = []

    def use() -> None:
        with connect(uri) as switch:
            results.append(switch.off())

    client = in_thread(use)
    if how == "serve":
        daemon.serve()
    else:
        while not daemon.stopping:
            daemon.process(0.05)
    client.join(LIMIT)
    assert results == ["off"]


def test_quiet_clients_are_disconnected_where_that_is_wanted(
    kind: type[LoopDaemon],
) -> None:
    gone = threading.Event()

    class Watching(kind):  # type: ignore[misc, valid-type]
        def left_by(self, client: Any) -> None:
            gone.set()

    with running(Watching(settings=Settings(idle_timeout=0.05))) as daemon:
        proxy = connect(daemon.register(Echo()))
        assert gone.wait(LIMIT)
        close(proxy)
        assert proxy.echo(1) == 1
        close(proxy)


def test_a_client_that_reads_nothing_is_dropped_and_holds_up_nobody(
    kind: type[LoopDaemon],
) -> None:
    gone = threading.Event()

    class Watching(kind):  # type: ignore[misc, valid-type]
        def left_by(self, client: Any) -> None:
            gone.set()

    with running(Watching(settings=Settings(send_timeout=0.3, workers=2))) as daemon:
        uri = daemon.register(Echo())
        codecs = make_codecs(ClassTable(), Settings())
        stalled = Connection(uri, Settings(), codecs)
        with contextlib.closing(stalled), connect(uri) as other:
            stalled.sock.sendall(stalled.session.call("sized", (50_000_000,), {}))
            assert other.echo(1) == 1
            assert gone.wait(LIMIT)
            assert other.echo(2) == 2


def test_hooks_that_fail_are_logged_and_stop_nothing(
    kind: type[LoopDaemon],
) -> None:
    logged: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    handler = logging.Handler()
    handler.emit = logged.put  # type: ignore[assignment,method-assign]
    logging.getLogger("pyrophone.daemon").addHandler(handler)

    class Clumsy(kind):  # type: ignore[misc, valid-type]
        def housekeeping(self) -> None:
            raise ValueError("in housekeeping")

        def left_by(self, client: Any) -> None:
            raise ValueError("in left_by")

    class Resource:
        def close(self) -> None:
            raise ValueError("in close")

    resource = Resource()

    @expose
    class Tracker:
        def track(self) -> None:
            current().client.track(resource)

    with running(Clumsy()) as daemon:
        with connect(daemon.register(Tracker())) as proxy:
            proxy.track()
        wanted = {"in housekeeping", "in left_by", "in close"}
        while wanted:
            record = logged.get(timeout=LIMIT)
            assert record.exc_info is not None
            wanted.discard(str(record.exc_info[1]))
    logging.getLogger("pyrophone.daemon").removeHandler(handler)


class AlarmError(Exception):
    """What the handler of a signal raises, wherever its thread is."""


class Alarmed(LoopDaemon):
    """Has such a signal behind some calls, before they are answered."""

    def perform(self, link: Any, call: Any, context: Any) -> Any:
        data = super().perform(link, call, context)
        if call.args == ("alarm",):
            raise AlarmError
        return data


def test_what_a_handler_raises_behind_a_call_ends_only_its_connection() -> None:
    answers: list[Any] = []
    daemon = Alarmed()
    uri = daemon.register(Echo())

    def use() -> None:
        with raw(uri) as client, connect(uri) as other:
            client.call("echo", "alarm")
            with pytest.raises(EOFError):
                client.next()
            answers.append(other.echo(1))

    client = in_thread(use)
    with pytest.raises(AlarmError):
        daemon.serve()
    daemon.serve(lambda: not answers)
    daemon.close()
    client.join(LIMIT)
    assert answers == [1]


@pytest.mark.parametrize("beside", [False, True])
def test_what_a_worker_raises_behind_a_call_ends_only_its_connection(beside: bool) -> None:
    class Threaded(Alarmed, Daemon):
        pass

    started, go = threading.Event(), threading.Event()

    @expose
    class Slow(Echo):
        def slow(self) -> None:
            started.set()
            assert go.wait(LIMIT)

    with running(Threaded()) as daemon:
        uri = daemon.register(Slow())
        with raw(uri) as client, connect(uri) as other:
            if beside:  # then others than who reads run what comes next
                client.call("slow")
                assert started.wait(LIMIT)
            client.call("echo", "alarm")
            with pytest.raises(EOFError):
                client.next()
            go.set()
            assert other.echo(1) == 1


def test_an_exit_in_a_hook_for_leaving_ends_nothing(kind: type[LoopDaemon]) -> None:
    left = queue.SimpleQueue[None]()

    class Leaver(kind):  # type: ignore[misc, valid-type]
        def left_by(self, client: Any) -> None:
            left.put(None)
            raise SystemExit

    with running(Leaver()) as daemon:
        uri = daemon.register(Echo())
        for _ in range(2):
            with connect(uri) as proxy:
                assert proxy.echo(1) == 1
            left.get(timeout=LIMIT)
        with connect(uri) as proxy:
            rounds = 0
            while len(daemon.clients) > 1 and rounds < 5000:
                rounds = proxy.echo(rounds + 1)
            assert len(daemon.clients) == 1


def test_a_kept_socket_ends_serving_with_its_peer(kind: type[LoopDaemon]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        daemon = kind(sock=theirs)
        daemon.register(Echo(), "echo")
        thread = in_thread(daemon.serve)
        proxy = connect("echo", sock=ours)
        assert proxy.echo(1) == 1
        close(proxy)
        ours.shutdown(socket.SHUT_RDWR)
        thread.join(LIMIT)
        assert not thread.is_alive()
        daemon.close()
        assert theirs.fileno() != -1
        assert theirs.gettimeout() is None
        for limit in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            assert theirs.getsockopt(socket.SOL_SOCKET, limit, 16) == bytes(16)


@pytest.mark.parametrize("grace", [0.0, LIMIT])
def test_a_call_over_a_kept_socket_is_answered_at_the_end(grace: float) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        daemon = Daemon(sock=theirs)
        ending = in_thread(lambda: None)

        @expose
        class Slow:
            def work(self) -> str:
                nonlocal ending
                ending = threading.Thread(target=daemon.stop, args=(grace,))
                ending.start()
                while not daemon.stopping:
                    pass
                if not grace:
                    ending.join(LIMIT)
                return "done"

        daemon.register(Slow(), "slow")
        thread = in_thread(daemon.serve)
        assert connect("slow", sock=ours).work() == "done"
        ending.join(LIMIT)
        thread.join(LIMIT)
        assert not thread.is_alive()
        assert theirs.fileno() != -1


@pytest.mark.parametrize(
    ("arguments", "location"),
    [
        ({"public": "lab.example"}, r"lab\.example:\d+"),
        ({"public": "lab.example:7"}, r"lab\.example:7"),
        ({"host": "127.0.0.1"}, r"127\.0\.0\.1:\d+"),
        ({"host": "::1"}, r"\[::1\]:\d+"),
    ],
)
def test_its_uris_say_where_others_reach_it(
    arguments: dict[str, str], location: str
) -> None:
    with LoopDaemon(**arguments) as daemon:  # type: ignore[arg-type]
        uri = daemon.register(Echo(), "echo")
        assert uri.object == "echo"
        assert daemon.uri_of("echo") == uri
        assert re.fullmatch(location, daemon.location)


def test_on_all_interfaces_it_names_one_that_others_reach() -> None:
    with LoopDaemon(host="") as daemon:
        assert not daemon.location.startswith(("0.0.0.0", ":"))


def test_its_text_says_where_it_is_or_that_it_is_closed(kind: type[LoopDaemon]) -> None:
    daemon = kind()
    assert f"{kind.__name__} at {daemon.location}, 1 objects" in repr(daemon)
    daemon.close()
    assert "closed" in repr(daemon)


def test_a_socket_file_goes_with_its_daemon(kind: type[LoopDaemon], tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with kind(unix_socket=str(path)) as daemon:
        assert path.is_socket()
        assert daemon.location == f"./u:{path}"
    assert not path.exists()


SERVER = """
import sys
from pyrophone import expose
from pyrophone.sync import Daemon, LoopDaemon
@expose
class Sleeper:
    def sleep(self):
        import time
        print("asleep", flush=True)
        time.sleep(100)
daemon = {"Daemon": Daemon, "LoopDaemon": LoopDaemon}[sys.argv[1]]()
print(daemon.register(Sleeper()), flush=True)
daemon.serve()
print("served", flush=True)
"""


@pytest.fixture
def server(kind: type[LoopDaemon]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, kind.__name__],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.slow
def test_ctrl_c_ends_an_idle_daemon_clean(server: subprocess.Popen[str]) -> None:
    assert server.stdout is not None
    with connect(server.stdout.readline().strip()):
        server.send_signal(signal.SIGINT)
        output, errors = server.communicate(timeout=LIMIT)
    assert (output, errors, server.returncode) == ("served\n", "", 0)


@pytest.mark.slow
def test_ctrl_c_ends_a_busy_daemon_at_once(server: subprocess.Popen[str]) -> None:
    assert server.stdout is not None
    uri = server.stdout.readline().strip()
    failed = threading.Event()

    def use() -> None:
        try:
            connect(uri).sleep()
        except Exception:
            failed.set()

    client = in_thread(use)
    assert server.stdout.readline() == "asleep\n"
    server.send_signal(signal.SIGINT)
    output, errors = server.communicate(timeout=LIMIT)
    assert (output, errors, server.returncode) == ("served\n", "", 0)
    assert failed.wait(LIMIT)
    client.join(LIMIT)


def test_a_daemon_that_never_served_can_be_closed(kind: type[LoopDaemon]) -> None:
    daemon = kind()
    uri = daemon.register(Echo())
    assert isinstance(uri, URI)
    daemon.close()
    daemon.serve()


class Noting:
    """Says what happens to it."""

    def __init__(self) -> None:
        self.happened = threading.Semaphore(0)
        self.go = threading.Event()
        self.ended = threading.Event()

    @expose
    @oneway
    def note(self) -> None:
        self.happened.release()
        assert self.go.wait(LIMIT)
        self.ended.set()

    @expose
    def call(self) -> str:
        self.happened.release()
        return "called"


def test_the_condition_is_asked_while_a_client_is_busy(kind: type[LoopDaemon]) -> None:
    with kind(settings=Settings(linger=LIMIT)) as daemon:
        daemon.interval = 10 * LIMIT
        noting = Noting()
        ended = threading.Event()
        uri = daemon.register(noting)

        def use() -> None:
            with connect(uri) as proxy, contextlib.suppress(CommunicationError):
                while not ended.is_set():
                    proxy.call()

        thread = in_thread(use)
        for _ in range(20):
            daemon.serve(lambda: not noting.happened.acquire(blocking=False))
        ended.set()
    thread.join(LIMIT)
    assert not thread.is_alive()


def test_the_condition_is_asked_behind_a_one_way_call(kind: type[LoopDaemon]) -> None:
    with kind(settings=Settings(oneway_threads=1, linger=LIMIT)) as daemon:
        daemon.interval = 10 * LIMIT
        noting = Noting()
        uri = daemon.register(noting)
        left = threading.Event()

        def use() -> None:
            with connect(uri) as proxy:
                proxy.note()
                proxy.call()
                noting.go.set()
                assert left.wait(LIMIT)

        thread = in_thread(use)
        daemon.serve(lambda: not noting.ended.is_set())
        left.set()
    thread.join(LIMIT)
    assert not thread.is_alive()


@pytest.mark.parametrize("name", ["call", "note"])
def test_the_condition_is_asked_soon_after_a_call(
    kind: type[LoopDaemon], name: str
) -> None:
    with kind() as daemon:
        daemon.interval = 10 * LIMIT
        noting = Noting()
        noting.go.set()
        uri = daemon.register(noting)

        def use() -> None:
            with connect(uri) as proxy:
                getattr(proxy, name)()

        thread = in_thread(use)
        daemon.serve(lambda: not noting.happened.acquire(blocking=False))
    thread.join(LIMIT)
    assert not thread.is_alive()


def test_the_condition_is_asked_at_the_interval(kind: type[LoopDaemon]) -> None:
    with kind() as daemon:
        daemon.interval = 0.001
        answers = iter([True, True, False])
        daemon.serve(lambda: next(answers))
        assert next(answers, None) is None
