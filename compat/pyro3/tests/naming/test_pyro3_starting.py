"""Running a name server: in a program, in its loop, by its command, and after a kill."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import Pyro.naming
from Pyro import config
from Pyro.constants import DENIED_SECURITY, NAMESERVER_NAME, NSROLE_PRIMARY
from Pyro.core import getProxyForURI
from Pyro.errors import ConnectionDeniedError, DaemonError, NamingError, PyroError
from Pyro.namefiles import NameFile
from Pyro.naming import (
    BCReqValidator,
    NameServer,
    NameServerLocator,
    NameServerStarter,
    PersistentNameServer,
)
from Pyro.protocol import DefaultConnValidator
from Pyro.trees import OBJECT, NameSpaceSystemMeta, NameValue

Serve = Callable[..., NameServerStarter]
URI = "PYRO://127.0.0.1:4444/lamp"
ADVICE = "Name Server was not started!"


def locate(starter: NameServerStarter, identification: Any = None) -> Any:
    return NameServerLocator(identification).getNS("localhost", starter.daemon.port)


# In a program.


@pytest.mark.usefixtures("alone")
def test_it_can_be_served_by_somebody_elses_loop() -> None:
    config.PYRO_HOST = ""
    starter = NameServerStarter()
    assert not starter.waitUntilStarted(0)
    starter.initialize(nsport=0, dontlookupother=1)
    assert starter.waitUntilStarted(0)
    found: list[Any] = []
    client = threading.Thread(target=lambda: found.append(locate(starter).list(":")))
    client.start()
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.sendto(b"PYRO3 location", ("127.0.0.1", config.PYRO_NS_BC_PORT))
        sock.setblocking(False)
        answers = b""
        while client.is_alive() or not answers:
            ready, _, _ = select.select(starter.getServerSockets(), [], [], 0.05)
            if ready:
                starter.handleRequests(0)
            try:
                answers += sock.recv(1000)
            except BlockingIOError:
                continue
    client.join()
    starter.shutdown()
    assert found == [[("Default", 0), ("Pyro", 0)]]
    assert answers.decode() == Path(config.PYRO_NS_URIFILE).read_text().strip()
    assert not starter.waitUntilStarted(0)


def test_the_uri_file_has_the_uri_and_stays(serve_names: Serve) -> None:
    starter = serve_names()
    path = Path(config.PYRO_NS_URIFILE)
    text = path.read_text()
    assert text == f"PYRO://127.0.0.1:{config.PYRO_NS_PORT}/{starter._server.GUID()}\n"  # type: ignore[union-attr]
    starter.shutdown()
    assert path.read_text() == text


def test_a_uri_file_that_can_not_be_written_is_no_reason_to_stop(
    serve_names: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.PYRO_NS_URIFILE = str(tmp_path)
    locate(serve_names()).ping()
    assert "URI written" not in capsys.readouterr().out


def test_a_pass_phrase_keeps_others_out(
    serve_names: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    starter = serve_names("open sesame", nsport=0)
    assert "Requiring connection authentication.\n" in capsys.readouterr().out
    with pytest.raises(ConnectionDeniedError, match="security reasons"):
        locate(starter, "open barley")
    locate(starter, "open sesame").ping()


def test_a_default_group_may_lie_deeper(serve_names: Serve) -> None:
    config.PYRO_NS_DEFAULTGROUP = ":a.b"
    names = locate(serve_names())
    names.register("lamp", URI)
    assert (names.list(":a"), names.list(":a.b")) == ([("b", 0)], [("lamp", 1)])


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("group", ["Default", ":a..b", ":a b"])
def test_a_default_group_that_is_none_is_an_error(group: str) -> None:
    config.PYRO_NS_DEFAULTGROUP = group
    with pytest.raises(NamingError):
        NameServerStarter().initialize("localhost", 0, dontlookupother=1)


def test_another_one_near_is_an_error_but_for_who_wants_several(
    serve_names: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    port = serve_names().daemon.port
    config.PYRO_NS_HOSTNAME = "localhost"
    with pytest.raises(NamingError, match="Cannot start multiple Name Servers in the same"):
        NameServerStarter().start("localhost", 0)
    text = "The Name Server appears to be already running on this segment.\n"
    assert f"{text}(host: 127.0.0.1  port: {port} )\n" in capsys.readouterr().out
    serve_names(nsport=0, dontlookupother=0, allowmultiple=1)


def test_one_that_wants_a_pass_phrase_is_another_one(serve_names: Serve) -> None:
    serve_names("secret")
    config.PYRO_NS_HOSTNAME = "localhost"
    with pytest.raises(NamingError, match="Cannot start multiple Name Servers"):
        NameServerStarter().start("localhost", 0)


def test_a_port_that_is_taken_is_an_error(serve_names: Serve) -> None:
    port = serve_names().daemon.port
    with pytest.raises(DaemonError, match="Couldn't start Pyro daemon"):
        NameServerStarter().start("localhost", port, dontlookupother=1)


def test_without_its_udp_port_it_answers_no_broadcasts(
    serve_names: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    config.PYRO_HOST = ""
    port = config.PYRO_NS_BC_PORT
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))
        starter = serve_names(hostname=None)
    text = f"Broadcasts are not answered: UDP port {port} can't be used: "
    assert text in capsys.readouterr().out
    locate(starter).ping()


@pytest.mark.usefixtures("alone")
def test_twins_are_not_offered() -> None:
    with pytest.raises(PyroError, match="in pairs are not offered"):
        NameServerStarter().start("localhost", 0, role=(NSROLE_PRIMARY, None))


def test_a_connection_that_transfers_nothing_is_dropped(
    serve_names: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("Pyro.starting._IDLE", 0.05)
    starter = serve_names()
    names = locate(starter)
    end = time.monotonic() + 20
    while starter.daemon.connections:
        assert time.monotonic() < end
    names.ping()  # the proxy connects again
    names._release()


@pytest.mark.parametrize("rubbish", [b"GET / HTTP/1.0\r\n\r\n", b"PYRO" + b"\xff" * 100])
def test_rubbish_by_tcp_is_no_reason_to_stop(serve_names: Serve, rubbish: bytes) -> None:
    starter = serve_names()
    with socket.create_connection(("127.0.0.1", starter.daemon.port), 10) as sock:
        sock.sendall(rubbish)
        while sock.recv(1000):
            pass
    locate(starter).ping()


# Who may end it.


class Far(NameServer):
    """A name server whose caller is at an address of the test's choice."""

    _host: Any
    daemon = object()

    def getLocalStorage(self) -> Any:
        return SimpleNamespace(caller=SimpleNamespace(addr=(self._host, 1)))


class Careful(BCReqValidator):
    def acceptShutdownCmd(self) -> int:
        return self.addr[1] != 1


@pytest.mark.parametrize(
    ("host", "keep", "guard", "authenticated", "ends"),
    [
        ("127.0.0.1", 0, BCReqValidator, False, True),
        ("127.9.9.9", 0, BCReqValidator, False, True),
        ("127.0.0.1", 1, BCReqValidator, True, False),
        ("10.0.0.1", 0, BCReqValidator, False, False),
        ("10.0.0.1", 0, BCReqValidator, True, True),
        ("no address", 0, BCReqValidator, False, False),
        ("127.0.0.1", 0, Careful, True, False),
    ],
)
def test_who_may_end_it(
    host: str, keep: int, guard: Any, authenticated: bool, ends: bool
) -> None:
    server = Far(keep)
    server._host = host
    ended: list[int] = []
    server._admit(lambda: ended.append(1), guard(), authenticated)
    answer = "Will shut down shortly" if ends else "Shutdown request denied"
    assert server.requestShutdown() == answer
    assert ended == [1] * ends


class Choosy(DefaultConnValidator):
    def acceptIdentification(self, *args: Any) -> tuple[int, int]:
        return 0, DENIED_SECURITY


def test_guards_decide_who_connects(
    serve_names: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    starter = serve_names(Guards=(Careful(), Choosy()), verbose=1)
    assert "Using security plugins:\n" in capsys.readouterr().out
    with pytest.raises(ConnectionDeniedError):
        locate(starter)


def test_who_is_allowed_to_end_it_gets_an_answer(
    serve_names: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    starter = serve_names()
    names = locate(starter)
    thread = next(one for one in threading.enumerate() if one.name == "names")
    assert names._shutdown() == "Will shut down shortly"
    thread.join(10)
    out = capsys.readouterr().out
    assert out.endswith(
        "BroadcastServer received shutdown request... will shutdown shortly...\n"
        "Name Server gracefully stopped.\n"
    )


# Names that outlive it.


def test_names_are_kept_with_all_that_is_known(serve_names: Serve, tmp_path: Path) -> None:
    options = {"persistent": 1, "dbdir": str(tmp_path / "db")}
    starter = serve_names(**options)
    names, uri = locate(starter), Path(config.PYRO_NS_URIFILE).read_text()
    names.createGroup(":lab")
    names.register(":lab.lamp", URI)
    names.register(":lab.gone", URI)
    names.unregister(":lab.gone")
    names.createGroup(":attic")
    names.register(":attic.x", URI)
    names.deleteGroup(":attic")
    names.setMeta(":lab", (1, {"a": b"x"}))
    system = names._getSystemMeta(":lab.lamp")
    names._release()
    starter.shutdown()
    names = locate(serve_names(**options))
    assert Path(config.PYRO_NS_URIFILE).read_text() == uri
    assert [name for name, _ in names.flatlist()] == [NAMESERVER_NAME, ":lab.lamp"]
    assert names.list(":") == [("Default", 0), ("Pyro", 0), ("lab", 0)]
    assert names.getMeta(":lab") == (1, {"a": b"x"})
    assert names._getSystemMeta(":lab.lamp") == system
    names._release()


def test_the_folder_is_in_the_storage_by_default(alone: None, tmp_path: Path) -> None:
    server = PersistentNameServer()
    server._close()
    assert (tmp_path / "Pyro_NS_database").is_dir()


def test_a_change_that_can_not_be_kept_is_refused(alone: None, tmp_path: Path) -> None:
    server = PersistentNameServer(str(tmp_path))
    server._close()
    for method, args in (
        ("register", ("x", URI)),
        ("createGroup", ("x",)),
        ("deleteGroup", (":Default",)),
        ("setMeta", (":Default", 1)),
    ):
        with pytest.raises(NamingError, match="cannot use the names in"):
            getattr(server, method)(*args)
    assert server.list(":") == [("Default", 0), ("Pyro", 0)]
    assert (server.list(""), server.getMeta("")) == ([], None)


def test_a_host_that_is_gone_hides_no_names(alone: None, tmp_path: Path) -> None:
    config.PYRO_DNS_URI = 1
    server = PersistentNameServer(str(tmp_path))
    server.register("lost", "PYRO://no.such.host.invalid:7/x")
    server.register("there", URI)
    server._close()
    config.PYRO_DNS_URI = 0
    server = PersistentNameServer(str(tmp_path))
    assert [str(uri) for _, uri in server.flatlist()] == [
        "PYRO://no.such.host.invalid:7/x",
        URI,
    ]
    assert server.resolve("lost").address == "no.such.host.invalid"
    server._close()


def test_a_damaged_uri_is_told_at_the_start(alone: None, tmp_path: Path) -> None:
    file = NameFile(tmp_path)
    system = NameSpaceSystemMeta(OBJECT, 1.0)
    file.put(NameValue(":lamp", "PYRO://127.0.0.1:4x44/lamp", system))
    file.close()
    with pytest.raises(NamingError, match="damaged URI"):
        PersistentNameServer(str(tmp_path))


# The command.


@pytest.fixture
def command(alone: None, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Give a function that runs the command pyro-ns until the test is over."""
    running: list[subprocess.Popen[str]] = []
    items = {k: str(v) for k, v in vars(config).items() if k.startswith("PYRO_NS")}
    items |= {"PYRO_STORAGE": str(tmp_path), "PYRO_NS_URIFILE": config.PYRO_NS_URIFILE}
    items |= {"PYRO_BC_TIMEOUT": "0.01", "PYRO_BC_RETRIES": "0", "PYTHONUNBUFFERED": "1"}
    items["PYRO_NS_HOSTNAME"] = ""

    def run(*options: str, **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "Pyro.naming", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **items, **more},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        running.append(process)
        return process

    yield run
    for process in running:
        with process:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    """Return what a name server says until it is started."""
    assert process.stdout is not None
    lines = ""
    for line in process.stdout:
        lines += line
        if line == "Name Server started.\n":
            break
    return re.sub("[0-9a-f]{32}", "<guid>", lines)


STARTED = """*** Pyro Name Server ***
Name server listening on: ('127.0.0.1', {port})

WARNING: daemon bound on hostname that resolves to loopback address 127.0.x.x

URI is: PYRO://127.0.0.1:{port}/<guid>
URI written to: {file}
Name Server started.
"""


@pytest.mark.slow
def test_what_the_command_prints(command: Callable[..., Any]) -> None:
    process = command("-n", "localhost", "-z", "-r")
    place = {"port": config.PYRO_NS_PORT, "file": config.PYRO_NS_URIFILE}
    assert said(process) == "Ignored options: -z\n" + STARTED.format(**place)
    process.send_signal(signal.SIGINT)
    assert process.stdout.read() == (
        "Shutting down on user break signal.\nName Server gracefully stopped.\n"
    )
    assert process.wait(10) == 0


@pytest.mark.slow
def test_what_the_command_prints_with_more_options(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "guards.py").write_text(
        "from Pyro.naming import BCReqValidator\n"
        "def BCGuard(): return BCReqValidator()\n"
        "def NSGuard(): return None\n"
    )
    options = [
        "-i",
        "secret",
        "-k",
        "-v",
        "-p",
        "0",
        "-s",
        "guards",
        "-d",
        str(tmp_path / "db"),
    ]
    out = said(command("-r", *options, PYTHONPATH=str(tmp_path)))
    for line in (
        "Requiring connection authentication.",
        "Using security plugins:",
        "Will ignore shutdown requests.",
        f"Persistent mode, database is in {tmp_path / 'db'}",
    ):
        assert f"{line}\n" in out
    assert "listening on" not in out  # -k
    port = int(Path(config.PYRO_NS_URIFILE).read_text().split(":")[2].split("/")[0])
    names = NameServerLocator("secret").getNS("localhost", port)
    assert names._shutdown() == "Shutdown request denied"
    names._release()


@pytest.mark.slow
def test_names_outlive_a_kill(command: Callable[..., Any]) -> None:
    process = command("-r", "-n", "localhost", "-d")
    said(process)
    uri = Path(config.PYRO_NS_URIFILE).read_text()
    names = NameServerLocator().getNS("localhost", config.PYRO_NS_PORT)
    thing = getProxyForURI(uri)
    names.register("lamp", URI)
    process.kill()
    process.wait(10)
    said(command("-r", "-n", "localhost", "-d"))
    assert Path(config.PYRO_NS_URIFILE).read_text() == uri
    assert str(names.resolve("lamp")) == URI  # the proxy found it again
    assert thing.ping() is None  # its identity is the same
    names._release()
    thing._release()


REFUSED: list[tuple[list[str], list[str]]] = [
    (["-1", "other:9090"], ["name servers in pairs are not offered"]),
    (["-2"], ["name servers in pairs are not offered"]),
    (["-p", "x"], ["option -p wants a port number, not 'x'", ADVICE]),
    (["-b", "70000"], ["option -b wants a port number, not '70000'", ADVICE]),
    (["-s", "no.such.module"], ["No module named 'no'", ADVICE]),
    (["-s", "string"], ["security module string lacks a function", ADVICE]),
    (["-r", "-d", "/dev/null"], ["cannot use the names in /dev/null/names.sqlite", ADVICE]),
    (["-c", "no address"], ["invalid broadcast address 'no address'", ADVICE]),
    (["-r", "-n", "no.such.host.invalid"], [ADVICE]),
]


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(("options", "lines"), REFUSED)
def test_what_can_not_be_is_said_with_a_status(
    options: list[str], lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert Pyro.naming.main(["-p", "0", *options]) == 1
    out = capsys.readouterr().out
    for line in lines:
        assert line in out


def test_a_taken_port_is_told_with_advice(
    serve_names: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    port = serve_names().daemon.port
    capsys.readouterr()
    assert Pyro.naming.main(["-r", "-n", "localhost", "-p", str(port)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "The Name Server appears to be already running on this host."
    assert (len(lines), lines[-1]) == (5, ADVICE)


def test_another_name_server_near_is_told_in_three_lines(
    serve_names: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    port = serve_names().daemon.port
    config.PYRO_NS_HOSTNAME = "localhost"
    capsys.readouterr()
    assert Pyro.naming.main(["-n", "localhost", "-p", "0"]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "The Name Server appears to be already running on this segment.",
        f"(host: 127.0.0.1  port: {port} )",
        "Cannot start multiple Name Servers in the same network segment.",
    ]


def test_help_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert Pyro.naming.main(["-h"]) == 0
    assert capsys.readouterr().out.startswith("Usage: pyro-ns ")
