"""The echo server, its options, and clients of both implementations."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro4
from commands import LIMIT, OURS, Commands, commands, interrupted, lines
from peers import real_python
from Pyro4 import errors, socketutil
from Pyro4.test import echoserver

START = "Starting Pyro's built-in test echo server."
NO_KEY = "Warning: HMAC key not set. Anyone can connect to this server!"


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYRO_HMAC_KEY", raising=False)


@pytest.fixture
def started() -> Iterator[Callable[..., Any]]:
    """Give a function that starts an echo server by its options; it ends with the test."""
    running = []

    def start(*options: str) -> tuple[Any, Any]:
        made = echoserver.main(options, returnWithoutLooping=True)
        assert made is not None
        daemon, echo, uri = made
        thread = threading.Thread(
            target=daemon.requestLoop, args=(lambda: not echo._must_shutdown,)
        )
        thread.start()
        running.append((daemon, thread))
        return daemon, uri

    yield start
    for daemon, thread in running:
        daemon.shutdown()
        thread.join(LIMIT)
        daemon.close()
        assert not thread.is_alive()


def test_it_says_where_it_is(
    started: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    daemon, uri = started("-H", "127.0.0.1")
    assert str(uri) == f"PYRO:test.echoserver@{daemon.locationStr}"
    assert daemon.locationStr.startswith("127.0.0.1:")
    assert Pyro4.config.SERVERTYPE == "multiplex"
    assert capsys.readouterr().out.splitlines() == [
        START,
        NO_KEY,
        "object name: test.echoserver",
        f"echo uri: {uri}",
        "echoserver running.",
    ]


@pytest.mark.parametrize(
    ("options", "said"), [(["-q"], ""), (["-v"], START), (["-q", "-v"], START)]
)
def test_quiet_and_verbose(
    started: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    daemon, _ = started(*options)
    assert daemon.objectsById["test.echoserver"].verbose is ("-v" in options)
    printed = capsys.readouterr().out
    assert printed[: len(START)] == said
    assert ("not using a name server." in printed) is bool(said)


def test_its_methods(started: Callable[..., Any]) -> None:
    _, uri = started("-q")
    with Pyro4.Proxy(uri) as echo:
        assert echo.echo({"a": [1, 2.5, None]}) == {"a": [1, 2.5, None]}
        assert echo.oneway_echo(1) is None
        assert list(echo.generator()) == ["one", "two", "three"]
        assert math.isnan(echo.nan())
        assert echo.inf() == math.inf
        assert echo.__dunder__() == "should be allowed (dunder)"
        with pytest.raises(ValueError, match=r"^expected error from echoserver error\(\)"):
            echo.error()
        with pytest.raises(ValueError, match=r"^the message of the error"):
            echo.error_with_text()
        with pytest.raises(AttributeError, match="_private"):
            echo._private()
        assert echo._pyroOneway == {"oneway_echo", "oneway_slow"}


def test_each_call_is_printed_once_it_is_verbose(
    started: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    _, uri = started("-q")
    with Pyro4.Proxy(uri) as echo:
        assert echo.verbose is False
        echo.verbose = True
        assert echo.verbose is True
        echo.echo([1])
    assert capsys.readouterr().out.endswith(" - echo: [1]\n")


def test_a_client_may_end_it(started: Callable[..., Any]) -> None:
    daemon, uri = started("-q")
    with Pyro4.Proxy(uri) as echo:
        echo.shutdown()
    with daemon:
        assert daemon.objectsById["test.echoserver"]._must_shutdown


@pytest.mark.parametrize("source", ["option", "environment"])
def test_a_key(
    started: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    source: str,
) -> None:
    if source == "option":
        with pytest.warns(UserWarning, match="-k"):
            _, uri = started("-k", "secret")
    else:
        monkeypatch.setenv("PYRO_HMAC_KEY", "secret")
        _, uri = started()
    assert NO_KEY not in capsys.readouterr().out
    with Pyro4.Proxy(uri) as echo:
        with pytest.raises(errors.CommunicationError):
            echo.echo(1)
        echo._pyroHmacKey = "secret"
        assert echo.echo(1) == 1


def test_a_name_server_comes_along(
    started: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Pyro4.config.NS_PORT = 0
    threads: list[Any] = []

    def start(host: Any, hmac: Any = None) -> Any:
        threads.append(original(host, hmac=hmac))
        return threads[0]

    original = echoserver.startNameServer
    monkeypatch.setattr(echoserver, "startNameServer", start)
    monkeypatch.setenv("PYRO_HMAC_KEY", "secret")
    _, uri = started("-N", "-v")
    [thread] = threads
    try:
        with Pyro4.Proxy(thread.uri) as names:
            names._pyroHmacKey = "secret"
            assert names.lookup("test.echoserver") == uri
        assert capsys.readouterr().out.splitlines() == [
            START,
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
    with socketutil.createSocket(bind=("127.0.0.1", 0)) as sock:
        Pyro4.config.NS_PORT = sock.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            echoserver.startNameServer("127.0.0.1")


# As a command.


@pytest.fixture
def programs() -> Iterator[Commands]:
    """Start programs that end with the test."""
    with commands() as started:
        yield started


CALLS = """
import os, sys
from Pyro4 import Proxy
with Proxy(sys.argv[1]) as echo:
    echo._pyroHmacKey = os.environ.get("PYRO_HMAC_KEY")
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
    "expected error from echoserver error() method True\n"
)


@pytest.mark.slow
@pytest.mark.peers
@pytest.mark.parametrize("key", ["", "secret"])
@pytest.mark.parametrize("roles", ["real client", "real server"])
def test_servers_and_clients_of_both_kinds(
    programs: Commands, roles: str, key: str
) -> None:
    real = real_python("pyro4")
    own = {"HMAC_KEY": key} if key else {}
    server = programs.start(
        real if roles == "real server" else OURS, "test.echoserver", **own
    )
    printed = lines(server, "echoserver running.")
    uri = printed[-2].removeprefix("echo uri: ")
    assert printed == [
        START,
        *([] if key else [NO_KEY]),
        "object name: test.echoserver",
        f"echo uri: {uri}",
        "echoserver running.",
    ]
    client = programs.run(real if roles == "real client" else OURS, "-c", CALLS, uri, **own)
    assert (client.stdout, client.stderr) == (CALLED, "")
    assert server.wait(LIMIT) == 0


@pytest.mark.slow
@pytest.mark.peers
@pytest.mark.parametrize("names", ["ours", "real"])
def test_it_is_found_by_its_name(programs: Commands, names: str) -> None:
    programs.names(real_python("pyro4") if names == "real" else OURS)
    server = programs.start(OURS, "test.echoserver", "-n")
    lines(server, "echoserver running.")
    client = programs.run(OURS, "-c", CALLS, "PYRONAME:test.echoserver")
    assert (client.stdout, client.stderr) == (CALLED, "")
    assert server.wait(LIMIT) == 0


@pytest.mark.slow
def test_it_may_have_a_file_for_a_socket(programs: Commands, tmp_path: Path) -> None:
    path = tmp_path / "echo.sock"
    server = programs.start(OURS, "test.echoserver", "-u", str(path), "-v")
    assert f"echo uri: PYRO:test.echoserver@./u:{path}" in lines(server, "echoserver run")
    assert interrupted(server) == (0, "", "")
    assert not os.path.exists(path)


@pytest.mark.slow
def test_without_a_name_server_one_line_says_so(programs: Commands) -> None:
    done = programs.run(OURS, "-m", "Pyro4.test.echoserver", "-n", "-q")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("pyro4-test-echoserver: Failed to locate the nameserver")
    assert done.stderr.count("\n") == 1
