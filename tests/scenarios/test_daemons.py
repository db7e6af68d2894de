"""What a user may do with a daemon: every kind, every client."""

from __future__ import annotations

import inspect
import threading
from pathlib import Path
from typing import Any

import pytest

from fronts import Front
from kettles import Kettle, Visitor
from kinds import Kind
from pyrophone import Blob, Settings, annotate, current, expose, instances
from pyrophone.errors import (
    CallTimeoutError,
    MessageTooLargeError,
    NoSuchObjectError,
    RefusedError,
    SerializeError,
)
from running import LIMIT


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack"])
@pytest.mark.parametrize("compression", [False, True])
def test_every_serializer_with_and_without_compression(
    front: Front, kind: Kind, serializer: str, compression: bool
) -> None:
    settings = Settings(serializer=serializer, compression=compression)
    with kind.serving(settings=settings) as daemon:
        kettle = front.connect(daemon.register(Kettle()), settings=settings)
        with kettle:
            assert kettle.add("x" * 500, "y") == "x" * 500 + "y"
            assert front.get(kettle, "level") == 3
            front.put(kettle, "level", 4)
            assert list(kettle.count(3)) == [0, 1, 2]
            calls = front.batch(kettle)
            calls.add(1, 1)
            calls.fail("value")
            results = calls()
            assert next(results) == 2
            with pytest.raises(ValueError, match="bad"):
                next(results)
            assert kettle.peek(Blob("topic", {"a": 1})) == ["topic", {"a": 1}]


def test_session_instances_live_as_long_as_their_connection(
    front: Front, daemon: Any
) -> None:
    uri = daemon.register(Visitor)
    with front.connect(uri) as one, front.connect(uri) as other:
        assert [one.count(), one.count(), other.count()] == [1, 2, 1]
        front.close(one)
        assert one.count() == 1


@pytest.mark.parametrize(
    ("mode", "counts"), [("single", [1, 2, 3]), ("percall", [1, 1, 1])]
)
def test_other_instance_modes(
    front: Front, daemon: Any, mode: str, counts: list[int]
) -> None:
    @instances(mode, creator=lambda cls: cls())
    class Guest(Visitor): ...

    uri = daemon.register(Guest)
    with front.connect(uri) as one, front.connect(uri) as other:
        assert [one.count(), one.count(), other.count()] == counts


@expose
class Market:
    """Gives and takes objects; its proxies are those of threads."""

    def __init__(self, daemon: Any) -> None:
        self._daemon = daemon

    def kettle(self) -> Any:
        kettle = Kettle()
        self._daemon.register(kettle)
        return [kettle]

    def use(self, kettle: Any) -> Any:
        return kettle.add(20, 3)


@expose
class Bazaar:
    """Likewise; its proxies are awaited."""

    def __init__(self, daemon: Any) -> None:
        self._daemon = daemon

    async def kettle(self) -> Any:
        kettle = Kettle()
        registered = self._daemon.register(kettle)
        if inspect.isawaitable(registered):
            await registered
        return [kettle]

    async def use(self, kettle: Any) -> Any:
        return await kettle.add(20, 3)


def test_registered_objects_travel_as_proxies(front: Front, kind: Kind) -> None:
    own = Kind("threads" if front.name == "sync" else "aio")
    with kind.serving() as daemon, own.serving() as mine:
        if kind.name.startswith("aio"):
            uri = daemon.register(Bazaar(daemon.bare))
        else:
            uri = daemon.register(Market(daemon))
        with front.connect(uri, daemon=mine) as market:
            [kettle] = market.kettle()
            with kettle:
                assert kettle.add(1, 2) == 3
            local = Kettle()
            mine.register(local)
            assert market.use(local) == 23
            mine.unregister(local)
            with pytest.raises(SerializeError, match=r"argument 1\.noticed.*: lock object"):
                market.use(local)


def test_refusals_name_what_is_wrong_and_what_is_there(front: Front, daemon: Any) -> None:
    daemon.register(Kettle(), "kettle")
    with pytest.raises(
        RefusedError, match=r"unknown object 'kettel', did you mean 'kettle'\?"
    ):
        front.connect(f"PYRO:kettel@{daemon.location}")


def test_an_object_that_goes_away_is_an_error_and_the_connection_lives(
    front: Front, daemon: Any
) -> None:
    with front.connect(daemon.register(Kettle(), "one")) as kettle:
        assert kettle.add(1, 2) == 3
        daemon.unregister("one")
        with pytest.raises(NoSuchObjectError, match="unknown object 'one'"):
            kettle.add(1, 2)
        daemon.register(Kettle(), "one")
        assert kettle.add(1, 2) == 3


def test_a_reply_that_is_too_large_is_an_error_and_the_next_call_works(
    front: Front, kind: Kind
) -> None:
    with kind.serving(settings=Settings(max_message_size=4000)) as daemon:
        with front.connect(daemon.register(Kettle())) as kettle:
            with pytest.raises(MessageTooLargeError, match="too large") as caught:
                kettle.repeat("x", 5000)
            assert "max=4000" in str(caught.value)
            assert kettle.add(1, 2) == 3


def test_a_timeout_ends_the_call_and_no_late_reply_is_taken_for_another(
    front: Front, kind: Kind
) -> None:
    release = threading.Event()

    @expose
    class Slow:
        def wait(self) -> str:
            release.wait(LIMIT)
            return "late"

        def quick(self) -> str:
            return "quick"

    with kind.serving() as daemon, front.connect(daemon.register(Slow())) as slow:
        with pytest.raises(CallTimeoutError, match=r"^no reply within 0\.05 s$"):
            front.options(slow, timeout=0.05).wait()
        with front.deadline(0.05), pytest.raises(CallTimeoutError, match="the deadline"):
            front.options(slow, timeout=60).wait()
        release.set()
        assert slow.quick() == "quick"


def test_the_control_object(front: Front, daemon: Any) -> None:
    daemon.register(Kettle(), "kettle")
    with front.connect(f"PYRO:Pyro.Daemon@{daemon.location}") as control:
        assert control.ping() is None
        assert control.registered() == ["Pyro.Daemon", "kettle"]
        assert daemon.location in control.info()
        assert set(control.get_metadata("kettle")["attrs"]) == {"level"}


def test_hooks_judge_greetings_and_see_clients_come_and_go(
    front: Front, kind: Kind
) -> None:
    gone = threading.Event()

    class Closing:
        closed = threading.Event()

        def close(self) -> None:
            self.closed.set()

    resource = Closing()

    base: Any = kind.base

    class Doorman(base):
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

    with kind.serving(Doorman) as daemon:
        uri = daemon.register(Kettle())
        with pytest.raises(RefusedError, match="'hello' does not open this"):
            front.connect(uri)
        with annotate(WORD=b"hi") as received:
            kettle = front.connect(uri, handshake="sesame", check=check)
            assert received == {"SERV": b"er"}
            with pytest.raises(ValueError, match="bad"):
                kettle.fail("value")
            assert received == {"SERV": b"er"}
            kettle.add(1)
            assert received == {"SERV": b"er"}
        assert not gone.is_set()
        front.close(kettle)
        assert gone.wait(LIMIT)
        assert resource.closed.wait(LIMIT)


def test_a_check_that_refuses_the_daemon_leaves_no_connection(
    front: Front, daemon: Any
) -> None:
    def check(answer: Any) -> None:
        raise ValueError(f"not you: {answer}")

    proxy = front.lazily(daemon.register(Kettle()), check=check)
    for _ in range(2):
        with pytest.raises(ValueError, match="not you: hello"):
            proxy.add(1, 2)


def test_values_of_own_classes_travel_once_both_sides_are_told(
    front: Front, kind: Kind
) -> None:
    settings = Settings()
    codecs = front.codecs_for(settings)
    classes = codecs.classes
    classes.register(
        complex, lambda value: {"__class__": "c", "parts": [value.real, value.imag]}
    )
    classes.register(Path, lambda value: {"__class__": "lab.Path", "text": str(value)})
    classes.register_name("lab.Path", lambda name, form: Path(form["text"]))
    with kind.serving(classes=classes) as daemon:
        with front.connect(daemon.register(Kettle()), classes=classes) as kettle:
            assert kettle.echo(Path("a/b")) == [Path("a/b"), {}]
