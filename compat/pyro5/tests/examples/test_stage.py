"""What the tests of the examples rely on: differences are seen, noise is not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stage import Cast, Side, play
from transcripts import expected_from, steady

TRACEBACK = """\
Traceback (most recent call last):
  File "/lab/client.py", line 12, in <module>
    bell.ring()
    ~~~~~~~~~^^
  File "/usr/lib/python3/Pyro5/client.py", line 110, in __call__
    return self.__send(self.__name,
                       args)
ValueError: broken
 +--- Remote traceback:
 | Traceback (most recent call last):
 |   File "/usr/lib/python3/Pyro5/server.py", line 5, in handleRequest
 |     data = method()
 |   File "/lab/server.py", line 7, in ring
 |     raise ValueError("broken")
 | ValueError: broken
"""


def test_tracebacks_keep_what_belongs_to_the_example() -> None:
    assert steady(TRACEBACK, Path("/lab"), {}) == [
        "Traceback (most recent call last):",
        '  File "client.py", line <n>, in <module>',
        "    bell.ring()",
        "ValueError: broken",
        " +--- Remote traceback:",
        " | Traceback (most recent call last):",
        ' |   File "server.py", line <n>, in ring',
        ' |     raise ValueError("broken")',
        " | ValueError: broken",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PYRO:obj_" + "1a" * 16 + "@localhost:4711", "PYRO:obj_<id>@localhost:<port>"),
        (
            "cannot connect to ('127.0.0.1', 80): no",
            "cannot connect to 127.0.0.1:<port>: no",
        ),
        ("<Bell object at 0x7f0a>", "<Bell object at <address>>"),
        ("it took 0.123 seconds", "it took <time> seconds"),
        ("run 17", "run <n>"),
    ],
)
def test_what_differs_from_run_to_run_is_replaced(text: str, shown: str) -> None:
    assert steady(text, Path("/lab"), {r"run \d+": "run <n>"}) == [shown]


def test_marked_lines_hold_for_one_side() -> None:
    text = "--- a.py\n[3] Pyro5 | old\n[3] ours | new\n[Amy] hello\n"
    assert expected_from(["Pyro5"], text) == "--- a.py\nold\n[Amy] hello\n"
    assert expected_from(["ours"], text) == "--- a.py\nnew\n[Amy] hello\n"


def test_marked_lines_hold_for_who_plays_that_program() -> None:
    text = "--- a.py\n[3] ours | new\n--- b.py\n[3] ours | new\n[3] Pyro5 | old\n"
    shown = expected_from(["ours", "Pyro5"], text)
    assert shown == "--- a.py\nnew\n--- b.py\nold\n"


def test_marked_lines_may_hold_for_who_plays_the_first_program() -> None:
    text = "--- a.py\n--- b.py\n[3] ours serves | new\n[3] Pyro5 serves | old\n"
    assert expected_from(["ours", "Pyro5"], text) == "--- a.py\n--- b.py\nnew\n"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """An example with one program."""
    folder = tmp_path / "example"
    folder.mkdir()
    (folder / "bell.py").write_text("print(input('How? '))\n")
    (folder / "expected.txt").write_text("--- bell.py\nHow? softly\nsoftly\n")
    return folder


@pytest.fixture
def ring(example: Path, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Plays the example with an answer, up to the end of the program."""
    side = Side("ours", sys.executable, "Pyro5.nameserver")

    def run(answer: str) -> None:
        with play(Cast(side, side), example, tmp_path / "copy") as scene:
            bell = scene.start("bell.py")
            bell.answer("How? ", answer)
            bell.process.wait(10)  # nobody looks at the status

    yield run
    side.close()


def test_what_is_as_expected_passes(ring: Callable[[str], None]) -> None:
    ring("softly")


def test_what_differs_fails_and_is_shown(ring: Callable[[str], None]) -> None:
    with pytest.raises(AssertionError, match=r"(?s)-softly\n.*\+loudly\n") as failure:
        ring("loudly")
    assert failure.value.__notes__ == ["--- bell.py, in full\nHow? loudly\nloudly\n"]


def test_a_program_that_fails_is_a_failure(
    ring: Callable[[str], None], example: Path
) -> None:
    (example / "bell.py").write_text("input('How? ')\nraise SystemExit(3)\n")
    with pytest.raises(AssertionError, match=r"^bell.py ended with status 3"):
        ring("softly")
