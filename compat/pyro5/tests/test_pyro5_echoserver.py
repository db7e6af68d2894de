"""The echo server: what it does, what it prints, and how it ends."""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro5.api
from peers import real_python
from Pyro5.utils import echoserver

LIMIT = 20
STAMP = r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}"


@pytest.fixture
def started(running: Callable[[Any], Any]) -> Callable[..., Any]:
    """Give a function that starts the server here, and returns its object and URI."""

    def start(*options: str) -> Any:
        made = echoserver.main([*options], returnWithoutLooping=True)
        assert made is not None
        daemon, echo, uri = made
        running(daemon)
        return echo, uri

    return start


def test_what_it_returns_instead_of_looping(capsys: pytest.CaptureFixture[str]) -> None:
    made = echoserver.main(["-q"], returnWithoutLooping=True)
    assert made is not None
    daemon, echo, uri = made
    with daemon:
        assert isinstance(daemon, Pyro5.api.Daemon)
        assert isinstance(echo, echoserver.EchoServer)
        assert str(uri) == f"PYRO:test.echoserver@localhost:{daemon.sock.getsockname()[1]}"
        assert (echo.verbose, echo._must_shutdown) == (False, False)
    assert Pyro5.config.SERVERTYPE == "multiplex"
    assert capsys.readouterr() == ("", "")


def test_its_object_does_what_it_says(
    started: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    echo, uri = started("-v")
    capsys.readouterr()
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.echo([1, "two"]) == [1, "two"]
        for fail, text in (
            (proxy.error, "this is the generated error from echoserver echo() method"),
            (proxy.error_with_text, "the message of the error"),
        ):
            with pytest.raises(ValueError, match=r"error") as caught:
                fail()
            assert str(caught.value) == text
        assert proxy.oneway_echo("x") is None
        assert list(proxy.generator()) == ["one", "two", "three"]
        assert math.isnan(proxy.nan())
        assert proxy.inf() == math.inf
        assert proxy._pyroInvoke("__dunder__", (), {}) == "should be allowed (dunder)"
        assert proxy._pyroOneway == {"oneway_echo", "oneway_slow"}
        assert proxy._pyroAttrs == {"verbose"}
        assert {"slow", "shutdown"} <= proxy._pyroMethods
        assert proxy.verbose is True
        proxy.verbose = False
        proxy.echo("unsaid")
        with pytest.raises(AttributeError):
            proxy._pyroInvoke("_private", (), {})
        proxy.shutdown()
    assert echo._must_shutdown is True
    assert [
        re.sub(STAMP, "WHEN", line) for line in capsys.readouterr().out.splitlines()
    ] == [
        "WHEN - echo: [1, 'two']",
        "WHEN - error: generating exception",
        "WHEN - error: generating exception",
        "WHEN - oneway_echo: 'x'",
    ]


def test_the_slow_methods_take_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("pyrophone.classic.echo.time.sleep", slept.append)
    echo = echoserver.EchoServer()
    assert echo.slow() == "Finally, an answer!"
    echo.oneway_slow()
    assert slept == [5, 5]


def test_a_program_may_loop_by_itself() -> None:
    made = echoserver.main(["-q"], returnWithoutLooping=True)
    assert made is not None
    daemon, echo, _ = made
    echo.shutdown()
    with daemon:
        daemon.requestLoop(lambda: not echo._must_shutdown)


def test_a_name_server_comes_along(
    started: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Pyro5.config.NS_PORT = 0
    threads: list[Any] = []

    def start(host: Any) -> Any:
        threads.append(original(host))
        return threads[0]

    original = echoserver.start_nameserver
    monkeypatch.setattr(echoserver, "start_nameserver", start)
    _, uri = started("-N", "-v")
    [thread] = threads
    try:
        with Pyro5.api.Proxy(thread.uri) as names:
            assert names.lookup("test.echoserver") == uri
        assert capsys.readouterr().out.splitlines() == [
            "Starting Pyro's built-in test echo server.",
            f"using name server at {thread.uri}",
            "not using a broadcast server",
            "object name: test.echoserver",
            f"echo uri: {uri}",
            "echoserver running.",
        ]
    finally:
        thread.ns_daemon.shutdown()
        thread.join(LIMIT)


def test_a_name_server_that_cannot_start_is_an_error() -> None:
    with Pyro5.socketutil.create_socket(bind=("127.0.0.1", 0)) as sock:
        Pyro5.config.NS_PORT = sock.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            echoserver.start_nameserver("127.0.0.1")


# As a command.


class Programs:
    """Commands of both implementations, that end with the test."""

    def __init__(self) -> None:
        self.port = 1
        self._running: list[subprocess.Popen[str]] = []

    def how(self, python: str | Path, *arguments: str) -> dict[str, Any]:
        """Return how to start a command."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("PYRO")}
        return {
            "args": [python, "-u", *arguments],
            "env": {**own, "PYRO_NS_PORT": str(self.port), "PYRO_NS_BCPORT": "1"},
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
        }

    def start(
        self, python: str | Path, module: str, *options: str
    ) -> subprocess.Popen[str]:
        """Start one that goes on."""
        process = subprocess.Popen(**self.how(python, "-m", f"Pyro5.{module}", *options))
        self._running.append(process)
        return process

    def run(self, python: str | Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one to its end."""
        return subprocess.run(**self.how(python, *arguments), timeout=LIMIT, check=False)

    def names(self, python: str | Path) -> None:
        """Start a name server, which all that follows will find."""
        process = self.start(python, "nameserver", "-p", "0")
        self.port = int(lines(process, "URI = ")[-1].rpartition(":")[2])

    def end(self) -> None:
        """Interrupt what runs; the real ones don't always take notice."""
        for process in self._running:
            ours = isinstance(process.args, list) and process.args[0] == sys.executable
            process.send_signal(signal.SIGINT if ours else signal.SIGKILL)
            process.communicate(timeout=LIMIT)


def lines(process: subprocess.Popen[str], last: str) -> list[str]:
    """Return what *process* prints up to the line that begins with *last*."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line.rstrip("\n"))
        if line.startswith(last):
            return seen
    raise AssertionError(f"no line {last!r} in {seen}")


@pytest.fixture
def programs() -> Iterator[Programs]:
    """Start programs that end with the test."""
    programs = Programs()
    yield programs
    programs.end()


@pytest.fixture
def real() -> Path:
    """The Python that has the real Pyro5."""
    return real_python("pyro5")


OURS = sys.executable
CALLS = """
import sys
from Pyro5.api import Proxy
with Proxy(sys.argv[1]) as echo:
    print(echo.echo({"a": [1, 2.5, None]}), list(echo.generator()), echo.verbose)
    try:
        echo.error()
    except ValueError as error:
        print(error, "in error" in "".join(error._pyroTraceback))
    echo.oneway_echo(1)
    echo.shutdown()
"""
CALLED = (
    "{'a': [1, 2.5, None]} ['one', 'two', 'three'] False\n"
    "this is the generated error from echoserver echo() method True\n"
)


@pytest.mark.slow
@pytest.mark.parametrize("roles", ["ours", "real client", "real server"])
def test_servers_and_clients_of_both_kinds(
    programs: Programs, real: Path, roles: str
) -> None:
    server = programs.start(real if roles == "real server" else OURS, "utils.echoserver")
    printed = lines(server, "echoserver running.")
    uri = printed[2].removeprefix("echo uri: ")
    assert printed == [
        "Starting Pyro's built-in test echo server.",
        "object name: test.echoserver",
        f"echo uri: {uri}",
        "echoserver running.",
    ]
    client = programs.run(real if roles == "real client" else OURS, "-c", CALLS, uri)
    assert (client.stdout, client.stderr) == (CALLED, "")
    assert server.wait(LIMIT) == 0


@pytest.mark.slow
@pytest.mark.parametrize("python", ["ours", "real"])
def test_it_is_found_by_its_name(programs: Programs, real: Path, python: str) -> None:
    programs.names(real if python == "real" else OURS)
    server = programs.start(OURS, "utils.echoserver", "-n")
    lines(server, "echoserver running.")
    client = programs.run(OURS, "-c", CALLS, "PYRONAME:test.echoserver")
    assert (client.stdout, client.stderr) == (CALLED, "")
    assert server.wait(LIMIT) == 0


@pytest.mark.slow
def test_it_ends_by_an_interrupt_without_a_word(programs: Programs, tmp_path: Path) -> None:
    path = str(tmp_path / "echo.sock")
    server = programs.start(OURS, "utils.echoserver", "-u", path, "-v")
    printed = lines(server, "echoserver running.")
    assert f"echo uri: PYRO:test.echoserver@./u:{path}" in printed
    assert "not using a name server." in printed
    server.send_signal(signal.SIGINT)
    assert server.communicate(timeout=LIMIT) == ("", "")
    assert server.returncode == 0
    assert not Path(path).exists()


@pytest.mark.slow
def test_without_a_name_server_one_line_says_so(programs: Programs) -> None:
    done = programs.run(OURS, "-m", "Pyro5.utils.echoserver", "-n", "-q")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "pyro5-echoserver: Failed to locate the nameserver\n"
    with Pyro5.socketutil.create_socket(bind=("127.0.0.1", 0)) as sock:
        port = str(sock.getsockname()[1])
        command = Path(OURS).with_name("pyro5-echoserver")
        how = programs.how("", "-q", "-p", port)
        how["args"] = [command, "-q", "-p", port]
        done = subprocess.run(**how, timeout=LIMIT, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert re.fullmatch(r"pyro5-echoserver: .*in use.*\n", done.stderr)
    assert programs.run(OURS, "-m", "Pyro5.utils.echoserver", "--wrong").returncode == 2
    assert programs.run(OURS, "-m", "Pyro5.utils.echoserver", "-h").returncode == 0
