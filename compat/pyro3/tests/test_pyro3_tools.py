"""The event server, the echo server and the maker of GUIDs as commands."""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

import Pyro.core
import Pyro.naming
from program import Program
from Pyro.errors import ConnectionDeniedError, NamingError
from Pyro.EventService import Server
from Pyro.EventService.Clients import Publisher
from Pyro.test import echoserver
from Pyro.util import genguid_scripthelper
from terminals import as_in_terminal

LIMIT = 10.0  # seconds
ES = "Pyro.EventService.Server"
ECHO = "Pyro.test.echoserver"
ECHO_NAME = ":Pyro.test.echoserver"
WARNING = "WARNING: daemon bound on hostname that resolves to loopback address 127.0.x.x"


class Programs:
    """Starts commands, which end with the test, and which find its name server."""

    def __init__(self, storage: Path) -> None:
        self.storage = storage
        self.port = 1
        self._running: list[Program] = []

    def start(self, module: str, *args: str, stdin: Any = subprocess.PIPE) -> Program:
        """Start a command."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("PYRO")}
        own |= {"PYRO_STORAGE": str(self.storage), "PYRO_HOST": "localhost"}
        own |= {"PYRO_NS_HOSTNAME": "localhost", "PYRO_NS_PORT": str(self.port)}
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", module, *args],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            env=as_in_terminal(own),
        )
        self._running.append(Program(module, process, any_order=False))
        return self._running[-1]

    def end(self) -> None:
        """End what runs."""
        for program in reversed(self._running):
            if program.process.poll() is None:
                program.process.kill()
            program.process.wait()
            for stream in (program.process.stdin, program.process.stdout):
                if stream is not None:
                    stream.close()


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    """Start commands that end with the test."""
    started = Programs(tmp_path)
    yield started
    started.end()


@pytest.fixture
def serve_names(programs: Programs) -> Iterator[Callable[..., Any]]:
    """Give a function that runs a name server, which all find, and returns a proxy."""
    running: list[tuple[Any, threading.Thread]] = []

    def run(ident: str | None = None) -> Any:
        Pyro.config.PYRO_NS_URIFILE = str(programs.storage / "uri")
        starter = Pyro.naming.NameServerStarter(ident)
        starter.initialize("localhost", 0, dontlookupother=1, nobroadcast=1)
        thread = threading.Thread(target=starter.daemon.requestLoop)
        thread.start()
        running.append((starter, thread))
        looked_for_at(starter.daemon.port)
        programs.port = starter.daemon.port
        return Pyro.naming.NameServerLocator(ident).getNS()

    yield run
    for starter, thread in running:
        starter.shutdown()
        thread.join(LIMIT)
        assert not thread.is_alive()


@pytest.fixture
def names(serve_names: Callable[..., Any]) -> Any:
    """A name server that lets everybody in."""
    return serve_names()


def looked_for_at(port: int) -> None:
    """Have the name server looked for there."""
    Pyro.config.PYRO_NS_HOSTNAME = Pyro.config.PYRO_NS2_HOSTNAME = "localhost"
    Pyro.config.PYRO_NS_PORT = Pyro.config.PYRO_NS2_PORT = port


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """Give what returns the lines that were printed in this process."""

    def read() -> list[str]:
        printed = capsys.readouterr()
        return (printed.out + printed.err).splitlines()

    return read


def test_genguid(lines: Callable[[], list[str]]) -> None:
    assert genguid_scripthelper([]) == genguid_scripthelper([]) == 0
    first, second = lines()
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second
    assert genguid_scripthelper(["-h"]) == 2
    usage = lines()
    assert usage[0] == "Usage: genguid  (no arguments)"
    assert len(usage) == 2


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ("pyro-es", "Pyro.EventService.Server:main"),
        ("pyro-genguid", "Pyro.util:genguid_scripthelper"),
    ],
)
def test_commands_are_installed(script: str, place: str) -> None:
    [found] = entry_points(group="console_scripts", name=script)
    assert found.value == place


@pytest.mark.slow
def test_the_event_server_registers_and_ends(programs: Programs, names: Any) -> None:
    server = programs.start(ES)
    server.until("Event Server started.\n")
    uri = names.resolve(":Pyro.EventService")
    Publisher().publish("subject", 1)
    server.interrupt()
    assert server.text.splitlines() == [
        "*** Pyro Event Server ***",
        f"URI= {uri}",
        WARNING,
        "Event Server started.",
        "Event Server gracefully stopped.",
    ]
    with pytest.raises(NamingError, match="name not found"):
        names.resolve(":Pyro.EventService")


@pytest.mark.slow
def test_the_event_server_without_names(programs: Programs) -> None:
    server = programs.start(ES, "-N", "-n", "127.0.0.1", "-p", "0", "-z", "extra")
    server.until("started")
    lines = server.text.splitlines()
    assert lines[:2] == ["Ignored options: -z", "Ignored arguments: extra"]
    assert lines[3].startswith("URI= PYRO://127.0.0.1:")
    Publisher(esURI=lines[3].partition("= ")[2]).publish("subject", 1)
    server.interrupt()


@pytest.mark.slow
def test_the_event_server_with_a_pass_phrase(
    programs: Programs, serve_names: Callable[..., Any]
) -> None:
    serve_names("sesame")
    assert Server.start([]) == 1
    server = programs.start(ES, "-i", "sesame")
    server.until("started")
    Publisher("sesame").publish("subject", 1)
    with pytest.raises(ConnectionDeniedError, match="security reasons"):
        Publisher()
    server.interrupt()


def test_the_event_server_refuses_what_makes_no_sense(
    lines: Callable[[], list[str]],
) -> None:
    assert Server.start(["-h"]) == 0
    assert lines()[0].startswith("Usage: pyro-es")
    for port in ("x", "65536", "-1"):
        assert Server.start(["-p", port]) == 2
        assert lines() == [f"option -p wants a port number, not {port!r}"]
    looked_for_at(1)
    assert Server.start([]) == 1
    assert lines() == [
        "*** Pyro Event Server ***",
        "pyro-es: could not find NameServer",
    ]
    taken = Pyro.core.Daemon(port=0, norange=1)
    assert Server.start(["-N", "-p", str(taken.port)]) == 1
    assert lines()[-1].startswith("pyro-es: Couldn't start Pyro daemon: ")
    taken.shutdown()


TAKEN = [
    "The name :Pyro.EventService is taken:",
    "there is an Event Server already, or one that could not end in good order.",
]


def test_the_event_server_does_not_take_a_name_over(
    names: Any, lines: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names.register(":Pyro.EventService", "PYRO://127.0.0.1:1/gone")
    lines()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # there is nobody to ask
    assert Server.start([]) == 1
    assert lines() == [
        "*** Pyro Event Server ***",
        *TAKEN,
        "pyro-es: name already exists: :Pyro.EventService",
    ]
    assert names.resolve(":Pyro.EventService").objectID == "gone"


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "starts"), [(b"n\n", False), (b"y\n", True)])
def test_the_event_server_asks_on_a_terminal(
    programs: Programs, names: Any, answer: bytes, starts: bool
) -> None:
    names.register(":Pyro.EventService", "PYRO://127.0.0.1:1/gone")
    master, slave = os.openpty()
    try:
        server = programs.start(ES, stdin=slave)
        server.until(r"Start anyway, and take the name over \(y/n\)\?")
        os.write(master, answer)
        if starts:
            server.until("Event Server started.")
            assert names.resolve(":Pyro.EventService").objectID != "gone"
        else:
            server.process.wait(20)
            assert server.process.returncode == 1
            assert names.resolve(":Pyro.EventService").objectID == "gone"
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.slow
def test_the_echo_server_has_a_name_server(programs: Programs) -> None:
    programs.port = free_port()
    server = programs.start(ECHO, "-N", "-v")
    server.until("echoserver running.\n")
    looked_for_at(programs.port)
    echo = Pyro.core.getProxyForURI(f"PYRONAME://{ECHO_NAME}")
    assert echo.echo((1, "two")) == (1, "two")
    with pytest.raises(ZeroDivisionError):
        echo.error()
    attributes = Pyro.core.getAttrProxyForURI(f"PYRONAME://{ECHO_NAME}")
    attributes.verbose = False
    assert attributes.verbose is False
    assert echo.echo(3) == 3
    server.until("error: generating exception\n")
    uri = str(echo.URI)
    port = uri.split(":")[2].partition("/")[0]
    before, _, lines = server.text.partition("\n\nStarting")
    assert "Name Server started." in before
    expected = f"""\
 Pyro's built-in test echo server.
using name server at PYRO://127.0.0.1:{programs.port}/<guid>
object name = {ECHO_NAME}
echo uri = {uri}
echo uri = PYROLOC://localhost:{port}/{ECHO_NAME}
echoserver running.
<time> - echo: (1, 'two')
<time> - error: generating exception
"""
    lines = re.sub(r"(\d+/)[0-9a-f]{32}$(?=\nobject)", r"\1<guid>", lines, flags=re.M)
    assert re.sub(r"^\w{3} \w{3} .* - ", "<time> - ", lines, flags=re.M) == expected
    server.interrupt()


@pytest.mark.slow
def test_the_echo_server_frees_its_name(programs: Programs, names: Any) -> None:
    server = programs.start(ECHO, "-n")
    server.until("echoserver running.\n")
    assert names.list(":Pyro.test") == [("echoserver", 1)]
    assert server.text.startswith("Starting Pyro's built-in test echo server.\nobject")
    server.kill()
    server = programs.start(ECHO, "-n", "extra")
    server.until("running")
    server.interrupt()
    assert "Ignored arguments: extra\n" in server.text
    assert names.list(":Pyro.test") == []


def test_the_echo_server_says_in_one_line_why_not(
    lines: Callable[[], list[str]],
) -> None:
    with pytest.raises(SystemExit) as ended:
        echoserver.main(["-h"])
    assert ended.value.code == 0
    usage = lines()
    assert usage[0] == "Usage: echoserver.py [options]"
    for option in ("--host=HOST", "--port=PORT", "--naming", "--nameserver", "--verbose"):
        assert option in "\n".join(usage)
    looked_for_at(1)
    assert echoserver.main(["-n"]) == 1
    assert lines()[1:] == ["echoserver: could not find NameServer"]
    taken = Pyro.core.Daemon(port=0, norange=1)
    assert echoserver.main(["-p", str(taken.port)]) == 1
    [problem] = lines()[1:]
    assert problem.startswith("echoserver: Couldn't start Pyro daemon: ")
    taken.shutdown()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])
