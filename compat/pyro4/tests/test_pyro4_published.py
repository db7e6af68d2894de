"""The programs that people learned Pyro4 from run as their text tells.

They are taken from the text itself, which is not ours and may not be there; then the
programs in ``examples/pyro4`` stand for them. The real Pyro4 shows what they print.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stage import Scene, running
from troupe import ROOT, Troupe

TUTORIAL = ROOT.parent / "shared" / "published" / "pyro4-tutorial.txt"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.peers,
    pytest.mark.skipif(not TUTORIAL.exists(), reason="the published text is not here"),
]

# The text tells of no switch. The real one has changed since then, and needs these.
SWITCHES = {
    "Pyro4": {"PYRO_REQUIRE_EXPOSE": "false", "PYRO_SERIALIZER": "serpent"},
    "ours": {"PYTHONWARNINGS": "default"},  # which may warn, and does
}
# What one of them says and the other doesn't, and what is chance.
UNEVEN = {
    r"^.*Warning: .*\n(  .*\n)?": "",
    r"^ +metadata: .*\n": "",
    r"new quotes generated for (NYSE|NASDAQ)": "",  # by two threads, not always in lines
    r"(NYSE|NASDAQ)\.\w+: -?[\d.]+": "",
    r"^\n": "",
}


def is_code(paragraph: str) -> bool:
    """Tell whether it is Python, and not a heading of one word."""
    if paragraph.startswith("    "):
        return True
    try:
        body = ast.parse(paragraph).body
    except SyntaxError:
        return False
    return not (len(body) == 1 and isinstance(body[0], ast.Expr | ast.AnnAssign))


def programs(text: str) -> dict[str, list[str]]:
    """Return the programs in *text* by the name of their files, the oldest first.

    A program is named in the last line before it, "(name.py)", or in its first one.
    """
    found: dict[str, list[str]] = {}
    paragraphs = re.split(r"\n(?:[ \t]*\n)+", text)
    before = ""
    name = ""
    for paragraph in paragraphs:
        title = re.match(r"# (\w+\.py)\n", paragraph) or re.search(
            r"\((\w+\.py)\)\W*\Z", before
        )
        if title and is_code(paragraph):
            name = title[1]
            found.setdefault(name, []).append(paragraph + "\n")
        elif name and is_code(paragraph):
            found[name][-1] += f"\n\n{paragraph}\n"
        else:
            name = ""
        before = paragraph
    return found


@pytest.fixture(scope="module")
def published() -> dict[str, list[str]]:
    """The programs of the tutorial, by the name of their files."""
    return programs(TUTORIAL.read_text("utf-8"))


@pytest.fixture(scope="module")
def troupe() -> Iterator[Troupe]:
    """Who can play."""
    troupe = Troupe("Pyro4", names="Pyro4.naming")
    if troupe.casts(mixed=False) == ["ours"]:
        pytest.skip("the real one plays with another version of Python only")
    with troupe.playing():
        yield troupe


def uri_of(text: str) -> str:
    """Return the URI that a server printed."""
    return text.split("uri = ")[1].split()[0]


def warehouse(scene: Scene, files: dict[str, list[str]]) -> None:
    """Play phases 2 and 3 of the first system, up to the error that the text asks for."""
    port = str(scene.free_port())
    scene.start("-m", "Pyro4.naming", PYRO_NS_PORT=port).until("^URI = ")
    server = files["warehouse.py"][1]
    answers = ("television", "couch", "bricks", "bike")
    write(scene, {"warehouse.py": server, "person.py": files["person.py"][0]})
    write(scene, {"visit.py": files["visit.py"][1]})
    first = scene.serve("warehouse.py")
    visit = scene.start("visit.py")
    visit.type_ahead(uri_of(first.text), *answers)
    visit.finish()
    first.interrupt()

    assert server.count("ns = False") == 1
    write(scene, {"warehouse.py": server.replace("ns = False", "ns = True")})
    write(scene, {"visit.py": files["visit.py"][2]})
    scene.serve("warehouse.py", PYRO_NS_PORT=port)
    visit = scene.start("visit.py", PYRO_NS_PORT=port)
    visit.type_ahead(*answers)
    visit.finish()
    visit = scene.start("visit.py", PYRO_NS_PORT=port)
    visit.type_ahead("", "batteries")
    visit.finish(status=1)
    scene.start("-m", "Pyro4.nsc", "list", PYRO_NS_PORT=port).finish()


def stockmarket(scene: Scene, files: dict[str, list[str]]) -> None:
    """Play phase 3 of the second system."""
    port = str(scene.free_port())
    names = scene.start(
        "-m", "Pyro4.naming", PYRO_NS_PORT=port, PYRO_SERIALIZERS_ACCEPTED="pickle"
    )
    names.until("^URI = ")
    parts = ("stockmarket.py", "aggregator.py", "viewer.py")
    write(scene, {name: files[name][1] for name in parts})
    market = scene.start("stockmarket.py", PYRO_NS_PORT=port)
    market.until("new quotes")  # that of the text: it says so when the markets run
    aggregator = scene.start("aggregator.py", PYRO_NS_PORT=port)
    aggregator.until(r"running.*\n")
    viewers = []
    for symbols in ("GOOG,CSCO,BP,MSFT,HPQ", "IBM, AAPL, MSFT, BP, CSCO"):
        viewers.append(scene.start("viewer.py", PYRO_NS_PORT=port))
        viewers[-1].type_ahead(symbols)
        viewers[-1].until(r"(?s)listening.*(?:NASDAQ|NYSE)\.\w+: .*\n")
    nsc = scene.start("-m", "Pyro4.nsc", "list", PYRO_NS_PORT=port)
    nsc.finish()
    for program in (market, aggregator, *viewers):
        program.interrupt()


def write(scene: Scene, files: dict[str, str]) -> None:
    """Put the files into the folder of the scene."""
    for name, text in files.items():
        (scene.folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("system", [warehouse, stockmarket])
def test_published_programs(
    system: object, published: dict[str, list[str]], troupe: Troupe, tmp_path: Path
) -> None:
    assert callable(system)
    switches = {side: dict(values) for side, values in SWITCHES.items()}
    if system is stockmarket:
        switches["Pyro4"]["PYRO_SERIALIZER"] = "pickle"  # else its nsc is refused
    shown = {}
    for side in ("Pyro4", "ours"):
        folder = tmp_path.resolve() / side
        folder.mkdir()
        with running(troupe.cast(side), folder, variables=switches) as scene:
            system(scene, published)
            scene.stop()
            shown[side] = scene.transcript(UNEVEN)
    assert shown["ours"] == shown["Pyro4"]


def test_programs_are_found_in_a_text() -> None:
    text = "Code (a.py):\n\nx = 1\n\n    y\n\nword\n\nno (b.py) here\n\n# c.py\nz = 2\n"
    assert programs(text) == {"a.py": ["x = 1\n\n\n    y\n"], "c.py": ["# c.py\nz = 2\n\n"]}
