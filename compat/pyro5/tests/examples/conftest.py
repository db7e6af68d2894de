"""Gives the tests scenes of the examples, with our Pyro5 and with the real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import Pyro5.api
from stage import Cast, Play
from troupe import Troupe, screen

TROUPE = Troupe("Pyro5", names="Pyro5.nameserver")


@pytest.fixture(scope="session")
def troupe() -> Iterator[Troupe]:
    """Who can play."""
    with TROUPE.playing() as troupe:
        yield troupe


@pytest.fixture(params=TROUPE.casts(mixed=True))
def cast(request: pytest.FixtureRequest, troupe: Troupe) -> Cast:
    """The implementations that play the example: its first program, and the others."""
    return troupe.cast(request.param)


@pytest.fixture
def scene(cast: Cast, troupe: Troupe, tmp_path: Path) -> Play:
    """Plays an example: ``with scene("attributes") as play``."""
    return troupe.plays(cast, tmp_path.resolve(), forget_names)


def forget_names(port: int) -> None:
    """Remove what the name server at that port knows."""
    with Pyro5.api.locate_ns("localhost", port) as names:
        names.remove(regex=".")


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """A screen that nobody sees, for programs with windows."""
    with screen() as display:
        yield display
