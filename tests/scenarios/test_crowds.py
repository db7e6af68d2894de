"""Many clients are connected at the same time: none is refused, and calls go on."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pyrophone import expose
from pyrophone.context import Client
from pyrophone.sync import Daemon, LoopDaemon, connect
from running import LIMIT, running, takes_long

ROOT = Path(__file__).parent.parent.parent
SPARE = 200  # files that are open besides
PATIENCE = 60.0  # seconds for ten thousand to go


@expose
class Adder:
    """Adds."""

    def add(self, a: int, b: int) -> int:
        return a + b


class Emptied(LoopDaemon):
    """Says when as many clients as it was told are gone."""

    def __init__(self) -> None:
        super().__init__()
        self.going = 0
        self.gone = threading.Event()

    def left_by(self, client: Client) -> None:
        self.going -= 1
        if self.going == 0:
            self.gone.set()


class EmptiedThreads(Emptied, Daemon):
    """Likewise, with threads, of which one at a time counts."""

    def __init__(self) -> None:
        self.counting = threading.Lock()
        super().__init__()

    def left_by(self, client: Client) -> None:
        with self.counting:
            super().left_by(client)


@contextmanager
def files_for(count: int) -> Iterator[None]:
    """Let this process have so many connections, and those it starts; or skip."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + SPARE:
        pytest.skip(f"this system allows {hard} open files to a process")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + SPARE), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def crowd(daemon: Emptied, count: int) -> None:
    """Have so many clients connected, a call beside them, and all go at once."""
    with files_for(count), running(daemon):
        uri = daemon.register(Adder())
        adder = connect(uri, Adder)
        before = memory()
        others = subprocess.Popen(
            [sys.executable, str(ROOT / "bench" / "idle_clients.py"), str(uri), str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with others:
            assert others.stdin is not None
            assert others.stdout is not None
            assert others.stdout.readline().split() == [str(count), "0"]
            assert len(daemon.clients) == count + 1
            assert [adder.add(number, 1) for number in range(100)] == [*range(1, 101)]
            assert (memory() - before) / count < 20_000
            daemon.going = count
            others.stdin.close()
            assert daemon.gone.wait(PATIENCE)
            assert others.wait(LIMIT) == 0
        assert adder.add(1, 2) == 3
        assert len(daemon.clients) == 1


def memory() -> int:
    """Return the bytes of memory that this process has, 0 where nobody tells."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    (line,) = (one for one in status.read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Emptied, EmptiedThreads])
def test_a_thousand_clients_are_served(kind: type[Emptied]) -> None:
    crowd(kind(), 1000)


@takes_long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", [Emptied, EmptiedThreads])
def test_ten_thousand_clients_are_served(kind: type[Emptied]) -> None:
    crowd(kind(), 10_000)
