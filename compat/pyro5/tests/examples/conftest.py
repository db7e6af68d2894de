"""Gives the tests scenes of the examples, with our Pyro5 and with the real one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import Pyro5.api
from stage import Cast, Play, Scene, Side, play

ROOT = Path(__file__).parents[4]
EXAMPLES = ROOT / "examples" / "pyro5"
REAL = ROOT / ".peers" / "pyro5" / "bin" / "python"


def python(side: str) -> list[str]:
    """Return the Python that has the implementation, with its options."""
    if side == "ours":
        return [sys.executable, "-W", "error"]
    if not REAL.exists():
        reason = f"no real Pyro5 at {REAL}: run 'make peers'"
        if os.environ.get("REQUIRE_PEERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return [str(REAL)]


@pytest.fixture(scope="session")
def sides() -> Iterator[Callable[[str], Side]]:
    """Gives the implementations by name."""
    # What runs in the background of a shell ignores Ctrl-C, and so would its programs.
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    made: dict[str, Side] = {}

    def side(name: str) -> Side:
        if name not in made:
            made[name] = Side(name, python(name))
        return made[name]

    yield side
    for one in made.values():
        one.close()
    signal.signal(signal.SIGINT, before)


def casts() -> list[Any]:
    """Return who can play.

    The real Pyro5 plays with one version of Python only, that of its environment: how it
    behaves with others is nothing that we could change, and it takes its time.
    """
    home = REAL.parents[1] / "pyvenv.cfg"
    version = f"version = {sys.version_info.major}.{sys.version_info.minor}."
    if home.exists() and version not in home.read_text("utf-8"):
        return ["ours"]
    names = ["Pyro5", "ours first, then Pyro5", "Pyro5 first, then ours"]
    return ["ours", *(pytest.param(name, marks=pytest.mark.peers) for name in names)]


@pytest.fixture(params=casts())
def cast(request: pytest.FixtureRequest, sides: Callable[[str], Side]) -> Cast:
    """The implementations that play the example: its first program, and the others."""
    first, _, others = request.param.partition(" first, then ")
    return Cast(sides(first), sides(others or first))


@pytest.fixture
def scene(cast: Cast, tmp_path: Path) -> Play:
    """Plays an example: ``with scene("attributes") as play``; see ``stage.play``."""

    @contextmanager
    def run(example: str, with_names: bool = False, **options: Any) -> Iterator[Scene]:
        folder = tmp_path.resolve() / example
        try:
            with play(cast, EXAMPLES / example, folder, with_names, **options) as scene:
                yield scene
        finally:
            if with_names:  # the next example finds it as it was
                with Pyro5.api.locate_ns("localhost", cast.first.name_server()) as names:
                    names.remove(regex=".")

    return run


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """A screen that nobody sees, for programs with windows."""
    pytest.importorskip("tkinter")
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("no Xvfb")
    server = subprocess.Popen(
        [program, "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "800x600x24"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    with server.stdout as stdout:
        number = stdout.readline().strip()
        if number:
            yield f":{number}"
        server.terminate()
        server.wait(10)
    if not number:
        pytest.skip("Xvfb does not start")
