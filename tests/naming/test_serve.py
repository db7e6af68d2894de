"""A name server as a service, and programs that find each other by it."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import EllipsisType

import pytest

from pyrophone import URI, Settings, expose
from pyrophone.errors import (
    DaemonError,
    NamingError,
    NoNameServerError,
    RemoteProtocolError,
    UnknownNameError,
)
from pyrophone.naming import MemoryStorage, NameService, Record, SqliteStorage
from pyrophone.net import beacon
from pyrophone.sync import Daemon, LoopDaemon, Proxy, connect, locate_names
from running import LIMIT, running


@expose
class Counter:
    """An object to be found."""

    def __init__(self) -> None:
        self.value = 0

    def add(self, n: int) -> int:
        """Return the sum so far."""
        self.value += n
        return self.value


def settings_for(service: NameService) -> Settings:
    """Return settings by which *service* is found, and nobody else."""
    return Settings(
        name_host="localhost",
        name_port=service.uri.port or 0,
        timeout=LIMIT,
        broadcast_addresses=(),
        broadcast_timeout=0.001,
    )


@pytest.fixture
def service() -> Iterator[NameService]:
    """A name server on a free port of this machine."""
    with running(NameService("localhost", 0)) as service:
        yield service


@pytest.fixture
def settings(service: NameService) -> Settings:
    """Settings by which the name server is found."""
    return settings_for(service)


@pytest.fixture
def names(settings: Settings) -> Iterator[Proxy]:
    """A proxy for the name server."""
    with locate_names(settings=settings) as names:
        yield names


def test_it_is_found_and_knows_itself(service: NameService, names: Proxy) -> None:
    assert names.lookup("Pyro.NameServer") == service.uri
    assert str(service.uri) == f"PYRO:Pyro.NameServer@localhost:{service.uri.port}"
    assert names.count() == 1


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack"])
def test_clients_of_each_dialect_get_what_they_know(serializer: str) -> None:
    settings = Settings(serializer=serializer, timeout=LIMIT)
    with running(NameService("localhost", 0, dialects=["pyro4"])) as service:
        with connect(service.uri, dialect="pyro4", settings=settings) as names:
            names.register("lamp", service.uri, metadata=["b", "a"])
            uri, tags = names.lookup("lamp", return_metadata=True)
            assert (uri, tags) == (service.uri, ["a", "b"])
            assert names.list(metadata_all=["a"]) == {"lamp": str(uri)}
            found = names.list(None, None, None, ["a"], True)
            assert [list(pair) for pair in found.values()] == [[str(uri), ["a", "b"]]]
        with connect(service.uri, settings=settings) as names:
            uri, tags = names.lookup("lamp", return_metadata=True)
            assert (uri, set(tags)) == (service.uri, {"a", "b"})
            assert isinstance(tags, set)
            assert set(names.lookup("Pyro.NameServer", True)[1]) == {
                "class:Pyro4.naming.NameServer",
                "class:Pyro5.nameserver.NameServer",
            }


def test_other_dialects_are_answered_only_if_one_says_so(service: NameService) -> None:
    own = (str(service.uri), {"class:Pyro5.nameserver.NameServer"})
    assert service.names.list(return_metadata=True) == {"Pyro.NameServer": own}
    with pytest.raises(RemoteProtocolError, match="version: 502, not 48"):
        connect(service.uri, dialect="pyro4", settings=Settings(timeout=LIMIT))
    with pytest.raises(DaemonError, match="'unheard' is not installed"):
        NameService("localhost", 0, dialects=["unheard"])


@pytest.mark.parametrize("make", [Daemon, LoopDaemon])
def test_an_object_is_found_by_name_until_its_daemon_stops(
    make: type[LoopDaemon], settings: Settings, names: Proxy
) -> None:
    with running(make(settings=settings)) as daemon:
        uri = daemon.register(Counter(), "c", name="lab.counter", tags={"x"})
        assert names.lookup("lab.counter", True) == (uri, {"x"})
        for target in ("lab.counter", "PYRONAME:lab.counter", "PYROMETA:x"):
            with connect(target, settings=settings) as counter:
                counter.add(2)
        with connect(uri) as counter:
            assert counter.add(0) == 6
    with pytest.raises(UnknownNameError):
        names.lookup("lab.counter")


def test_a_name_that_was_taken_over_is_not_withdrawn(
    settings: Settings, names: Proxy
) -> None:
    with running(Daemon(settings=settings)) as daemon:
        daemon.register(Counter(), name="lab.counter")
        names.register("lab.counter", "PYRO:another@h:1")
    assert names.lookup("lab.counter") == URI.parse("PYRO:another@h:1")


def test_a_daemon_ends_well_when_the_name_server_is_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running(NameService("localhost", 0)) as service:
        daemon = Daemon(settings=settings_for(service))
        daemon.register(Counter(), name="lab.counter")
    with caplog.at_level(logging.WARNING):
        daemon.close()
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "name 'lab.counter' could not be withdrawn"
    ]


def test_a_registration_that_fails_leaves_nothing_behind(settings: Settings) -> None:
    with Daemon(settings=settings) as daemon:
        counter = Counter()
        with pytest.raises(ValueError, match="name of 1001 characters, limit is 1000"):
            daemon.register(counter, "c", name="x" * 1001)
        assert daemon.objects.ids == ["Pyro.Daemon"]
        daemon.register(counter, "c")


def test_a_mistyped_name_is_answered_with_similar_ones(
    settings: Settings, names: Proxy
) -> None:
    names.register("lab.counter", "PYRO:c@h:1")
    with pytest.raises(UnknownNameError, match=r"lab.conter, did you mean 'lab.counter'"):
        connect("lab.conter", settings=settings)


def test_it_serves_at_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "names")
    with running(NameService(unix_socket=path)) as service:
        assert service.uri == URI("PYRO", "Pyro.NameServer", path)
        assert service.broadcast_port is None
        with locate_names(f"./u:{path}") as names:
            names.register("n", service.uri)
        with connect(f"PYRONAME:n@./u:{path}") as names:
            assert names.count() == 2
    settings = Settings(name_host=f"./u:{path}")
    with running(NameService(settings=settings)) as service:
        with locate_names(settings=settings) as names:
            assert names.lookup("Pyro.NameServer") == service.uri


def test_names_stay_in_the_storage_that_was_given() -> None:
    storage = MemoryStorage()
    for expected in (2, 2):
        with running(NameService("localhost", 0, storage=storage)) as service:
            with connect(service.uri) as names:
                names.register("n", "PYRO:x@h:1")
                assert names.count() == expected
                assert names.lookup("Pyro.NameServer") == service.uri


def test_names_in_a_file_outlive_the_service(tmp_path: Path) -> None:
    for expected in (2, 3):
        storage = SqliteStorage(tmp_path / "names.db")
        with running(NameService("localhost", 0, storage=storage)) as service:
            with connect(service.uri) as names:
                names.register(f"n{expected}", "PYRO:x@h:1", metadata={"t"})
                assert names.count() == expected
                assert names.lookup("Pyro.NameServer") == service.uri
                assert len(names.yplookup(["t"])) == expected - 1


def test_names_whose_daemon_is_gone_go(tmp_path: Path) -> None:
    gone = threading.Event()

    class Watched(MemoryStorage):
        """Tells when it has lost a name."""

        def delete(
            self, names: Iterable[str], *, expected: Record | EllipsisType = ...
        ) -> int:
            count = super().delete(names, expected=expected)
            gone.set()
            return count

    storage = Watched()
    with socket.create_server(("127.0.0.1", 0)) as dead:
        storage.put("dead", f"PYRO:x@127.0.0.1:{dead.getsockname()[1]}")
    with running(
        NameService("localhost", 0, storage=storage, sweep=0.01, grace=0)
    ) as service:
        assert gone.wait(LIMIT)
        with connect(service.uri) as names:
            assert list(names.list()) == ["Pyro.NameServer"]


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="must be above 0 seconds"):
        NameService("localhost", 0, sweep=seconds)


def test_a_storage_that_fails_leaves_no_service_behind(tmp_path: Path) -> None:
    path = tmp_path / "names"
    storage = SqliteStorage(tmp_path / "names.db")
    (tmp_path / "names.db").unlink()
    with pytest.raises(NamingError, match="unable to open"):
        NameService(unix_socket=str(path), storage=storage)
    assert not path.exists()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3"])
def test_no_broadcast_can_come_to_a_loopback_address(host: str) -> None:
    with NameService(host, 0, settings=Settings(broadcast_port=0)) as service:
        assert service.broadcast_port is None


@pytest.mark.parametrize("host", ["::1", "::"])
def test_no_broadcast_can_come_by_ipv6(host: str) -> None:
    try:
        service = NameService(host, 0, settings=Settings(broadcast_port=0))
    except OSError:
        pytest.skip("no IPv6 here")
    with service:
        assert service.broadcast_port is None


@pytest.mark.parametrize("host", ["", "0.0.0.0"])
def test_a_broadcast_is_answered_with_the_address_towards_who_asks(host: str) -> None:
    settings = Settings(broadcast_port=0)
    with running(NameService(host, 0, settings=settings)) as service:
        port = service.broadcast_port
        assert port is not None
        answer = beacon.ask(b"GET_NSURI", ("127.0.0.1",), port, LIMIT)
        assert answer == f"PYRO:Pyro.NameServer@127.0.0.1:{service.uri.port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("", port))  # it is free again


def test_a_broadcast_leads_to_the_name_server() -> None:
    with running(NameService("", 0, settings=Settings(broadcast_port=0))) as service:
        settings = Settings(
            name_port=1,  # nobody is there
            broadcast_addresses=("127.0.0.1",),
            broadcast_port=service.broadcast_port or 0,
            broadcast_timeout=LIMIT,
        )
        with locate_names(settings=settings) as names:
            assert names.lookup("Pyro.NameServer").port == service.uri.port
        with pytest.raises(NoNameServerError):
            locate_names(settings=settings, broadcast=False)


def test_the_address_behind_nat_is_for_uris_and_not_for_broadcasts() -> None:
    settings = Settings(broadcast_port=0)
    with running(
        NameService("", 0, public="names.example:99", settings=settings)
    ) as service:
        assert str(service.uri) == "PYRO:Pyro.NameServer@names.example:99"
        assert service.broadcast_port is not None
        answer = beacon.ask(b"GET_NSURI", ("127.0.0.1",), service.broadcast_port, LIMIT)
        assert answer is not None
        assert answer.startswith("PYRO:Pyro.NameServer@127.0.0.1:")
        with connect(answer) as names:
            assert names.count() == 1


def test_broadcasts_can_be_left_unanswered() -> None:
    with NameService("", 0, broadcast=False) as service:
        assert service.broadcast_port is None


def test_a_port_in_use_is_named() -> None:
    with NameService("localhost", 0) as first:
        with pytest.raises(OSError, match=f"in use: localhost:{first.uri.port}"):
            NameService("localhost", first.uri.port)


def test_a_broadcast_port_in_use_is_named_and_all_is_given_back() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 0))
        port = taken.getsockname()[1]
        with socket.socket() as free:
            free.bind(("", 0))
            tcp = free.getsockname()[1]
        storage = MemoryStorage()
        with pytest.raises(OSError, match=f"in use: UDP port {port}$"):
            NameService("", tcp, storage=storage, settings=Settings(broadcast_port=port))
        assert storage.count() == 0
        with NameService("", tcp, broadcast=False):
            pass


def test_it_can_be_stopped_before_it_serves_and_twice() -> None:
    service = NameService("", 0, settings=Settings(broadcast_port=0))
    service.stop()
    service.serve()
    service.close()
