"""Names whose daemon is gone go, all others stay."""

from __future__ import annotations

import logging
import os
import resource
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import EllipsisType

import pytest

from pyrophone.errors import NamingError
from pyrophone.naming import MemoryStorage, Record, Sweeper
from pyrophone.sync import Daemon
from running import LIMIT, running


def listening() -> socket.socket:
    """Return a socket of this machine that somebody listens at."""
    return socket.create_server(("127.0.0.1", 0))


def uri_at(sock: socket.socket) -> str:
    """Return the URI of an object there."""
    return f"PYRO:x@localhost:{sock.getsockname()[1]}"


@pytest.fixture
def alive() -> Iterator[str]:
    """The URI of an object whose daemon can be reached."""
    with listening() as sock:
        yield uri_at(sock)


@pytest.fixture
def dead() -> str:
    """The URI of an object whose daemon is gone."""
    with listening() as sock:
        return uri_at(sock)


def test_names_whose_daemon_is_gone_are_dropped(alive: str, dead: str) -> None:
    storage = MemoryStorage()
    storage.put("b.dead", dead, ["t"])
    storage.put("alive", alive, ["t"])
    storage.put("a.dead", dead.replace("x@", "y@"))
    sweeper = Sweeper(storage, grace=0)
    assert sweeper.sweep() == ["a.dead", "b.dead"]
    assert storage.find() == {"alive": Record(alive, frozenset("t"))}
    assert sweeper.sweep() == []


def test_a_daemon_may_be_away_for_a_while(dead: str) -> None:
    storage = MemoryStorage()
    storage.put("n", dead)
    sweeper = Sweeper(storage, grace=20)
    assert sweeper.sweep(100) == sweeper.sweep(119.9) == []
    storage.put("m", dead)
    assert sweeper.sweep(120) == ["n"]
    sweeper.grace = 0
    assert sweeper.sweep(120) == ["m"]


def test_who_comes_back_is_given_the_whole_time_again(dead: str) -> None:
    storage = MemoryStorage()
    storage.put("n", dead)
    sweeper = Sweeper(storage)
    assert sweeper.sweep(100) == []
    with socket.create_server(("127.0.0.1", int(dead.rpartition(":")[2]))):
        assert sweeper.sweep(120) == []
    assert sweeper.sweep(130) == sweeper.sweep(149.9) == []
    assert sweeper.sweep(150) == ["n"]


def test_a_registration_starts_the_time_anew(dead: str) -> None:
    storage = MemoryStorage()
    storage.put("n", dead)
    sweeper = Sweeper(storage, grace=20)
    assert sweeper.sweep(100) == []
    storage.put("n", dead, ["changed"])
    assert sweeper.sweep(120) == sweeper.sweep(139.9) == []
    assert sweeper.sweep(140) == ["n"]


@pytest.mark.parametrize(
    "uri",
    [
        "PYRONAME:other",
        "PYROMETA:a,b",
        "PYRO:x@./u:/no/such/file",
        "PYRO:x@./u:\0pyrophone-nobody",
        "nonsense",
    ],
)
def test_what_cannot_be_judged_stays(uri: str) -> None:
    storage = MemoryStorage()
    storage.put("n", uri)
    assert Sweeper(storage, grace=0).sweep() == []
    assert storage.count() == 1


@pytest.mark.parametrize(
    "uri", ["PYRO:x@localhost:99999", "PYRO:x@h\0:1", f"PYRO:x@{'é' * 300}:1"]
)
def test_where_there_can_be_no_daemon_none_is(uri: str) -> None:
    storage = MemoryStorage()
    storage.put("n", uri)
    assert Sweeper(storage, grace=0).sweep() == ["n"]


def test_the_file_of_a_dead_unix_socket_tells(tmp_path: Path) -> None:
    storage = MemoryStorage()
    for name in ("dead", "alive", "mine"):
        storage.put(name, f"PYRO:x@./u:{tmp_path / name}")
    with socket.socket(socket.AF_UNIX) as dead, socket.socket(socket.AF_UNIX) as alive:
        dead.bind(str(tmp_path / "dead"))
        alive.bind(str(tmp_path / "alive"))
        alive.listen()
        assert Sweeper(storage, grace=0).sweep() == ["dead"]
    assert list(storage.find()) == ["alive", "mine"]


@pytest.mark.parametrize("name", ["Pyro.NameServer", "Pyro.Daemon"])
def test_what_belongs_to_pyro_stays(name: str, dead: str) -> None:
    storage = MemoryStorage()
    storage.put(name, dead)
    assert Sweeper(storage, grace=0).sweep() == []


class Meddled(MemoryStorage):
    """Something happens just before names are deleted."""

    def __init__(self, meddle: Callable[[Meddled], object]) -> None:
        super().__init__()
        self._meddle = meddle

    def delete(self, names: Iterable[str], *, expected: Record | EllipsisType = ...) -> int:
        self._meddle(self)
        return super().delete(names, expected=expected)


def test_a_name_that_is_registered_anew_meanwhile_stays(dead: str, alive: str) -> None:
    storage = Meddled(lambda storage: storage.put("n", alive))
    storage.put("n", dead)
    assert Sweeper(storage, grace=0).sweep() == []
    assert storage.find() == {"n": Record(alive)}


def test_a_daemon_that_comes_back_meanwhile_keeps_its_name(dead: str) -> None:
    """Where its name says the same as before, so that only its answer tells."""
    back: list[socket.socket] = []
    port = int(dead.rpartition(":")[2])
    storage = Meddled(lambda _: back.append(socket.create_server(("127.0.0.1", port))))
    storage.put("n", dead, ["t"])
    assert Sweeper(storage, grace=0).sweep() == []
    assert storage.find() == {"n": Record(dead, frozenset("t"))}
    back[0].close()


@pytest.mark.skipif(sys.platform != "linux", reason="uses its limits")
def test_a_shortage_of_this_machine_drops_nothing(dead: str) -> None:
    storage = MemoryStorage()
    storage.put("n", dead)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
        with pytest.raises(OSError, match="Too many open files"):
            socket.socket()
        assert Sweeper(storage, grace=0).sweep() == []
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert Sweeper(storage, grace=0).sweep() == ["n"]


def test_daemons_don_t_mind_being_looked_at(caplog: pytest.LogCaptureFixture) -> None:
    storage = MemoryStorage()
    with caplog.at_level(logging.INFO), running(Daemon()) as daemon:
        storage.put("n", str(daemon.register(Record("u"), "x")))
        assert Sweeper(storage, grace=0).sweep() == []
    assert caplog.records == []


@pytest.mark.slow
def test_so_many_places_are_looked_at_at_once_and_no_more() -> None:
    """Each attempt waits for a daemon that has too many who knock, until time is over."""
    socks = [full() for _ in range(3)]
    storage = MemoryStorage()
    for number, (sock, _) in enumerate(socks):
        storage.put(f"n{number}", uri_at(sock))
    busiest = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal busiest
        while not done.wait(0.001):
            alive = [thread.name for thread in threading.enumerate()]
            busiest = max(busiest, sum(name.startswith("pyrophone-sw") for name in alive))

    watcher = threading.Thread(target=watch)
    watcher.start()
    sweeper = Sweeper(storage, grace=0, timeout=0.1, parallel=2)
    assert sweeper.sweep() == ["n0", "n1", "n2"]
    done.set()
    watcher.join()
    assert busiest == 2
    for sock, knocking in socks:
        for one in (sock, *knocking):
            one.close()


def full() -> tuple[socket.socket, list[socket.socket]]:
    """Return a socket that answers nobody any more, and those who knock."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(0)
    knocking = []
    while True:
        one = socket.socket()
        knocking.append(one)
        one.settimeout(0.05)
        try:
            one.connect(sock.getsockname())
        except TimeoutError:
            return sock, knocking


class Failing(MemoryStorage):
    """Fails at first, in one way and another."""

    def __init__(self, swept: threading.Event) -> None:
        super().__init__()
        self._errors: list[Exception] = [NamingError("disk is full"), ZeroDivisionError()]
        self._swept = swept

    def find(self, **which: object) -> dict[str, Record]:
        """Return nothing."""
        if self._errors:
            raise self._errors.pop(0)
        self._swept.set()
        return {}


def test_it_goes_on_when_the_storage_failed(caplog: pytest.LogCaptureFixture) -> None:
    swept = threading.Event()
    sweeper = Sweeper(Failing(swept))
    thread = threading.Thread(target=sweeper.serve, args=(0.001,))
    thread.start()
    assert swept.wait(LIMIT)
    sweeper.close()
    thread.join(LIMIT)
    assert not thread.is_alive()
    assert [(record.getMessage(), bool(record.exc_info)) for record in caplog.records] == [
        ("names of daemons that are gone stay for now: disk is full", False),
        ("names of daemons that are gone stay for now: ", True),
    ]


def test_one_that_is_closed_drops_nothing(dead: str) -> None:
    storage = MemoryStorage()
    storage.put("n", dead)
    sweeper = Sweeper(storage, grace=0)
    sweeper.close()
    assert sweeper.sweep() == []
    sweeper.serve(1000)
    assert storage.count() == 1
