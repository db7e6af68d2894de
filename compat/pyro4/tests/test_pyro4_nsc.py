"""The command pyro4-nsc, in this process: what it prints, and how it ends."""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import Pyro4.naming
import Pyro4.nsc
from Pyro4.configuration import config

URI = "PYRO:lamp@localhost:4444"
LAMP = f"lamp --> {URI}\n    metadata: ['light']\n"
DOOR = "door --> PYRO:door@localhost:4444\n"
PING = "Name server ping ok.\n"
LOST = "Error: Failed to locate the nameserver\n"


class Result(NamedTuple):
    """What a command gave."""

    status: Any
    out: str
    err: str = ""


@pytest.fixture
def names() -> Any:
    """A name server in this process, with two names."""
    names = Pyro4.naming.NameServer()
    names.register("lamp", URI, metadata={"light"})
    names.register("door", "PYRO:door@localhost:4444")
    return names


@pytest.fixture
def handle(
    names: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Give a function that carries out a command, and returns what it prints."""

    def run(*args: str, typed: str = "") -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        capsys.readouterr()
        Pyro4.nsc.handleCommand(names, None, list(args))
        return capsys.readouterr().out

    return run


def test_lists_have_a_title(handle: Callable[..., str]) -> None:
    for command, block, title in (
        (("list",), DOOR + LAMP, ""),
        (("list", "la", "ignored"), LAMP, "- prefix 'la'"),
        (("listmatching", "..o"), DOOR, "- regex '..o'"),
        (("listmeta_all", "light"), LAMP, " - searched by metadata"),
        (("listmeta_all", "light", "x"), "", " - searched by metadata"),
        (("listmeta_any", "light", "x"), LAMP, " - searched by metadata"),
    ):
        assert handle(*command) == (
            f"--------START LIST {title}\n{block}--------END LIST {title}\n"
        )


def test_all_else_is_a_line(handle: Callable[..., str]) -> None:
    assert handle("ping") == PING
    assert handle("lookup", "lamp") == f"{URI}\nmetadata: ['light']\n"
    assert handle("lookup", "door") == "PYRO:door@localhost:4444\n"
    assert handle("register", "bell", URI) == "Registered bell\n"
    assert handle("setmeta", "bell", "loud", "old") == "Metadata updated\n"
    assert handle("lookup", "bell") == f"{URI}\nmetadata: ['loud', 'old']\n"
    assert handle("setmeta", "bell") == "Metadata cleared\n"
    assert handle("remove", "bell") == "Removed bell\n"
    assert handle("remove", "bell") == "Nothing removed\n"


def test_many_are_removed_if_one_is_sure(names: Any, handle: Callable[..., str]) -> None:
    question = (
        "Potentially removing lots of items from the Name server. Are you sure (y/n)?"
    )
    assert handle("removematching", "lamp", typed="n\n") == question
    assert names.count() == 2
    assert handle("removematching", ".", typed="y\n") == f"{question}2 items removed.\n"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (("unheard",), "Error: KeyError - 'unheard'\n"),
        (("lookup", "x"), "Error: NamingError - unknown name: x\n"),
        (("setmeta", "x"), "Error: NamingError - unknown name: x\n"),
        (
            ("register", "lamp", URI),
            "Error: NamingError - name already registered: lamp\n",
        ),
        (("register", "x", "junk"), "Error: PyroError - invalid uri"),
        (("listmatching", "("), "Error: NamingError - invalid regex: missing )"),
        ((), "Error: "),
    ],
)
def test_errors_are_printed_and_that_is_all(
    handle: Callable[..., str], command: tuple[str, ...], text: str
) -> None:
    assert handle(*command).startswith(text)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (("lookup",), "requires one argument: name"),
        (("lookup", "a", "b"), "requires one argument: name"),
        (("register", "x"), "requires two arguments: name uri"),
        (("remove",), "requires one argument: name"),
        (("listmatching",), "requires one argument: pattern"),
        (("removematching",), "requires one argument: pattern"),
        (("setmeta",), "requires at least 2 arguments: uri and zero or more meta tags"),
        (("listmeta_all",), "requires at least one metadata tag argument"),
        (("listmeta_any",), "requires at least one metadata tag argument"),
    ],
)
def test_missing_arguments_are_named(
    handle: Callable[..., str], command: tuple[str, ...], text: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        handle(*command)
    assert caught.value.code == text


@pytest.fixture
def main(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Give a function that runs the whole command."""

    def run(*args: str) -> Result:
        capsys.readouterr()
        status: Any = 0
        try:
            Pyro4.nsc.main(list(args))
        except SystemExit as stop:
            status = stop.code
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture
def port(names: Any, running: Callable[[Any], Any]) -> str:
    """The port of a name server that runs, the one that is found."""
    daemon = Pyro4.naming.NameServerDaemon(port=0, storage=names.storage)
    running(daemon)
    config.NS_PORT = int(daemon.locationStr.rpartition(":")[2])
    config.BROADCAST_ADDRS = ""
    return str(config.NS_PORT)


@pytest.mark.usefixtures("server_type")
def test_a_name_server_is_asked(main: Callable[..., Result], port: str) -> None:
    assert main("lookup", "door") == Result(0, "PYRO:door@localhost:4444\n")
    assert main("-n", "localhost", "-p", port, "ping") == Result(0, PING)
    assert main("ping", "-v") == Result(
        0,
        "Locating name server...\n"
        f"Name server found: PYRO:Pyro.NameServer@localhost:{port}\n{PING}Done.\n",
    )
    assert main("lookup", "x") == Result(0, "Error: NamingError - unknown name: x\n")
    assert main("lookup") == Result("requires one argument: name", "")
    assert main("list", "la").out == (
        f"--------START LIST - prefix 'la'\n{LAMP}--------END LIST - prefix 'la'\n"
    )


def test_a_name_server_at_a_unix_socket_is_asked(
    main: Callable[..., Result], running: Callable[[Any], Any], tmp_path: Path
) -> None:
    path = str(tmp_path / "names.sock")
    running(Pyro4.naming.NameServerDaemon(unixsocket=path))
    assert main("-u", path, "ping") == Result(0, PING)
    assert main("-u", f"{path}x", "ping") == Result(0, LOST)


@pytest.mark.parametrize(
    "args", [(), ("-n", "localhost"), ("-n", "no.such.invalid"), ("-p", "99999")]
)
def test_without_a_name_server_one_line_says_so(
    main: Callable[..., Result], args: tuple[str, ...]
) -> None:
    config.NS_PORT = 1
    config.BROADCAST_ADDRS = ""
    assert main(*args, "list") == Result(0, LOST)


def test_an_unknown_serializer_is_one_line(main: Callable[..., Result]) -> None:
    config.SERIALIZER = "unheard"
    status, out, _ = main("list")
    assert status == 0
    assert re.fullmatch("Error: .*unheard.*\n", out)


def test_wrong_calls_are_shown_the_usage(main: Callable[..., Result]) -> None:
    for args in (("--invalidarg",), (), ("unheard",), ("list", "-x"), ("-p", "x", "ping")):
        status, out, err = main(*args)
        assert (status, out) == (2, "")
        assert err.startswith("Usage: ")
        assert (
            "\nCommands: register remove removematching lookup list listmatching\n" in err
        )
    assert main().err.endswith("error: invalid or missing command\n")
    status, out, err = main("-h")
    assert (status, err) == (0, "")
    for option in ("--host=", "--port=", "--unixsocket=", "--key=", "--verbose"):
        assert option in out


# Keys.


def test_a_key_is_given_by_the_environment_or_with_a_warning(
    main: Callable[..., Result],
    running: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, daemon, _ = Pyro4.naming.startNS(port=0, hmac="secret")
    running(daemon)
    config.NS_PORT = int(daemon.locationStr.rpartition(":")[2])
    config.BROADCAST_ADDRS = ""
    assert main("ping") == Result(0, LOST)
    with pytest.warns(UserWarning, match="using -k"):
        assert main("-k", "secret", "ping") == Result(0, PING)
    monkeypatch.setenv("PYRO_HMAC_KEY", "secret")
    assert main("ping") == Result(0, PING)
    monkeypatch.setenv("PYRO_HMAC_KEY", "wrong")
    assert main("ping") == Result(0, LOST)
    with pytest.warns(UserWarning, match="using -k"):
        assert "same time" in main("-k", "secret", "ping").status


# Name servers that refuse the usual serializer.


@pytest.fixture
def picky(running: Callable[[Any], Any]) -> Callable[..., Any]:
    """Give a function that runs a name server which accepts only some serializers."""

    def run(*serializers: str) -> Any:
        before = config.SERIALIZERS_ACCEPTED
        config.SERIALIZERS_ACCEPTED = set(serializers)
        daemon = Pyro4.naming.NameServerDaemon("127.0.0.1", 0)
        config.SERIALIZERS_ACCEPTED = before
        config.NS_PORT = int(daemon.locationStr.rpartition(":")[2])
        config.BROADCAST_ADDRS = ""
        return running(daemon)

    return run


@pytest.mark.parametrize(
    "accepted", [["pickle"], ["marshal"], ["cloudpickle"], ["json", "pickle"]]
)
def test_another_serializer_is_tried_where_the_usual_one_is_refused(
    main: Callable[..., Result], picky: Callable[..., Any], accepted: list[str]
) -> None:
    if "cloudpickle" in accepted:
        pytest.importorskip("cloudpickle")
    picky(*accepted)
    lines = main("list").out.splitlines()
    assert lines[0] == "--------START LIST "
    assert lines[1].startswith("Pyro.NameServer --> PYRO:Pyro.NameServer@127.0.0.1:")
    assert lines[2:] == [
        "    metadata: ['class:Pyro4.naming.NameServer']",
        "--------END LIST ",
    ]


def test_nothing_of_another_machine_is_unpickled_unless_one_wants_that(
    main: Callable[..., Result], picky: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def look_up(host: Any, *more: Any, **named: Any) -> Any:
        return real("127.0.0.1" if host == "far.example" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    daemon = picky("pickle")
    status, out, _ = main("-n", "far.example", "ping")
    assert (status, out) == (0, LOST)
    config.SERIALIZERS_ACCEPTED = {"serpent", "pickle"}
    assert main("-n", "far.example", "ping") == Result(0, PING)
    assert daemon.nameserver.count() == 1
