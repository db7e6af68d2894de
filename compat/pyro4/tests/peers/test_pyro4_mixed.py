"""One name server and one server, used at once by Pyro4, Pyro5 and Pyrophone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro4.naming
from looping import looping
from peers import Peer, real_python
from Pyro4.configuration import config
from Pyro4.daemons import Daemon as Daemon4
from Pyro4.exposure import expose as expose4
from pyrophone import Settings, expose, oneway
from pyrophone.naming import NameService, SqliteStorage
from pyrophone.sync import Daemon, LoopDaemon, connect
from running import LIMIT, running

pytestmark = pytest.mark.peers

OWN = "Pyro.NameServer"
SCRIPT5 = Path(__file__).parents[4] / "tests" / "peers" / "real_pyro.py"


@expose
class Bench:
    """A workplace that all laboratories share."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.noted = threading.Semaphore(0)

    def add(self, a: int, b: int) -> int:
        """Return the sum."""
        return a + b

    def fail(self) -> None:
        """Raise something that everybody knows."""
        raise ValueError("bad", 7)

    def count(self, n: int) -> Iterator[int]:
        """Give numbers, one at a time."""
        yield from range(n)

    @oneway
    def note(self, text: str) -> None:
        """Remember a text."""
        self.notes.append(text)
        self.noted.release()

    @property
    def size(self) -> int:
        """Its width."""
        return 3

    def itself(self) -> Bench:
        """Return this object, of which others get a proxy."""
        return self


@expose4
class Bench4:
    """The same for the package, whose decorators leave marks of their own."""

    def add(self, a: int, b: int) -> int:
        """Return the sum."""
        return a + b

    def fail(self) -> None:
        """Raise something that everybody knows."""
        raise ValueError("bad", 7)

    def count(self, n: int) -> Iterator[int]:
        """Give numbers, one at a time."""
        yield from range(n)

    @property
    def size(self) -> int:
        """Its width."""
        return 3

    def itself(self) -> Bench4:
        """Return this object, of which others get a proxy."""
        return self


@pytest.fixture
def service() -> Iterator[NameService]:
    """A name server of Pyrophone, told to answer Pyro4."""
    with running(NameService("localhost", 0, dialects=["pyro4"])) as service:
        yield service


@pytest.fixture(params=[Daemon, LoopDaemon])
def bench(request: pytest.FixtureRequest, service: NameService) -> Iterator[Bench]:
    """What a server of Pyrophone serves, by name."""
    settings = Settings(name_port=service.uri.port or 0, broadcast_addresses=())
    daemon = request.param(settings=settings, dialects=["pyro4"])
    bench = Bench()
    with running(daemon):
        uri = daemon.register(bench, "bench")
        with connect(service.uri) as names:
            names.register("lab.bench", uri, metadata={"bench", "shared"})
        yield bench


@pytest.fixture
def four(client: Peer) -> Peer:
    """The real Pyro4 as a client."""
    client.run("config.BROADCAST_ADDRS = ''")
    return client


@pytest.fixture(scope="module")
def real_five() -> Iterator[Peer]:
    """A process of the real Pyro5."""
    peer = Peer(real_python("pyro5"), SCRIPT5, {"PYRO_COMMTIMEOUT": "20"})
    yield peer
    peer.close()


@pytest.fixture
def five(real_five: Peer) -> Iterator[Peer]:
    """The real Pyro5 as a client."""
    real_five.forget()
    real_five.run("config.BROADCAST_ADDRS = []")
    yield real_five
    real_five.forget()


def look(peer: Peer, port: int | None) -> None:
    """Let a real client look for names at our name server, and connect by one."""
    peer.run(f"config.NS_PORT = {port}")
    peer.run("bench = Proxy('PYRONAME:lab.bench'); bench._pyroBind()")


def test_all_three_use_one_server_at_once(
    service: NameService, bench: Bench, four: Peer, five: Peer
) -> None:
    settings = Settings(
        name_port=service.uri.port or 0, broadcast_addresses=(), timeout=LIMIT
    )
    with connect("lab.bench", settings=settings) as ours:
        for peer in (four, five):
            look(peer, service.uri.port)
        for number in range(3):  # in turn, on connections that stay
            for peer in (four, five):
                assert peer.value(f"bench.add({number}, 1)") == number + 1
                assert peer.value("list(bench.count(3))") == [0, 1, 2]
                assert peer.value("bench.size") == 3
                failed = peer.failure("bench.fail()")
                assert (failed.name, failed.args) == ("builtins.ValueError", ("bad", 7))
                assert peer.value("bench.itself().add(2, 2)") == 4
                peer.run(f"bench.note('{number}')")
            assert ours.add(number, 1) == number + 1
            assert list(ours.count(2)) == [0, 1]
            ours.note(str(number))
        for _ in range(9):
            assert bench.noted.acquire(timeout=LIMIT)
        assert sorted(bench.notes) == ["0"] * 3 + ["1"] * 3 + ["2"] * 3


def test_each_finds_the_others_by_one_name_server(
    service: NameService, four: Peer, five: Peer
) -> None:
    port = service.uri.port
    for peer, name in ((four, "four"), (five, "five")):
        locate = "locateNS" if peer is four else "locate_ns"
        peer.run(f"config.NS_PORT = {port}\nnames = {locate}('localhost', {port})")
        peer.run("uri = serve(host='localhost').register(Thing())")
        peer.run(f"names.register('lab.{name}', uri, metadata={{'{name}', 'real'}})")
    places: dict[str, Any] = {
        name: service.names.lookup(f"lab.{name}") for name in ("four", "five")
    }
    for peer in (four, five):
        for name, uri in places.items():
            assert peer.value(f"str(names.lookup('lab.{name}'))") == str(uri)
        assert peer.value("names.list('lab.')") == {
            f"lab.{name}": str(uri) for name, uri in places.items()
        }
    assert four.value("Proxy('PYRONAME:lab.four').add(1, 2)") == 3
    assert five.value("Proxy('PYROMETA:five,real').add(1, 2)") == 3
    assert four.value("Proxy('PYROMETA:four,real').add(1, 2)") == 3
    with connect(places["five"]) as thing:
        assert thing.add(1, 2) == 3
    with connect(places["four"], dialect="pyro4") as thing:
        assert thing.add(1, 2) == 3
    # Tags are as each expects them, and stay when the other writes them.
    assert four.value("names.lookup('lab.five', True)[1]") == ["five", "real"]
    assert five.value("names.lookup('lab.four', True)[1]") == {"four", "real"}
    four.run("names.set_metadata('lab.five', ['a', 'b'])")
    five.run("names.set_metadata('lab.four', {'c'})")
    assert five.value("names.yplookup(meta_all={'a', 'b'}, return_metadata=False)") == {
        "lab.five": str(places["five"])
    }
    assert four.value("names.list(metadata_any=['c', 'x'])") == {
        "lab.four": str(places["four"])
    }
    for peer, tag in ((four, "class:Pyro4.naming"), (five, "class:Pyro5.nameserver")):
        query = {
            four: "names.list(metadata_all=[%r])",
            five: "names.yplookup(meta_all=[%r], return_metadata=False)",
        }[peer]
        assert peer.value(query % f"{tag}.NameServer") == {OWN: str(service.uri)}


def test_a_database_goes_from_hand_to_hand(four: Peer, five: Peer, tmp_path: Path) -> None:
    file = str(tmp_path / "names")
    four.run("import Pyro4.naming_storage")
    four.run(f"sql = Pyro4.naming_storage.SqlStorage({file!r})")
    four.run("sql['four'] = 'PYRO:é@h:1', {'a', 'b'}")
    five.run(f"sql = Pyro5.nameserver.SqlStorage({file!r})")
    five.run("sql['five'] = 'PYRO:5@h:1', {'c'}")
    ours = SqliteStorage(file)
    ours.put("ours", "PYRO:0@h:1", ["d", "é"])
    expected = {
        "four": ("PYRO:é@h:1", {"a", "b"}),
        "five": ("PYRO:5@h:1", {"c"}),
        "ours": ("PYRO:0@h:1", {"d", "é"}),
    }
    for peer in (four, five):
        found = "{name: (uri, set(tags)) for name, (uri, tags) in sql.items()}"
        assert peer.value(found) == expected
    assert {
        name: (record.uri, set(record.tags)) for name, record in ours.find().items()
    } == expected


# The same with a name server and a daemon of our package Pyro4.


@pytest.fixture(params=["thread", "multiplex"])
def names4(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A name server of the package, as ``python -m Pyro4.naming`` runs it."""
    config.SERVERTYPE = request.param
    uri, daemon, _ = Pyro4.naming.startNS(port=0)
    with looping() as loop:
        loop(daemon)
        yield uri


def test_the_package_serves_all_three_as_well(names4: Any, four: Peer, five: Peer) -> None:
    daemon = Daemon4()
    bench = Bench4()
    uri = daemon.register(bench, "bench")
    with looping() as loop:
        loop(daemon)
        with Pyro4.naming.locateNS("localhost", names4.port) as names:
            names.register("lab.bench", uri, metadata={"shared"})
        settings = Settings(name_port=names4.port, broadcast_addresses=(), timeout=LIMIT)
        with connect("lab.bench", settings=settings) as ours:
            for peer in (four, five):
                look(peer, names4.port)
            for number in range(2):
                for peer in (four, five):
                    assert peer.value(f"bench.add({number}, 1)") == number + 1
                    assert peer.value("list(bench.count(3))") == [0, 1, 2]
                    assert peer.value("bench.size") == 3
                    assert peer.failure("bench.fail()").name == "builtins.ValueError"
                    assert peer.value("bench.itself().add(2, 2)") == 4
                assert ours.add(number, 1) == number + 1
        for peer in (four, five):
            assert peer.value("Proxy('PYROMETA:shared').add(1, 2)") == 3
