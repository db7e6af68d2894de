"""Gives the tests scenes of the examples, with our Pyro5 and with the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import Pyro5.api
from stage import Cast, Play, Scene, play
from troupe import Troupe, screen

TROUPE = Troupe("Pyro5", names="Pyro5.nameserver")


@pytest.fixture(scope="session")
def troupe() -> Iterator[Troupe]:
    """Who can play."""
    with TROUPE.playing() as troupe:
        yield troupe


@pytest.fixture(params=[*TROUPE.alone(), *TROUPE.mixed()])
def cast(request: pytest.FixtureRequest, troupe: Troupe) -> Cast:
    """The implementations that play the example: its first program, and the others."""
    return troupe.cast(request.param)


@pytest.fixture
def scene(cast: Cast, troupe: Troupe, tmp_path: Path) -> Play:
    """Plays an example: ``with scene("attributes") as play``; see ``stage.play``."""

    @contextmanager
    def run(example: str, with_names: bool = False, **options: Any) -> Iterator[Scene]:
        folder = tmp_path.resolve() / example
        try:
            with play(
                cast, troupe.examples / example, folder, with_names, **options
            ) as scene:
                yield scene
        finally:
            if with_names:  # the next example finds it as it was
                with Pyro5.api.locate_ns("localhost", cast.first.name_server()) as names:
                    names.remove(regex=".")

    return run


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """A screen that nobody sees, for programs with windows."""
    with screen() as display:
        yield display
