"""``pyrophone serve``: from a class in a file to an object that is found by name."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pyrophone.errors import ConnectError, UnknownNameError
from pyrophone.naming import NameService
from pyrophone.sync import connect
from running import LIMIT

if TYPE_CHECKING:
    from tests.cli.conftest import Run

MODULE = """
from pyrophone import expose

class Thing:
    @expose
    def double(self, n): return 2 * n

    class Inner:
        @expose
        def triple(self, n): return 3 * n

thing = Thing()

class Closed:
    def read(self): return 1

def function(): return 1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with a module."""
    (tmp_path / "pyrophone_things.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    yield tmp_path
    for name in list(sys.modules):
        if name.startswith("pyrophone_things"):
            del sys.modules[name]


def start(*argv: str) -> subprocess.Popen[str]:
    """Run a server as a process."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "pyrophone", "serve", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def row(process: subprocess.Popen[str]) -> list[str]:
    """Return the columns of its next line."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n").split("\t")


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_class_is_served_until_a_signal_and_its_name_withdrawn(
    names: NameService, number: signal.Signals
) -> None:
    with start("pyrophone_things:Thing", "--name", "lab.thing", "--id", "t") as process:
        name, uri = row(process)
        assert name == "lab.thing"
        assert uri.startswith("PYRO:t@localhost:")
        assert str(names.names.lookup("lab.thing")) == uri
        with connect(uri) as thing:
            assert thing.double(4) == 8
            process.send_signal(number)
            assert process.communicate(timeout=LIMIT) == ("", "")
    assert process.returncode == 0
    with pytest.raises(UnknownNameError):
        names.names.lookup("lab.thing")
    with pytest.raises(ConnectError):
        connect(uri)


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("target", "method", "expected"),
    [("thing", "double", 8), ("Thing.Inner", "triple", 12)],
)
def test_objects_and_inner_classes_are_served_too_without_a_name_server(
    target: str, method: str, expected: int
) -> None:
    with start(f"pyrophone_things:{target}", "--dialect", "pyro4") as process:
        name, uri = row(process)
        assert uri.startswith(f"PYRO:{name}@localhost:")
        for dialect in ("pyro5", "pyro4"):
            with connect(uri, dialect=dialect) as thing:
                assert getattr(thing, method)(4) == expected
        process.terminate()
        assert process.wait(LIMIT) == 0


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("target", "status", "problem"),
    [
        ("pyrophone_things", 2, "'pyrophone_things' is not of the form MODULE:CLASS"),
        ("pyrophone_things:", 2, "'pyrophone_things:' is not of the form MODULE:CLASS"),
        (":Thing", 2, "':Thing' is not of the form MODULE:CLASS"),
        (
            "pyrophone_things:Thin",
            1,
            "pyrophone_things has no 'Thin', did you mean 'Thing'?",
        ),
        ("pyrophone_things:Thing.x", 1, "pyrophone_things has no 'Thing.x'"),
        (
            "pyrophone_things:Closed",
            1,
            "pyrophone_things:Closed exposes nothing; mark it with @expose from pyrophone",
        ),
        (
            "pyrophone_things:function",
            1,
            "pyrophone_things:function exposes nothing; "
            "mark it with @expose from pyrophone",
        ),
    ],
)
def test_what_cannot_be_served_is_named(
    run: Run, target: str, status: int, problem: str
) -> None:
    assert run("serve", target) == (status, "", f"pyrophone serve: {problem}\n")


def test_a_module_that_is_not_there_is_named_and_where_one_looked(
    run: Run, folder: Path
) -> None:
    for name in ("pyrophone_thinks", "pyrophone_thinks.inner"):
        assert run("serve", f"{name}:Thing") == (
            1,
            "",
            "pyrophone serve: there is no module 'pyrophone_thinks', neither in "
            f"{folder} nor installed\n",
        )


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("\n1 / 0", "ZeroDivisionError: division by zero", 2),
        (
            "import no_such_module",
            "ModuleNotFoundError: No module named 'no_such_module'",
            1,
        ),
        ("x = 1\nx +", "SyntaxError: invalid syntax", 2),
        ("raise KeyError", "KeyError", 1),
    ],
)
def test_a_module_that_fails_is_named_and_where(
    run: Run, folder: Path, text: str, problem: str, line: int
) -> None:
    path = folder / "pyrophone_things_broken.py"
    path.write_text(text)
    status, out, err = run("serve", "pyrophone_things_broken:Thing")
    assert (status, out) == (1, "")
    start = (
        f"pyrophone serve: module 'pyrophone_things_broken' can't be imported: {problem}"
    )
    assert err.startswith(start)
    assert err.endswith(f", at {path}:{line}\n")
    assert err.count("\n") == 1
    err = run("serve", "--verbose", "pyrophone_things_broken:Thing").err
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.count("\n") > 3


@pytest.mark.usefixtures("folder")
def test_without_a_name_server_nothing_is_served(run: Run) -> None:
    status, out, err = run("serve", "pyrophone_things:Thing", "--name", "n")
    assert (status, out) == (1, "")
    assert err.startswith("pyrophone serve: Failed to locate the nameserver; tried ")
    assert err.endswith("Start one with 'pyrophone names serve'.\n")


@pytest.mark.usefixtures("folder")
def test_a_dialect_that_is_not_installed_is_named(run: Run) -> None:
    assert run("serve", "pyrophone_things:Thing", "--dialect", "pyro3") == (
        1,
        "",
        "pyrophone serve: dialect 'pyro3' is not installed; "
        "the distribution pyrophone-pyro3 may have it\n",
    )


@pytest.mark.usefixtures("folder")
def test_an_unusable_id_is_named(run: Run) -> None:
    assert run("serve", "pyrophone_things:Thing", "--id", "a b") == (
        2,
        "",
        "pyrophone serve: object id 'a b' can't stand in a URI: it has a blank or an @\n",
    )


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["--port", "99999"], "bind(): port must be 0-65535.: localhost:99999"),
        (["--host", "192.0.2.1"], "Cannot assign requested address: 192.0.2.1:0"),
        (
            ["--host", "x" * 70],
            f"not the name of a host: {'x' * 70}:0",
        ),
    ],
)
def test_where_one_cannot_listen_is_named(run: Run, argv: list[str], problem: str) -> None:
    assert run("serve", "pyrophone_things:Thing", *argv) == (
        1,
        "",
        f"pyrophone serve: cannot listen: {problem}; choose another --host or --port\n",
    )
