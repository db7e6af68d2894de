"""Daemons that run while a test does, and a configuration that is as it was after it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro
import Pyro.core


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path) -> Iterator[None]:
    """Leave the configuration as it was; files are written to a directory of the test."""
    before = dict(vars(Pyro.config))
    Pyro.config.PYRO_STORAGE = str(tmp_path)
    Pyro.config.PYRO_HOST = "localhost"
    yield
    vars(Pyro.config).clear()
    vars(Pyro.config).update(before)


@pytest.fixture(params=[1, 0], ids=["threads", "loop"])
def threaded(request: pytest.FixtureRequest) -> int:
    """Run the test with both kinds of daemon."""
    Pyro.config.PYRO_MULTITHREADED = request.param
    return int(request.param)


class Running:
    """Daemons, and the threads that run their loops."""

    def __init__(self) -> None:
        self._threads: list[tuple[Pyro.core.Daemon, threading.Thread]] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Pyro.core.Daemon:
        """Return a daemon whose loop runs."""
        daemon = Pyro.core.Daemon(*args, **{"port": 0, "norange": 1, **kwargs})
        return self.loop(daemon)

    def loop(self, daemon: Pyro.core.Daemon) -> Pyro.core.Daemon:
        """Run the loop of a daemon."""
        thread = threading.Thread(target=daemon.requestLoop, kwargs={"timeout": 0.5})
        thread.start()
        self._threads.append((daemon, thread))
        return daemon

    def end(self) -> None:
        """Let all loops end."""
        for daemon, thread in self._threads:
            daemon.shutdown(True)
            thread.join(10)
            assert not thread.is_alive()
        self._threads.clear()


@pytest.fixture
def running() -> Iterator[Running]:
    """Give what makes daemons and runs their loops until the test is over."""
    run = Running()
    yield run
    run.end()


@pytest.fixture
def serve(running: Running) -> Callable[..., Any]:
    """Give a function that serves an object, and returns its proxy."""

    def run(target: Any, name: str | None = None, **kwargs: Any) -> Any:
        return running(**kwargs).connect(target, name).getProxy()

    return run
