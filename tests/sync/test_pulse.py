"""Signs of life go on whatever a daemon does, and silent clients are let go."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from pyrophone import Settings, context, expose
from pyrophone.context import Client
from pyrophone.sync import Daemon, LoopDaemon
from pyrophone.sync.pulse import Pulse
from pyrophone.wire.framing import PING, Message
from pyrophone.wire.server import ServerSession
from raw import Raw, raw
from running import LIMIT, running

SETTINGS = Settings(beat=0.1, workers=2)


@expose
class Bell:
    """Has a method that lasts."""

    def __init__(self) -> None:
        self.inside = threading.Event()
        self.go = threading.Event()
        self.given_up: list[bool] = []
        self.ended = threading.Event()

    def wait(self) -> str:
        self.inside.set()
        assert self.go.wait(LIMIT)
        self.given_up.append(context.current().cancelled)
        self.ended.set()
        return "waited"

    def ready(self) -> None:
        pass


class Noting(LoopDaemon):
    """Says when a client is gone."""

    def __init__(self) -> None:
        super().__init__(settings=SETTINGS)
        self.gone = threading.Event()

    def left_by(self, client: Client) -> None:
        self.gone.set()


class NotingThreads(Noting, Daemon):
    """Likewise, with threads."""


@pytest.fixture(params=[NotingThreads, Noting])
def daemon(request: pytest.FixtureRequest) -> Iterator[Noting]:
    with running(request.param()) as daemon:
        yield daemon


def beats(client: Raw, count: int) -> None:
    """Return when so many messages came that are none but signs of life."""
    for _ in range(count):
        data = client.sock.recv(65536)
        assert data.endswith(b"beat")
        client.session.receive(data)
        assert client.session.next() is None
        client.send(client.session.pulse())


def test_a_quiet_daemon_gives_signs_of_life(daemon: Noting) -> None:
    with raw(daemon.register(Bell()), beat=10.0) as client:
        assert client.session.beat == 0.1
        beats(client, 3)


def test_signs_of_life_go_on_while_every_thread_runs_a_call(daemon: Noting) -> None:
    bell = Bell()
    with raw(daemon.register(bell), beat=10.0) as client:
        calls = [client.call("wait"), client.call("wait")]
        assert bell.inside.wait(LIMIT)
        beats(client, 8)
        bell.go.set()
        assert {client.next().seq for _ in calls} == set(calls)


def test_a_silent_client_is_let_go_with_all_it_has(daemon: Noting) -> None:
    with raw(daemon.register(Bell()), beat=10.0) as client:
        assert client.ended()
        assert daemon.gone.wait(LIMIT)
        assert daemon.clients == []


def test_the_call_of_a_silent_client_is_told(daemon: Noting) -> None:
    bell = Bell()
    with raw(daemon.register(bell), beat=10.0) as client:
        client.call("wait")
        assert client.ended()
        bell.go.set()
        assert daemon.gone.wait(LIMIT)
        assert bell.ended.wait(LIMIT)
        assert bell.given_up == [True]


def test_what_came_while_nobody_read_is_no_silence() -> None:
    bell = Bell()
    with running(LoopDaemon(settings=SETTINGS)) as daemon:
        uri = daemon.register(bell)
        with raw(uri, beat=10.0) as busy, raw(uri, beat=10.0) as other:
            call = busy.call("wait")
            assert bell.inside.wait(LIMIT)
            late = other.call("ready")
            beats(other, 6)
            bell.go.set()
            assert other.reply(late) is None
            del call


def test_without_an_interval_no_signs_are_agreed_on() -> None:
    with running(Daemon(settings=Settings(beat=None))) as daemon:
        with raw(daemon.register(Bell()), beat=10.0) as client:
            assert client.session.beat == 0.0
            assert client.session.features is not None
            assert "many" in client.session.features
            assert not [t for t in threading.enumerate() if t.name.endswith("-pulse")]


def test_the_thread_ends_with_its_last_client() -> None:
    with running(Daemon(settings=SETTINGS)) as daemon:
        with raw(daemon.register(Bell()), beat=10.0):
            (pulse,) = (t for t in threading.enumerate() if t.name.endswith("-pulse"))
        pulse.join(LIMIT)
        assert not pulse.is_alive()


class Tracing(Daemon):
    """Notes in which threads signs of life are read."""

    def __init__(self) -> None:
        super().__init__(settings=SETTINGS)
        self.readers: list[str] = []

    def session(self, *args: Any, **options: Any) -> ServerSession:
        session = super().session(*args, **options)
        session.trace = self._note
        return session

    def _note(self, direction: str, message: Message) -> None:
        if direction == "received" and message.kind == PING:
            self.readers.append(threading.current_thread().name)


def test_a_sign_of_life_of_a_silent_client_takes_no_worker() -> None:
    with running(Tracing()) as daemon:
        uri = daemon.register(Bell())
        with raw(uri, beat=10.0) as client:
            beats(client, 4)  # the answer to the last need not have come
            assert client.reply(client.call("ready")) is None
            assert set(daemon.readers[:3]) == {"serve"}


def test_a_call_behind_a_sign_of_life_is_run_by_a_worker() -> None:
    with running(Tracing()) as daemon:
        bell = Bell()
        with raw(daemon.register(bell), beat=10.0) as client:
            beats(client, 2)
            message = client.session.call("wait", (), {})
            seq = client.session.seq
            client.send(client.session.pulse() + message)
            assert bell.inside.wait(LIMIT)
            beats(client, 2)  # nobody who reads is held up by it
            bell.go.set()
            assert client.reply(seq) == "waited"


def test_signs_of_life_are_not_late_where_a_look_takes_long() -> None:
    looks: list[object] = []
    told = threading.Event()

    def beat() -> None:
        looks.append("told")
        told.set()

    def look(links: list[Any]) -> None:
        looks.append("looked")
        time.sleep(0.1)  # as if there were very many

    link: Any = SimpleNamespace(
        session=SimpleNamespace(beat=0.2),
        greeted=True,
        closed=False,
        quiet=0.0,
        silent=0.0,
        calls=None,
        beat=beat,
    )
    pulse = Pulse(lambda: [link], "pulse", 1.0, look)
    pulse.need()
    assert told.wait(LIMIT)
    pulse.close()
    assert looks[: looks.index("told")] == ["looked"]
