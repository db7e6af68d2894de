"""``pyrophone names``: what it prints, and what it says of failures."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pyrophone import URI
from pyrophone.naming import NameService
from pyrophone.sync import connect
from running import LIMIT

if TYPE_CHECKING:
    from tests.cli.conftest import Run

NO_SERVER = (
    "Failed to locate the nameserver; tried localhost:1: cannot connect to localhost:1: "
    "[Errno 111] Connection refused. "
    "Start one with 'pyrophone names serve'.\n"
)


@pytest.fixture
def lab(names: NameService) -> str:
    """Two names and their lines."""
    names.names.register("lab.b", "PYRO:b@h:1", metadata=["y", "x"])
    names.names.register("lab.a", "PYRO:a@h:1")
    return "lab.a\tPYRO:a@h:1\nlab.b\tPYRO:b@h:1\n"


def test_names_are_listed_in_order(run: Run, names: NameService, lab: str) -> None:
    own = f"Pyro.NameServer\t{names.uri}\n"
    assert run("names", "list") == (0, own + lab, "")
    assert run("names", "list", "lab") == (0, lab, "")
    assert run("names", "list", "none") == (0, "", "")


@pytest.mark.usefixtures("lab")
def test_tags_are_listed_if_asked_for(run: Run) -> None:
    assert run("names", "list", "--tags", "lab") == (
        0,
        "lab.a\tPYRO:a@h:1\t\nlab.b\tPYRO:b@h:1\tx,y\n",
        "",
    )


def test_odd_names_stay_on_one_line_and_do_no_harm(run: Run, names: NameService) -> None:
    names.names.register("a\nb\x1b[2J\té", "PYRO:b@h:1")
    assert run("names", "list", "a").out == "a\\nb\\x1b[2J\\té\tPYRO:b@h:1\n"


@pytest.mark.usefixtures("lab")
def test_a_name_is_looked_up(run: Run) -> None:
    assert run("names", "lookup", "lab.a") == (0, "PYRO:a@h:1\n", "")
    assert run("names", "lookup", "lab.c") == (
        1,
        "",
        "pyrophone names lookup: unknown name: lab.c, did you mean 'lab.b' or 'lab.a'?; "
        "'pyrophone names list' shows what is registered\n",
    )


def test_a_name_is_registered(run: Run, names: NameService) -> None:
    register = ("names", "register", "n")
    assert run(*register, "PYRO:a@h:1", "--tag", "x", "--tag", "y") == (0, "", "")
    assert names.names.lookup("n", True) == (URI.parse("PYRO:a@h:1"), {"x", "y"})
    assert run(*register, "PYRO:b@h:1") == (0, "", "")
    assert names.names.lookup("n", True) == (URI.parse("PYRO:b@h:1"), set())
    assert run(*register, "PYRO:c@h:1", "--safe") == (
        1,
        "",
        "pyrophone names register: name already registered: n; "
        "remove it first, or replace it\n",
    )
    assert run(*register, "PYRO:c@h") == (
        1,
        "",
        "pyrophone names register: invalid port in uri, port=None: the number is missing, "
        "in 'PYRO:c@h'\n",
    )
    assert run("names", "register", "x" * 1001, "PYRO:c@h:1") == (
        1,
        "",
        "pyrophone names register: ValueError: name of 1001 characters, limit is 1000\n",
    )


@pytest.mark.usefixtures("lab")
def test_names_are_removed(run: Run, names: NameService) -> None:
    assert run("names", "remove", "lab.a") == (0, "", "")
    assert run("names", "remove", "lab.a") == (
        1,
        "",
        "pyrophone names remove: unknown name: lab.a, did you mean 'lab.b'?; "
        "'pyrophone names list' shows what is registered\n",
    )
    assert run("names", "remove", "--prefix", "lab") == (0, "1\n", "")
    assert run("names", "remove", "--prefix", "lab") == (0, "0\n", "")
    assert names.names.count() == 1
    assert run("names", "remove", "Pyro.NameServer") == (
        1,
        "",
        "pyrophone names remove: Pyro.NameServer is the name server's own entry, "
        "it stays\n",
    )


def test_one_removes_a_name_or_a_prefix(run: Run) -> None:
    for argv in ([], ["a", "--prefix", "b"]):
        status, out, err = run("names", "remove", *argv)
        assert (status, out) == (2, "")
        assert err.startswith("usage: pyrophone names remove")


def test_a_ping_says_where(run: Run, service: NameService) -> None:
    found = (0, f"{service.uri}\n", "")
    port = str(service.uri.port)
    assert run("names", "ping", "--port", port) == found
    assert run("names", "ping", "--host", "localhost", "--port", port) == found


@pytest.mark.parametrize(
    "argv", [["ping"], ["list"], ["lookup", "n"], ["remove", "n"], ["register", "n", "u"]]
)
def test_without_a_name_server_one_is_told_how_to_start_one(
    run: Run, argv: list[str]
) -> None:
    assert run("names", *argv) == (1, "", f"pyrophone names {argv[0]}: {NO_SERVER}")


def test_a_given_host_is_the_only_one_that_is_tried(run: Run) -> None:
    assert run("names", "ping", "--host", "localhost").err == (
        "pyrophone names ping: Failed to locate the nameserver; tried localhost:1: cannot "
        "connect to localhost:1: [Errno 111] Connection refused. "
        "Start one with 'pyrophone names serve'.\n"
    )


def test_a_port_in_use_is_named(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run("names", "serve", "--host", "localhost", "--port", str(port)) == (
            1,
            "",
            "pyrophone names serve: cannot listen: Address already in use: "
            f"localhost:{port}; is a name server running there? "
            "'pyrophone names ping' tells\n",
        )


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["--port", "99999"], "bind(): port must be 0-65535.: localhost:99999"),
        (
            ["--unix-socket", "/no/such/dir/s"],
            "No such file or directory: '/no/such/dir/s'",
        ),
        (["--host", "192.0.2.1"], "Cannot assign requested address: 192.0.2.1:1"),
    ],
)
def test_where_one_cannot_listen_is_named(run: Run, argv: list[str], problem: str) -> None:
    assert run("names", "serve", *argv) == (
        1,
        "",
        f"pyrophone names serve: cannot listen: {problem}; "
        "choose another --host or --port\n",
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"names\n" * 1000, "file is not a database; it was not made by a name server"),
        (None, "unable to open database file; is it a file, may this process write it"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    run: Run, tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "names.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    status, out, err = run("names", "serve", "--port", "0", "--storage", str(path))
    assert (status, out) == (1, "")
    start = f"pyrophone names serve: cannot open the names in {path}: {problem}"
    assert err.startswith(start)
    assert err.count("\n") == 1


@pytest.mark.parametrize("argv", [["--storage", ""], ["--sweep", "0"], ["--sweep", "nan"]])
def test_wrong_options_of_a_name_server_are_named(run: Run, argv: list[str]) -> None:
    status, out, err = run("names", "serve", *argv)
    assert (status, out) == (2, "")
    assert argv[0] in err


def serve(*argv: str) -> subprocess.Popen[str]:
    """Run a name server as a process."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "pyrophone", "names", "serve", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_name_server_says_where_it_is_and_ends_well(number: signal.Signals) -> None:
    with serve("--port", "0") as process:
        assert process.stdout is not None
        name, uri = process.stdout.readline().rstrip("\n").split("\t")
        assert name == "Pyro.NameServer"
        with connect(uri) as names:
            assert names.lookup(name) == URI.parse(uri)
        process.send_signal(number)
        assert process.communicate(timeout=LIMIT) == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize("argv", [["names", "ping"], ["call", "a.b"], ["gateway"]])
def test_nobody_can_be_asked_in_a_dialect_that_is_not_installed(
    run: Run, argv: list[str]
) -> None:
    found = run(*argv, "--dialect", "unheard")
    assert (found.status, found.out) == (1, "")
    assert "dialect 'unheard' is not installed" in found.err


def test_a_dialect_that_is_not_installed_is_named(run: Run) -> None:
    assert run("names", "serve", "--port", "0", "--dialect", "unheard") == (
        1,
        "",
        "pyrophone names serve: dialect 'unheard' is not installed; the distribution "
        "pyrophone-unheard may have it\n",
    )


@pytest.mark.slow
def test_a_name_server_answers_clients_of_another_dialect() -> None:
    with serve("--port", "0", "--dialect", "pyro4") as process:
        assert process.stdout is not None
        name, uri = process.stdout.readline().split()
        for dialect, kind in (("pyro5", set), ("pyro4", list)):
            with connect(uri, dialect=dialect) as names:
                found, tags = names.lookup(name, return_metadata=True)
                assert (str(found), type(tags), len(tags)) == (uri, kind, 2)
        process.terminate()
        assert process.communicate(timeout=LIMIT) == ("", "")


@pytest.mark.slow
def test_a_name_server_at_a_unix_socket_leaves_no_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "names"
    with serve("--unix-socket", str(path), "--verbose") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == f"Pyro.NameServer\tPYRO:Pyro.NameServer@./u:{path}\n"
        assert run("names", "ping", "--host", f"./u:{path}").status == 0
        process.terminate()
        assert process.communicate(timeout=LIMIT) == (
            "",
            "pyrophone names serve: no broadcasts\n",
        )
    assert not path.exists()


@pytest.mark.slow
def test_names_in_a_file_outlive_the_name_server(tmp_path: Path) -> None:
    options = ("--port", "0", "--storage", str(tmp_path / "names.db"), "--sweep", "1000")
    for expected in (2, 2):
        with serve(*options) as process:
            assert process.stdout is not None
            with connect(process.stdout.readline().split()[1]) as names:
                names.register("n", "PYRO:x@h:1")
                assert names.count() == expected
            process.terminate()
            assert process.communicate(timeout=LIMIT) == ("", "")
        assert process.returncode == 0


@pytest.mark.slow
def test_a_name_server_says_how_it_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYROPHONE_BROADCAST_PORT", "0")
    with serve("--host", "0.0.0.0", "--port", "0", "--verbose") as process:
        assert process.stderr is not None
        words = process.stderr.readline().split()
        assert words[:-1] == [
            "pyrophone",
            "names",
            "serve:",
            "answers",
            "broadcasts",
            "at",
            "UDP",
            "port",
        ]
        assert int(words[-1]) > 0
        process.terminate()
        process.communicate(timeout=LIMIT)
    assert process.returncode == 0
