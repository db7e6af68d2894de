"""Who plays the examples of an old package: ours, the real one, and both together.

The ``conftest.py`` beside the tests of the examples makes fixtures of this.
"""

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

from peers import real_python
from stage import Cast, Play, Scene, Side, play

ROOT = Path(__file__).parents[2]


class Troupe:
    """The implementations of one package, by name: "ours" and that of the package.

    Args:
        package: What the examples import.
        names: The module that is its name server.
    """

    def __init__(self, package: str, names: str) -> None:
        self.examples = ROOT / "examples" / package.lower()
        self._package = package
        self._names = names
        self._real = ROOT / ".peers" / package.lower() / "bin" / "python"
        self._sides: dict[str, Side] = {}

    def casts(self, *, mixed: bool) -> list[Any]:
        """Return the casts that play a scene: ours alone, and those with the real one.

        The real one plays with one version of Python only, that of its environment: how it
        behaves with others is nothing that we could change, and it takes its time. For the
        same reason it plays alone only where it does not play together with ours, in both
        orders, so that it shows each of its programs; and when it is to write what is
        expected.

        Args:
            mixed: Whether both play it together.
        """
        real = self._package
        if real == os.environ.get("UPDATE_EXAMPLES") or not mixed:
            return ["ours", *self._with_the_real_one([real])]
        both = [f"ours first, then {real}", f"{real} first, then ours"]
        return ["ours", *self._with_the_real_one(both)]

    def _with_the_real_one(self, names: list[str]) -> list[Any]:
        home = self._real.parents[1] / "pyvenv.cfg"
        version = f"version = {sys.version_info.major}.{sys.version_info.minor}."
        if home.exists() and version not in home.read_text("utf-8"):
            return []
        return [pytest.param(name, marks=pytest.mark.peers) for name in names]

    def cast(self, name: str) -> Cast:
        """Return the cast of that name."""
        first, _, others = name.partition(" first, then ")
        return Cast(self._side(first), self._side(others or first))

    def plays(self, cast: Cast, folder: Path, forget: Callable[[int], None]) -> Play:
        """Return a function that plays an example: ``with plays("attributes") as scene``.

        Args:
            cast: Who plays it; for the other arguments of the function see ``stage.play``.
            folder: Where to put copies of examples.
            forget: Remove all names from the name server at that port.
        """

        @contextmanager
        def run(example: str, with_names: bool = False, **options: Any) -> Iterator[Scene]:
            source = self.examples / example
            try:
                with play(cast, source, folder / example, with_names, **options) as scene:
                    yield scene
            finally:
                if with_names:  # the next example finds it as it was
                    forget(cast.first.name_server())

        return run

    def _side(self, name: str) -> Side:
        if name not in self._sides:
            warnings = {"PYTHONWARNINGS": "error"} if name == "ours" else {}
            self._sides[name] = Side(name, self._python(name), self._names, warnings)
        return self._sides[name]

    def _python(self, side: str) -> Path:
        if side == "ours":
            return Path(sys.executable)
        return real_python(self._package.lower())

    @contextmanager
    def playing(self) -> Iterator[Troupe]:
        """Be ready to play; at the end, nothing runs any more."""
        # What runs in the background of a shell ignores Ctrl-C, and so would its programs.
        before = signal.getsignal(signal.SIGINT)
        if before is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        yield self
        for side in self._sides.values():
            side.close()
        signal.signal(signal.SIGINT, before)


@contextmanager
def screen() -> Iterator[str]:
    """Give the DISPLAY of a screen that nobody sees, or skip the test."""
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
