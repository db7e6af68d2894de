"""The systems that people learned Pyro4 from, in programs of our own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from stage import Play

pytestmark = pytest.mark.slow

WARNED = {r"^.*(UserWarning: class \w+ has no @Pyro4\.expose).*": r"\1 ..."}

# The real one wants to be told that classes without marks may be called.
UNMARKED = {
    "Pyro4": {"PYRO_REQUIRE_EXPOSE": "false"},
    # It says so in a warning; and the programs leave it to the system to close sockets.
    "ours": {"PYTHONWARNINGS": "error,ignore::ResourceWarning,default::UserWarning"},
}


def test_warehouse_at_an_address(scene: Play) -> None:
    with scene("warehouse", replace=WARNED, variables=UNMARKED) as play:
        server = play.serve("warehouse.py")
        visit = play.start("visit.py")
        visit.answer("Where is the warehouse? ", server.text.split("uri = ")[1].split()[0])
        for who, things in (("Ruth", ("piano", "sledge")), ("Olaf", ("", "piano"))):
            visit.answer(f"What shall {who} leave? ", things[0])
            visit.answer(f"What shall {who} take? ", things[1])
        visit.finish()


@pytest.mark.mixed
def test_warehouse_with_a_name(scene: Play) -> None:
    options = {"expected": "expected-name.txt", "variables": UNMARKED, "replace": WARNED}
    with scene("warehouse", True, **options) as play:
        play.serve("warehouse_with_name.py")
        visit = play.start("visit_by_name.py")
        visit.answer("What shall Ruth leave? ", "")
        visit.answer("What shall Ruth take? ", "batteries")
        visit.finish(status=1)
        names = play.run("-m", "Pyro4.nsc", "list", name="nsc list")
        assert "example.warehouse --> PYRO:obj_" in names.text


def test_warehouse_with_marks(scene: Play) -> None:
    with scene("warehouse", True, expected="expected-marks.txt") as play:
        play.serve("warehouse_with_marks.py")
        visit = play.start("visit_by_name.py")
        visit.answer("What shall Ruth leave? ", "lamp")
        visit.answer("What shall Ruth take? ", "ladder")
        visit.finish()


@pytest.mark.mixed
def test_stockmarket(scene: Play) -> None:
    # What is traded when is chance; that all are told of it is seen below.
    # Two threads print it, and not always in lines.
    chance = dict.fromkeys(
        (
            r"(Oslo|Lisbon) traded (CORK|FISH|SALT|SNOW|WOOD)",
            r"\w+: [A-Z]+ \d+\.\d\d",
            r"^\n",
        ),
        "",
    )
    variables = {side: dict(values) for side, values in UNMARKED.items()}
    variables["Pyro4"]["PYRO_SERIALIZER"] = "pickle"  # else its nsc is refused
    with scene("stockmarket", replace=WARNED | chance, variables=variables) as play:
        port = str(play.free_port())
        names = play.start(
            "-m",
            "Pyro4.naming",
            name="names",
            PYRO_NS_PORT=port,
            PYRO_SERIALIZERS_ACCEPTED="pickle",
        )
        names.until("^URI = ")
        markets = play.start("markets.py", 0.05, name="markets.py", PYRO_NS_PORT=port)
        markets.until("open")
        aggregator = play.start("aggregator.py", PYRO_NS_PORT=port)
        aggregator.until("runs")
        viewers = []
        for number, symbols in enumerate(("salt snow", "fish wood cork"), start=1):
            viewer = play.start("viewer.py", name=f"viewer {number}", PYRO_NS_PORT=port)
            viewer.answer("Which do you want to see? ", symbols)
            viewer.until("viewer runs")
            viewers.append(viewer)
        for viewer, one, other in zip(
            viewers, ("Lisbon: SALT", "Lisbon: CORK"), ("Oslo: SNOW", "Oslo: "), strict=True
        ):
            viewer.until(f"(?s){one}.*{other}|{other}.*{one}")
        nsc = play.start("-m", "Pyro4.nsc", "list", name="nsc list", PYRO_NS_PORT=port)
        nsc.finish()
        assert nsc.text.count(" --> PYRO:") == 5
        for program in (markets, aggregator, *viewers):
            program.interrupt()


def colour_at(picture: Path, x: int, y: int) -> tuple[int, ...]:
    """Return red, green and blue of a point of a picture."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    pygame = pytest.importorskip("pygame")
    return tuple(pygame.image.load(picture).get_at((x, y)))[:3]


@pytest.mark.mixed
def test_coloursquare(scene: Play) -> None:
    pytest.importorskip("pygame")
    drivers = dict.fromkeys(("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"), "dummy")
    quiet: dict[str, Any] = {"PYGAME_HIDE_SUPPORT_PROMPT": "1", **drivers}
    white = (255, 255, 255)
    with scene("coloursquare", True) as play:
        receiver = play.start("receiver.py", **quiet)
        receiver.until("ready")
        steer = play.start("steer.py")
        steps = ["red", "12, 200, 99", "many colours", "age", "clear", "save"]
        for step in steps:
            steer.answer("colour? ", step)
        steer.until("saved as square.png")
        picture = play.folder / "square.png"
        assert colour_at(picture, 120, 120) == (12, 200, 99)
        assert colour_at(picture, 41, 198) == (12, 200, 99)
        assert colour_at(picture, 39, 120) == white
        assert colour_at(picture, 120, 200) == white
        steer.answer("colour? ", "blue")
        steer.answer("colour? ", "save")
        steer.until("saved as square.png")
        assert colour_at(picture, 120, 120) == (30, 60, 210)
        steer.answer("colour? ", "")
        steer.finish()


@pytest.mark.mixed
def test_scoreboard(scene: Play) -> None:
    with scene("scoreboard", True, replace=WARNED, variables=UNMARKED) as play:
        boards = []
        for name in ("north", "south"):
            boards.append(play.start("board.py", name, any_order=True))
            boards[-1].until("daemon running")
        play.run("controller.py")
        for board in boards:
            board.until(r"(?s)stopped.*~~\n|~~\n.*stopped\n")
