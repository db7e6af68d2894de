"""What the echo servers of all generations share."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from Pyro5.errors import NamingError
from Pyro5.generation import PYRO5
from pyrophone.classic.echo import ECHO_ID, EchoServer, Names, launch, run, started


class Daemon:
    """A daemon that ends at once, and remembers what was done to it."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def register(self, target: Any, object_id: str) -> str:
        """Say where it is."""
        self.done.append(object_id)
        return f"PYRO:{object_id}@here:1"

    def requestLoop(self, condition: Any) -> None:
        """Look once whether to go on."""
        self.done.append(condition())

    def close(self) -> None:
        """Note it."""
        self.done.append("closed")

    def __enter__(self) -> None:
        pass

    def __exit__(self, *what: object) -> None:
        self.close()


def test_each_call_is_told_once_it_is_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    server = EchoServer()
    assert server.echo([1]) == [1]
    assert capsys.readouterr().out == ""
    server.verbose = True
    server.echo([1])
    assert capsys.readouterr().out.endswith(" - echo: [1]\n")


def test_failures() -> None:
    server = EchoServer()
    server.failure = "as the package has it"
    with pytest.raises(ValueError, match="as the package has it"):
        server.error()
    with pytest.raises(ValueError, match="the message of the error"):
        server.error_with_text()


def test_it_says_where_it_is() -> None:
    daemon, lines = Daemon(), list[str]()
    launch(daemon, EchoServer(), None, lines.append)
    assert daemon.done == [ECHO_ID]
    assert lines == [
        "object name: test.echoserver",
        "echo uri: PYRO:test.echoserver@here:1",
        "echoserver running.",
    ]


def test_a_daemon_that_can_not_be_announced_is_closed() -> None:
    daemon = Daemon()
    with pytest.raises(TypeError, match="context manager"):
        launch(daemon, EchoServer(), SimpleNamespace(), print)
    assert daemon.done == [ECHO_ID, "closed"]


def test_it_serves_until_it_must_not() -> None:
    daemon, server = Daemon(), EchoServer()
    server.shutdown()
    run(PYRO5, "echo", lambda: (daemon, server, ""))
    assert daemon.done == [False, "closed"]


def test_what_the_user_can_mend_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def start() -> Any:
        raise NamingError("no name server; look there")

    with pytest.raises(SystemExit) as caught:
        run(PYRO5, "echo", start)
    assert caught.value.code == 1
    assert capsys.readouterr().err == "echo: no name server\n"


def test_a_name_server_that_does_not_start_is_an_error_here() -> None:
    def start() -> Any:
        raise OSError("in use")

    with pytest.raises(OSError, match="in use"):
        started(Names("localhost", start))
