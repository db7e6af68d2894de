"""The real Pyro5's name server and that of our package Pyro5, one in place of the other.

Databases that both use, commands of the one at the name server of the other, broadcasts.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import Pyro5.api
import Pyro5.nameserver
import Pyro5.nsc
from looping import looping
from pyrophone.naming import Record, SqliteStorage
from pyrophone.sync import locate_names

if TYPE_CHECKING:
    from peers import Peer, Run

pytestmark = pytest.mark.peers

OWN = "Pyro.NameServer"
TAG = "class:Pyro5.nameserver.NameServer"
LIMIT = 10.0


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    """Leave that of our package as it was; look nowhere but where a test says."""
    before = Pyro5.config.as_dict()
    Pyro5.config.BROADCAST_ADDRS = []
    Pyro5.config.NS_PORT = 1
    yield
    for name, value in before.items():
        setattr(Pyro5.config, name, value)


@pytest.fixture
def compression() -> bool:
    """Off."""
    return False


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Of a database that is not there."""
    return str(tmp_path / "names.sql")


# A database that both use.


@pytest.fixture
def theirs(client: Peer, file: str) -> Peer:
    """The real one, with its storage in ``sql``."""
    client.run(f"sql = Pyro5.nameserver.SqlStorage({file!r})")
    return client


def test_what_the_real_one_wrote_is_read(theirs: Peer, file: str) -> None:
    theirs.run("sql['a_1'] = 'PYRO:one@h:1', ['t', 't', 'é']")
    theirs.run("sql['A_1'] = 'PYRO:two@h:1', None")
    theirs.run("sql['a_1'] = 'PYRO:new@h:1', {'t', 'é'}")
    storage = SqliteStorage(file)
    assert storage.find() == {
        "a_1": Record("PYRO:new@h:1", frozenset(["t", "é"])),
        "A_1": Record("PYRO:two@h:1"),
    }
    assert list(storage.find(prefix="a")) == ["a_1"]
    assert list(storage.find(all_tags=["t", "t"])) == ["a_1"]


def test_what_we_wrote_the_real_one_reads_and_changes(theirs: Peer, file: str) -> None:
    storage = SqliteStorage(file)
    storage.put("a", "PYRO:one@h:1", ["t", "é"])
    storage.put("b", "PYRO:two@h:1")
    storage.put("a", "PYRO:new@h:1", ["u"])
    everything = "{n: (u, set(t)) for n, (u, t) in sql.everything(True).items()}"
    assert theirs.value(everything) == {
        "a": ("PYRO:new@h:1", {"u"}),
        "b": ("PYRO:two@h:1", set()),
    }
    assert theirs.value("sql.optimized_metadata_search(metadata_all={'u'})") == {
        "a": "PYRO:new@h:1"
    }
    theirs.run("del sql['a']; sql['b'] = 'PYRO:three@h:1', {'v'}; sql['c'] = 'u', None")
    assert storage.find() == {
        "b": Record("PYRO:three@h:1", frozenset("v")),
        "c": Record("u"),
    }
    storage.delete(["b", "c"])
    assert theirs.value("len(sql), list(sql)") == (0, [])


def test_a_database_made_by_us_is_the_real_ones_too(client: Peer, file: str) -> None:
    SqliteStorage(file).put("a", "PYRO:one@h:1", ["t"])
    client.run(f"sql = Pyro5.nameserver.SqlStorage({file!r})")
    assert client.value("sql['a']") == ("PYRO:one@h:1", {"t"})
    client.run("sql.clear()")
    assert SqliteStorage(file).count() == 0


@pytest.mark.slow
def test_name_servers_take_turns_with_a_database(run_module: Run, file: str) -> None:
    for turn in range(4):
        with (theirs_at, ours_at)[turn % 2](file, run_module) as port:
            with locate_names("localhost", port) as names:
                before = [f"turn.{number}" for number in range(turn)]
                assert sorted(names.list()) == sorted([OWN, *before])
                assert names.lookup(OWN).port == port
                assert len(names.yplookup(["ours"])) == turn // 2
                tags = ["ours"] if turn % 2 else []
                names.register(f"turn.{turn}", f"PYRO:x{turn}@h:1", metadata=tags)
    assert SqliteStorage(file).count() == 5


@contextmanager
def theirs_at(file: str, run_module: Run) -> Iterator[int]:
    """Run the real name server; give its port."""
    process = run_module("Pyro5.nameserver", "-p", "0", "-s", f"sql:{file}")
    yield port_of(process)
    process.terminate()
    process.wait(LIMIT)


@contextmanager
def ours_at(file: str, run_module: Run) -> Iterator[int]:
    """Run ours; give its port."""
    with looping() as loop:
        ours = loop(Pyro5.nameserver.NameServerDaemon(port=0, storage=f"sql:{file}"))
        yield ours.uriFor(OWN).port


def port_of(process: subprocess.Popen[str]) -> int:
    """Return the port of a name server that was just started."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("URI = "):
            return int(line.rpartition(":")[2])
    raise AssertionError("the name server ended")


# Commands of the one, at the name server of the other.

LAMP = "PYRO:lamp@localhost:4444"
SESSION = (
    ("ping",),
    ("register", "test.lamp", LAMP),
    ("register", "test.door", "PYRO:door@localhost:4444"),
    ("setmeta", "test.lamp", "light"),
    ("lookup", "test.lamp"),
    ("list", "test."),
    ("list", "none"),
    ("listmatching", r"test\.d"),
    ("yplookup_all", "light"),
    ("yplookup_any", "light", "loud"),
    ("setmeta", "test.lamp"),
    ("lookup", "test.lamp"),
    ("remove", "test.door"),
    ("remove", "test.door"),
)


def test_our_command_prints_what_the_real_one_prints(
    client: Peer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real command in the real process, ours in this one, at one name server each."""
    client.run("import io, contextlib, Pyro5.nsc\nns = Pyro5.nameserver.NameServer()")
    client.run(
        "def nsc(command, *args):\n"
        "    with contextlib.redirect_stdout(io.StringIO()) as out:\n"
        "        Pyro5.nsc.handle_command(ns, command, list(args))\n"
        "    return out.getvalue()"
    )
    ours = Pyro5.nameserver.NameServer()
    for command, *args in SESSION:
        Pyro5.nsc.handle_command(ours, command, args)
        expected = client.value(f"nsc(*{(command, *args)!r})")
        assert capsys.readouterr().out == expected, command
    for names in (["lookup", "x"], ["register", "test.lamp", LAMP], ["unheard"]):
        with pytest.raises((Pyro5.errors.NamingError, KeyError)):
            Pyro5.nsc.handle_command(ours, names[0], names[1:])
        client.run(
            "with contextlib.redirect_stdout(io.StringIO()) as out:\n"
            "    with contextlib.suppress(Exception):\n"
            f"        Pyro5.nsc.handle_command(ns, {names[0]!r}, {names[1:]!r})"
        )
        assert capsys.readouterr().out == client.value("out.getvalue()")


@pytest.mark.slow
def test_our_command_works_with_the_real_name_server(
    run_module: Run, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for storage in ("memory", f"sql:{file}"):
        process = run_module("Pyro5.nameserver", "-p", "0", "-s", storage)
        where = ["-n", "localhost", "-p", str(port_of(process))]
        for command in SESSION:
            Pyro5.nsc.main([*where, *command])
        out = capsys.readouterr().out
        assert out.startswith("Name server ping ok.\nRegistered test.lamp\n")
        assert out.endswith(
            f"Metadata cleared\n{LAMP}\nRemoved test.door\nNothing removed\n"
        )
        with pytest.raises(SystemExit):
            Pyro5.nsc.main([*where, "lookup", "test.door"])
        assert capsys.readouterr().out == "Error: NamingError - unknown name: test.door\n"
        process.terminate()
        process.wait(LIMIT)


@pytest.mark.slow
def test_the_real_command_works_with_our_name_server(peer_python: Path, file: str) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYRO")}
    daemon = Pyro5.nameserver.NameServerDaemon(port=0, storage=f"sql:{file}")
    assert daemon.nameserver is not None
    where = ("-n", "localhost", "-p", str(daemon.nameserver.lookup(OWN).port))

    def nsc(*command: str) -> str:
        done = subprocess.run(
            [peer_python, "-m", "Pyro5.nsc", *where, *command],
            capture_output=True,
            text=True,
            env=own,
        )
        return done.stdout

    with looping() as loop:
        loop(daemon)
        assert nsc("register", "test.lamp", LAMP) == "Registered test.lamp\n"
        assert nsc("setmeta", "test.lamp", "light") == "Metadata updated\n"
        assert nsc("lookup", "test.lamp") == f"{LAMP}\nmetadata: {{'light'}}\n"
        assert nsc("lookup", "x") == "Error: NamingError - unknown name: x\n"
        assert nsc("remove", "test.lamp") == "Removed test.lamp\n"
    assert list(SqliteStorage(file).find()) == [OWN]


# Broadcasts, and URIs that lead from the one to the other.


def test_the_real_one_finds_us_by_broadcast(client: Peer) -> None:
    with looping() as loop:
        daemon = loop(Pyro5.nameserver.NameServerDaemon(port=0))
        uri = daemon.uriFor(OWN)
        with Pyro5.nameserver.BroadcastServer(uri, "127.0.0.1", 0) as server:
            thread = server.runInThread()
            client.run(f"config.NS_PORT, config.NS_BCPORT = 1, {server.getPort()}")
            client.run("config.BROADCAST_ADDRS = ['127.0.0.1']")
            assert client.value("str(locate_ns()._pyroUri)") == str(uri)
            assert client.value("str(resolve('PYRONAME:Pyro.NameServer'))") == str(uri)
        thread.join(LIMIT)
        assert not thread.is_alive()


def test_we_find_the_real_one_by_broadcast(client: Peer) -> None:
    client.run("import threading\nns_uri, ns, _ = start_ns(port=0)")
    client.run("threading.Thread(target=ns.requestLoop, daemon=True).start()")
    client.run("bc = Pyro5.nameserver.BroadcastServer(ns_uri, '127.0.0.1', 0)")
    client.run("bc.runInThread()")
    try:
        Pyro5.config.NS_BCPORT = client.value("bc.getPort()")
        Pyro5.config.BROADCAST_ADDRS = ["127.0.0.1"]
        with Pyro5.api.locate_ns() as names:
            assert str(names._pyroUri) == client.value("str(ns_uri)").strip("'")
            names.register("test.lamp", LAMP, metadata={"light"})
            assert Pyro5.nameserver.lookup(names, "test.lamp", True)[1] == {"light"}
            names.set_metadata("test.lamp", None)
            assert Pyro5.nameserver.lookup(names, "test.lamp", True)[1] == set()
        assert str(Pyro5.api.resolve("PYRONAME:test.lamp", 1)) == LAMP
        with pytest.raises(Pyro5.errors.NamingError) as caught:
            Pyro5.api.resolve("PYRONAME:x")
        assert str(caught.value) == "unknown name: x"
    finally:
        client.run("bc.close(); threading.Thread(target=ns.shutdown, daemon=True).start()")


def test_long_answers_to_a_broadcast_are_read_whole() -> None:
    host = ".".join(["x" * 60] * 3)
    uri = f"PYRO:Pyro.NameServer@{host}:9090"
    with Pyro5.nameserver.BroadcastServer(Pyro5.api.URI(uri), "127.0.0.1", 0) as server:
        thread = server.runInThread()
        Pyro5.config.NS_BCPORT = server.getPort()
        Pyro5.config.BROADCAST_ADDRS = ["127.0.0.1"]
        with pytest.raises(Pyro5.errors.NamingError, match=f"{host}:9090, which answered"):
            Pyro5.api.locate_ns()
    thread.join(LIMIT)
