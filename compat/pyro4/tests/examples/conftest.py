"""Gives the tests scenes of the examples, with our Pyro4 and with the real one.

A test with the mark "mixed" is played by both together, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import Pyro4
from stage import Cast, Play
from troupe import Troupe, screen

TROUPE = Troupe("Pyro4", names="Pyro4.naming")


@pytest.fixture(scope="session")
def troupe() -> Iterator[Troupe]:
    """Who can play."""
    with TROUPE.playing() as troupe:
        yield troupe


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let each scene be played by its casts."""
    if "cast" in metafunc.fixturenames:
        mixed = metafunc.definition.get_closest_marker("mixed")
        metafunc.parametrize("cast", TROUPE.casts(mixed=bool(mixed)), indirect=True)


@pytest.fixture
def cast(request: pytest.FixtureRequest, troupe: Troupe) -> Cast:
    """The implementations that play the example: its first program, and the others."""
    return troupe.cast(request.param)


@pytest.fixture
def scene(cast: Cast, troupe: Troupe, tmp_path: Path) -> Play:
    """Plays an example: ``with scene("attributes") as play``."""
    return troupe.plays(cast, tmp_path.resolve(), forget_names)


def forget_names(port: int) -> None:
    """Remove what the name server at that port knows."""
    with Pyro4.locateNS("localhost", port) as names:
        names.remove(regex=".")


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """A screen that nobody sees, for programs with windows."""
    with screen() as display:
        yield display
