"""We look up, and register, in the real Pyro5's name server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pyrophone import URI, PyrophoneError, Settings, expose
from pyrophone.errors import (
    NamingError,
    NoNameServerError,
    SerializeError,
)
from pyrophone.sync import Daemon, Proxy, connect, locate_names, ping
from running import running

if TYPE_CHECKING:
    from peers import Peer, Run

pytestmark = pytest.mark.peers

OWN_TAG = "class:Pyro5.nameserver.NameServer"


@expose
class Thing:
    """An object of ours."""

    def add(self, a: int, b: int) -> int:
        """Return the sum."""
        return a + b


@pytest.fixture(scope="module")
def names_port(run_module: Run) -> int:
    """The port of the real name server."""
    process = run_module("Pyro5.nameserver", "-n", "localhost", "-p", "0", "-x")
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("URI = "):
            return int(line.rpartition(":")[2])
    raise AssertionError("the name server ended")


@pytest.fixture
def compression() -> bool:
    """Off."""
    return False


@pytest.fixture
def settings(names_port: int, serializer: str) -> Settings:
    """Those of our side: where to look, and nowhere else."""
    return Settings(
        serializer=serializer, name_host="localhost", name_port=names_port, timeout=20.0
    )


@pytest.fixture
def names(settings: Settings) -> Iterator[Proxy]:
    """Our proxy for the real name server, which is empty."""
    with locate_names(settings=settings, broadcast=False) as names:
        names.remove(regex=".*")
        yield names


def plain(value: Any) -> Any:
    """Return *value* without what serializers do to tuples and sets."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return str(value[0]), set(value[1])
    return value


def test_the_name_server_is_found_and_alive(names: Proxy, names_port: int) -> None:
    assert names.ping() is None
    ping(names)
    assert names.count() == 1
    assert names.list() == {
        "Pyro.NameServer": f"PYRO:Pyro.NameServer@localhost:{names_port}"
    }


def test_it_is_found_by_host_and_port(names_port: int) -> None:
    with locate_names("127.0.0.1", names_port) as names:
        assert names.count() >= 1


def test_none_where_nobody_listens(names: Proxy, names_port: int) -> None:
    with pytest.raises(NoNameServerError, match="Failed to locate the nameserver"):
        locate_names("localhost", 1)


def test_a_registered_name_is_looked_up(names: Proxy) -> None:
    names.register("a.one", "PYRO:one@localhost:1111")
    names.register("a.two", URI("PYRO", "two", None, "localhost", 2222))
    assert names.lookup("a.one") == URI("PYRO", "one", None, "localhost", 1111)
    assert names.lookup(name="a.two") == URI("PYRO", "two", None, "localhost", 2222)
    assert names.count() == 3


def test_an_unknown_name_is_an_error(names: Proxy) -> None:
    with pytest.raises(NamingError) as caught:
        names.lookup("a.none")
    assert str(caught.value) == "unknown name: a.none"
    assert names.count() == 1


def test_a_safe_registration_does_not_replace(names: Proxy) -> None:
    names.register("a", "PYRO:one@localhost:1111")
    with pytest.raises(NamingError) as caught:
        names.register("a", "PYRO:two@localhost:2222", safe=True)
    assert str(caught.value) == "name already registered: a"
    names.register("a", "PYRO:two@localhost:2222")
    assert str(names.lookup("a")) == "PYRO:two@localhost:2222"


def test_a_wrong_uri_is_refused(names: Proxy) -> None:
    with pytest.raises(PyrophoneError, match="invalid uri"):
        names.register("a", "nonsense")
    assert names.count() == 1


def test_names_are_listed_by_prefix_and_by_pattern(names: Proxy) -> None:
    for name in ("a.one", "a.two", "b.one"):
        names.register(name, f"PYRO:{name}@localhost:1111")
    assert sorted(names.list(prefix="a.")) == ["a.one", "a.two"]
    assert sorted(names.list(regex=r".*\.one")) == ["a.one", "b.one"]
    with pytest.raises(NamingError, match="invalid regex"):
        names.list(regex="(")
    with pytest.raises(ValueError, match="you can only filter on one thing at a time"):
        names.list(prefix="a", regex="b")
    assert names.count() == 4


def test_names_are_removed(names: Proxy) -> None:
    for name in ("a.one", "a.two", "b.one"):
        names.register(name, f"PYRO:{name}@localhost:1111")
    assert names.remove("a.none") == 0
    assert names.remove("a.one") == 1
    assert names.remove(regex="b.*") == 1
    assert names.remove(prefix="a.") == 1
    assert names.remove("Pyro.NameServer") == 0
    assert names.count() == 1


def test_tags_are_kept_and_replaced(names: Proxy, serializer: str) -> None:
    """With marshal the server can't write the URI of a look-up with its tags (7.2)."""
    names.register("a", "PYRO:one@localhost:1111", metadata={"red", "round"})
    if serializer == "marshal":
        with pytest.raises(ValueError, match="unmarshallable object"):
            names.lookup("a", return_metadata=True)
    else:
        uri, tags = names.lookup("a", return_metadata=True)
        assert uri == URI("PYRO", "one", None, "localhost", 1111)
        assert set(tags) == {"red", "round"}
    names.set_metadata("a", {"blue"})
    assert plain(names.list(prefix="a", return_metadata=True)) == {
        "a": ("PYRO:one@localhost:1111", {"blue"})
    }
    with pytest.raises(NamingError, match="unknown name: none"):
        names.set_metadata("none", {"blue"})
    with pytest.raises(TypeError):
        names.set_metadata("a", "blue")
    assert names.count() == 2


def test_a_list_with_tags_fails_if_a_name_has_none(names: Proxy, serializer: str) -> None:
    """D13: with json and msgpack; the connection goes, too."""
    names.register("a", "PYRO:one@localhost:1111")
    if serializer in ("json", "msgpack"):
        with pytest.raises(SerializeError, match="frozenset"):
            names.list(return_metadata=True)
    else:
        listed = plain(names.list(return_metadata=True))
        assert listed["a"] == ("PYRO:one@localhost:1111", set())
        assert listed["Pyro.NameServer"][1] == {OWN_TAG}
    assert names.count() == 2


def test_names_are_found_by_their_tags(names: Proxy) -> None:
    names.register("a", "PYRO:one@localhost:1111", metadata={"red", "round"})
    names.register("b", "PYRO:two@localhost:2222", metadata={"red"})
    assert sorted(names.yplookup(meta_all={"red"}, return_metadata=False)) == ["a", "b"]
    assert plain(names.yplookup(meta_all={"red", "round"})) == {
        "a": ("PYRO:one@localhost:1111", {"red", "round"})
    }
    assert sorted(names.yplookup(meta_any=["round", "square"])) == ["a"]
    assert names.yplookup(meta_all={"square"}) == {}
    with pytest.raises(ValueError, match="meta_all"):
        names.yplookup(meta_all={"red"}, meta_any={"red"})
    assert names.count() == 3


# URIs of names and tags.


@contextmanager
def served(settings: Settings, **registration: Any) -> Iterator[URI]:
    """Serve one of our objects while the block runs."""
    with running(Daemon(settings=settings)) as daemon:
        yield daemon.register(Thing(), **registration)


def test_a_proxy_is_made_from_a_name(
    names: Proxy, settings: Settings, names_port: int
) -> None:
    with served(settings) as uri:
        names.register("a.thing", uri)
        for target in (
            "a.thing",
            "PYRONAME:a.thing",
            "pyroname:a.thing@localhost",
            f"PYRONAME:a.thing@127.0.0.1:{names_port}",
        ):
            with connect(target, settings=settings) as thing:
                assert thing.add(1, 2) == 3


def test_a_name_nobody_has_is_an_error(names: Proxy, settings: Settings) -> None:
    with pytest.raises(NamingError) as caught:
        connect("PYRONAME:a.none", settings=settings)
    assert str(caught.value) == "unknown name: a.none"
    assert names.count() == 1


def test_a_proxy_is_made_from_tags(names: Proxy, settings: Settings) -> None:
    with served(settings) as uri:
        names.register("a.thing", uri, metadata={"adds", "fast"})
        names.register("a.other", "PYRO:nobody@localhost:1", metadata={"adds"})
        with connect("PYROMETA:adds,fast", settings=settings) as thing:
            assert thing.add(1, 2) == 3
        with pytest.raises(NamingError, match="no registered object has all of the tags"):
            connect("PYROMETA:adds,slow", settings=settings)


def test_a_daemon_registers_names_and_withdraws_them(
    names: Proxy, settings: Settings
) -> None:
    with served(settings, name="a.thing", tags={"adds"}) as uri:
        assert names.lookup("a.thing") == uri
        assert list(names.yplookup(meta_all={"adds"}, return_metadata=False)) == ["a.thing"]
        with connect("a.thing", settings=settings) as thing:
            assert thing.add(1, 2) == 3
    assert names.count() == 1


def test_the_real_client_finds_our_object_in_the_real_name_server(
    client: Peer, names: Proxy, settings: Settings, names_port: int, serializer: str
) -> None:
    with served(settings, name="a.thing", tags={"adds"}):
        client.run(f"config.NS_PORT = {names_port}\nconfig.SERIALIZER = {serializer!r}")
        assert client.value("Proxy('PYRONAME:a.thing').add(1, 2)") == 3
        assert client.value("Proxy('PYROMETA:adds').add(1, 2)") == 3
