"""The daemon of a name server, its broadcasts, its cleaning, and the command pyro5-ns."""

from __future__ import annotations

import os
import re
import select
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import Pyro5.api
import Pyro5.nameserver
from Pyro5 import errors
from Pyro5.nameserver import (
    AutoCleaner,
    BroadcastServer,
    MemoryStorage,
    NameServer,
    NameServerDaemon,
    SqlStorage,
)

OWN = "Pyro.NameServer"
TAG = "class:Pyro5.nameserver.NameServer"
LIMIT = 10.0
NEVER: dict[str, Any] = {"loopCondition": lambda: False}


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Of a database that is not there."""
    return str(tmp_path / "names.sqlite")


# The object.


def test_texts_of_errors_are_those_that_programs_compare() -> None:
    names = NameServer()
    names.register("test.lamp", "PYRO:lamp@h:1")
    for call, kind, text in (
        (lambda: names.lookup("test.lam"), errors.NamingError, "unknown name: test.lam"),
        (lambda: names.set_metadata("x", []), errors.NamingError, "unknown name: x"),
        (
            lambda: names.register("test.lamp", "PYRO:x@h:1", safe=True),
            errors.NamingError,
            "name already registered: test.lamp",
        ),
    ):
        with pytest.raises(kind) as caught:
            call()
        assert str(caught.value) == text
        assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda names: names.list(regex="("), errors.NamingError),
        (lambda names: names.remove(regex="("), errors.NamingError),
        (lambda names: names.register("x", "junk"), errors.PyroError),
        (lambda names: names.register(None, "PYRO:x@h:1"), TypeError),
        (lambda names: names.register("x", None), TypeError),
        (lambda names: names.register("x", "PYRO:x@h:1", metadata="x"), TypeError),
        (lambda names: names.register("x", "PYRO:x@h:1", metadata=7), TypeError),
        (lambda names: names.lookup(7), TypeError),
        (lambda names: names.set_metadata("x", "x"), TypeError),
        (lambda names: names.yplookup("x"), TypeError),
        (lambda names: names.list("a", "b"), ValueError),
        (lambda names: names.yplookup(["a"], ["b"]), ValueError),
    ],
)
def test_errors_are_of_the_classes_of_pyro5(
    call: Callable[[Any], object], kind: type[Exception]
) -> None:
    names = NameServer()
    with pytest.raises(kind) as caught:
        call(names)
    assert type(caught.value).__module__ in ("builtins", "Pyro5.errors")
    assert names.count() == 0


def test_prefixes_and_patterns_spare_the_name_server_itself() -> None:
    with NameServerDaemon(port=0) as daemon:
        names = daemon.nameserver
        assert names is not None
        for number in range(20):
            names.register(f"test.{number}", f"PYRO:x{number}@h:1")
        assert names.remove(prefix="test.1") == 11
        assert names.remove(regex=r"test\..$") == 9
        assert names.remove(prefix="Pyro") == names.remove(regex="Pyro.*") == 0
        assert names.remove(OWN) == 0
        assert names.list(return_metadata=True).keys() == {OWN}
        with pytest.raises(errors.NamingError, match=f"already registered: {OWN}$"):
            names.register(OWN, "PYRO:x@h:1")
        with pytest.raises(errors.NamingError, match=f"already registered: {OWN}$"):
            names.set_metadata(OWN, ["x"])
        with pytest.raises(ValueError, match="tag"):
            names.register("x", "PYRO:x@h:1", metadata=["__class__"])


def test_names_may_lead_to_names_and_have_tags_twice() -> None:
    names = NameServer()
    names.register("n", "PYRONAME:other", metadata=["a", "a"])
    assert names.list() == {"n": "PYRONAME:other"}
    assert names.lookup("n", return_metadata=True)[1] == {"a"}


# The daemon.


def test_a_daemon_takes_any_storage(file: str) -> None:
    own = MemoryStorage()
    for storage in (None, "memory", f"sql:{file}", own, SqlStorage(file)):
        with NameServerDaemon(port=0, storage=storage) as daemon:
            assert daemon.nameserver is not None
            used = daemon.nameserver.storage
            assert len(used) == 1
            if not isinstance(storage, (str, type(None))):
                assert used is storage
    assert list(own) == list(SqlStorage(file)) == [OWN]
    uri, tags = own[OWN]
    assert re.fullmatch(r"PYRO:Pyro\.NameServer@localhost:\d+", uri)
    assert tags == {TAG}


def test_start_functions_take_any_storage(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    storage = SqlStorage(file)
    storage["x"] = "PYRO:x@h:1", {"t"}
    uri, daemon, broadcasts = Pyro5.nameserver.start_ns(port=0, storage=storage)
    assert capsys.readouterr().out == ""
    with daemon:
        assert broadcasts is None
        assert daemon.nameserver is not None
        assert daemon.nameserver.lookup("x").object == "x"
        assert storage[OWN][0] == str(uri)
    Pyro5.nameserver.start_ns_loop(port=0, storage=storage, **NEVER)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "Persistent store contains 2 existing registrations."


def test_what_cannot_be_started_leaves_nothing_behind(file: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(OSError, match="in use"):
            NameServerDaemon(port=taken.getsockname()[1], storage=f"sql:{file}")
    assert len(SqlStorage(file)) == 0
    storage = SqlStorage(file)
    Path(file).unlink()
    path = tmp_path / "socket"
    before = threading.active_count()
    with pytest.raises(errors.NamingError, match="unable to open"):
        NameServerDaemon(unixsocket=str(path), storage=storage)
    assert not path.exists()
    assert threading.active_count() == before


def test_nat_needs_a_host() -> None:
    Pyro5.config.NATPORT = 5
    for natport in (None, 5):
        with pytest.raises(ValueError, match="natport"):
            NameServerDaemon(port=0, natport=natport)
    with NameServerDaemon(port=0, nathost="n.example") as daemon:
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
            return b"JUNKJUNK"[:size]

    with NameServerDaemon(port=0) as daemon:
        with pytest.warns(UserWarning, match=r"^Pyro protocol error occurred: "):
            with pytest.raises(errors.ProtocolError):
                daemon.handleRequest(Junk())
        usual = Pyro5.api.Daemon()
        assert type(daemon.transportServer) is type(usual.transportServer)
        usual.close()


def test_all_is_served_by_one_loop(running: Callable[[Any], Any]) -> None:
    Pyro5.config.SERVERTYPE = "multiplex"
    _, daemon, server = Pyro5.nameserver.start_ns(
        "0.0.0.0", 0, bchost="127.0.0.1", bcport=0
    )
    assert server is not None
    master = Pyro5.api.Daemon()
    master.combine(daemon)
    master.combine(server)
    assert server.transportServer.selector is master.selector
    assert server in master.sockets
    running(master)
    with daemon, server:
        with Pyro5.api.Proxy(ask(server.getPort())) as names:
            assert names.count() == 1
        server.close()
        for _ in range(3):  # with the number that the socket had
            with Pyro5.api.Proxy(daemon.uriFor(OWN)) as names:
                assert names.count() == 1


# What start_ns_loop prints.


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            {"host": "127.0.0.1"},
            """Not starting broadcast server for localhost.
NS running on 127.0.0.1:# (127.0.0.1)
URI = PYRO:Pyro.NameServer@127.0.0.1:#""",
        ),
        (
            {"host": "::1"},
            """Not starting broadcast server for IPv6.
NS running on [::1]:# (::1)
URI = PYRO:Pyro.NameServer@[::1]:#""",
        ),
        (
            {"host": "0.0.0.0", "enableBroadcast": False, "nathost": "n", "natport": 7},
            """NS running on 0.0.0.0:# (0.0.0.0)
internal URI = PYRO:Pyro.NameServer@0.0.0.0:#
external URI = PYRO:Pyro.NameServer@n:7""",
        ),
        (
            {"host": "0.0.0.0", "bcport": 0, "nathost": "n", "natport": 0},
            """Broadcast server running on 0.0.0.0:#
NS running on 0.0.0.0:# (0.0.0.0)
internal URI = PYRO:Pyro.NameServer@0.0.0.0:#
external URI = PYRO:Pyro.NameServer@n:#""",
        ),
        (
            {"host": "0.0.0.0", "bchost": "127.0.0.1", "bcport": 0, "nathost": "n"},
            """Broadcast server running on 127.0.0.1:#
NS running on 0.0.0.0:# (0.0.0.0)
internal URI = PYRO:Pyro.NameServer@0.0.0.0:#
external URI = PYRO:Pyro.NameServer@n:#""",
        ),
        (
            {"unixsocket": "names.sock"},
            """NS running on ./u:names.sock (Unix domain socket)
URI = PYRO:Pyro.NameServer@./u:names.sock""",
        ),
    ],
)
def test_the_loop_says_where_it_is(
    arguments: dict[str, Any],
    expected: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments.get("host") == "::1":
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            pytest.skip("no IPv6 here")
    Pyro5.nameserver.start_ns_loop(port=0, **arguments, **NEVER)
    out = re.sub(r":\d{4,}\b", ":#", capsys.readouterr().out)
    assert out == f"{expected}\nNS shut down.\n"


# Broadcasts.


def ask(port: int, question: bytes = b"GET_NSURI", limit: float = LIMIT) -> str:
    """Return what is answered at the UDP port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(limit)
        sock.sendto(question, ("127.0.0.1", port))
        return sock.recv(2000).decode("iso-8859-1")


def test_a_broadcast_server_has_what_loops_need() -> None:
    uri = Pyro5.api.URI("PYRO:Pyro.NameServer@example.org:9090")
    with BroadcastServer(uri, "localhost", 0) as server:
        assert server.nsUri is uri
        assert server.running is True
        port = server.sock.getsockname()[1]
        assert server.getPort() == port
        assert server.locationStr == f"localhost:{port}"
        assert server.fileno() == server.sock.fileno()
        assert server.transportServer.sockets == [server]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(LIMIT)
            for how in (server.processRequest, serve_by_events(server)):
                sock.sendto(b"GET_NSURI", ("127.0.0.1", port))
                assert select.select([server], [], [], LIMIT)[0] == [server]
                how()
                assert sock.recv(100) == str(uri).encode()
    assert server.running is False
    server.close()
    assert (server.sock.fileno(), server.fileno()) == (-1, -1)


def serve_by_events(server: BroadcastServer) -> Callable[[], None]:
    """Return what a loop of daemons does when something came."""
    return lambda: server.transportServer.events([server])


def test_a_request_that_vanishes_stops_no_loop() -> None:
    server = BroadcastServer(Pyro5.api.URI("PYRO:x@h:1"), "127.0.0.1", 0)
    assert server.sock.gettimeout() == 2.0
    server.sock.settimeout(0.01)
    server.processRequest()
    server.close()


def test_a_broadcast_server_takes_its_place_from_the_configuration() -> None:
    Pyro5.config.NS_BCHOST = "127.0.0.1"
    Pyro5.config.NS_BCPORT = 0
    with BroadcastServer(Pyro5.api.URI("PYRO:x@h:1")) as server:
        assert server.locationStr == f"127.0.0.1:{server.getPort()}"
    Pyro5.config.NS_BCHOST = None
    with BroadcastServer(Pyro5.api.URI("PYRO:x@h:1")) as server:
        assert server.locationStr == f"0.0.0.0:{server.getPort()}"


@pytest.mark.parametrize(("uri", "ipv6"), [("PYRO:x@h:1", True), ("PYRO:x@[::1]:1", False)])
def test_a_broadcast_server_speaks_ipv6(uri: str, ipv6: bool) -> None:
    try:
        server = BroadcastServer(Pyro5.api.URI(uri), bcport=0, ipv6=ipv6)
    except OSError:
        pytest.skip("no IPv6 here")
    with server:
        assert server.sock.family == socket.AF_INET6
        assert server.locationStr == f"[::]:{server.getPort()}"


def test_junk_is_not_answered_and_the_internal_place_is_given() -> None:
    uri, daemon, server = Pyro5.nameserver.start_ns(
        "0.0.0.0", 0, bcport=0, nathost="far.example", natport=77
    )
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


def test_a_broadcast_port_in_use_leaves_no_daemon(running: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            Pyro5.nameserver.start_ns(
                "0.0.0.0", port, bchost="127.0.0.1", bcport=taken.getsockname()[1]
            )
        socket.create_server(("0.0.0.0", port)).close()


# Cleaning.


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything about cleaning be soon."""
    Pyro5.config.NS_AUTOCLEAN = 0.01
    for name, value in (
        ("override_autoclean_min", True),
        ("max_unreachable_time", 0.02),
        ("loop_delay", 0.01),
    ):
        monkeypatch.setattr(AutoCleaner, name, value)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.005)


@pytest.mark.usefixtures("hasty")
def test_names_whose_daemon_is_gone_are_cleaned_away() -> None:
    with NameServerDaemon(port=0) as daemon:
        names, cleaner = daemon.nameserver, daemon.cleaner_thread
        assert names is not None
        assert cleaner is not None
        assert cleaner.daemon
        with socket.create_server(("127.0.0.1", 0)) as dead:
            names.register("dead", f"PYRO:x@localhost:{dead.getsockname()[1]}")
            names.register("alive", f"PYRO:x@{daemon.locationStr}")
            names.register("unix", "PYRO:x@./u:/no/such/file")
            names.register("name", "PYRONAME:other")
            names.register("tags", "PYROMETA:a,b")
        wait_for(lambda: "dead" not in names.list())
        assert names.list().keys() == {OWN, "alive", "unix", "name", "tags"}
        assert cleaner.is_alive()
    assert not cleaner.is_alive()
    assert daemon.cleaner_thread is None


@pytest.mark.usefixtures("hasty")
def test_a_cleaner_stops_when_told() -> None:
    with NameServerDaemon(port=0) as daemon:
        cleaner = daemon.cleaner_thread
        assert cleaner is not None
        cleaner.stop = True
        cleaner.join(LIMIT)
        assert not cleaner.is_alive()


@pytest.mark.usefixtures("hasty")
def test_a_cleaner_outlives_failures_of_the_storage(file: str) -> None:
    storage = SqlStorage(file)
    with NameServerDaemon(port=0, storage=storage) as daemon:
        assert daemon.cleaner_thread is not None
        hidden = Path(file).with_suffix(".hidden")
        os.rename(file, hidden)
        asked = threading.Event()
        sweep = daemon.cleaner_thread._sweeper.sweep

        def swept() -> list[str]:
            try:
                return sweep()
            finally:
                asked.set()

        daemon.cleaner_thread._sweeper.sweep = swept  # type: ignore[method-assign, assignment]
        assert asked.wait(LIMIT)
        os.rename(hidden, file)
        storage["dead"] = "PYRO:x@localhost:99999", None
        wait_for(lambda: "dead" not in storage)


def test_cleaning_is_off_unless_asked_for() -> None:
    with NameServerDaemon(port=0) as daemon:
        assert daemon.cleaner_thread is None


@pytest.mark.parametrize("seconds", [0.1, 2.9])
def test_too_eager_a_cleaner_is_refused(seconds: float) -> None:
    Pyro5.config.NS_AUTOCLEAN = seconds
    with pytest.raises(ValueError, match=r"^NS_AUTOCLEAN cannot be smaller than 3$"):
        NameServerDaemon(port=0)
    Pyro5.config.NS_AUTOCLEAN = 3
    with NameServerDaemon(port=0) as daemon:
        assert daemon.cleaner_thread is not None
    assert (AutoCleaner.max_unreachable_time, AutoCleaner.loop_delay) == (20.0, 2.0)
    assert AutoCleaner.override_autoclean_min is False


# The command.


@pytest.fixture
def main(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[Any, ...]]:
    """Run the command; give its status, and what it prints."""

    def run(*args: str) -> tuple[Any, ...]:
        with pytest.raises(SystemExit) as caught:
            Pyro5.nameserver.main(list(args))
        return (caught.value.code, *capsys.readouterr())

    return run


def test_help_and_wrong_arguments(main: Callable[..., tuple[Any, ...]]) -> None:
    status, out, err = main("-h")
    assert (status, err) == (0, "")
    for option in (
        "--host",
        "--port",
        "--unixsocket",
        "--storage",
        "--bchost",
        "--natport",
    ):
        assert option in out
    status, out, err = main("--invalidarg")
    assert (status, out) == (2, "")
    assert err.startswith("usage: ")
    assert "--invalidarg" in err


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["-n", "192.0.2.1"], r"Cannot assign requested address: 192\.0\.2\.1:0"),
        (["-n", "no.such.invalid"], r"no\.such\.invalid:0"),
        (["-p", "99999"], "port must be 0-65535"),
        (["-p", "-1"], "port must be 0-65535"),
        (["-n", "0.0.0.0", "--bcport", "-1"], "port must be 0-65535"),
        (["-u", "/no/such/folder/socket"], "No such file or directory"),
        (["-s", "dbm:x"], "invalid storage type 'dbm:x'"),
        (["-s", "sql::memory:"], "not :memory:"),
        (["-s", "sql:/no/such/folder/x"], "cannot open the names in /no/such/folder/x: "),
        (["--natport", "5"], "natport"),
        (["-u", "x", "--nathost", "n"], "nathost together with unixsocket"),
    ],
)
def test_what_cannot_be_served_is_one_line(
    main: Callable[..., tuple[Any, ...]], args: list[str], problem: str
) -> None:
    port = [] if "-p" in args else ["-p", "0"]
    status, out, err = main(*port, *args)
    assert (status, out) == (1, "")
    assert re.fullmatch(f"pyro5-ns: .*{problem}.*\n", err)


def test_a_cleaner_too_eager_is_one_line(main: Callable[..., tuple[Any, ...]]) -> None:
    Pyro5.config.NS_AUTOCLEAN = 1.0
    assert main("-p", "0") == (1, "", "pyro5-ns: NS_AUTOCLEAN cannot be smaller than 3\n")


def test_a_socket_file_that_may_not_be_made_is_one_line(
    main: Callable[..., tuple[Any, ...]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, stat.S_IRUSR | stat.S_IXUSR | stat.S_IROTH | stat.S_IXOTH)
        user = os.geteuid()
        try:
            if user == 0:
                os.seteuid(65534)
            result = main("-u", f"{folder}/socket")
        finally:
            os.seteuid(user)
        assert result == (
            1,
            "",
            f"pyro5-ns: [Errno 13] Permission denied: '{folder}/socket'\n",
        )
        assert os.listdir(folder) == []
