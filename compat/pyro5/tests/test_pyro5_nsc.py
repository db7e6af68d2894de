"""The command pyro5-nsc, in this process: what it prints, and how it ends."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import Pyro5.api
import Pyro5.nameserver
import Pyro5.nsc
from Pyro5 import errors

URI = "PYRO:lamp@localhost:4444"


class Result(NamedTuple):
    """What a command gave."""

    status: Any
    out: str
    err: str = ""


@pytest.fixture
def names() -> Any:
    """A name server in this process, with two names."""
    names = Pyro5.nameserver.NameServer()
    names.register("lamp", URI, metadata={"light"})
    names.register("door", "PYRO:door@localhost:4444")
    return names


@pytest.fixture
def handle(
    names: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Give a function that carries out a command, and returns what it prints."""

    def run(command: str, *args: str, typed: str = "") -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        capsys.readouterr()
        Pyro5.nsc.handle_command(names, command, list(args))
        return capsys.readouterr().out

    return run


def test_what_commands_print(handle: Callable[..., str]) -> None:
    lamp = f"lamp --> {URI}\n    metadata: {{'light'}}\n"
    door = "door --> PYRO:door@localhost:4444\n"
    for command, block, title in (
        (("list",), door + lamp, ""),
        (("list", "la"), lamp, "- prefix 'la'"),
        (("list", "-x"), "", "- prefix '-x'"),
        (("listmatching", "..o"), door, "- regex '..o'"),
        (("yplookup_all", "light"), lamp, " - searched by metadata"),
        (("yplookup_all", "light", "x"), "", " - searched by metadata"),
        (("yplookup_any", "light", "x"), lamp, " - searched by metadata"),
    ):
        assert handle(*command) == (
            f"--------START LIST {title}\n{block}--------END LIST {title}\n"
        )
    assert handle("ping") == "Name server ping ok.\n"
    assert handle("lookup", "lamp") == f"{URI}\nmetadata: {{'light'}}\n"
    assert handle("lookup", "door") == "PYRO:door@localhost:4444\n"
    assert handle("register", "bell", URI) == "Registered bell\n"
    assert handle("setmeta", "bell", "loud") == "Metadata updated\n"
    assert handle("setmeta", "bell") == "Metadata cleared\n"
    assert handle("remove", "bell") == "Removed bell\n"
    assert handle("remove", "bell") == "Nothing removed\n"


def test_many_are_removed_if_one_is_sure(names: Any, handle: Callable[..., str]) -> None:
    question = (
        "Potentially removing lots of items from the Name server. Are you sure (y/n)?"
    )
    for typed in ("n\n", "\n", "yes\n"):
        assert handle("removematching", "lamp", typed=typed) == question
    assert names.count() == 2
    assert handle("removematching", "lamp", typed="y\n") == f"{question}1 items removed.\n"
    assert handle("removematching", ".*", typed="Y\n") == f"{question}1 items removed.\n"


@pytest.mark.parametrize(
    ("command", "kind", "text"),
    [
        (("unheard",), KeyError, "Error: KeyError - 'unheard'\n"),
        (("lookup", "x"), errors.NamingError, "Error: NamingError - unknown name: x\n"),
        (("setmeta", "x"), errors.NamingError, "Error: NamingError - unknown name: x\n"),
        (
            ("register", "lamp", URI),
            errors.NamingError,
            "Error: NamingError - name already registered: lamp\n",
        ),
        (("register", "x", "junk"), errors.PyroError, "Error: PyroError - invalid uri"),
        (("listmatching", "("), errors.NamingError, "Error: NamingError - invalid regex: "),
    ],
)
def test_errors_are_printed_and_raised(
    names: Any,
    command: tuple[str, ...],
    kind: type[Exception],
    text: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(kind):
        Pyro5.nsc.handle_command(names, command[0], command[1:])
    assert capsys.readouterr().out.startswith(text)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (("lookup",), "requires one argument: name"),
        (("register", "x"), "requires two arguments: name uri"),
        (("remove",), "requires one argument: name"),
        (("listmatching",), "requires one argument: pattern"),
        (("removematching",), "requires one argument: pattern"),
        (("setmeta",), "requires at least one argument: name"),
        (("yplookup_all",), "requires at least one argument: metadata tag"),
        (("yplookup_any",), "requires at least one argument: metadata tag"),
    ],
)
def test_missing_arguments_are_named(
    names: Any, command: tuple[str, ...], text: str
) -> None:
    with pytest.raises(SystemExit, match=text):
        Pyro5.nsc.handle_command(names, command[0], command[1:])


@pytest.fixture
def main(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Give a function that runs the whole command."""

    def run(*args: str) -> Result:
        capsys.readouterr()
        status: Any = 0
        try:
            Pyro5.nsc.main(list(args))
        except SystemExit as stop:
            status = stop.code
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture
def port(names: Any, running: Callable[[Any], Any]) -> str:
    """The port of a name server that runs, the one that is found."""
    daemon = Pyro5.nameserver.NameServerDaemon(port=0, storage=names.storage)
    running(daemon)
    Pyro5.config.NS_PORT = daemon.sock.getsockname()[1] if daemon.sock else 0
    Pyro5.config.BROADCAST_ADDRS = []
    return str(Pyro5.config.NS_PORT)


def test_a_name_server_is_asked(main: Callable[..., Result], port: str) -> None:
    assert main("lookup", "door") == Result(0, "PYRO:door@localhost:4444\n")
    assert main("-n", "localhost", "-p", port, "ping") == Result(
        0, "Name server ping ok.\n"
    )
    uri = f"PYRO:Pyro.NameServer@localhost:{port}"
    assert main("-v", "ping") == Result(
        0,
        f"Locating name server...\nName server found: {uri}\nName server ping ok.\nDone.\n",
    )
    assert main("lookup", "x") == Result(1, "Error: NamingError - unknown name: x\n")
    assert main("lookup") == Result("requires one argument: name", "")


def test_a_name_server_at_a_unix_socket_is_asked(
    main: Callable[..., Result], running: Callable[[Any], Any], tmp_path: Path
) -> None:
    path = str(tmp_path / "names.sock")
    running(Pyro5.nameserver.NameServerDaemon(unixsocket=path))
    assert main("-u", path, "ping") == Result(0, "Name server ping ok.\n")
    assert main("-u", f"{path}x", "ping") == Result(
        1, "Error: Failed to locate the nameserver\n"
    )


@pytest.mark.parametrize("args", [(), ("-n", "localhost"), ("-n", "no.such.invalid")])
def test_without_a_name_server_it_fails(
    main: Callable[..., Result], args: tuple[str, ...]
) -> None:
    Pyro5.config.NS_PORT = 1
    Pyro5.config.BROADCAST_ADDRS = []
    assert main(*args, "list") == Result(1, "Error: Failed to locate the nameserver\n")


@pytest.mark.parametrize("port", ["-1", "99999"])
def test_a_port_that_is_none_is_one_line(main: Callable[..., Result], port: str) -> None:
    Pyro5.config.NS_PORT = 1
    result = main("-p", port, "list")
    assert result == Result(1, "Error: Failed to locate the nameserver\n")


def test_an_unknown_serializer_is_one_line(main: Callable[..., Result]) -> None:
    Pyro5.config.SERIALIZER = "unheard"
    status, out, _ = main("list")
    assert status == 1
    assert re.fullmatch("Error: .*unheard.*\n", out)


@pytest.mark.usefixtures("port")
def test_wrong_calls_are_shown_the_usage(main: Callable[..., Result]) -> None:
    for args in (("--invalidarg",), (), ("unheard",), ("list", "-x"), ("-p", "x", "ping")):
        status, out, err = main(*args)
        assert (status, out) == (2, "")
        assert err.startswith("usage: ")
    status, out, err = main("-h")
    assert (status, err) == (0, "")
    assert out.startswith("usage: ")
    for command in ("yplookup_any", "setmeta", "removematching", "--unixsocket"):
        assert command in out
