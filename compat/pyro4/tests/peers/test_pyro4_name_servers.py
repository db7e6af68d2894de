"""The real Pyro4's name server and that of our package, one in place of the other.

Clients and commands of the one at the name server of the other, broadcasts, databases
that both use in turn.
"""

from __future__ import annotations

import dataclasses
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import Pyro4.naming
import Pyro4.nsc
from peers import clean_environment
from Pyro4 import errors
from Pyro4.configuration import config
from Pyro4.naming_storage import DbmStorage, SqlStorage
from pyrophone import Settings, sync
from pyrophone.cli.main import main
from pyrophone.errors import NamingError, NoNameServerError, UnknownNameError
from pyrophone.http import Gateway

if TYPE_CHECKING:
    from peers import Peer, Run

pytestmark = pytest.mark.peers

OWN = "Pyro.NameServer"
TAG = "class:Pyro4.naming.NameServer"
LIMIT = 10.0
ALL = {"serpent", "json", "marshal", "pickle"}
SAFE = ("serpent", "json", "marshal", "msgpack")
KEYS = pytest.mark.parametrize("key", [None, "secret"])


@contextmanager
def serving(key: str | None = None, host: str | None = None, **more: Any) -> Iterator[Any]:
    """Run a name server of ours; on this machine alone it accepts pickle, too."""
    if host is None:
        config.SERIALIZERS_ACCEPTED = ALL
    _, daemon, broadcasts = Pyro4.naming.startNS(host, 0, hmac=key, **more)
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    try:
        if broadcasts is not None:
            broadcasts.runInThread()
        yield daemon, broadcasts
    finally:
        if broadcasts is not None:
            broadcasts.close()
        daemon.shutdown()
        thread.join(LIMIT)
        assert not thread.is_alive()


def port_of(daemon: Any) -> str:
    """Return where it listens."""
    return str(daemon.locationStr.rpartition(":")[2])


# The real client at our name server.


@pytest.mark.usefixtures("server_type")
@pytest.mark.parametrize("name", sorted(ALL))
@KEYS
def test_a_real_client_uses_ours(client: Peer, name: str, key: str | None) -> None:
    with serving(key) as (daemon, _):
        client.run(f"config.SERIALIZER = {name!r}")
        client.run(f"ns = locateNS('localhost', {port_of(daemon)}, hmac_key={key!r})")
        own = f"PYRO:{OWN}@{daemon.locationStr}"
        assert client.value("sorted(ns._pyroMethods)") == [
            *("count", "list", "lookup", "ping", "register", "remove", "set_metadata")
        ]
        client.run("ns.register('lamp', 'PYRO:lamp@h:1', metadata=['light'])")
        client.run("ns.register('door', URI('PYRO:door@h:1'), safe=True)")
        assert client.value("str(ns.lookup('lamp'))") == "PYRO:lamp@h:1"
        assert client.value("str(type(ns.lookup('lamp')))") == "<class 'Pyro4.core.URI'>"
        lamp = {"lamp": "PYRO:lamp@h:1"}
        assert client.value("ns.list()") == {
            OWN: own,
            "door": "PYRO:door@h:1",
            **lamp,
        }
        assert client.value("ns.list(prefix='la')") == lamp
        assert client.value("ns.list(None, 'l..p')") == lamp
        assert client.value("ns.list(None, None, ['light'])") == lamp
        assert client.value("ns.list(metadata_any=['light', 'x'])") == lamp
        assert client.value("list(ns.list('la', return_metadata=True)['lamp'])") == [
            "PYRO:lamp@h:1",
            ["light"],
        ]
        assert client.value("ns.lookup('lamp', True)[1]") == ["light"]
        client.run("ns.set_metadata('lamp', {'a'})")
        assert client.value("ns.lookup('lamp', True)[1]") == ["a"]
        assert client.value("ns.remove(prefix='d'), ns.count()") == (1, 2)
        failed = client.failure("ns.lookup('x')")
        assert (failed.name, failed.text) == (
            "Pyro4.errors.NamingError",
            "unknown name: x",
        )
        failed = client.failure("ns.register('lamp', 'PYRO:x@h:1', safe=True)")
        assert failed.text == "name already registered: lamp"
        failed = client.failure("ns.list(prefix='a', regex='b')")
        assert failed.name == "builtins.ValueError"
        failed = client.failure("ns.register('x', 'PYRO:x@h:1', metadata='abc')")
        assert failed.name == "builtins.TypeError"


def test_a_real_object_is_found_by_name_and_by_tags(client: Peer) -> None:
    with serving() as (daemon, _):
        client.run(f"config.NS_PORT = {port_of(daemon)}; config.BROADCAST_ADDRS = ''")
        client.run("uri = serve(host='localhost').register(Thing())")
        client.run("locateNS().register('lab.thing', uri, metadata={'adds', 'fast'})")
        for text in ("PYRONAME:lab.thing", "PYROMETA:adds,fast"):
            assert client.value(f"Proxy({text!r}).add(1, 2)") == 3
        failed = client.failure("Proxy('PYROMETA:slow').add(1, 2)")
        assert failed.name == "Pyro4.errors.NamingError"


def test_keys_that_differ_keep_apart(client: Peer) -> None:
    with serving("secret") as (daemon, _):
        for key in (None, "wrong"):
            failed = client.failure(
                f"locateNS('localhost', {port_of(daemon)}, hmac_key={key!r})"
            )
            assert failed.name == "Pyro4.errors.NamingError"
    client.run("import Pyro4.naming, threading")
    client.run("_, theirs, _ = Pyro4.naming.startNS(port=0, hmac='secret')")
    client.run("threading.Thread(target=theirs.requestLoop, daemon=True).start()")
    port = int(str(client.value("theirs.locationStr")).rpartition(":")[2])
    for wrong in (None, "wrong"):
        with pytest.raises(errors.NamingError, match="Failed to locate"):
            Pyro4.naming.locateNS("localhost", port, hmac_key=wrong)
    with Pyro4.naming.locateNS("localhost", port, hmac_key="secret") as names:
        assert names.count() == 1
    client.run("theirs.shutdown()")


def test_a_real_client_finds_ours_by_broadcast(client: Peer) -> None:
    with serving(None, "0.0.0.0", bcport=0) as (daemon, broadcasts):
        client.run("config.NS_PORT = 1; config.BROADCAST_ADDRS = '127.0.0.1'")
        client.run(f"ns = locateNS(port={broadcasts.getPort()})")
        assert client.value("str(ns._pyroUri.location)") == f"127.0.0.1:{port_of(daemon)}"
        assert client.value("ns.count()") == 1


# The real command at our name server.


@pytest.fixture
def nsc(peer_python: Path) -> Callable[..., str]:
    """Run the real command; give what it prints."""

    def run(port: str, *args: str, **environ: str) -> str:
        return subprocess.run(
            [peer_python, "-m", "Pyro4.nsc", "-n", "localhost", "-p", port, *args],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=clean_environment(environ),
        ).stdout

    return run


@pytest.mark.slow
@KEYS
def test_the_real_command_asks_ours(nsc: Callable[..., str], key: str | None) -> None:
    environ = {"PYRO_HMAC_KEY": key} if key else {}
    with serving(key) as (daemon, _):
        port = port_of(daemon)
        assert nsc(port, "ping", **environ) == "Name server ping ok.\n"
        registered = nsc(port, "register", "lamp", "PYRO:lamp@h:1", **environ)
        assert registered == "Registered lamp\n"
        assert nsc(port, "setmeta", "lamp", "light", **environ) == "Metadata updated\n"
        assert nsc(port, "list", **environ) == (
            "--------START LIST \n"
            f"{OWN} --> PYRO:{OWN}@localhost:{port}\n"
            f"    metadata: ['{TAG}']\n"
            "lamp --> PYRO:lamp@h:1\n"
            "    metadata: ['light']\n"
            "--------END LIST \n"
        )
        assert nsc(port, "listmeta_all", "light", **environ).splitlines()[1:-1] == [
            "lamp --> PYRO:lamp@h:1",
            "    metadata: ['light']",
        ]
        assert nsc(port, "lookup", "x", **environ) == (
            "Error: NamingError - unknown name: x\n"
        )


# Our command and our client at the real name server.


def real_name_server(run_module: Run, *args: str, **environ: str) -> str:
    """Start one; return its port."""
    process = run_module("Pyro4.naming", "-p", "0", *args, **environ)
    assert process.stdout is not None
    while not (line := process.stdout.readline()).startswith("URI = "):
        assert line
    return line.rpartition(":")[2].strip()


@pytest.mark.slow
@pytest.mark.parametrize("server", ["thread", "multiplex"])
@KEYS
def test_our_command_asks_the_real_one(
    run_module: Run,
    server: str,
    key: str | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environ = {"PYRO_HMAC_KEY": key} if key else {}
    port = real_name_server(run_module, PYRO_SERVERTYPE=server, **environ)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def nsc(*args: str) -> str:
        Pyro4.nsc.main(["-n", "localhost", "-p", port, *args])
        return capsys.readouterr().out

    assert nsc("ping") == "Name server ping ok.\n"
    assert nsc("register", "lamp", "PYRO:lamp@h:1") == "Registered lamp\n"
    assert nsc("setmeta", "lamp", "light", "a") == "Metadata updated\n"
    assert nsc("list") == (
        "--------START LIST \n"
        f"{OWN} --> PYRO:{OWN}@localhost:{port}\n"
        f"    metadata: ['{TAG}']\n"
        "lamp --> PYRO:lamp@h:1\n"
        "    metadata: ['a', 'light']\n"
        "--------END LIST \n"
    )
    assert nsc("listmeta_any", "light").splitlines()[1] == "lamp --> PYRO:lamp@h:1"
    assert nsc("lookup", "lamp") == "PYRO:lamp@h:1\nmetadata: ['a', 'light']\n"
    assert nsc("lookup", "x") == "Error: NamingError - unknown name: x\n"
    assert nsc("remove", "lamp") == "Removed lamp\n"


@pytest.mark.slow
def test_our_command_lists_a_real_one_that_accepts_only_pickle(
    run_module: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    port = real_name_server(run_module, PYRO_SERIALIZERS_ACCEPTED="pickle")
    Pyro4.nsc.main(["-n", "localhost", "-p", port, "list"])
    assert capsys.readouterr().out == (
        "--------START LIST \n"
        f"{OWN} --> PYRO:{OWN}@localhost:{port}\n"
        f"    metadata: ['{TAG}']\n"
        "--------END LIST \n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ALL))
def test_our_client_uses_the_real_one(run_module: Run, name: str) -> None:
    port = int(real_name_server(run_module, PYRO_SERIALIZERS_ACCEPTED=",".join(ALL)))
    config.SERIALIZER = name
    with Pyro4.naming.locateNS("localhost", port) as names:
        names.register("lamp", "PYRO:lamp@h:1", metadata={"light"})
        assert str(names.lookup("lamp")) == "PYRO:lamp@h:1"
        assert names.list(metadata_all={"light"}) == {"lamp": "PYRO:lamp@h:1"}
        if name != "marshal":  # in which the real one can't write it
            assert list(names.lookup("lamp", return_metadata=True))[1] == ["light"]
        with pytest.raises(errors.NamingError) as caught:
            names.lookup("x")
        assert str(caught.value) == "unknown name: x"
    assert str(Pyro4.naming.resolve(f"PYROMETA:light@localhost:{port}")) == "PYRO:lamp@h:1"


@pytest.mark.slow
def test_our_client_finds_the_real_one_by_broadcast(run_module: Run) -> None:
    process = run_module("Pyro4.naming", "-n", "0.0.0.0", "-p", "0", "--bcport", "0")
    assert process.stdout is not None
    bcport = int(process.stdout.readline().rpartition(":")[2])
    while not process.stdout.readline().startswith("URI"):
        pass
    config.NS_PORT = 1
    config.BROADCAST_ADDRS = "127.0.0.1"
    with Pyro4.naming.locateNS(port=bcport) as names:
        assert names.count() == 1


# Pyrophone, which asks the real one in its dialect.


@pytest.fixture
def lab(client: Peer, run_module: Run, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A real name server, with a real object as ``lab.thing``; and where that is."""
    port = int(real_name_server(run_module, PYRO_SERIALIZERS_ACCEPTED=",".join(SAFE)))
    client.run(f"config.NS_PORT = {port}; config.SERIALIZERS_ACCEPTED = {set(SAFE)}")
    client.run("uri = serve(host='localhost').register(Thing())")
    client.run("locateNS('localhost').register('lab.thing', uri, metadata={'adds', 'x'})")
    monkeypatch.setenv("PYROPHONE_NAME_PORT", str(port))
    monkeypatch.setenv("PYROPHONE_BROADCAST_ADDRESSES", "")
    return Settings(name_port=port, broadcast_addresses=(), timeout=LIMIT)


@pytest.mark.slow
@pytest.mark.parametrize("name", SAFE)
def test_pyrophone_finds_what_the_real_one_knows(lab: Settings, name: str) -> None:
    own = dataclasses.replace(lab, serializer=name)
    for target in ("lab.thing", "PYRONAME:lab.thing", "PYROMETA:adds,x"):
        with sync.connect(target, settings=own, dialect="pyro4") as thing:
            assert thing.add(1, 2) == 3
    with sync.locate_names(settings=own, dialect="pyro4") as names:
        assert set(names.list(prefix="lab.")) == {"lab.thing"}
    with pytest.raises(NamingError, match=r"unknown name: lab\.other"):
        sync.connect("lab.other", settings=own, dialect="pyro4")
    with pytest.raises(UnknownNameError, match="adds,y"):
        sync.connect("PYROMETA:adds,y", settings=own, dialect="pyro4")
    with pytest.raises(NoNameServerError):
        sync.connect("lab.thing", settings=own)


@pytest.mark.slow
def test_the_commands_of_pyrophone_ask_the_real_one(
    lab: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", "--dialect", "pyro4", "lab.thing.add", "1", "2"]) == 0
    assert main(["names", "list", "lab", "--tags", "--dialect", "pyro4"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "3"
    assert second.startswith("lab.thing\tPYRO:obj_")
    assert second.endswith("\tadds,x")


@pytest.mark.slow
def test_the_gateway_of_pyrophone_calls_the_real_one(lab: Settings) -> None:
    gateway = Gateway(expose="lab", settings=lab, dialect="pyro4")
    for path, expected in (("", b"lab.thing"), ("lab.thing/add", b'"xy"')):
        environ = {"PATH_INFO": f"/pyro/{path}", "QUERY_STRING": "a=x&b=y"}
        assert expected in b"".join(gateway(environ, lambda *answer: None))


# Databases that both use.


@pytest.mark.parametrize("cls", [SqlStorage, DbmStorage])
def test_a_database_is_used_in_turn(client: Peer, cls: Any, tmp_path: Path) -> None:
    file = str(tmp_path / "names")
    client.run("import Pyro4.naming_storage")
    client.run(f"theirs = Pyro4.naming_storage.{cls.__name__}({file!r})")
    client.run("theirs['their.hé'] = 'PYRO:é@h:1', {'a', 'b'}")
    tags = {"a", "b"} if cls is SqlStorage else set()
    ours = cls(file)
    assert dict(ours) == {"their.hé": ("PYRO:é@h:1", tags)}
    ours["our.hó"] = "PYRO:ó@h:1", {"c"}
    tag = {"c"} if cls is SqlStorage else frozenset()
    assert client.value("theirs['our.hó'][0], set(theirs['our.hó'][1])") == (
        "PYRO:ó@h:1",
        set(tag),
    )
    client.run("theirs['our.hó'] = 'PYRO:new@h:1', {'d'}")
    client.run("del theirs['their.hé']")
    assert {name: uri for name, (uri, _) in ours.items()} == {"our.hó": "PYRO:new@h:1"}
    ours.remove_items(["our.hó"])
    assert client.value("len(theirs), list(theirs)") == (0, [])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sql", "dbm"])
def test_a_name_server_goes_on_with_the_names_of_the_other(
    run_module: Run, kind: str, tmp_path: Path
) -> None:
    storage = f"{kind}:{tmp_path / 'names'}"
    tags = ["light"] if kind == "sql" else []
    with serving(storage=storage) as (daemon, _):
        daemon.nameserver.register("ours", "PYRO:ours@h:1", metadata=["light"])
    port = int(real_name_server(run_module, "-s", storage))
    with Pyro4.naming.locateNS("localhost", port) as names:
        assert names.lookup("ours", return_metadata=True)[1] == tags
        names.register("theirs", "PYRO:theirs@h:1", metadata=["light"])
    with serving(storage=storage) as (daemon, _):
        assert daemon.nameserver.lookup("theirs", return_metadata=True)[1] == tags
        assert daemon.nameserver.count() == 3
