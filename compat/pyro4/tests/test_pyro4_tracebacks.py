"""What is printed of an exception that happened elsewhere; tutorials show it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from Pyro4.configuration import config
from Pyro4.util import excepthook, formatTraceback, getPyroTraceback

REMOTE = ["Traceback (most recent call last):\n", '  File "s.py", line 1, in m\n', "E: x\n"]
BLOCK = (
    " +--- This exception occured remotely (Pyro) - Remote traceback:\n"
    " | Traceback (most recent call last):\n"
    ' |   File "s.py", line 1, in m\n'
    " | E: x\n"
    " +--- End of remote traceback\n"
)


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    config.DETAILED_TRACEBACK = False


def failed(remote: object = REMOTE) -> ValueError:
    """Return an error that was raised here, and in a server before."""
    try:
        raise ValueError("bad")
    except ValueError as error:
        error._pyroTraceback = remote  # type: ignore[attr-defined]
        return error


def test_the_remote_traceback_stands_in_a_frame_below_the_local_one() -> None:
    error = failed()
    text = "".join(getPyroTraceback(type(error), error, error.__traceback__))
    local = "".join(traceback.format_exception(error))
    assert text == local + BLOCK


def test_the_hook_writes_both_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    error = failed()
    excepthook(type(error), error, error.__traceback__)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "".join(traceback.format_exception(error)) + BLOCK


def test_the_pieces_of_the_list_are_those_of_pyro4() -> None:
    error = failed(["a\nb\n", "c"])
    assert getPyroTraceback(type(error), error, error.__traceback__)[-8:] == [
        " +--- This exception occured remotely (Pyro) - Remote traceback:",
        "\n | ", "a", "\n | ", "b", "\n | ", "c", "\n +--- End of remote traceback\n",
    ]  # fmt: skip


def test_without_arguments_it_is_the_exception_in_flight() -> None:
    try:
        raise failed()
    except ValueError:
        assert "".join(getPyroTraceback()).endswith(BLOCK)
        assert formatTraceback()[-1] == "ValueError: bad\n"


@pytest.mark.parametrize("remote", [None, [], ""])
def test_without_remote_traceback_there_is_no_frame(remote: object) -> None:
    error = failed(remote)
    lines = getPyroTraceback(type(error), error, error.__traceback__)
    assert lines == formatTraceback(type(error), error, error.__traceback__)


@pytest.mark.parametrize("function", [getPyroTraceback, formatTraceback])
def test_an_instance_alone_is_refused(function: Any) -> None:
    with pytest.raises(TypeError, match="ex_type should be an exception type"):
        function(failed())


def test_the_detailed_form_is_asked_for_or_configured() -> None:
    error = failed()
    arguments = type(error), error, error.__traceback__
    plain, detailed = formatTraceback(*arguments), formatTraceback(*arguments, True)
    assert detailed[0] == "-" * 52 + "\n"
    assert detailed[1] == " EXCEPTION <class 'ValueError'>: bad\n"
    assert getPyroTraceback(*arguments)[: len(plain)] == plain
    config.DETAILED_TRACEBACK = True
    assert getPyroTraceback(*arguments)[: len(detailed)] == detailed


def test_values_are_shown_but_not_in_the_outermost_frame() -> None:
    class Box:
        def __init__(self) -> None:
            self.content = "cat"

        def open(self) -> None:
            color = "red"
            raise KeyError(color)

    try:
        Box().open()
    except KeyError as error:
        text = "".join(formatTraceback(KeyError, error, error.__traceback__, True))
    assert text.count("Local values:\n") == 1
    assert ", in Box.open\nSource code:\n    raise KeyError(color)\n" in text
    assert "    color = 'red'\n" in text
    assert "        self.content = 'cat'\n" in text


@pytest.mark.slow
def test_a_program_shows_it_as_the_tutorial_does() -> None:
    code = """
        import sys
        import Pyro4.util
        from Pyro4.serializers import get_serializer
        sys.excepthook = Pyro4.util.excepthook
        serpent = get_serializer("serpent")
        error = ValueError("list.remove(x): x not in list")
        error._pyroTraceback = ["Traceback:\\n", "ValueError: there\\n"]
        raise serpent.loads(serpent.dumps(error))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert done.stderr.endswith(
        "ValueError: list.remove(x): x not in list\n"
        " +--- This exception occured remotely (Pyro) - Remote traceback:\n"
        " | Traceback:\n"
        " | ValueError: there\n"
        " +--- End of remote traceback\n"
    )
    assert done.stderr.count("ValueError: there") == 1
