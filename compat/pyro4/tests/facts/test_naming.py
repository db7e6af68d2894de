"""The name server: its object with both storages, its daemon, locating, broadcast, cleaning."""

import contextlib
import select
import socket
import sqlite3
import threading
import time

import pytest

import Pyro4
import Pyro4.naming
from Pyro4 import config, errors, socketutil
from Pyro4.core import URI, Daemon, Proxy, expose
from Pyro4.naming import (
    MemoryStorage,
    NameServer,
    NameServerDaemon,
    locateNS,
    resolve,
    startNS,
    type_meta,
)
from Pyro4.naming_storage import DbmStorage, SqlStorage

HERE = "PYRO:object@localhost:9999"


def eventually(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture(params=["memory", "sql"])
def storage(request, tmp_path):
    """Both kinds."""
    made = (
        MemoryStorage()
        if request.param == "memory"
        else SqlStorage(str(tmp_path / "ns.sql"))
    )
    yield made
    made.close()


@pytest.fixture
def names(storage):
    """The object, without a network."""
    return NameServer(storageProvider=storage)


def test_registering(names):
    assert names.count() == 0
    names.ping()
    assert names.register("one", HERE) is None
    names.register("two", URI("PYRO:two@host:1"))
    names.register("three", "PYRONAME:other")
    assert names.count() == 3
    assert names.list() == {
        "one": HERE,
        "two": "PYRO:two@host:1",
        "three": "PYRONAME:other",
    }
    assert names.lookup("one") == URI(HERE)
    assert isinstance(names.lookup("one"), URI)
    names.register("one", "PYRO:x@host:1")
    assert str(names.lookup("one")) == "PYRO:x@host:1"
    assert names.count() == 3


@pytest.mark.parametrize("uri", [5, None, [], b"PYRO:x@host:1"])
def test_registering_other_types(names, uri):
    with pytest.raises(TypeError):
        names.register("one", uri)


def test_registering_other_names(names):
    with pytest.raises(TypeError):
        names.register(5, HERE)
    with pytest.raises(TypeError):
        names.register(None, HERE)


@pytest.mark.parametrize("uri", ["bogus", "PYRO:x", "", "PYRO:a b@host:1"])
def test_registering_bad_uris(names, uri):
    with pytest.raises(errors.PyroError, match=r"^invalid uri"):
        names.register("one", uri)


def test_registering_safely(names):
    names.register("one", HERE, safe=True)
    with pytest.raises(errors.NamingError, match=r"^name already registered: one$"):
        names.register("one", HERE, safe=True)
    names.register("one", "PYRO:x@host:1", safe=False)


def test_unknown_names(names):
    with pytest.raises(errors.NamingError, match=r"^unknown name: nosuch"):
        names.lookup("nosuch")
    with pytest.raises(errors.NamingError, match=r"^unknown name: nosuch"):
        names.set_metadata("nosuch", None)
    assert names.remove("nosuch") == 0


@pytest.mark.parametrize(
    "tags", [["a", "b", "a"], ("a", "b"), {"a", "b"}, {"a": 1, "b": 2}]
)
def test_metadata(names, tags):
    names.register("one", HERE, metadata=tags)
    found, listed = names.lookup("one", return_metadata=True)
    assert (found, sorted(listed)) == (URI(HERE), ["a", "b"])
    assert isinstance(listed, list)
    assert names.lookup("one") == URI(HERE)
    uri, found = names.list(return_metadata=True)["one"]
    assert (uri, sorted(found)) == (HERE, ["a", "b"])
    assert isinstance(found, list)
    names.register("one", HERE)
    assert set(names.lookup("one", return_metadata=True)[1]) == set()


def test_changing_metadata(names):
    names.register("one", HERE, metadata=["a"])
    names.set_metadata("one", ["b", "c"])
    assert sorted(names.lookup("one", return_metadata=True)[1]) == ["b", "c"]
    names.set_metadata("one", None)
    assert set(names.lookup("one", return_metadata=True)[1]) == set()
    names.set_metadata("one", [])
    assert set(names.lookup("one", return_metadata=True)[1]) == set()


def test_metadata_is_no_text(names):
    names.register("one", HERE)
    with pytest.raises(TypeError, match="should not be a str"):
        names.register("two", HERE, metadata="text")
    with pytest.raises(TypeError, match="should not be a str"):
        names.set_metadata("one", "text")
    with pytest.raises(TypeError):
        names.register("two", HERE, metadata=42)
    for arguments in ({"metadata_all": "a"}, {"metadata_any": "a"}):
        with pytest.raises(TypeError, match="should not be a str"):
            names.list(**arguments)


def test_yellow_pages(names):
    names.register("none", HERE)
    names.register("one", HERE, metadata=["a"])
    names.register("two", HERE, metadata=["a", "b"])
    names.register("three", HERE, metadata=["c"])
    assert set(names.list(metadata_all=["a"])) == {"one", "two"}
    assert set(names.list(metadata_all=["a", "b"])) == {"two"}
    assert names.list(metadata_all=["a", "x"]) == {}
    assert set(names.list(metadata_any=["b", "c", "x"])) == {"two", "three"}
    assert names.list(metadata_any=["x"]) == {}
    assert names.list(metadata_any={"c"}) == {"three": HERE}
    assert names.list(metadata_any={"c"}, return_metadata=True) == {"three": (HERE, ["c"])}
    assert len(names.list(metadata_all=[])) == 4
    assert len(names.list(metadata_any=[])) == 4
    assert len(names.list(metadata_any=None, metadata_all=None)) == 4


@pytest.mark.parametrize(
    "arguments",
    [
        {"prefix": "a", "regex": "b"},
        {"prefix": "a", "metadata_all": ["b"]},
        {"regex": "a", "metadata_any": ["b"]},
        {"metadata_all": ["a"], "metadata_any": ["b"]},
    ],
)
def test_one_filter_at_a_time(names, arguments):
    with pytest.raises(ValueError, match="you can only filter on one thing at a time"):
        names.list(**arguments)


@pytest.mark.fixed("1.3: an empty filter counts as one")
def test_empty_filters(names):
    names.register("one", HERE)
    assert names.list(prefix="", regex="") == {"one": HERE}


@pytest.fixture
def twenty(names):
    names.register("Pyro.NameServer", HERE)
    for number in range(20):
        names.register(f"test.{number}", HERE, metadata=[f"tag{number % 2}"])
    names.register("other", HERE)
    return names


@pytest.mark.parametrize(
    ("arguments", "removed"),
    [
        ({}, 0),
        ({"name": "test.1"}, 1),
        ({"name": "nosuch"}, 0),
        ({"prefix": "test.1"}, 11),
        ({"prefix": "nosuch"}, 0),
        ({"prefix": ""}, 0),
        ({"regex": r"test\.[2-9]$"}, 8),
        ({"regex": r"test\.\d$"}, 10),
        ({"regex": "est"}, 0),
        ({"name": "Pyro.NameServer"}, 0),
        ({"prefix": "Pyro"}, 0),
        ({"regex": ".*"}, 21),
        ({"regex": "Pyro.*"}, 0),
        ({"name": "other", "prefix": "test"}, 1),
    ],
    ids=str,
)
def test_removing(twenty, arguments, removed):
    before = twenty.count()
    assert twenty.remove(**arguments) == removed
    assert twenty.count() == before - removed
    assert "Pyro.NameServer" in twenty.list()


def test_removing_with_a_bad_expression(twenty):
    with pytest.raises(errors.NamingError, match=r"^invalid regex"):
        twenty.remove(regex="((")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, 22),
        ({"prefix": ""}, 22),
        ({"prefix": "test."}, 20),
        ({"prefix": "est"}, 0),
        ({"regex": r"test\.1"}, 11),
        ({"regex": r"test\.1$"}, 1),
        ({"regex": ".*er"}, 2),
        ({"regex": "th"}, 0),
        ({"regex": ""}, 22),
    ],
    ids=str,
)
def test_listing(twenty, arguments, found):
    assert len(twenty.list(**arguments)) == found
    listed = twenty.list(return_metadata=True, **arguments)
    assert len(listed) == found
    assert all(uri == HERE for uri, _ in listed.values())


def test_listing_badly(twenty):
    with pytest.raises(ValueError):  # noqa: PT011
        twenty.list(prefix="a", regex="b")
    with pytest.raises(errors.NamingError, match=r"^invalid regex: "):
        twenty.list(regex="((")


def test_removing_while_another_removes(twenty):
    """No lookup of what is already gone may fail."""
    failures = []

    def remove(*numbers):
        for number in numbers:
            try:
                twenty.remove(f"test.{number}")
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=remove, args=range(20)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(twenty.list()) == {"Pyro.NameServer", "other"}


@pytest.mark.parametrize("separator", ["TEST.", "test_1", "test%"])
@pytest.mark.fixed("prefixes with sqlite are taken literally")
def test_prefixes_are_taken_literally(tmp_path, separator):
    names = NameServer(storageProvider=SqlStorage(str(tmp_path / "ns.sql")))
    names.register("test.1", HERE)
    assert names.list(prefix=separator) == {}
    assert names.remove(prefix=separator) == 0


@pytest.mark.fixed("a tag given twice finds nothing with sqlite")
def test_tags_twice(tmp_path):
    names = NameServer(storageProvider=SqlStorage(str(tmp_path / "ns.sql")))
    names.register("one", HERE, metadata=["a"])
    assert set(names.list(metadata_all=["a", "a"])) == {"one"}


def test_storage(storage):
    storage["one"] = (HERE, {"a"})
    storage["two"] = ("PYRO:two@host:1", None)
    assert storage["one"] == (HERE, {"a"})
    assert storage["two"][0] == "PYRO:two@host:1"
    assert set(storage["two"][1] or ()) == set()
    assert len(storage) == 2
    assert "one" in storage
    assert "three" not in storage
    assert sorted(storage) == ["one", "two"]
    assert storage.everything() == {"one": HERE, "two": "PYRO:two@host:1"}
    assert storage.everything(return_metadata=True)["one"] == (HERE, {"a"})
    with pytest.raises(KeyError):
        storage["three"]
    storage["one"] = ("PYRO:x@host:1", {"b", "c"})
    assert storage["one"] == ("PYRO:x@host:1", {"b", "c"})
    del storage["one"]
    assert len(storage) == 1
    storage.remove_items(["two"])
    assert len(storage) == 0
    storage["x"] = (HERE, None)
    storage.clear()
    assert len(storage) == 0


def test_memory_is_not_optimized():
    memory = MemoryStorage()
    assert memory.optimized_prefix_list("a") is None
    assert memory.optimized_regex_list("a") is None
    assert memory.optimized_metadata_search(metadata_all={"a"}) is None
    memory["one"] = (HERE, None)
    assert memory["one"] == (HERE, frozenset())
    memory.close()


def test_sql_is_optimized(tmp_path):
    sql = SqlStorage(str(tmp_path / "ns.sql"))
    sql["one"] = (HERE, {"a"})
    sql["two"] = (HERE, {"a", "b"})
    assert sql.optimized_prefix_list("on") == {"one": HERE}
    assert sql.optimized_prefix_list("on", True) == {"one": (HERE, {"a"})}
    assert sql.optimized_metadata_search(metadata_all={"a", "b"}) == {"two": HERE}
    assert set(sql.optimized_metadata_search(metadata_any={"a"})) == {"one", "two"}
    found = sql.optimized_metadata_search(metadata_any={"b"}, return_metadata=True)
    assert found == {"two": (HERE, {"a", "b"})}
    sql.close()


@pytest.fixture
def dbm(tmp_path):
    return DbmStorage(str(tmp_path / "ns.dbm"))


def test_dbm(dbm):
    dbm["one"] = (HERE, {"a"})
    dbm["two\u20ac"] = ("PYRO:two@host:1", None)
    assert dbm["one"] == (HERE, frozenset())
    assert len(dbm) == 2
    assert sorted(dbm) == ["one", "two\u20ac"]
    assert "one" in dbm
    assert "three" not in dbm
    with pytest.raises(KeyError):
        dbm["three"]
    assert dbm.everything() == {"one": HERE, "two\u20ac": "PYRO:two@host:1"}
    assert dbm.everything(return_metadata=True)["one"] == (HERE, frozenset())
    dbm["one"] = ("PYRO:x@host:1", None)
    assert dbm["one"][0] == "PYRO:x@host:1"
    del dbm["one"]
    with pytest.raises(KeyError):
        del dbm["one"]
    dbm.remove_items(["two\u20ac", "nosuch"])
    assert len(dbm) == 0
    dbm["x"] = (HERE, None)
    dbm.clear()
    assert len(dbm) == 0
    dbm.close()


def test_dbm_lasts(tmp_path):
    path = str(tmp_path / "ns.dbm")
    one = DbmStorage(path)
    one["name"] = (HERE, {"a", "b"})
    one.close()
    two = DbmStorage(path)
    assert two.everything() == {"name": HERE}
    two.close()


def test_dbm_lists(dbm):
    dbm["a.b"] = dbm["a.c"] = dbm["b"] = (HERE, None)
    names = NameServer(storageProvider=dbm)
    assert names.list(prefix="a.") == {"a.b": HERE, "a.c": HERE}
    assert names.list(prefix="a.", return_metadata=True)["a.b"] == (HERE, [])
    assert names.list(regex=r"a\..") == {"a.b": HERE, "a.c": HERE}
    assert names.list(regex="a") == {}  # its end counts, here only
    assert names.count() == 3
    with pytest.raises(errors.NamingError):
        names.list(regex="((")
    assert names.remove(prefix="a.") == 2
    assert names.remove(name="b") == 1


def test_dbm_has_no_metadata(dbm):
    names = NameServer(storageProvider=dbm)
    names.register("one", HERE, metadata=["a"])
    names.set_metadata("one", ["b"])
    assert names.lookup("one", return_metadata=True) == (URI(HERE), [])
    for arguments in ({"metadata_all": ["a"]}, {"metadata_any": ["a"]}):
        with pytest.raises(errors.NamingError, match="DbmStorage doesn't support metadata"):
            names.list(**arguments)


def test_sql_lasts(tmp_path):
    path = str(tmp_path / "ns.sql")
    one = SqlStorage(path)
    one["name"] = (HERE, {"a", "b"})
    one.close()
    two = SqlStorage(path)
    assert two["name"] == (HERE, {"a", "b"})
    del two["nosuch"]
    two.close()
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("select name, uri from pyro_names").fetchall() == [
            ("name", HERE)
        ]
        rows = database.execute("select metadata from pyro_metadata order by 1").fetchall()
        assert rows == [("a",), ("b",)]


def test_sql_takes_old_files(tmp_path):
    path = str(tmp_path / "ns.sql")
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "create table pyro_names (name nvarchar primary key not null, uri nvarchar not null)"
        )
        database.execute("insert into pyro_names values ('old', ?)", (HERE,))
    sql = SqlStorage(path)
    assert sql["old"][0] == HERE
    sql["old"] = (HERE, {"a"})
    assert sql["old"] == (HERE, {"a"})
    sql.close()


def test_sql_errors(tmp_path):
    with pytest.raises(ValueError, match=":memory:"):
        SqlStorage(":memory:")
    with pytest.raises(sqlite3.OperationalError):
        SqlStorage(str(tmp_path / "no" / "such" / "folder"))
    sql = SqlStorage(str(tmp_path / "ns.sql"))
    with pytest.raises(NotImplementedError):
        sql.nosuch  # noqa: B018
    with (
        contextlib.closing(sqlite3.connect(str(tmp_path / "ns.sql"))) as database,
        database,
    ):
        database.execute("drop table pyro_names")
    with pytest.raises(errors.NamingError, match=r"^sqlite error in "):
        sql["one"] = (HERE, None)
    sql.close()


# The daemon.


@pytest.fixture
def ns(shared, server_type):
    """A running name server, empty, that the configuration points at."""
    made = shared("ns", server_type, lambda: NameServerDaemon("localhost", 0))
    made.nameserver.remove(regex=".*")
    config.NS_HOST = "localhost"
    config.NS_PORT = made.sock.getsockname()[1]
    config.BROADCAST_ADDRS = ""
    return made


def test_the_daemon(server_type):
    with contextlib.closing(NameServerDaemon(port=0)) as daemon:
        assert isinstance(daemon, Daemon)
        assert isinstance(daemon.nameserver, NameServer)
        assert isinstance(daemon.nameserver.storage, MemoryStorage)
        assert daemon.cleaner_thread is None
        location = daemon.locationStr
        assert str(daemon.uriFor(daemon.nameserver)) == f"PYRO:Pyro.NameServer@{location}"
        assert daemon.nameserver.list() == {
            "Pyro.NameServer": f"PYRO:Pyro.NameServer@{location}"
        }
        _, tags = daemon.nameserver.lookup("Pyro.NameServer", return_metadata=True)
        assert tags == ["class:Pyro4.naming.NameServer"]
        with pytest.raises(errors.NamingError):
            daemon.nameserver.lookup("x")
    assert daemon.nameserver is None
    daemon.close()
    with pytest.raises(errors.PyroError, match="cannot reuse this object"):
        daemon.__enter__()


def test_the_end_of_a_block_closes(server_type):
    with NameServerDaemon(port=0) as daemon:
        assert daemon.nameserver is not None
    assert daemon.nameserver is None


def test_storages_of_the_daemon(tmp_path):
    path = tmp_path / "ns.sql"
    with NameServerDaemon(port=0, storage=f"sql:{path}") as daemon:
        assert isinstance(daemon.nameserver.storage, SqlStorage)
        daemon.nameserver.register("lasting", HERE)
    with NameServerDaemon(port=0, storage=f"sql:{path}") as daemon:
        assert str(daemon.nameserver.lookup("lasting")) == HERE
        own = daemon.nameserver.lookup("Pyro.NameServer")
        assert own.location == daemon.locationStr
    with NameServerDaemon(port=0, storage="memory") as daemon:
        assert isinstance(daemon.nameserver.storage, MemoryStorage)
    with NameServerDaemon(port=0, storage=f"dbm:{tmp_path / 'ns.dbm'}") as daemon:
        assert isinstance(daemon.nameserver.storage, DbmStorage)
        daemon.nameserver.register("lasting", HERE)
    with NameServerDaemon(port=0, storage=f"dbm:{tmp_path / 'ns.dbm'}") as daemon:
        assert daemon.nameserver.lookup("lasting", return_metadata=True) == (URI(HERE), [])


@pytest.mark.parametrize("storage", ["sql:", "dbm:", "bogus", "sql", ":memory:", "bogus:x"])
def test_bad_storages_of_the_daemon(storage):
    with pytest.raises(ValueError, match="invalid storage type"):
        NameServerDaemon(port=0, storage=storage)


def test_a_daemon_behind_nat(server_type):
    with NameServerDaemon(port=0, nathost="nat.example", natport=12345) as daemon:
        assert daemon.natLocationStr == "nat.example:12345"
        assert daemon.uriFor("Pyro.NameServer").location == "nat.example:12345"
    with pytest.raises(ValueError):  # noqa: PT011
        NameServerDaemon(port=0, natport=12345)


def test_locating(ns):
    with locateNS() as proxy:
        assert isinstance(proxy, Proxy)
        assert proxy._pyroConnection is not None
        assert proxy._pyroUri.port == config.NS_PORT
        assert proxy._pyroUri.object == "Pyro.NameServer"
        proxy.ping()
        assert proxy.count() == 1
    with locateNS("localhost") as proxy:
        assert proxy._pyroUri.host == "localhost"
    with locateNS("localhost", config.NS_PORT) as proxy:
        proxy.ping()
    with locateNS(host="127.0.0.1") as proxy:
        assert proxy._pyroUri.host == "127.0.0.1"
    port, config.NS_PORT = config.NS_PORT, 1
    with locateNS(port=port, broadcast=False) as proxy:
        proxy.ping()


def test_locating_nothing(tmp_path):
    config.NS_PORT = socketutil.findProbablyUnusedPort()
    for look in (
        lambda: locateNS("localhost"),
        lambda: locateNS(broadcast=False),
        lambda: locateNS("localhost", config.NS_PORT),
        lambda: locateNS(f"./u:{tmp_path / 'nosuch'}"),
        lambda: resolve("PYRONAME:x@localhost"),
        lambda: resolve("PYROMETA:x@localhost"),
    ):
        with pytest.raises(
            errors.NamingError, match="Failed to locate the nameserver"
        ) as info:
            look()
        assert info.value.__cause__ is not None


def test_a_proxy_without_a_name_server():
    config.NS_PORT = socketutil.findProbablyUnusedPort()
    config.BROADCAST_ADDRS = ""
    config.PREFER_IP_VERSION = 6
    with pytest.raises((errors.NamingError, errors.CommunicationError)):
        Proxy("PYRONAME:whatever@localhost")._pyroBind()


def test_on_a_unix_socket(tmp_path, server_type, start):
    path = str(tmp_path / "ns.sock")
    start(NameServerDaemon(unixsocket=path))
    with locateNS(f"./u:{path}") as proxy:
        assert proxy.count() == 1
        assert str(proxy._pyroUri) == f"PYRO:Pyro.NameServer@./u:{path}"
        assert proxy.lookup("Pyro.NameServer") == proxy._pyroUri


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal"])
def test_names_over_the_wire(ns, serializer):
    config.SERIALIZER = serializer
    with locateNS() as proxy:
        proxy.register("one", HERE)
        proxy.register("one.two", HERE, metadata=["a", "b"])
        assert str(proxy.lookup("one")) == HERE
        assert proxy.list(prefix="one") == {"one": HERE, "one.two": HERE}
        assert proxy.count() == 3
        with pytest.raises(errors.NamingError, match=r"^unknown name: nosuch"):
            proxy.lookup("nosuch")
        with pytest.raises(errors.NamingError, match=r"^invalid regex"):
            proxy.list(regex="((")
        with pytest.raises(TypeError):
            proxy.register("x", HERE, metadata="text")
        assert proxy.remove("one") == 1
        assert proxy.remove(prefix="one") == 1


@pytest.mark.parametrize("serializer", ["serpent", "json"])
def test_metadata_over_the_wire(ns, serializer):
    config.SERIALIZER = serializer
    with locateNS() as proxy:
        proxy.register("one", HERE, metadata=["a", "b"])
        uri, tags = proxy.lookup("one", return_metadata=True)
        assert str(uri) == HERE
        assert sorted(tags) == ["a", "b"]
        assert isinstance(tags, list)
        assert list(proxy.list(metadata_all=["b", "a"])) == ["one"]


@expose
class Thing:
    def ping(self):
        return "pong"


@pytest.fixture
def registered(ns, daemon):
    """Something to find."""
    thing = Thing()
    uri = daemon.register(thing)
    ns.nameserver.register("thing", uri, metadata=["a", "b"])
    yield uri
    daemon.unregister(thing)


def test_resolving(registered):
    assert resolve("PYRONAME:thing") == registered
    assert resolve(URI("PYRONAME:thing@localhost")) == registered
    assert resolve("PYROMETA:a") == registered
    assert resolve("PYROMETA:a,b@localhost") == registered
    with pytest.raises(errors.NamingError, match="unknown name"):
        resolve("PYRONAME:nosuch")
    with pytest.raises(errors.NamingError):
        resolve("PYROMETA:a,x")
    with pytest.raises(TypeError):
        resolve(42)


def test_proxies_for_names(registered):
    with Proxy("PYRONAME:thing") as proxy:
        assert proxy.ping() == "pong"
        assert str(proxy._pyroUri) == "PYRONAME:thing"
    with Proxy("PYRONAME:thing") as proxy:
        proxy._pyroBind()
        assert proxy._pyroUri == registered
        assert proxy.ping() == "pong"
    with Proxy("PYROMETA:b") as proxy:
        proxy._pyroBind()
        assert proxy._pyroUri == registered


def test_a_name_for_a_name_is_not_followed(ns, registered):
    ns.nameserver.register("indirect", "PYRONAME:thing")
    assert resolve("PYRONAME:indirect") == URI("PYRONAME:thing")


def test_types_as_metadata(ns):
    with locateNS() as proxy:
        proxy.register("typed", HERE, metadata=type_meta(Thing))
        tag = f"class:{Thing.__module__}.Thing"
        assert list(proxy.list(metadata_all=[tag])) == ["typed"]


def test_a_protocol_error_warns(server_type, start):
    with NameServerDaemon(port=0) as daemon:

        class Connection:
            def recv(self, size):
                return b"JUNKJUNK"[:size]

        with pytest.warns(UserWarning, match=r"^Pyro protocol error occurred: "):
            with contextlib.suppress(errors.ProtocolError):
                daemon.handleRequest(Connection())


# Start functions and broadcast.


def close_all(daemon, broadcaster):
    if broadcaster is not None:
        broadcaster.close()
    daemon.close()


def test_starting(server_type):
    uri, daemon, broadcaster = startNS(host="localhost", port=0)
    assert isinstance(daemon, NameServerDaemon)
    assert uri == daemon.uriFor("Pyro.NameServer")
    assert str(uri) == f"PYRO:Pyro.NameServer@{daemon.locationStr}"
    assert broadcaster is None
    close_all(daemon, broadcaster)


def test_starting_with_nat(server_type, capsys):
    uri, daemon, _ = startNS(
        host="127.0.0.1",
        port=0,
        nathost="nat.example",
        natport=12345,
        enableBroadcast=False,
    )
    assert uri.location == "nat.example:12345"
    assert daemon.natLocationStr == "nat.example:12345"
    assert daemon.locationStr.startswith("127.0.0.1:")
    daemon.close()
    assert capsys.readouterr().out == ""


def test_starting_on_a_unix_socket(tmp_path, server_type):
    path = str(tmp_path / "ns")
    uri, daemon, broadcaster = startNS(unixsocket=path)
    assert str(uri) == f"PYRO:Pyro.NameServer@./u:{path}"
    assert broadcaster is None
    daemon.close()


@pytest.fixture
def broadcasting(server_type):
    """A name server on all interfaces, and who tells where it is."""
    config.BROADCAST_ADDRS = "127.0.0.1"
    port = socketutil.findProbablyUnusedPort(socket.AF_INET, socket.SOCK_DGRAM)
    config.NS_BCPORT = port
    uri, daemon, broadcaster = startNS(
        host="0.0.0.0", port=0, bchost="127.0.0.1", bcport=port
    )
    yield uri, daemon, broadcaster
    broadcaster.close()
    daemon.close()


def ask(port, request=b"GET_NSURI"):
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(0.3 if request != b"GET_NSURI" else 5)
        sock.sendto(request, ("127.0.0.1", port))
        try:
            return sock.recvfrom(1000)[0].decode("iso-8859-1")
        except TimeoutError:
            return None


def test_the_broadcast_server(broadcasting):
    _, daemon, broadcaster = broadcasting
    assert isinstance(broadcaster.nsUri, URI)
    assert broadcaster.getPort() == config.NS_BCPORT
    assert broadcaster.fileno() == broadcaster.sock.fileno()
    assert broadcaster.locationStr == f"127.0.0.1:{config.NS_BCPORT}"
    assert select.select([], [broadcaster], [], 0)[1] == [broadcaster]
    thread = broadcaster.runInThread()
    assert thread.daemon
    answer = URI(ask(config.NS_BCPORT))
    assert answer.object == "Pyro.NameServer"
    assert answer.port == daemon.sock.getsockname()[1]
    assert answer.host != "0.0.0.0"


def test_one_request(broadcasting):
    _, _, broadcaster = broadcasting
    answers = []
    thread = threading.Thread(target=lambda: answers.append(ask(config.NS_BCPORT)))
    thread.start()
    broadcaster.processRequest()
    thread.join()
    assert answers[0].startswith("PYRO:Pyro.NameServer@")


@pytest.mark.slow
def test_other_requests_are_ignored(broadcasting):
    _, _, broadcaster = broadcasting
    broadcaster.runInThread()
    assert ask(config.NS_BCPORT, b"GET_OTHER") is None
    assert ask(config.NS_BCPORT) is not None


def test_found_by_broadcast(broadcasting, start):
    _, daemon, broadcaster = broadcasting
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    broadcaster.runInThread()
    config.NS_PORT = socketutil.findProbablyUnusedPort()
    try:
        with locateNS() as proxy:
            assert proxy._pyroUri.host != "0.0.0.0"
            assert proxy.count() == 1
    finally:
        daemon.shutdown()
        thread.join(5)


def test_broadcasting_and_nat(server_type):
    uri, daemon, broadcaster = startNS(
        *("0.0.0.0", 0), bchost="127.0.0.1", bcport=0, nathost="nat.example", natport=12345
    )
    assert uri.location == "nat.example:12345"
    assert broadcaster.nsUri.location == daemon.locationStr
    close_all(daemon, broadcaster)


def test_combining_everything():
    config.SERVERTYPE = "multiplex"
    _, daemon, broadcaster = startNS(host="0.0.0.0", port=0, bchost="127.0.0.1", bcport=0)
    one, two = Daemon(), Daemon()
    try:
        one.combine(two)
        one.combine(daemon)
        one.combine(broadcaster)
        assert len(list(one.sockets)) == 4
        assert two.sock in one.sockets
        assert daemon.sock in one.sockets
        assert daemon.selector is one.selector
        assert two.selector is one.selector
        assert broadcaster.transportServer.selector is one.selector
    finally:
        for closing in (broadcaster, daemon, two, one):
            with contextlib.suppress(Exception):
                closing.close()


@pytest.fixture
def ending(monkeypatch):
    """Let the loops of name servers end at once, as by Ctrl-C."""

    def requestLoop(self, loopCondition=lambda: True):
        self.shutdown()

    monkeypatch.setattr(NameServerDaemon, "requestLoop", requestLoop)


WARNING = "Warning: HMAC key not set. Anyone can connect to this server!"


def test_the_loop_of_the_start_function(capsys, ending):
    Pyro4.naming.startNSloop("localhost", 0)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Not starting broadcast server for localhost."
    assert lines[1].startswith("NS running on localhost:")
    assert lines[1].endswith(" (127.0.0.1)")
    assert lines[2] == WARNING
    assert lines[3].startswith("URI = PYRO:Pyro.NameServer@localhost:")
    assert lines[4:] == ["NS shut down."]


def test_the_loop_with_a_key(capsys, ending):
    Pyro4.naming.startNSloop("localhost", 0, hmac=b"key")
    assert WARNING not in capsys.readouterr().out


def test_what_the_loop_tells(capsys, tmp_path, ending):
    path = str(tmp_path / "ns.sql")
    with NameServerDaemon(port=0, storage=f"sql:{path}") as daemon:
        daemon.nameserver.register("one", HERE)
    Pyro4.naming.startNSloop(
        *("127.0.0.1", 0, False),
        nathost="nat.example",
        natport=12345,
        storage=f"sql:{path}",
    )
    lines = capsys.readouterr().out.splitlines()
    lines = [line for line in lines if not line.startswith("Not starting broadcast")]
    assert lines[0] == "Persistent store contains 2 existing registrations."
    assert lines[1].startswith("NS running on 127.0.0.1:")
    assert lines[2] == WARNING
    assert lines[3].startswith("internal URI = PYRO:Pyro.NameServer@127.0.0.1:")
    assert lines[4] == "external URI = PYRO:Pyro.NameServer@nat.example:12345"
    assert lines[5:] == ["NS shut down."]


def test_the_loop_on_a_unix_socket(capsys, tmp_path, ending):
    path = str(tmp_path / "ns")
    Pyro4.naming.startNSloop(unixsocket=path)
    assert capsys.readouterr().out.splitlines() == [
        f"NS running on ./u:{path} (Unix domain socket)",
        WARNING,
        f"URI = PYRO:Pyro.NameServer@./u:{path}",
        "NS shut down.",
    ]


def test_the_warning_of_dbm(capsys, tmp_path, ending):
    Pyro4.naming.startNSloop("localhost", 0, storage=f"dbm:{tmp_path / 'ns'}")
    out = capsys.readouterr().out
    assert out.startswith("Warning: the DbmStorage doesn't support metadata.\n")


def test_the_main_function(capsys, ending):
    Pyro4.naming.main(["-n", "localhost", "-p", "0", "-x"])
    lines = capsys.readouterr().out.splitlines()
    lines = [line for line in lines if not line.startswith("Not starting broadcast")]
    assert lines[0].startswith("NS running on localhost:")


# Cleaning.


def test_the_least_interval():
    cleaner = Pyro4.naming.AutoCleaner
    assert cleaner.min_autoclean_value == 3
    assert cleaner.max_unreachable_time == 20.0
    assert cleaner.loop_delay == 2.0
    assert cleaner.override_autoclean_min is False
    config.NS_AUTOCLEAN = 1.0
    with pytest.raises(ValueError):  # noqa: PT011
        NameServerDaemon(port=0)


def test_cleaning(monkeypatch, start):
    cleaner = Pyro4.naming.AutoCleaner
    monkeypatch.setattr(cleaner, "override_autoclean_min", True)
    monkeypatch.setattr(cleaner, "max_unreachable_time", 0.1)
    monkeypatch.setattr(cleaner, "loop_delay", 0.02)
    config.NS_AUTOCLEAN = 0.02
    dead = socketutil.findProbablyUnusedPort()
    with start(Daemon()) as living, NameServerDaemon(port=0) as daemon:
        assert daemon.cleaner_thread.is_alive()
        daemon.nameserver.register("dead", f"PYRO:x@localhost:{dead}")
        daemon.nameserver.register("living", f"PYRO:x@{living.locationStr}")
        daemon.nameserver.register("Pyro.Daemon.x", f"PYRO:Pyro.Daemon@localhost:{dead}")
        eventually(lambda: "dead" not in daemon.nameserver.list())
        assert "living" in daemon.nameserver.list()
        assert "Pyro.NameServer" in daemon.nameserver.list()
