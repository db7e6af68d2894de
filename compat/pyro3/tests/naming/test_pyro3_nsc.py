"""The command pyro-nsc: what it prints, and its status."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

import Pyro.nsc
from Pyro import config
from Pyro.naming import NameServerStarter

Serve = Callable[..., NameServerStarter]
Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(alone: None, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a function that runs the command, and returns status and lines."""

    def command(*args: str) -> tuple[int, list[str]]:
        capsys.readouterr()
        status = Pyro.nsc.main(list(args))
        return status, capsys.readouterr().out.splitlines()

    return command


def test_a_command_tells_where_the_name_server_is(serve_names: Serve, run: Run) -> None:
    port = serve_names().daemon.port
    status, lines = run("-h", "localhost", "ping")
    assert status == 0
    assert lines[0] == "Locator: contacting Pyro Name Server..."
    assert lines[1].startswith("NS is at 127.0.0.1 (")
    assert lines[1].endswith(f") port {port}")
    assert lines[2:] == ["NS is up and running!"]


def test_with_a_host_the_port_is_that_of_the_name_server(
    serve_names: Serve, run: Run
) -> None:
    port = str(serve_names(nsport=0).daemon.port)
    assert run("-h", "localhost", "-p", port, "list", ":Pyro") == (
        0,
        [*run("-h", "localhost", "-p", port, "ping")[1][:2], ":Pyro --> ( NameServer )"],
    )


def test_without_a_host_the_port_is_that_of_broadcasts(
    serve_names: Serve, run: Run
) -> None:
    config.PYRO_HOST, config.PYRO_BC_TIMEOUT = "", 10
    serve_names(hostname=None)
    port = str(config.PYRO_NS_BC_PORT)
    status, lines = run("-p", port, "-c", "127.0.0.1", "ping")
    assert (status, lines[0]) == (0, "Locator: searching Pyro Name Server...")


def test_what_is_refused_has_a_status(serve_names: Serve, run: Run) -> None:
    serve_names()
    config.PYRO_NS_HOSTNAME = "localhost"
    status, lines = run("resolve", "x", ":Pyro.NameServer")
    assert (status, lines[2]) == (1, "## can't resolve:  name not found  ##")
    assert lines[3].startswith(":Pyro.NameServer  --> PYRO://127.0.0.1:")


def test_a_wrong_pass_phrase_is_told(serve_names: Serve, run: Run) -> None:
    serve_names("secret")
    config.PYRO_NS_HOSTNAME = "localhost"
    for options in ((), ("-i", "wrong")):
        assert run(*options, "ping") == (
            1,
            [
                "Locator: contacting Pyro Name Server...",
                "Could not connect to the server: security reasons",
                "Supply correct authentication ID?",
            ],
        )
    assert run("-i", "secret", "ping")[0] == 0


def test_it_can_end_the_name_server_if_that_may_be(serve_names: Serve, run: Run) -> None:
    config.PYRO_NS_HOSTNAME = "localhost"
    text = "Result from system command shutdown : "
    serve_names(nsport=(kept := config.PYRO_NS2_PORT), keep=1)
    status, lines = run("-h", "localhost", "-p", str(kept), "shutdown")
    assert (status, lines[2:]) == (1, [f"{text}Shutdown request denied"])
    serve_names()
    status, lines = run("shutdown")
    assert status == 0
    assert f"{text}Will shut down shortly" in lines


def test_without_a_name_server_it_fails(run: Run) -> None:
    config.PYRO_NS_HOSTNAME = "localhost"
    status, lines = run("ping")
    assert (status, lines[-1]) == (1, "There is a problem: could not find NameServer")
    status, lines = run("-h", "localhost", "-p", "1", "ping")
    assert (status, lines[-1]) == (1, "There is a problem: connection failed")


def test_what_makes_no_sense_gets_the_usage(run: Run) -> None:
    for args in ((), ("fly",), ("-h", "localhost"), ("-i",)):
        status, lines = run(*args)
        assert status == 2
        assert lines[0].startswith("Usage: pyro-nsc ")
    assert run("-p", "x", "ping") == (2, ["option -p wants a port number, not 'x'"])
    assert run("-c", "no address", "ping") == (
        1,
        ["There is a problem: invalid broadcast address 'no address'"],
    )


def test_options_that_are_unknown_are_told(serve_names: Serve, run: Run) -> None:
    serve_names()
    config.PYRO_NS_HOSTNAME = "localhost"
    status, lines = run("-z", "ping")
    assert (status, lines[0], lines[-1]) == (
        0,
        "Ignored options: -z",
        "NS is up and running!",
    )


def test_all_else_that_goes_wrong_is_shown_between_rules(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("Pyro.nsc.NameServerLocator.getNS", broken)
    status, lines = run("ping")
    rule = f"{'-' * 20} CAUGHT ERROR {'-' * 20}"
    assert (status, lines[0], lines[-1]) == (1, rule, rule)
    assert lines[-2] == "RuntimeError: a defect"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "word", "status"),
    [
        ("pyro-nsc", "Usage: pyro-nsc", 2),
        ("pyro-ns -h", "Usage: pyro-ns ", 0),
        ("pyro-nssvc", "python -m Pyro.naming -k", 1),
        ("pyro-nsd start", "python -m Pyro.naming -k", 1),
        ("pyro-essvc install", "python -m Pyro.EventService.Server", 1),
        ("pyro-esd", "python -m Pyro.EventService.Server", 1),
        ("pyro-xnsc", "Without a window there is pyro-nsc.", 1),
        ("pyro-wxnsc", "Without a window there is pyro-nsc.", 1),
    ],
)
def test_scripts(script: str, word: str, status: int) -> None:
    name, *args = script.split()
    result = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), name), *args],
        env={**os.environ, "DISPLAY": "no display"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert word in result.stdout + result.stderr
    assert result.returncode == status
