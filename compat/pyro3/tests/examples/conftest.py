"""Gives the tests scenes of the examples, played by ours: the old one needs Python 2."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from stage import Cast, Scene, Side, play

EXAMPLES = Path(__file__).parents[4] / "examples" / "pyro3"
GUID = {r"\b[0-9a-f]{32}\b": "<guid>"}


class Pyro3Side(Side):
    """Ours, which finds its name server by an address.

    Args:
        storage: Where programs put their files.
    """

    def __init__(self, storage: Path) -> None:
        warnings = {"PYTHONWARNINGS": "error"}
        super().__init__("ours", sys.executable, "Pyro.naming", warnings)
        self._storage = str(storage)

    def environment(self, with_names: bool) -> dict[str, str]:
        """Return the variables of a program that finds a name server, or none."""
        found = super().environment(with_names)
        own = {"PYRO_HOST": "localhost", "PYRO_NS_HOSTNAME": "localhost"}
        return {
            **{name: value for name, value in found.items() if name[:5] != "PYRO_"},
            **{name: found[name] for name in ("PYRO_NS_PORT",)},
            **own,
            "PYRO_STORAGE": self._storage,
        }

    def name_server(self) -> int:
        """Return the port of a name server, the same one for all examples."""
        if self._names is None:
            options = ["-n", "localhost", "-p", "0", "-r", "-x"]
            env = self.environment(False)
            self._names = self.start("names", ["-m", "Pyro.naming", *options], env)
            self._names_port = int(self._names.until(r"^URI is: PYRO://[^:]*:(\d+)/")[1])
            self._names.until("Name Server started.")
        return self._names_port


@pytest.fixture(scope="session")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """What plays."""
    # What runs in the background of a shell ignores Ctrl-C, and so would its programs.
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    side = Pyro3Side(tmp_path_factory.mktemp("storage"))
    yield side
    side.close()
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def scene(side: Side, tmp_path: Path) -> Callable[..., AbstractContextManager[Scene]]:
    """Plays an example: ``with scene("attributes") as play``."""

    @contextmanager
    def run(
        example: str, replace: Mapping[str, str] | None = None, **options: Any
    ) -> Iterator[Scene]:
        folder = tmp_path.resolve() / example
        changing = GUID | dict(replace or {})
        cast = Cast(side, side)
        with play(cast, EXAMPLES / example, folder, replace=changing, **options) as scene:
            yield scene

    return run
