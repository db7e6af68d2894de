"""The daemon of a name server, its broadcasts, its cleaning, and the command pyro4-ns."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import Pyro4
import Pyro4.naming
from Pyro4 import errors
from Pyro4.configuration import config
from Pyro4.daemons import Daemon
from Pyro4.naming import (
    AutoCleaner,
    BroadcastServer,
    MemoryStorage,
    NameServerDaemon,
    startNS,
    type_meta,
)
from Pyro4.naming_storage import DbmStorage, SqlStorage
from Pyro4.proxies import Proxy
from Pyro4.uris import URI
from pyrophone import PyrophoneError
from pyrophone.sync import connect
from terminals import as_in_terminal

OWN = "Pyro.NameServer"
TAG = "class:Pyro4.naming.NameServer"
NO_KEY = "Warning: HMAC key not set. Anyone can connect to this server!"
NO_METADATA = "Warning: the DbmStorage doesn't support metadata."
LIMIT = 10.0


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Of a database that is not there."""
    return str(tmp_path / "names")


# The daemon.


def test_a_daemon_takes_any_storage(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    own = MemoryStorage()
    for storage, kind in (
        (None, MemoryStorage),
        ("memory", MemoryStorage),
        (f"sql:{file}", SqlStorage),
        (f"dbm:{file}.dbm", DbmStorage),
        (own, MemoryStorage),
        (SqlStorage(file), SqlStorage),
    ):
        with NameServerDaemon(port=0, storage=storage) as daemon:
            assert daemon.nameserver is not None
            used = daemon.nameserver.storage
            assert type(used) is kind
            assert len(used) == 1
            if not isinstance(storage, str | None):
                assert used is storage
        expected = f"{NO_METADATA}\n" if kind is DbmStorage else ""
        assert capsys.readouterr().out == expected
    uri, tags = own[OWN]
    assert re.fullmatch(r"PYRO:Pyro\.NameServer@localhost:\d+", uri)
    assert tags == {TAG}
    for wrong in ("xx", "sql:", "dbm:"):
        with pytest.raises(ValueError, match=f"^invalid storage type '{wrong}'$"):
            NameServerDaemon(port=0, storage=wrong)


def test_its_own_entry_stays() -> None:
    with NameServerDaemon(port=0) as daemon:
        names = daemon.nameserver
        assert names is not None
        assert (
            names.remove(OWN) == names.remove(prefix="Pyro") == names.remove(regex=".") == 0
        )
        with pytest.raises(errors.NamingError, match=f"already registered: {OWN}$"):
            names.register(OWN, "PYRO:x@h:1")
        assert names.lookup(OWN, True) == (daemon.uriFor(OWN), [TAG])


def test_what_cannot_be_started_leaves_nothing_behind(file: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(OSError, match="in use"):
            NameServerDaemon(port=taken.getsockname()[1], storage=f"sql:{file}")
    assert len(SqlStorage(file)) == 0
    storage = SqlStorage(file)
    Path(file).unlink()
    path = tmp_path / "socket"
    with pytest.raises(errors.NamingError, match="unable to open"):
        NameServerDaemon(unixsocket=str(path), storage=storage)
    assert not path.exists()


def test_nat_needs_a_host() -> None:
    with pytest.raises(ValueError, match="natport"):
        NameServerDaemon(port=0, natport=5)
    with NameServerDaemon(port=0, nathost="n.example", natport=5) as daemon:
        assert daemon.natLocationStr == "n.example:5"
        assert daemon.nameserver is not None
        assert daemon.nameserver.lookup(OWN).location == "n.example:5"
    with pytest.raises(ValueError, match="unixsocket"):
        NameServerDaemon(unixsocket="x", nathost="n.example")


@pytest.mark.parametrize("end", ["close", "shutdown"])
def test_a_daemon_that_has_ended_serves_no_more(end: str) -> None:
    daemon = NameServerDaemon(port=0)
    getattr(daemon, end)()
    assert daemon.nameserver is None
    daemon.close()
    with pytest.raises(errors.PyroError, match="cannot reuse this object"):
        daemon.__enter__()


def test_a_broken_request_is_warned_of() -> None:
    class Junk:
        """A connection that brings no message."""

        def recv(self, size: int) -> bytes:
            """Return junk."""
            return (b"JUNK" * size)[:size]

    with NameServerDaemon(port=0) as daemon:
        with pytest.warns(UserWarning, match=r"^Pyro protocol error occurred: "):
            with pytest.raises(errors.ProtocolError):
                daemon.handleRequest(Junk())


@pytest.mark.usefixtures("server_type")
def test_names_are_served(running: Callable[[Any], Any]) -> None:
    uri, daemon, broadcasts = startNS(port=0)
    assert broadcasts is None
    running(daemon)
    with Pyro4.naming.locateNS("localhost", uri.port) as names:
        names.register("lamp", uri, metadata={"light"})
        assert names.lookup("lamp") == uri
        assert names.lookup("lamp", return_metadata=True) == (uri, ["light"])
        assert names.list(metadata_any=["light"]) == {"lamp": str(uri)}
        assert names.count() == 2
        with pytest.raises(errors.NamingError) as caught:
            names.lookup("x")
        assert str(caught.value) == "unknown name: x"
    assert Pyro4.naming.resolve(f"PYRONAME:lamp@localhost:{uri.port}") == uri
    assert Pyro4.naming.resolve(f"PYROMETA:light@localhost:{uri.port}") == uri


def test_a_key_keeps_others_out(running: Callable[[Any], Any]) -> None:
    uri, daemon, _ = startNS(port=0, hmac="secret")
    assert daemon._pyroHmacKey == b"secret"
    running(daemon)
    with Pyro4.naming.locateNS("localhost", uri.port, hmac_key="secret") as names:
        assert names.count() == 1
    for key in (None, "wrong"):
        with pytest.raises(errors.NamingError, match="Failed to locate"):
            Pyro4.naming.locateNS("localhost", uri.port, hmac_key=key)
    with pytest.raises(PyrophoneError):
        connect(str(uri))  # the wire of Pyro5 knows no keys


def test_clients_of_pyro5_are_answered_too(running: Callable[[Any], Any]) -> None:
    uri, daemon, _ = startNS(port=0)
    running(daemon)
    with connect(str(uri)) as names:
        names.register("lamp", "PYRO:lamp@h:1", metadata={"light"})
        found, tags = names.lookup("lamp", return_metadata=True)
        assert (str(found), tags) == ("PYRO:lamp@h:1", {"light"})
        assert names.yplookup(meta_all={"light"}) == {"lamp": ("PYRO:lamp@h:1", {"light"})}
    with Proxy(uri) as theirs:
        assert theirs.lookup("lamp", return_metadata=True)[1] == ["light"]
        assert theirs._pyroMethods == {
            *("count", "list", "lookup", "ping", "register", "remove", "set_metadata")
        }


def test_all_is_served_by_one_loop(running: Callable[[Any], Any]) -> None:
    config.SERVERTYPE = "multiplex"
    _, daemon, server = startNS("0.0.0.0", 0, bchost="127.0.0.1", bcport=0)
    assert server is not None
    master = Daemon()
    master.combine(daemon)
    master.combine(server)
    assert server in master.sockets
    running(master)
    with daemon, server:
        with Proxy(ask(server.getPort())) as names:
            assert names.count() == 1


# Broadcasts.


def ask(port: int, question: bytes = b"GET_NSURI", limit: float = LIMIT) -> str:
    """Return what is answered at the UDP port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(limit)
        sock.sendto(question, ("127.0.0.1", port))
        return sock.recv(2000).decode("iso-8859-1")


def test_a_name_server_is_found_by_broadcast(running: Callable[[Any], Any]) -> None:
    uri, daemon, server = startNS("0.0.0.0", 0, bcport=0)
    assert server is not None
    running(daemon)
    with server:
        server.runInThread()
        config.NS_PORT = 1
        for config.BROADCAST_ADDRS in ("127.0.0.1", "no.such.invalid , 127.0.0.1"):
            with Pyro4.naming.locateNS(port=server.getPort()) as names:
                assert names._pyroConnection is None
                assert names._pyroUri.location == f"127.0.0.1:{uri.port}"
                assert names.count() == 1


def test_a_broadcast_server_takes_its_place_from_the_configuration() -> None:
    config.NS_BCHOST = "127.0.0.1"
    config.NS_BCPORT = 0
    with BroadcastServer(URI("PYRO:x@h:1")) as server:
        assert server.locationStr == f"127.0.0.1:{server.getPort()}"
        assert server.fileno() == server.sock.fileno()
        assert server.nsUri == URI("PYRO:x@h:1")


def test_the_place_inside_is_given_to_those_inside() -> None:
    uri, daemon, server = startNS("0.0.0.0", 0, bcport=0, nathost="far.example", natport=77)
    assert server is not None
    assert str(uri) == "PYRO:Pyro.NameServer@far.example:77"
    with daemon, server:
        thread = server.runInThread()
        assert thread.daemon
        port = server.nsUri.port
        assert ask(server.getPort()) == f"PYRO:Pyro.NameServer@127.0.0.1:{port}"
        with pytest.raises(TimeoutError):
            ask(server.getPort(), b"GET_NSURI ", 0.05)
    thread.join(LIMIT)
    assert not thread.is_alive()


# Cleaning.


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything about cleaning be soon."""
    config.NS_AUTOCLEAN = 0.01
    for name, value in (
        ("override_autoclean_min", True),
        ("max_unreachable_time", 0.02),
        ("loop_delay", 0.01),
    ):
        monkeypatch.setattr(AutoCleaner, name, value)


@pytest.mark.usefixtures("hasty")
def test_names_whose_daemon_is_gone_are_cleaned_away() -> None:
    with NameServerDaemon(port=0) as daemon:
        names, cleaner = daemon.nameserver, daemon.cleaner_thread
        assert names is not None
        assert cleaner is not None
        with socket.create_server(("127.0.0.1", 0)) as dead:
            names.register("dead", f"PYRO:x@localhost:{dead.getsockname()[1]}")
            names.register("alive", f"PYRO:x@{daemon.locationStr}")
        end = time.monotonic() + LIMIT
        while "dead" in names.list():
            assert time.monotonic() < end
            threading.Event().wait(0.005)
        assert names.list().keys() == {OWN, "alive"}
    assert not cleaner.is_alive()
    assert daemon.cleaner_thread is None


def test_too_eager_a_cleaner_is_refused() -> None:
    config.NS_AUTOCLEAN = 2.9
    with pytest.raises(ValueError, match=r"^NS_AUTOCLEAN cannot be smaller than 3$"):
        NameServerDaemon(port=0)


# Names of classes.


def test_tags_name_classes() -> None:
    assert type_meta(Pyro4.naming.NameServer()) == {TAG}
    assert type_meta(NameServerDaemon) == {
        "class:Pyro4.naming.NameServerDaemon",
        "class:Pyro4.core.Daemon",
    }
    assert type_meta(3, "p:") == type_meta(int) == set()


# The command.


def start(*args: str, **environ: str) -> subprocess.Popen[str]:
    """Run it as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "Pyro4.naming", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=as_in_terminal(environ),
    )


PLACE = """Not starting broadcast server for localhost.
NS running on localhost:# (127.0.0.1)
"""
AT = "URI = PYRO:Pyro.NameServer@"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "environ", "expected"),
    [
        ([], {}, f"{PLACE}{NO_KEY}\n{AT}localhost:#"),
        ([], {"PYRO_HMAC_KEY": "secret"}, f"{PLACE}{AT}localhost:#"),
        (
            ["-s", "dbm:names"],
            {},
            f"{NO_METADATA}\nNot starting broadcast server for localhost.\n"
            "Persistent store contains 2 existing registrations.\n"
            f"NS running on localhost:# (127.0.0.1)\n{NO_KEY}\n{AT}localhost:#",
        ),
        (
            ["-n", "0.0.0.0", "--bcport", "0"],
            {},
            "Broadcast server running on 0.0.0.0:#\n"
            f"NS running on 0.0.0.0:# (0.0.0.0)\n{NO_KEY}\n{AT}*:#",
        ),
        (
            ["--nathost", "far.example", "--natport", "77777"],
            {},
            f"{PLACE}{NO_KEY}\ninternal URI = PYRO:Pyro.NameServer@localhost:#\n"
            "external URI = PYRO:Pyro.NameServer@far.example:#",
        ),
        (
            ["-u", "names.sock"],
            {},
            f"NS running on ./u:names.sock (Unix domain socket)\n{NO_KEY}\n"
            f"{AT}./u:names.sock",
        ),
    ],
)
def test_the_command_says_where_it_is_and_ends_by_ctrl_c(
    args: list[str],
    environ: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    DbmStorage("names")["other"] = "PYRO:other@h:1", None
    with start("-p", "0", *args, **environ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while not re.match("(external )?URI", lines[-1]):
            assert lines[-1]
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT)
    assert (out, err, process.returncode) == ("NS shut down.\n", "", 0)
    text = re.sub(r":\d{4,}\b", ":#", "".join(lines))
    assert re.sub(r"@[\d.]+:", "@*:", text) == f"{expected}\n"


@pytest.fixture
def main(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[Any, ...]]:
    """Run the command here; give its status, and what it prints."""

    def run(*args: str) -> tuple[Any, ...]:
        with pytest.raises(SystemExit) as caught:
            Pyro4.naming.main(list(args))
        return (caught.value.code, *capsys.readouterr())

    return run


def test_help_and_wrong_arguments(main: Callable[..., tuple[Any, ...]]) -> None:
    status, out, err = main("-h")
    assert (status, err) == (0, "")
    for option in ("host", "port", "unixsocket", "storage", "bchost", "natport", "key"):
        assert f"--{option}=" in out
    for args in (("--invalidarg",), ("-p", "x")):
        status, out, err = main(*args)
        assert (status, out) == (2, "")
        assert err.startswith("Usage: ")


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["-n", "192.0.2.1"], r"Cannot assign requested address"),
        (["-n", "no.such.invalid"], r"not known|no\.such\.invalid"),
        (["-p", "99999"], "port must be 0-65535"),
        (["-u", "/no/such/folder/socket"], "No such file or directory"),
        (["-s", "xx:x"], "invalid storage type 'xx:x'"),
        (["-s", "sql::memory:"], "not :memory:"),
        (["-s", "sql:/no/such/folder/x"], "cannot open the names in /no/such/folder/x: "),
        (["-s", "dbm:/no/such/folder/x"], "/no/such/folder/x"),
        (["--natport", "5"], "natport"),
        (["-u", "x", "--nathost", "n"], "nathost together with unixsocket|unixsocket"),
    ],
)
def test_what_cannot_be_served_is_one_line(
    main: Callable[..., tuple[Any, ...]], args: list[str], problem: str
) -> None:
    port = [] if "-p" in args else ["-p", "0"]
    status, out, err = main(*port, *args)
    assert (status, out) == (1, "")
    assert re.fullmatch(f"pyro4-ns: .*({problem}).*\n", err)


def test_two_keys_are_one_too_many(
    main: Callable[..., tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYRO_HMAC_KEY", "secret")
    with pytest.warns(UserWarning, match="using -k"):
        status, _, _ = main("-k", "secret")
    assert status == "error: don't use -k and PYRO_HMAC_KEY at the same time"
