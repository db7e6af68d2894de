"""The name server in this process, and finding names."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import Pyro5.api
import Pyro5.nameserver
import Pyro5.nsc
from Pyro5 import errors

TAG = "class:Pyro5.nameserver.NameServer"


@Pyro5.api.expose
class Lamp:
    """What has a name in the tests."""

    def shine(self) -> str:
        """Return a word."""
        return "shining"


@pytest.fixture
def daemon(running: Callable[[Any], Any]) -> Any:
    """A name server that runs and is the one that is found."""
    uri, daemon, broadcasts = Pyro5.api.start_ns(port=0)
    assert broadcasts is None
    Pyro5.config.NS_PORT = uri.port
    running(daemon)
    return daemon


@pytest.fixture
def names(daemon: Any) -> Any:
    """A proxy for it."""
    with Pyro5.api.locate_ns() as proxy:
        yield proxy


def test_a_located_name_server_is_connected_and_knows_itself(names: Any) -> None:
    assert names._pyroConnection is not None
    assert names.ping() is None
    assert names.count() == 1
    assert names.list() == {"Pyro.NameServer": str(names._pyroUri)}
    assert names.lookup("Pyro.NameServer", return_metadata=True) == (names._pyroUri, {TAG})


def test_names_lead_to_objects(names: Any, serve: Callable[..., Any]) -> None:
    uri = serve(Lamp())
    names.register("test.lamp", uri, metadata={"light", "test"})
    found = names.lookup("test.lamp")
    assert (type(found), found) == (Pyro5.api.URI, uri)
    assert Pyro5.api.resolve("PYRONAME:test.lamp") == uri
    assert Pyro5.api.resolve(Pyro5.api.URI("PYROMETA:light,test")) == uri
    with Pyro5.api.Proxy("PYRONAME:test.lamp") as lamp:
        assert lamp.shine() == "shining"
        assert str(lamp._pyroUri) == "PYRONAME:test.lamp"
    lamp = Pyro5.api.Proxy("PYROMETA:light")
    assert lamp._pyroBind()
    assert lamp._pyroUri == uri
    lamp._pyroRelease()


def test_what_is_not_there_is_a_naming_error(names: Any) -> None:
    for text in ("PYRONAME:test.none", "PYROMETA:none"):
        with pytest.raises(errors.NamingError):
            Pyro5.api.resolve(text)
        with pytest.raises(errors.NamingError):
            Pyro5.api.Proxy(text)._pyroBind()
    with pytest.raises(errors.NamingError, match=r"unknown name: test\.none"):
        names.lookup("test.none")
    with pytest.raises(errors.PyroError, match="invalid uri"):
        names.register("test.lamp", "nonsense")
    assert names.count() == 1


@pytest.mark.slow
def test_a_name_may_be_waited_for(names: Any) -> None:
    uri = Pyro5.api.URI("PYRO:late@localhost:1")
    asked = threading.Event()

    class Asked(Pyro5.nameserver.NameServer):
        def lookup(self, name: Any, return_metadata: bool = False) -> Any:
            asked.set()
            return super().lookup(name, return_metadata)

    local = Asked()

    def later() -> None:
        assert asked.wait(5)
        local.register("test.late", uri)

    thread = threading.Thread(target=later)
    thread.start()
    assert Pyro5.nameserver.lookup(local, "test.late", delay_time=5) == uri
    thread.join()
    with pytest.raises(errors.NamingError):
        Pyro5.nameserver.lookup(local, "test.none")
    assert Pyro5.nameserver.yplookup(local, meta_all={"none"}) == {}


@pytest.mark.parametrize("serializer", ["serpent", "json", "msgpack", "marshal"])
def test_tags_are_in_sets_with_any_serializer(names: Any, serializer: str) -> None:
    names._pyroSerializer = serializer
    uri = Pyro5.api.URI("PYRO:lamp@localhost:1")
    names.register("plain", uri)
    names.register("tagged", str(uri), metadata=["light", "light"])
    for name, tags in (("plain", set()), ("tagged", {"light"})):
        found = Pyro5.nameserver.lookup(names, name, return_metadata=True)
        assert found == (uri, tags)
        assert Pyro5.nameserver.lookup(names, name) == uri
    assert Pyro5.nameserver.yplookup(names, meta_any=["light"]) == {
        "tagged": (str(uri), {"light"})
    }
    found = Pyro5.nameserver.yplookup(names, meta_all=["light"], return_metadata=False)
    assert found == {"tagged": str(uri)}
    assert len(names.list(return_metadata=True)) == 3


def test_a_name_server_may_be_used_without_a_network() -> None:
    names = Pyro5.nameserver.NameServer()
    uri = Pyro5.api.URI("PYRO:lamp@localhost:1")
    names.register("test.lamp", uri, metadata={"light"})
    assert names.lookup("test.lamp", return_metadata=True) == (uri, {"light"})
    assert type(names.lookup("test.lamp")) is Pyro5.api.URI
    with pytest.raises(errors.NamingError, match="already registered"):
        names.register("test.lamp", uri, safe=True)


def test_nowhere_is_a_naming_error(tmp_path: Path) -> None:
    for host in ("localhost", f"./u:{tmp_path / 'none.sock'}"):
        with pytest.raises(errors.NamingError, match="Failed to locate the nameserver"):
            Pyro5.api.locate_ns(host, port=1)


def test_a_broadcast_is_answered(daemon: Any) -> None:
    uri = daemon.uriFor("Pyro.NameServer")
    with Pyro5.nameserver.BroadcastServer(uri, "127.0.0.1", 0) as server:
        assert server.locationStr == f"127.0.0.1:{server.getPort()}"
        thread = server.runInThread()
        Pyro5.config.NS_PORT = 1
        Pyro5.config.NS_BCPORT = server.getPort()
        Pyro5.config.BROADCAST_ADDRS = ["127.0.0.1"]
        with Pyro5.api.locate_ns() as names:
            assert names._pyroUri == uri
        Pyro5.config.NS_BCPORT = 1
        with Pyro5.api.locate_ns(port=server.getPort()) as names:
            assert names._pyroUri == uri
    thread.join(5)
    assert not thread.is_alive()


def test_broadcasts_are_answered_with_the_place_inside_of_nat() -> None:
    uri, daemon, broadcasts = Pyro5.api.start_ns(
        "0.0.0.0", 0, bchost="127.0.0.1", bcport=0, nathost="example.org", natport=99
    )
    assert broadcasts is not None
    with daemon, broadcasts:
        assert str(uri) == "PYRO:Pyro.NameServer@example.org:99"
        assert broadcasts.nsUri.host == "0.0.0.0"  # the one who asks gets an address
        assert broadcasts.nsUri.location == daemon.locationStr


def test_the_daemon_of_a_name_server_ends_with_it() -> None:
    with Pyro5.nameserver.NameServerDaemon(port=0) as daemon:
        assert daemon.nameserver is not None
    assert daemon.nameserver is None
    with pytest.raises(errors.PyroError, match="cannot reuse"):
        daemon.__enter__()
    with pytest.raises(ValueError, match="invalid storage type 'dbm:x'"):
        Pyro5.nameserver.NameServerDaemon(port=0, storage="dbm:x")


def test_the_loop_prints_what_runs(capsys: pytest.CaptureFixture[str]) -> None:
    Pyro5.api.start_ns_loop(port=0, enableBroadcast=False, loopCondition=lambda: False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("localhost")[0] for line in lines] == [
        "Not starting broadcast server for ",
        "NS running on ",
        "URI = PYRO:Pyro.NameServer@",
        "NS shut down.",
    ]


def test_an_unknown_command_of_nsc_is_a_key_error(
    names: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyError):
        Pyro5.nsc.handle_command(names, "unheard", [])
    assert capsys.readouterr().out.startswith("Error: KeyError - ")
