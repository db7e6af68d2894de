"""The command as a whole: usage, statuses, closed pipes, Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pyrophone import __version__
from pyrophone.cli import names as names_command
from pyrophone.cli.main import build_name
from pyrophone.naming import NameService
from running import LIMIT

if TYPE_CHECKING:
    from tests.cli.conftest import Run

MODULE = [sys.executable, "-W", "error", "-m", "pyrophone"]
SCRIPT = Path(sys.executable).with_name("pyrophone")


def start(*argv: str) -> subprocess.Popen[str]:
    """Run the command as a process."""
    return subprocess.Popen(
        [*MODULE, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_it_tells_its_version(run: Run) -> None:
    assert run("--version") == (0, f"pyrophone {__version__} ({build_name()})\n", "")


@pytest.mark.parametrize(
    "argv", [[], ["names"], ["call"], ["serve"], ["nonsense"], ["names", "list", "--no"]]
)
def test_wrong_usage_is_status_2(run: Run, argv: list[str]) -> None:
    status, out, err = run(*argv)
    assert (status, out) == (2, "")
    assert err.startswith("usage: pyrophone")


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["call"],
        ["serve"],
        ["names"],
        *[
            ["names", name]
            for name in ["serve", "list", "lookup", "register", "remove", "ping"]
        ],
    ],
)
def test_every_command_has_help(run: Run, argv: list[str]) -> None:
    status, out, err = run(*argv, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"usage: {' '.join(['pyrophone', *argv])} ")


def test_a_wrong_variable_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYROPHONE_NAME_PRT", "1")
    for argv in (["names", "ping"], ["call", "a.b"], ["names", "serve"]):
        status, out, err = run(*argv)
        assert (status, out) == (2, "")
        assert err.endswith(
            ": in the environment: PYROPHONE_NAME_PRT names no setting, "
            "did you mean PYROPHONE_NAME_PORT?\n"
        )


def test_a_bug_of_ours_is_not_hidden(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(names_command, "locate_names", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run("names", "ping")


@pytest.mark.slow
@pytest.mark.parametrize("command", [MODULE, [str(SCRIPT)]])
def test_the_script_and_the_module_are_the_same(
    command: list[str], names: NameService
) -> None:
    done = subprocess.run(
        [*command, "names", "ping"], capture_output=True, text=True, timeout=LIMIT
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{names.uri}\n", "")
    done = subprocess.run(
        [*command, "names", "lookup", "n"], capture_output=True, text=True, timeout=LIMIT
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("pyrophone names lookup: unknown name: n")


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 5000])
def test_a_closed_pipe_is_no_error(
    names: NameService, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # it is noticed late without
    for number in range(count):
        names.names.register(f"name {number}", "PYRO:x@h:1")
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(
        [*MODULE, "names", "list"], stdout=writer, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(writer)
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 141


@pytest.mark.slow
def test_ctrl_c_is_no_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(LIMIT)
        port = silent.getsockname()[1]
        with start("names", "ping", "--host", "127.0.0.1", "--port", str(port)) as process:
            client, _ = silent.accept()
            with client:
                client.recv(1)
                process.send_signal(signal.SIGINT)
                assert process.communicate(timeout=LIMIT) == ("", "")
    assert process.returncode == 130
