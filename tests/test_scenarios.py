"""What a user may do, over every daemon and every transport."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from certificates import Certificates
from pyrophone import (
    Blob,
    RemoteError,
    Settings,
    annotate,
    callback,
    correlate,
    current,
    expose,
    instances,
    oneway,
)
from pyrophone.errors import (
    CallTimeoutError,
    MessageTooLargeError,
    NoSuchObjectError,
    NotExposedError,
    RefusedError,
    SerializeError,
    StreamError,
)
from pyrophone.net.tls import client_context, server_context
from pyrophone.sync import Daemon, LoopDaemon, Proxy, batch, close, connect, options, ping
from pyrophone.sync.client import codecs_for
from running import LIMIT, running


class OverheatError(Exception):
    """A class that only the server knows."""


class Kettle:
    def __init__(self) -> None:
        self._level = 3
        self.heard: list[Any] = []
        self.noticed = threading.Event()

    @expose
    def add(self, a: Any, b: Any = 1) -> Any:
        return a + b

    @expose
    def repeat(self, text: str, times: int) -> str:
        return text * times

    @expose
    def echo(self, *args: Any, **kwargs: Any) -> Any:
        return [*args, kwargs]

    @expose  # type: ignore[prop-decorator]
    @property
    def level(self) -> int:
        return self._level

    @level.setter
    def level(self, value: int) -> None:
        self._level = value

    @expose
    def fail(self, kind: str) -> None:
        raise {"value": ValueError("bad", 7), "own": OverheatError("too hot", 99)}[kind]

    @expose
    def leave(self) -> None:
        raise SystemExit(3)

    @expose
    def secret(self) -> Any:
        return {"k": [threading.Lock()]}

    @expose
    def count(self, n: int) -> Iterator[int]:
        yield from range(n)

    @expose
    def count_and_fail(self) -> Iterator[int]:
        yield 1
        raise ValueError("half way")

    @expose
    @oneway
    def hear(self, what: Any) -> None:
        self.heard.append(what)
        self.noticed.set()

    @expose
    @oneway
    def hear_and_fail(self) -> None:
        raise ValueError("nobody is told")

    @expose
    @callback
    def call_back(self) -> None:
        raise ValueError("logged, too")

    @expose
    def what_was_heard(self) -> list[Any]:
        assert self.noticed.wait(LIMIT)
        return self.heard

    @expose
    def tell(self) -> list[Any]:
        context = current()
        context.reply_annotations["BACK"] = b"there"
        return [
            dict(context.annotations).get("WORD", b"").decode(),
            str(context.correlation_id),
        ]

    @expose
    def tell_and_fail(self) -> None:
        current().reply_annotations["LOST"] = b"?"
        raise ValueError("after annotating")

    @expose
    def peek(self, blob: Blob) -> Any:
        return [blob.info, blob.value]

    @expose
    def __len__(self) -> int:
        return 2

    @expose
    def __getitem__(self, index: int) -> str:
        return "ab"[index]

    def hidden(self) -> None: ...


@expose
class Visitor:
    """Made by the daemon for each client."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self._calls = 0

    def count(self) -> int:
        self._calls += 1
        return self._calls


Serve = Callable[..., tuple[LoopDaemon, str]]


@pytest.fixture(params=[Daemon, LoopDaemon])
def kind(request: pytest.FixtureRequest) -> type[LoopDaemon]:
    cls: type[LoopDaemon] = request.param
    return cls


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=["tcp", "tcp6", "unix", "pair", "tls", "tls-pair"])
def kettle(
    request: pytest.FixtureRequest,
    kind: type[LoopDaemon],
    tmp_path: Path,
    files: Certificates,
) -> Iterator[Proxy]:
    """A proxy for a Kettle, over each daemon and transport."""
    serving = server_context(files.server.certificate, files.server.key)
    calling = client_context(files.authority)
    ours, theirs = socket.socketpair()
    if request.param == "tls-pair":
        theirs = serving.wrap_socket(
            theirs, server_side=True, do_handshake_on_connect=False
        )
    with ours, theirs:
        daemon = {
            "tcp": lambda: kind(),
            "tcp6": lambda: kind(host="::1"),
            "unix": lambda: kind(unix_socket=str(tmp_path / "socket")),
            "pair": lambda: kind(sock=theirs),
            "tls": lambda: kind(tls=serving),
            "tls-pair": lambda: kind(sock=theirs),
        }[request.param]()
        uri = daemon.register(Kettle(), "kettle")
        with running(daemon):
            if request.param == "tls-pair":
                ours = calling.wrap_socket(ours, server_hostname="localhost")
            if request.param.endswith("pair"):
                proxy = connect("kettle", sock=ours)
            elif request.param == "tls":
                proxy = connect(uri, settings=Settings(tls=calling))
            else:
                proxy = connect(uri)
            with ours, proxy:
                yield proxy


@pytest.fixture
def daemon(kind: type[LoopDaemon]) -> Iterator[LoopDaemon]:
    with running(kind()) as daemon:
        yield daemon


def test_calls_and_arguments(kettle: Proxy) -> None:
    assert kettle.add(1, 2) == 3
    assert kettle.add(a="x", b="y") == "xy"
    assert kettle.echo(1, (2, None), key=[True]) == [1, (2, None), {"key": [True]}]


def test_attributes(kettle: Proxy) -> None:
    assert kettle.level == 3
    kettle.level = 5
    assert kettle.level == 5
    with pytest.raises(
        NotExposedError, match="no exposed attribute or method 'levle', did you mean"
    ):
        kettle.levle = 1


def test_errors_arrive_as_themselves_with_the_remote_traceback(kettle: Proxy) -> None:
    with pytest.raises(ValueError, match="bad") as caught:
        kettle.fail("value")
    assert caught.value.args == ("bad", 7)
    [note] = caught.value.__notes__
    assert note.startswith("Remote traceback:\nTraceback (most recent call last):\n")
    assert "in fail" in note
    assert "pyrophone" not in note.split("in fail")[0]
    assert kettle.add(1, 2) == 3


def test_an_unknown_error_keeps_name_arguments_and_text(kettle: Proxy) -> None:
    with pytest.raises(RemoteError) as caught:
        kettle.fail("own")
    assert caught.value.class_name.endswith(".OverheatError")
    assert caught.value.arguments == ("too hot", 99)
    assert caught.value.text == "('too hot', 99)"
    assert kettle.add(1, 2) == 3


def test_a_method_that_exits_ends_nothing(kettle: Proxy) -> None:
    for _ in range(3):
        with pytest.raises(RemoteError, match=r"builtins\.SystemExit"):
            kettle.leave()
    assert kettle.add(1, 2) == 3


def test_what_cannot_travel_is_named_and_the_next_call_works(kettle: Proxy) -> None:
    with pytest.raises(SerializeError, match=r"argument 2\['k'\]\[0\]: lock object"):
        kettle.add(1, {"k": [threading.Lock()]})
    assert kettle.add(1, 2) == 3
    with pytest.raises(SerializeError, match=r"result\['k'\]\[0\]: lock object"):
        kettle.secret()
    assert kettle.add(1, 2) == 3


def test_what_is_not_exposed_is_refused_by_the_daemon_too(kettle: Proxy) -> None:
    with pytest.raises(NotExposedError, match="'hidden'"):
        kettle.hidden()
    calls = batch(kettle)
    calls.hidden()
    with pytest.raises(
        NotExposedError, match="unexposed or unknown remote attribute 'hidden'"
    ):
        calls()
    assert kettle.add(1, 2) == 3


def test_item_streams(kettle: Proxy) -> None:
    assert list(kettle.count(3)) == [0, 1, 2]
    items = kettle.count(10)
    assert next(items) == 0
    items.close()
    assert list(items) == []
    failing = kettle.count_and_fail()
    assert next(failing) == 1
    with pytest.raises(ValueError, match="half way"):
        next(failing)
    with pytest.raises(StreamError, match="item stream terminated"):
        next(failing)


def test_one_way_calls_return_nothing_and_run(kettle: Proxy) -> None:
    assert kettle.hear("a") is None
    assert kettle.hear_and_fail() is None
    assert kettle.what_was_heard() == ["a"]


def test_batches_stop_at_the_first_failure(kettle: Proxy) -> None:
    calls = batch(kettle)
    calls.add(1, 2)
    calls.fail("value")
    calls.hear("never")
    assert len(calls) == 3
    results = calls()
    assert next(results) == 3
    with pytest.raises(ValueError, match="bad"):
        next(results)
    assert list(results) == []
    assert list(calls()) == []
    calls.hear("once")
    assert list(calls(oneway=True)) == []
    assert kettle.what_was_heard() == ["once"]


def test_annotations_go_both_ways_and_end_with_their_block(kettle: Proxy) -> None:
    with annotate(WORD=b"hi") as received:
        assert kettle.tell()[0] == "hi"
        assert received == {"BACK": b"there"}
        with pytest.raises(ValueError, match="after annotating"):
            kettle.tell_and_fail()
        assert kettle.add(1, 2) == 3
        assert received == {}
    assert kettle.tell()[0] == ""


def test_correlation_ids_reach_the_method(kettle: Proxy) -> None:
    wanted = uuid.UUID(int=5)
    with correlate(wanted):
        assert kettle.tell()[1] == str(wanted)
    assert kettle.tell()[1] != str(wanted)


def test_blobs_arrive_unread(kettle: Proxy) -> None:
    assert kettle.peek(Blob("topic", [1, 2])) == ["topic", [1, 2]]


def test_operators(kettle: Proxy) -> None:
    assert len(kettle) == 2
    assert kettle[1] == "b"
    assert list(kettle) == ["a", "b"]
    assert "b" in kettle
    assert "z" not in kettle
    assert bool(kettle)
    with pytest.raises(TypeError, match="items that can be set"):
        kettle[0] = "x"


def test_pings(kettle: Proxy) -> None:
    ping(kettle)
    assert kettle.add(1, 2) == 3


def test_callback_errors_are_logged_here_too(
    kettle: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match="logged, too"):
        kettle.call_back()
    assert "ValueError: logged, too" in caplog.text
    assert kettle.add(1, 2) == 3


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack"])
@pytest.mark.parametrize("compression", [False, True])
def test_every_serializer_with_and_without_compression(
    kind: type[LoopDaemon], serializer: str, compression: bool
) -> None:
    settings = Settings(serializer=serializer, compression=compression)
    with running(kind(settings=settings)) as daemon:
        kettle = connect(daemon.register(Kettle()), settings=settings)
        with kettle:
            assert kettle.add("x" * 500, "y") == "x" * 500 + "y"
            assert kettle.level == 3
            kettle.level = 4
            assert list(kettle.count(3)) == [0, 1, 2]
            calls = batch(kettle)
            calls.add(1, 1)
            calls.fail("value")
            results = calls()
            assert next(results) == 2
            with pytest.raises(ValueError, match="bad"):
                next(results)
            assert kettle.peek(Blob("topic", {"a": 1})) == ["topic", {"a": 1}]


def test_session_instances_live_as_long_as_their_connection(daemon: LoopDaemon) -> None:
    uri = daemon.register(Visitor)
    with connect(uri) as one, connect(uri) as other:
        assert [one.count(), one.count(), other.count()] == [1, 2, 1]
        close(one)
        assert one.count() == 1


@pytest.mark.parametrize(
    ("mode", "counts"), [("single", [1, 2, 3]), ("percall", [1, 1, 1])]
)
def test_other_instance_modes(daemon: LoopDaemon, mode: str, counts: list[int]) -> None:
    @instances(mode, creator=lambda cls: cls())
    class Guest(Visitor): ...

    uri = daemon.register(Guest)
    with connect(uri) as one, connect(uri) as other:
        assert [one.count(), one.count(), other.count()] == counts


def test_registered_objects_travel_as_proxies() -> None:
    @expose
    class Market:
        def __init__(self, daemon: Daemon) -> None:
            self._daemon = daemon

        def kettle(self) -> Any:
            kettle = Kettle()
            self._daemon.register(kettle)
            return [kettle]

        def use(self, kettle: Any) -> Any:
            return kettle.add(20, 3)

    with running(Daemon()) as daemon, running(Daemon()) as mine:
        uri = daemon.register(Market(daemon))
        with connect(uri, daemon=mine) as market:
            [kettle] = market.kettle()
            with kettle:
                assert kettle.add(1, 2) == 3
            local = Kettle()
            mine.register(local)
            assert market.use(local) == 23
            mine.unregister(local)
            with pytest.raises(SerializeError, match=r"argument 1\.noticed.*: lock object"):
                market.use(local)


def test_refusals_name_what_is_wrong_and_what_is_there(daemon: LoopDaemon) -> None:
    daemon.register(Kettle(), "kettle")
    with pytest.raises(
        RefusedError, match=r"unknown object 'kettel', did you mean 'kettle'\?"
    ):
        connect(f"PYRO:kettel@{daemon.location}")


def test_an_object_that_goes_away_is_an_error_and_the_connection_lives(
    daemon: LoopDaemon,
) -> None:
    with connect(daemon.register(Kettle(), "one")) as kettle:
        assert kettle.add(1, 2) == 3
        daemon.unregister("one")
        with pytest.raises(NoSuchObjectError, match="unknown object 'one'"):
            kettle.add(1, 2)
        daemon.register(Kettle(), "one")
        assert kettle.add(1, 2) == 3


def test_a_reply_that_is_too_large_is_an_error_and_the_next_call_works(
    kind: type[LoopDaemon],
) -> None:
    with running(kind(settings=Settings(max_message_size=4000))) as daemon:
        with connect(daemon.register(Kettle())) as kettle:
            with pytest.raises(MessageTooLargeError, match="too large") as caught:
                kettle.repeat("x", 5000)
            assert "max=4000" in str(caught.value)
            assert kettle.add(1, 2) == 3


def test_a_timeout_ends_the_call_and_no_late_reply_is_taken_for_another(
    kind: type[LoopDaemon],
) -> None:
    release = threading.Event()

    @expose
    class Slow:
        def wait(self) -> str:
            release.wait(LIMIT)
            return "late"

        def quick(self) -> str:
            return "quick"

    with running(kind()) as daemon, connect(daemon.register(Slow())) as slow:
        with pytest.raises(CallTimeoutError, match=r"no reply within 0\.05 s"):
            options(slow, timeout=0.05).wait()
        release.set()
        assert slow.quick() == "quick"


def test_the_control_object(daemon: LoopDaemon) -> None:
    daemon.register(Kettle(), "kettle")
    with connect(f"PYRO:Pyro.Daemon@{daemon.location}") as control:
        assert control.ping() is None
        assert control.registered() == ["Pyro.Daemon", "kettle"]
        assert daemon.location in control.info()
        assert set(control.get_metadata("kettle")["attrs"]) == {"level"}


def test_hooks_judge_greetings_and_see_clients_come_and_go(kind: type[LoopDaemon]) -> None:
    gone = threading.Event()

    class Closing:
        closed = threading.Event()

        def close(self) -> None:
            self.closed.set()

    resource = Closing()

    class Doorman(kind):  # type: ignore[misc, valid-type]
        def greets(self, client: Any, handshake: Any) -> Any:
            if handshake != "sesame":
                raise ValueError(f"{handshake!r} does not open this")
            client.track(resource)
            return ["welcome", current().annotations.get("WORD", b"").decode()]

        def left_by(self, client: Any) -> None:
            gone.set()

        def annotations(self) -> dict[str, bytes]:
            return {"SERV": b"er"}

    def check(answer: Any) -> None:
        if answer[0] != "welcome":
            raise ValueError(answer)

    with running(Doorman()) as daemon:
        uri = daemon.register(Kettle())
        with pytest.raises(RefusedError, match="'hello' does not open this"):
            connect(uri)
        with annotate(WORD=b"hi") as received:
            kettle = connect(uri, handshake="sesame", check=check)
            assert received == {"SERV": b"er"}
            with pytest.raises(ValueError, match="bad"):
                kettle.fail("value")
            assert received == {"SERV": b"er"}
            kettle.add(1)
            assert received == {"SERV": b"er"}
        assert not gone.is_set()
        close(kettle)
        assert gone.wait(LIMIT)
        assert resource.closed.wait(LIMIT)


def test_a_check_that_refuses_the_daemon_leaves_no_connection(daemon: LoopDaemon) -> None:
    def check(answer: Any) -> None:
        raise ValueError(f"not you: {answer}")

    proxy = Proxy.to(daemon.register(Kettle()), check=check)
    for _ in range(2):
        with pytest.raises(ValueError, match="not you: hello"):
            proxy.add(1, 2)


def test_values_of_own_classes_travel_once_both_sides_are_told(
    kind: type[LoopDaemon],
) -> None:
    settings = Settings()
    codecs = codecs_for(settings)
    classes = codecs.classes
    classes.register(
        complex, lambda value: {"__class__": "c", "parts": [value.real, value.imag]}
    )
    classes.register(Path, lambda value: {"__class__": "lab.Path", "text": str(value)})
    classes.register_name("lab.Path", lambda name, form: Path(form["text"]))
    with running(kind(classes=classes)) as daemon:
        with connect(daemon.register(Kettle()), classes=classes) as kettle:
            assert kettle.echo(Path("a/b")) == [Path("a/b"), {}]
